"""What is shipped for running a server is what its tools accept, and fits the code."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from agnes.config.instance import InstanceSettings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())


def run(*command: object, **more: object) -> str:
    done = subprocess.run(
        [*map(str, command)], capture_output=True, text=True, check=False, timeout=60, **more
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def variables(text: str) -> set[str]:
    """The variables of ours that a file sets for the server."""
    found = set(re.findall(r"\b(?:AGNES|KBC)_[A-Z_]+\b", text))
    return found - {"AGNES_DOMAIN", "AGNES_UPSTREAM", "AGNES_REPOSITORY", "AGNES_AUTHOR"}


def test_hadolint_has_nothing_to_say_about_the_dockerfile():
    assert not run(BIN / "hadolint", "--no-color", DEPLOY / "Dockerfile").strip()


def test_the_compose_file_fits_its_schema():
    run(
        BIN / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", DEPLOY / "compose.yaml"
    )


def test_caddy_takes_its_file(tmp_path):
    file = DEPLOY / "Caddyfile"
    environment = os.environ | {"XDG_DATA_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)}
    run(BIN / "caddy", "validate", "--adapter", "caddyfile", "--config", file, env=environment)
    assert run(BIN / "caddy", "fmt", file) == file.read_text()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd here")
def test_systemd_takes_the_unit_and_finds_little_exposed(tmp_path):
    unit = tmp_path / "agnes.service"
    text = (DEPLOY / "agnes.service").read_text()
    unit.write_text(text.replace("/opt/agnes/bin/da", str(BIN / "da")))
    assert not run("systemd-analyze", "verify", unit).strip()
    run("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_variable_that_is_set_is_a_setting(path):
    known = {f"AGNES_{name.upper()}" for name in InstanceSettings.model_fields}
    assert variables(path.read_text()) <= known | {"KBC_STACK_URL", "KBC_STORAGE_TOKEN"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_secret_and_no_registrys_host_is_in_what_is_shipped(path):
    text = path.read_text()
    assert not re.search(r"index-url|find-links|trusted-host|[a-z0-9-]+\.(io|com)/[a-z]", text)
    if path.name == "compose.yaml":
        for value in re.findall(r"^ +\w*(?:PASSWORD|SECRET|TOKEN): *(.*)", text, re.MULTILINE):
            assert re.fullmatch(r"\$\{[A-Z_]+:(-|\?is not set)\}", value)


def test_the_server_runs_as_a_user_without_rights():
    assert "USER 10001:10001" in (DEPLOY / "Dockerfile").read_text().splitlines()
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert services["server"]["cap_drop"] == ["ALL"]
    assert services["server"]["read_only"] is True
    assert "ports" not in services["server"]
    assert "ports" not in services["postgres"]


def test_the_builder_is_sent_all_that_the_image_copies():
    sent = (ROOT / ".dockerignore").read_text().splitlines()
    text = (DEPLOY / "Dockerfile").read_text()
    lines = re.findall(r"^COPY (?!--)(.*) \S+$", text, re.MULTILINE)
    copied = [name for line in lines for name in line.split()]
    for name in copied:
        assert f"!{name}" in sent
        assert (ROOT / name).exists()
        links = [path for path in (ROOT / name).rglob("*") if path.is_symlink()]
        for path in links:
            assert path.resolve().relative_to(ROOT).parts[0] in copied


def test_the_locked_files_agree():
    """One version of a library, wherever it is used; every one with its hashes."""

    def locked(name: str) -> dict[str, str]:
        text = (ROOT / "requirements" / name).read_text()
        assert "://" not in text
        names = re.findall(r"^([a-z0-9-]+)==", text, re.MULTILINE)
        hashed = re.findall(r"^([a-z0-9-]+)==(\S+)[^\n]*\\\n    --hash=sha256:", text, re.MULTILINE)
        assert [name for name, _ in hashed] == names
        return dict(hashed)

    everything = locked("dev.txt")
    for name in ("server.txt", "build.txt"):
        assert locked(name).items() <= everything.items()
    assert {"fastapi", "psycopg", "authlib"} <= locked("server.txt").keys()
