"""`da auth` and `da login`, at a real server."""

from __future__ import annotations

import io
import json
import os
import pty
import stat
import subprocess
import sys
import termios
import time
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from agnes.config import client as config
from tests.api.conftest import PASSWORD
from tests.openid.provider import CLIENT, SECRET, OpenIdProvider

EMAIL = "grace@example.com"
BROWSER = """\
import sys, httpx
with httpx.Client(follow_redirects=True) as browser:
    print(browser.get(sys.argv[1]).text)
"""


@pytest.fixture
def out(away):
    """A server, with a user who is not signed in."""
    config.forget_login()
    away.instance.state.users.create(EMAIL, password=PASSWORD, groups=["sales"])
    return away


@pytest.fixture
def typed(monkeypatch):
    """What comes by stdin."""

    def type_(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))

    return type_


@pytest.mark.parametrize("command", [("auth", "login"), ("login",)])
def test_who_signs_in_is_kept_for_the_owner_alone(da, out, typed, command):
    typed(f"{PASSWORD}\n")
    done = da(*command, "--email", EMAIL, "--password-stdin", "--server-url", out.url)

    assert (done.code, done.out) == (0, f"Logged in as {EMAIL} (analyst) at {out.url}\n")
    kept = json.loads(config.token_file().read_text())
    assert (kept["email"], kept["role"]) == (EMAIL, "analyst")
    assert stat.S_IMODE(config.token_file().stat().st_mode) == 0o600
    assert da("auth", "whoami").code == 0


def test_a_wrong_password_is_said(da, out, typed):
    typed("wrong\n")
    done = da("auth", "login", "--email", EMAIL, "--password-stdin")

    assert done.code == 1
    assert "Login failed: Invalid email or password" in done.err
    assert not config.token_file().exists()


def test_a_server_that_is_not_there_is_said(da, out, typed):
    typed("x\n")
    arguments = ("--email", EMAIL, "--password-stdin", "--server", "http://127.0.0.1:1")
    done = da("auth", "login", *arguments)

    assert done.code == 1
    assert "Connection error" in done.err


def test_without_a_terminal_the_option_that_is_missing_is_named(da, out, typed):
    typed("")
    assert "--email" in da("auth", "login").err
    asked = da("auth", "login", "--email", EMAIL)
    assert (asked.code, "--password-stdin" in asked.err) == (2, True)
    assert da("auth", "login", "--oidc", "--token", "x").code == 2


def test_on_a_terminal_it_asks_and_does_not_show_the_password(out):
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "agnes", "auth", "login"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        close_fds=True,
        start_new_session=True,
    )
    os.close(theirs)
    os.write(ours, f"{EMAIL}\n".encode())
    said = b""
    while termios.tcgetattr(ours)[3] & termios.ECHO:  # what is typed earlier would be shown
        time.sleep(0.02)
    os.write(ours, f"{PASSWORD}\n".encode())
    with suppress(OSError):
        while more := os.read(ours, 1000):
            said += more
    os.close(ours)
    assert process.wait(60) == 0
    assert b"Logged in as grace@example.com" in said
    assert PASSWORD.encode() not in said


def test_who_is_signed_in_is_shown(da, away):
    shown = da("auth", "whoami")
    found = da("auth", "whoami", "--json").json

    assert "admin@example.com" in shown.out
    assert found["scopes"] == ["read", "data", "propose", "write", "admin"]
    assert found["server"] == away.url


def test_nobody_is_signed_in(da, out):
    done = da("auth", "whoami")
    assert (done.code, "Not logged in" in done.err) == (1, True)


def test_without_a_server_nobody_is_signed_in(da, tmp_path, monkeypatch):
    monkeypatch.setenv("DA_CONFIG_DIR", str(tmp_path))
    done = da("auth", "whoami")
    assert (done.code, "Not logged in" in done.err) == (1, True)
    assert da("auth", "logout").out == "Logged out\n"


def test_who_signs_out_is_out_at_the_server_too(da, away):
    token = json.loads(config.token_file().read_text())["access_token"]
    assert away.client(token).get("/auth/me").status_code == 200

    done = da("auth", "logout")

    assert (done.code, done.out) == (0, "Logged out\n")
    assert not config.token_file().exists()
    assert away.client(token).get("/auth/me").status_code == 401
    assert da("auth", "logout").out == "Logged out\n"


def test_who_signs_out_while_the_server_is_away_is_told(da, away):
    config.save_login(config.Login("http://127.0.0.1:1", "a.b.c", EMAIL, "viewer"))
    done = da("auth", "logout")
    assert (done.code, done.out) == (0, "Logged out\n")
    assert "ends by itself" in done.err
    assert not config.token_file().exists()


def test_a_token_of_the_environment_beats_the_stored_one_and_stays(da, away, monkeypatch):
    monkeypatch.setenv("DA_TOKEN", away.token("viewer@example.com", "viewer"))
    assert da("auth", "whoami", "--json").json["role"] == "viewer"
    assert "DA_TOKEN is set" in da("auth", "logout").err


def test_a_token_is_made_used_listed_and_revoked(da, away, typed):
    made = da("auth", "token", "create", "--scope", "read", "--name", "agent", "--expires", "30d")
    token = made.out.strip()
    assert token.startswith("agnes_pat_")
    assert "cannot be shown again" in made.err

    (listed,) = da("auth", "token", "list", "--json").json
    assert (listed["name"], listed["scopes"]) == ("agent", ["read"])
    assert listed["id"] in da("auth", "token", "list").out
    assert token not in da("auth", "token", "list").out

    assert da("auth", "login", "--token", token).code == 0
    assert da("auth", "whoami", "--json").json["scopes"] == ["read"]
    assert "may not manage" in da("auth", "token", "list").err
    assert "da auth token revoke" in da("auth", "logout").err

    typed(f"{away.token('admin@example.com')}\n")
    assert da("auth", "login", "--token", "-", "--server-url", away.url).code == 0
    assert da("auth", "token", "revoke", listed["id"]).out == f"Revoked {listed['id']}\n"
    assert da("auth", "token", "list").out == "No tokens\n"
    failed = da("auth", "login", "--token", token)
    assert (failed.code, "Login failed" in failed.err) == (1, True)


def test_a_token_ends_when_it_is_told_to(da, away):
    made = da(
        "auth", "token", "create", "--scope", "data", "--expires", "2030-12-31", "--json"
    ).json
    assert made["expires_at"].startswith("2030-12-31T23:59:59")


@pytest.mark.parametrize("when", ["", "soon", "30", "1w", "2030-13-01", "0d", "2020-01-01"])
def test_a_time_that_is_none_is_refused(da, away, when):
    done = da("auth", "token", "create", "--scope", "read", "--expires", when)
    assert done.code in (1, 2)
    assert done.err.startswith("error:")


def test_a_password_is_changed_and_its_user_stays_signed_in(da, out, typed):
    typed(f"{PASSWORD}\n")
    da("auth", "login", "--email", EMAIL, "--password-stdin")
    other = out.client(out.token(EMAIL))

    typed(f"{PASSWORD}\nanother horse\n")
    done = da("auth", "password", "--password-stdin")

    assert (done.code, done.out) == (0, "Password changed\n")
    assert da("auth", "whoami").code == 0
    assert other.get("/auth/me").status_code == 401


def test_by_openid_the_browser_brings_a_code(da, start, catalog, tmp_path, monkeypatch):
    provider = OpenIdProvider()
    server = start(catalog, oidc_url=provider.url, oidc_client_id=CLIENT, oidc_client_secret=SECRET)
    script = tmp_path / "browser.py"
    script.write_text(BROWSER)
    environment = os.environ | {
        "BROWSER": f"{sys.executable} {script} %s",
        "DA_CONFIG_DIR": str(tmp_path / "da"),
    }
    arguments = ["auth", "login", "--oidc", "--server-url", server.url]
    done = subprocess.run(
        [sys.executable, "-m", "agnes", *arguments],
        check=False,
        capture_output=True,
        text=True,
        env=environment,
        timeout=100,
    )
    provider.close()

    assert done.returncode == 0, done.stderr
    assert "You may close this page" in done.stdout
    assert f"Logged in as {EMAIL} (analyst)" in done.stdout
    kept = json.loads((tmp_path / "da" / "token.json").read_text())
    assert kept["access_token"] not in done.stdout + done.stderr
    assert server.client(kept["access_token"]).get("/auth/me").json()["groups"] == [
        "finance",
        "sales",
    ]


def test_a_code_of_nobody_is_not_taken(away):
    from agnes.cli.oidc import _Waiting

    waiting = _Waiting("mark")
    address = f"http://127.0.0.1:{waiting.port}"
    for path in ("/", "/done", "/done?code=x&state=other", "/done?code=x&state=%ff"):
        assert httpx.get(address + path).status_code == 404
    assert not waiting._came.is_set()
    assert httpx.get(f"{address}/done?code=x&state=mark").status_code == 200
    assert waiting.code() == "x"
    waiting.close()


def test_no_secret_is_in_what_is_printed(da, out, typed):
    typed("canary-5d1c\n")
    done = da("auth", "login", "--email", EMAIL, "--password-stdin")
    assert "canary" not in done.out + done.err
    done = da("auth", "login", "--token", "canary-5d1c")
    assert "canary" not in done.out + done.err
    assert not [it for it in Path(config.config_dir()).iterdir() if "canary" in it.read_text()]
