"""Settings of an instance: one running server.

They come from the environment and from a YAML file: the one that `AGNES_CONFIG` names, else
`config/instance.yaml` where the server is started. The environment is the stronger. Secrets belong
in either of them, never in a catalog.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, BeforeValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    YamlConfigSettingsSource,
)
from yaml import YAMLError

from agnes.errors import UsageError

PREFIX = "AGNES_"
FILE_VARIABLE = "AGNES_CONFIG"
DEFAULT_FILE = Path("config/instance.yaml")
_DURATION = re.compile(r"(\d+)\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _seconds(value: Any) -> Any:
    if isinstance(value, str) and (found := _DURATION.fullmatch(value.strip())):
        return int(found[1]) * _SECONDS[found[2]]
    return value


Duration = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
"""Seconds; `30s`, `5m`, `1h` and `2d` are read too."""


def _older(name: str, *names: str) -> AliasChoices:
    """A setting's own variable, and those of an older instance."""
    return AliasChoices(f"{PREFIX}{name}".upper(), *names)


class InstanceSettings(BaseSettings):
    """What an instance can be told. A variable is the name in capitals after `AGNES_`."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
    )

    catalog: Path | None = Field(None, description="The catalog's folder. Default: the nearest.")
    data_dir: Path | None = Field(
        None,
        description="State, data and uploads. Default: `data` in the catalog.",
        validation_alias=_older("data_dir", "DATA_DIR"),
    )
    state_url: SecretStr | None = Field(
        None, description="PostgreSQL for users and tokens. Default: SQLite in `data_dir`."
    )
    jwt_secret: SecretStr | None = Field(
        None,
        description="Signs tokens, 32 characters or more. Default: made once, in `data_dir`.",
        validation_alias=_older("jwt_secret", "JWT_SECRET_KEY"),
    )
    instance_name: str | None = Field(None, description="Its name. Default: the catalog's.")
    claude_md_template: Path = Field(
        Path("config/claude_md_template.txt"),
        description="What CLAUDE.md in workspaces is made from, where the file is there.",
    )
    public_url: str | None = Field(None, description="Its address for users, behind a proxy.")
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65_535, description="The port; 0 for a free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that answer.")
    trusted_proxies: str = Field(
        "127.0.0.1", description="Whose `X-Forwarded-For` is believed: addresses, or `*`."
    )
    follow: str | None = Field(None, description="The branch to serve: `origin/main`.")
    fetch_every: Duration | None = Field(None, description="Fetch from the remote: `30s`.")
    push: bool = Field(True, description="Push changes to the remote, where there is one.")
    webhook_secret: SecretStr | None = Field(None, description="Signs `POST /api/hooks/git`.")
    committer: str = Field("Agnes <agnes@localhost>", description="Who commits what users change.")
    token_lifetime: Duration = Field(86_400, description="How long a sign-in lasts: `24h`.")
    oidc_url: str | None = Field(None, description="Discovery address of an OpenID provider.")
    oidc_client_id: str | None = Field(None, description="What the provider calls this instance.")
    oidc_client_secret: SecretStr | None = Field(None, description="What the provider gave it.")
    oidc_groups_claim: str = Field("groups", description="Where the provider says the groups.")
    oidc_role: Literal["viewer", "analyst"] = Field(
        "analyst", description="The role of who signs in by the provider for the first time."
    )
    keboola_url: str | None = Field(
        None,
        description="Address of the Keboola stack.",
        validation_alias=_older("keboola_url", "KBC_STACK_URL", "KEBOOLA_STACK_URL"),
    )
    keboola_token: SecretStr | None = Field(
        None,
        description="Its Storage token.",
        validation_alias=_older("keboola_token", "KBC_STORAGE_TOKEN", "KEBOOLA_STORAGE_TOKEN"),
    )
    import_dir: Path | None = Field(
        None, description="Where local files to import are. Default: `imports` in `data_dir`."
    )
    mcp_proposals: bool = Field(
        False, description="Let agents propose metrics over MCP, if their token may."
    )
    query_seconds: Duration = Field(30, description="How long a query may take.")
    query_rows: int = Field(10_000, ge=1, description="The most rows of an answer.")
    query_memory_mb: int = Field(1_024, ge=64, description="Memory of a query, in megabytes.")
    query_workers: int = Field(2, ge=1, le=64, description="Queries at a time, per process.")
    upload_mb: int = Field(50, ge=1, description="The largest upload, in megabytes.")
    upload_quota_mb: int = Field(
        1_024, ge=1, description="What one user may have uploaded in all, in megabytes."
    )
    body_mb: int = Field(8, ge=1, description="The largest other request, in megabytes.")
    log_format: Literal["text", "json"] = Field("text", description="Who reads the logs.")

    @classmethod
    def load(cls, **given: Any) -> Self:
        """The settings of this process.

        Args:
            given: what beats the environment and the file; None is not given.

        Raises:
            UsageError: a setting is unknown or has a wrong value, or the file cannot be read.
        """
        try:
            return cls(**{name: value for name, value in given.items() if value is not None})
        except ValidationError as error:
            raise UsageError(_explain(error), "see docs/reference/settings.md") from None
        except (OSError, YAMLError) as error:
            reason = str(error).splitlines()[0]
            raise UsageError(f"cannot read {settings_file()}: {reason}") from None

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given beats the environment, which beats the file."""
        file = YamlConfigSettingsSource(settings_cls, settings_file() or Path(os.devnull))
        return init_settings, env_settings, file


def settings_file() -> Path | None:
    """The file of settings, if there is one.

    Raises:
        UsageError: `AGNES_CONFIG` names a file that is not there.
    """
    if named := os.environ.get(FILE_VARIABLE):
        if not Path(named).is_file():
            raise UsageError(f"{FILE_VARIABLE} is {named}, which is no file")
        return Path(named)
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def _explain(error: ValidationError) -> str:
    problems = []
    for found in error.errors(include_url=False, include_input=False):
        name = str(found["loc"][0]) if found["loc"] else "the file"
        problems.append(f"{name}: {found['msg']}")
    return "settings: " + "; ".join(problems)


def export(settings: InstanceSettings) -> None:
    """Put what was set into the environment, for the processes that this one starts."""
    for name in settings.model_fields_set:
        value = getattr(settings, name)
        text = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        os.environ[f"{PREFIX}{name}".upper()] = text
