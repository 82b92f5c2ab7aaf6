from __future__ import annotations

import json

import pytest
import yaml

from agnes.config import client as config
from agnes.config import workspace_from_environment
from agnes.config.client import Login
from agnes.errors import UsageError

SERVER = "https://agnes.example.com"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "da"))
    return tmp_path / "da"


def write(folder, name: str, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)


def test_the_settings_are_in_the_home_folder_by_default(monkeypatch, tmp_path):
    monkeypatch.delenv("DA_CONFIG_DIR")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert config.config_dir() == tmp_path / ".config" / "da"


def test_without_settings_there_is_no_server_and_nobody_is_signed_in():
    assert config.server() is None
    assert config.login(SERVER) is None
    assert config.sync_state() == {}


def test_a_login_is_kept_for_its_owner_alone_and_names_the_server(folder):
    config.save_login(Login(SERVER, "secret", "ada@example.com", "admin"))

    assert config.server() == SERVER
    assert config.login(SERVER) == Login(SERVER, "secret", "ada@example.com", "admin")
    assert (folder / "token.json").stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    stored = json.loads((folder / "token.json").read_text())
    assert stored.items() >= {"access_token": "secret", "email": "ada@example.com"}.items()
    assert sorted(path.name for path in folder.iterdir()) == ["config.yaml", "token.json"]


def test_a_file_that_others_could_read_is_replaced_by_one_that_they_cannot(folder):
    write(folder, "token.json", "{}")
    (folder / "token.json").chmod(0o644)

    config.save_login(Login(SERVER, "secret"))

    assert (folder / "token.json").stat().st_mode & 0o777 == 0o600


def test_the_environment_beats_the_files(monkeypatch):
    config.save_login(Login(SERVER, "stored"))
    monkeypatch.setenv("DA_SERVER", "http://127.0.0.1:8000/")
    monkeypatch.setenv("DA_TOKEN", " given\n")

    assert config.server() == "http://127.0.0.1:8000"
    assert config.login("http://127.0.0.1:8000") == Login("http://127.0.0.1:8000", "given")


def test_a_stored_token_is_for_no_other_server(monkeypatch):
    config.save_login(Login(SERVER, "stored"))

    assert config.login("https://other.example.com") is None


def test_a_token_that_an_older_version_stored_is_for_the_configured_server(folder):
    write(folder, "config.yaml", f"server: {SERVER}/\n")
    write(folder, "token.json", '{"access_token": "old", "email": "a@b.c", "role": "analyst"}')

    assert config.login(SERVER) == Login(SERVER, "old", "a@b.c", "analyst")
    assert config.login("https://other.example.com") is None


def test_what_else_is_in_the_settings_stays(folder):
    write(folder, "config.yaml", "theme: dark\nserver: http://old.example\n")

    config.save_server(SERVER)

    found = yaml.safe_load((folder / "config.yaml").read_text())
    assert found == {"theme": "dark", "server": SERVER}


def test_a_token_can_be_forgotten():
    config.save_login(Login(SERVER, "secret"))

    assert config.forget_login()
    assert config.login(SERVER) is None
    assert not config.forget_login()
    assert config.server() == SERVER


def test_what_was_downloaded_is_kept():
    config.save_sync_state({"tables": {"orders": "hash"}})

    assert config.sync_state() == {"tables": {"orders": "hash"}}


@pytest.mark.parametrize("text", ["{", "[]", "[" * 100_000, "\0"])
def test_a_broken_file_is_named_with_the_remedy(folder, text):
    write(folder, "token.json", text)

    with pytest.raises(UsageError, match=r"token\.json cannot be read") as caught:
        config.login(SERVER)
    assert "da auth login" in (caught.value.hint or "")


def test_broken_settings_are_named(folder):
    write(folder, "config.yaml", "server: [")

    with pytest.raises(UsageError, match=r"config\.yaml cannot be read"):
        config.server()


def test_a_folder_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path / "file" / "da"))

    with pytest.raises(UsageError, match="cannot write") as caught:
        config.save_server(SERVER)
    assert "DA_CONFIG_DIR" in (caught.value.hint or "")
    assert config.server() is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "agnes.example.com",
        "ftp://agnes.example.com",
        "https://",
        "https://user:secret@agnes.example.com",
        "https://agnes.example.com/?a=b",
        "https://agnes.example.com:port",
        "https://agnes\n.example.com",
        "https://[::1",
    ],
)
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError, match="no server's address"):
        config.server_address(text)


def test_addresses_are_compared_without_case_and_final_slash():
    assert config.server_address(" HTTPS://Agnes.Example.com/team/ ") == (
        "https://agnes.example.com/team"
    )


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:80", True),
        ("http://agnes.localhost", True),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example.com", False),
    ],
)
def test_loopback_is_told_from_the_network(address, expected):
    assert config.is_loopback(address) is expected


def test_the_proxy_comes_from_the_environment(monkeypatch):
    monkeypatch.setenv("https_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")

    assert config.proxy_for(SERVER) == "http://proxy.example:3128"
    assert config.proxy_for("https://inside.example") is None
    assert config.proxy_for("https://127.0.0.1") is None


def test_the_workspace_comes_from_the_environment(monkeypatch, tmp_path):
    assert workspace_from_environment() is None
    monkeypatch.setenv("DA_LOCAL_DIR", str(tmp_path))
    assert workspace_from_environment() == tmp_path
