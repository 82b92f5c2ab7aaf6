"""`da serve`: an instance for a team."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agnes.cli.options import CatalogOption, FollowOption, parse_duration
from agnes.cli.output import echo, progress, style, table
from agnes.cli.watch import LogFormat
from agnes.errors import AgnesError

if TYPE_CHECKING:
    import socket

    from agnes.api.instance import Instance
    from agnes.config.instance import InstanceSettings

DEMO = Path("agnes-demo")
GRACE_SECONDS = 30
"""How long requests may go on after the server was told to end."""


def serve(
    host: Annotated[
        str | None, typer.Option("--host", help="The address to listen on. Default: 127.0.0.1.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", help="The port; 0 for a free one. Default: 8000.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", help="Processes that answer. Default: 1.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option("--data-dir", help="State, data, uploads. Default: data/ in the catalog."),
    ] = None,
    follow: FollowOption = None,
    every: Annotated[
        str | None,
        typer.Option(
            "--every", help="Fetch from the remote so often: 30s, 5m.", metavar="DURATION"
        ),
    ] = None,
    demo: Annotated[
        bool,
        typer.Option("--demo", help="Serve the starter pack with sample data from ./agnes-demo."),
    ] = False,
    log_format: Annotated[
        LogFormat | None, typer.Option("--log-format", help="How to log to stderr.")
    ] = None,
    catalog: CatalogOption = None,
) -> None:
    """Serve the catalog over HTTP, with users, access rules, data and changes, until Ctrl-C.

    Everything else is set by the environment or config/instance.yaml: docs/reference/settings.md.

    \b
    Examples:
      da serve --demo
      da serve
      da serve --port 9000 --workers 2
      da serve --follow origin/main --every 30s --log-format json
    """
    from agnes.config.instance import InstanceSettings

    settings = InstanceSettings.load(
        catalog=_demo_catalog(catalog) if demo else catalog,
        data_dir=data_dir,
        host=host,
        port=port,
        workers=workers,
        follow=follow,
        fetch_every=None if every is None else parse_duration(every),
        log_format=None if log_format is None else log_format.value,
    )
    run(settings, demo=demo)


def _demo_catalog(folder: Path | None) -> Path:
    from agnes.showcase import show_catalog

    return show_catalog(folder or DEMO)


def run(settings: InstanceSettings, *, demo: bool = False) -> None:
    """Serve until the process is told to end.

    Args:
        demo: with sample data and an admin, where there are none.

    Raises:
        AgnesError: the instance cannot be opened, or the port is taken.
    """
    try:
        import uvicorn

        import agnes.api.app  # noqa: F401  (whether it can be imported)
    except ModuleNotFoundError as error:
        raise AgnesError(
            f"{error.name} is not installed", "install the server: pip install 'agnes[server]'"
        ) from None

    from agnes.config.instance import export
    from agnes.log import configure

    configure(settings.log_format, "agnes", "uvicorn")
    with _opened(settings) as instance:  # what is wrong is told here, and once
        password = _fill(instance) if demo else None
        data_dir = instance.data_dir
        name, is_new = instance.name, instance.state.users.count() == 0
    listening = _listen(settings.host, settings.port)
    url = settings.public_url or _url(*listening.getsockname()[:2])
    export(settings)
    config = uvicorn.Config(
        "agnes.api.app:from_environment",
        factory=True,
        workers=settings.workers,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )

    def tell() -> None:
        _tell(name, url, is_new=is_new)
        if password is not None:
            _tell_demo(url, password)
        elif demo:
            echo(f"Its admin's password was shown before; to start over, delete {data_dir}")

    class Server(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            if self.started:
                tell()

    if settings.workers > 1:
        from uvicorn.supervisors import Multiprocess

        tell()
        Multiprocess(config, [listening]).run()
        return
    server = Server(config)
    with suppress(KeyboardInterrupt):
        server.run([listening])
    if not server.started:
        raise typer.Exit(1)


def _fill(instance: Instance) -> str | None:
    from datetime import UTC, datetime

    from agnes.showcase import show_admin, show_data, show_profiles

    with progress("Making two years of sample data"):
        show_data(instance.data_dir, datetime.now(UTC).date())
    with progress("Profiling them") as advance:
        show_profiles(instance.location.path, instance.data_dir, advance)
    return show_admin(instance.state)


def _tell_demo(url: str, password: str) -> None:
    from agnes.showcase import EMAIL

    sign_in = f'{{"email": "{EMAIL}", "password": "{password}"}}'
    query = '{"sql": "SELECT count(*) AS orders FROM orders"}'
    json, token = "-H 'Content-Type: application/json'", '-H "Authorization: Bearer $TOKEN"'
    echo()
    echo(f"The admin is {EMAIL}, the password {style(password, bold=True)}; it is not shown again.")
    echo("Try it from another terminal:")
    echo()
    echo(f"  TOKEN=$(curl -s {url}/auth/token {json} -d '{sign_in}' | {_SED})")
    echo(f"  curl -s {url}/api/metrics/revenue/mrr {token}")
    echo(f"  curl -s {url}/api/query {token} {json} -d '{query}'")
    echo()
    echo(
        f"Or, in an empty folder, as an analyst with an agent: da analyst setup --server-url {url}"
    )


_SED = """sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/'"""


@contextmanager
def _opened(settings: InstanceSettings) -> Iterator[Instance]:
    from agnes.api.instance import Instance

    instance = Instance.open(settings)
    try:
        yield instance
    finally:
        instance.close()


def _listen(host: str, port: int) -> socket.socket:
    import os
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        number = getattr(error, "errno", None)
        reason = os.strerror(number) if number else str(error)
        raise AgnesError(
            f"cannot listen on {host}:{port}: {reason}", "choose another one: da serve --port 8001"
        ) from None
    listening.set_inheritable(True)
    return listening


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _tell(name: str, url: str, *, is_new: bool) -> None:
    echo(f"{style(name, bold=True)} is served at {style(url, bold=True)} until Ctrl-C.")
    steps = [(f"{url}/docs", "the API, to try")]
    if is_new:
        steps.insert(
            0, (f"da setup bootstrap --server-url {url}", "nobody is there yet: be the admin")
        )
    for line in table(steps):
        echo(line)
