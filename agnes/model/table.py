"""One registered table, and what is known of its columns."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from agnes.model.fields import (
    Basetype,
    Bool,
    Confidence,
    MetadataSource,
    Model,
    RequiredText,
    TableId,
    Text,
    Texts,
)


class Column(Model):
    """What is known of one column."""

    basetype: Basetype | None = Field(None, description="The type, in words every engine has.")
    description: Text | None = Field(None, description="What a value means.")
    confidence: Confidence = Field("manual", description="How sure the source is.")
    source: MetadataSource = Field("manual", description="Who said so.")
    pii: Bool = Field(False, description="Personal data: no samples of it are shown anywhere.")

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {} if data is None else cls.without_nulls(data)


class Groups(Model):
    """Access for the members of some groups only."""

    groups: Texts = Field(description="Names of the groups.")


# Told apart by their kind, so that a mistake in one is not also reported of the other.
PrimaryKey = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[Texts, Tag("<list>")],
    Discriminator(lambda key: "<list>" if isinstance(key, list) else "<text>"),
]
Access = Annotated[
    Annotated[Literal["public"], Tag("<public>")] | Annotated[Groups, Tag("<groups>")],
    Discriminator(lambda access: "<public>" if isinstance(access, str) else "<groups>"),
]


class Table(Model):
    """A table as its YAML file says it."""

    id: TableId = Field(description="What SQL calls it; equals the file name.")
    name: Text = Field("", description="What people call it. Default: the id.")
    description: Text | None = Field(None, description="What one row is.")
    source_type: Text = Field("local", description="local, keboola, bigquery, jira ...")
    bucket: Text | None = Field(None, description="The source's container.")
    source_table: Text | None = Field(None, description="Its name there. Default: the id.")
    sync_strategy: Text = Field("full_refresh", description="How data gets here.")
    query_mode: Text = Field("local", description="Where queries run.")
    sync_schedule: Text | None = Field(None, description="How often: `every 6h`.")
    profile_after_sync: Bool = Field(True, description="Profile it after each data sync.")
    primary_key: PrimaryKey | None = Field(None, description="One column, or a list of them.")
    folder: Text | None = Field(None, description="Where it is shown.")
    access: Access = Field("public", description="`public`, or `{groups: [finance]}`.")
    is_public: Bool | None = Field(None, description="Older spelling of `access`.")
    columns: dict[RequiredText, Column] = Field({}, description="Column name to what is known.")

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return cls.without_nulls(data)

    @field_validator("access", mode="before")
    @classmethod
    def _public_or_groups(cls, access: Any) -> Any:
        if access != "public" and not (isinstance(access, dict) and list(access) == ["groups"]):
            raise ValueError("must be public or {groups: [...]}")
        return access

    @model_validator(mode="after")
    def _one_word_on_access(self) -> Table:
        if "access" in self.model_fields_set and self.is_public is not None:
            raise ValueError("access and is_public are both there; keep access")
        return self

    @property
    def public(self) -> bool:
        """Whether everybody who is signed in may see it."""
        return self.access == "public" and self.is_public is not False

    @property
    def groups(self) -> list[str]:
        """The groups that may see it; empty for a public table."""
        return list(self.access.groups) if isinstance(self.access, Groups) else []

    def to_yaml(self) -> dict[str, Any]:
        """The table under its YAML keys, defaults left out."""
        return self.model_dump(exclude_defaults=True)
