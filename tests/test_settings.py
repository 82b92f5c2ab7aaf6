from __future__ import annotations

import pytest

from agnes.config.instance import InstanceSettings
from agnes.errors import UsageError


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("DATA_DIR", "JWT_SECRET_KEY", "KBC_STACK_URL", "KEBOOLA_STACK_URL"):
        monkeypatch.delenv(name, raising=False)


def write(tmp_path, text: str) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "instance.yaml").write_text(text)


def test_what_is_given_beats_the_environment_which_beats_the_file(tmp_path, monkeypatch):
    write(tmp_path, "port: 1\nworkers: 2\nhost: file.example\n")
    monkeypatch.setenv("AGNES_PORT", "3")
    monkeypatch.setenv("AGNES_WORKERS", "4")

    found = InstanceSettings.load(port=5, workers=None)

    assert (found.port, found.workers, found.host) == (5, 4, "file.example")


@pytest.mark.parametrize(
    ("variable", "name"),
    [
        ("DATA_DIR", "data_dir"),
        ("JWT_SECRET_KEY", "jwt_secret"),
        ("KBC_STACK_URL", "keboola_url"),
        ("KEBOOLA_STACK_URL", "keboola_url"),
    ],
)
def test_an_older_instances_variables_are_read(monkeypatch, variable, name):
    monkeypatch.setenv(variable, "there")

    value = getattr(InstanceSettings.load(), name)

    assert "there" in (str(value), getattr(value, "get_secret_value", str)())


def test_durations_have_units(monkeypatch):
    monkeypatch.setenv("AGNES_FETCH_EVERY", "5m")

    assert InstanceSettings.load(token_lifetime="2d").fetch_every == 300


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot: 1\n", "prot: Extra inputs"),
        ("port: x\n", "port: "),
        ("workers: 0\n", "workers: "),
        ("fetch_every: soon\n", "fetch_every: "),
        ("a: [\n", "cannot read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path, text, said):
    write(tmp_path, text)

    with pytest.raises(UsageError, match=said):
        InstanceSettings.load()


def test_a_file_that_is_named_must_be_there(monkeypatch):
    monkeypatch.setenv("AGNES_CONFIG", "nowhere.yaml")

    with pytest.raises(UsageError, match=r"nowhere\.yaml, which is no file"):
        InstanceSettings.load()


def test_secrets_do_not_show(monkeypatch):
    monkeypatch.setenv("JWT_SECRET_KEY", "canary-canary")

    assert "canary" not in repr(InstanceSettings.load())
