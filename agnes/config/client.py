"""Settings of the command line as a client: which server, and who is signed in there.

They are in `DA_CONFIG_DIR` (default `~/.config/da`): `config.yaml` with the server, `token.json`
with the token, `sync_state.json`. `DA_SERVER` and `DA_TOKEN` beat them.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from tempfile import mkstemp
from typing import Any
from urllib.parse import urlsplit

from agnes.errors import UsageError

_SERVER, _TOKEN, _STATE = "config.yaml", "token.json", "sync_state.json"


@dataclass(frozen=True)
class Login:
    """Who is signed in where.

    Args:
        server: the only address that the token may be sent to.
        email, role: what the server said; empty of a token that was given by `DA_TOKEN`.
    """

    server: str
    token: str
    email: str = ""
    role: str = ""


def config_dir() -> Path:
    """The folder of the client's settings."""
    given = os.environ.get("DA_CONFIG_DIR")
    return Path(given) if given else Path.home() / ".config" / "da"


def token_file() -> Path:
    """Where the token is kept."""
    return config_dir() / _TOKEN


def server() -> str | None:
    """The address of the server that commands ask, if one is configured.

    Raises:
        UsageError: it is no address, or `config.yaml` cannot be read.
    """
    given = os.environ.get("DA_SERVER") or _read_settings().get("server")
    return server_address(str(given)) if given else None


def server_address(text: str) -> str:
    """A server's address as it is compared: without the slash at its end.

    Raises:
        UsageError: it is none.
    """
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine or parts.query or parts.fragment or parts.username or not address.isprintable():
        raise UsageError(
            f"{text!r} is no server's address", "write it as https://agnes.example.com"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path}"


def is_loopback(address: str) -> bool:
    """Whether what is sent to an address does not leave this machine."""
    host = urlsplit(address).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def proxy_for(address: str) -> str | None:
    """The proxy that the environment wants for an address: `HTTPS_PROXY`, not for `NO_PROXY`."""
    import urllib.request

    parts = urlsplit(address)
    if is_loopback(address) or urllib.request.proxy_bypass(parts.netloc):
        return None
    proxies = urllib.request.getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def token_is_given() -> bool:
    """Whether `DA_TOKEN` beats the stored token."""
    return bool(os.environ.get("DA_TOKEN", "").strip())


def login(address: str) -> Login | None:
    """The token for a server: `DA_TOKEN`, else the one that was given by that server.

    Raises:
        UsageError: `token.json` cannot be read.
    """
    if given := os.environ.get("DA_TOKEN", "").strip():
        return Login(address, given)
    stored = _read_json(_TOKEN)
    token = stored.get("access_token")
    # Older versions did not write where a token is from: then it is from the configured server.
    if not token or (stored.get("server") or server() or address) != address:
        return None
    return Login(address, str(token), str(stored.get("email", "")), str(stored.get("role", "")))


def save_server(address: str) -> None:
    """Make a server the one that commands ask."""
    import yaml

    settings = _read_settings() | {"server": server_address(address)}
    _write(_SERVER, yaml.safe_dump(settings, sort_keys=False, allow_unicode=True))


def save_login(found: Login) -> None:
    """Keep a token, and make its server the one that commands ask."""
    save_server(found.server)
    entry = {"access_token": found.token, "email": found.email, "role": found.role}
    _write(_TOKEN, json.dumps(entry | {"server": found.server}, indent=2) + "\n")


def forget_login() -> bool:
    """Delete the token; say whether there was one."""
    try:
        (config_dir() / _TOKEN).unlink()
    except FileNotFoundError:
        return False
    return True


def sync_state() -> dict[str, Any]:
    """What was downloaded, as it was saved.

    Raises:
        UsageError: it cannot be read.
    """
    return _read_json(_STATE)


def save_sync_state(state: dict[str, Any]) -> None:
    """Keep what was downloaded."""
    _write(_STATE, json.dumps(state, indent=2, ensure_ascii=False) + "\n")


def _read_settings() -> dict[str, Any]:
    if not (text := _read(_SERVER)):
        return {}
    import yaml

    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        found = text
    return _mapping(found or {}, _SERVER)


def _read_json(name: str) -> dict[str, Any]:
    try:
        return _mapping(json.loads(_read(name) or "{}"), name)
    except (ValueError, RecursionError):
        return _mapping(None, name)


def _mapping(found: Any, name: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise UsageError(
            f"{config_dir() / name} cannot be read", "delete it, and sign in again: da auth login"
        )
    return found


def _read(name: str) -> str:
    path = config_dir() / name
    try:
        return path.read_text(encoding="utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from None


def _write(name: str, text: str) -> None:
    """Replace a file by one that only its owner may read."""
    path = config_dir() / name
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, temporary = mkstemp(prefix=f".{name}.", dir=path.parent)  # 0600
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(path)
        finally:
            with suppress(FileNotFoundError):
                Path(temporary).unlink()
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}", "name another folder by DA_CONFIG_DIR"
        ) from None
