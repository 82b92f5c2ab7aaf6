"""The catalog's own two files: its settings (agnes.yml) and its index (metrics/metrics.yml)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from agnes.model.engine import SCHEMES, public_url
from agnes.model.fields import (
    Email,
    Model,
    Name,
    RequiredText,
    RuleCode,
    Text,
    Texts,
)
from agnes.model.names import NAME


class Lint(Model):
    """How strict validation is; a rule's code is as docs/rules.md has it."""

    severities: dict[RuleCode, Literal["error", "warning", "hint", "off"]] = Field(
        {}, description="A rule's code to how grave its findings are: `AG406: off`."
    )
    ignores: dict[RequiredText, list[RuleCode]] = Field(
        {}, description="Paths to rules that are not checked there: `metrics/legacy/**: [AG301]`."
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {} if data is None else cls.without_nulls(data)


_INTERVAL = (
    r"^((every )?[1-9][0-9]{0,5} ?"
    r"(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)|hourly|daily|weekly)$"
)
# What git takes for a branch's name: git-check-ref-format(1).
_BRANCH = r"^(?![-/.])(?!@$)(?!.*(\.\.|@\{|//|/\.|\.lock(/|$)|[/.]$))[^\x00-\x20\x7f~^:?*\[\\]+$"


def _branch(name: str) -> str:
    if not re.fullmatch(_BRANCH, name):
        raise ValueError("must be the name of a branch, as git takes it")
    return name


Interval = Annotated[str, StringConstraints(pattern=_INTERVAL)]
Branch = Annotated[
    Text,
    AfterValidator(_branch),
    Field(json_schema_extra={"pattern": _BRANCH, "minimum": 0}),
]


_ENGINE = rf"^({'|'.join(sorted(SCHEMES))})(://\S*)?$"
Engine = Annotated[str, AfterValidator(public_url), Field(json_schema_extra={"pattern": _ENGINE})]


class Settings(Model):
    """agnes.yml. Its presence marks the root of a catalog; all of it is optional."""

    name: Text | None = Field(None, description="What the catalog is called.")
    description: Text | None = Field(None, description="Whose numbers these are.")
    sync_interval: Interval | None = Field(None, description="How often workspaces sync: `1 hour`.")
    branch: Branch | None = Field(
        None, description="The branch that is served. Default: the one that HEAD names."
    )
    lint: Lint = Field(
        default_factory=Lint, description="Severities of rules, and where they are not checked."
    )
    write_mode: Literal["commit", "branch"] = Field(
        "commit", description="Whether changes through a server land on the branch or beside it."
    )
    certifiers: Texts = Field(
        [], description="Who may certify a metric: e-mails, and names of groups. Default: anybody."
    )
    groups: dict[RequiredText, list[Email]] = Field(
        {}, description="Groups of people by their e-mails: `finance: [ada@example.com]`."
    )
    engine: Engine | None = Field(
        None,
        description="Where canonical SQL runs: `postgres://host/warehouse`, without a password."
        " Default: DuckDB.",
    )

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {} if data is None else cls.without_nulls(data)


def approvers(
    certifiers: Iterable[str], groups: Mapping[str, Iterable[str]]
) -> frozenset[str] | None:
    """The e-mails of those who may certify, in lower case; None for anybody.

    Args:
        certifiers, groups: as agnes.yml has them; a group that it does not have is of nobody.
    """
    named = list(certifiers)
    people = (
        email
        for entry in named
        for email in ([entry] if is_email(entry) else groups.get(entry, ()))
    )
    return frozenset(email.strip().casefold() for email in people) if named else None


def is_email(certifier: str) -> bool:
    """Whether a certifier is a person; the others are groups."""
    return "@" in certifier


class IndexCategory(Model):
    """One category of the index."""

    name: RequiredText = Field(description="What people call the category.")
    folder: Name | None = Field(None, description="Its folder in metrics/. Default: the name.")
    description: Text | None = Field(None, description="What its metrics have in common.")
    metrics: Texts = Field([], description="Names of its metrics, in the order to show them.")

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return cls.without_nulls(data)

    @property
    def category(self) -> str:
        """The category as ids have it: the folder."""
        return self.folder or self.name

    @field_validator("folder", mode="before")
    @classmethod
    def _without_slash(cls, folder: Any) -> Any:
        return folder.rstrip("/") if isinstance(folder, str) else folder

    @field_validator("metrics")
    @classmethod
    def _without_ending(cls, metrics: list[str]) -> list[str]:
        return [name.removesuffix(".yml").removesuffix(".yaml") for name in metrics]

    @model_validator(mode="after")
    def _folder_is_a_category(self) -> Self:
        if not re.fullmatch(NAME, self.category):
            raise ValueError("`name` cannot be a folder's name, so `folder` must be given")
        return self


class Index(Model):
    """metrics/metrics.yml: the categories, in order. Never read to answer a query."""

    version: Text = Field("2.0", description="The format's version.")
    description: Text | None = Field(None, description="What this pack is.")
    categories: list[IndexCategory] = Field([], description="The categories, in order.")

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {} if data is None else cls.without_nulls(data)
