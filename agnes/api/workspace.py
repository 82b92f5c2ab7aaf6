"""What an analyst's workspace needs besides the catalog and the data."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel, Field

from agnes.api.deps import InstanceOf, Reader
from agnes.api.problems import problems
from agnes.errors import UnavailableError

router = APIRouter(prefix="/api/workspace", tags=["catalog"])


class Template(BaseModel):
    """The instance's own instructions for agents."""

    template: str | None = Field(description="Null: what the client has is used.")


@router.get("/template", responses=problems(503))
def show_template(_caller: Reader, running: InstanceOf) -> Template:
    """The template of a workspace's CLAUDE.md, where this instance has one of its own.

    The client fills in `{instance_name}`, `{server_url}`, `{sync_interval}` and `{metrics}`.
    """
    file = running.settings.claude_md_template
    if not file.exists() and "claude_md_template" not in running.settings.model_fields_set:
        return Template(template=None)
    try:
        return Template(template=file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise UnavailableError(
            "the template of CLAUDE.md cannot be read", "look at the setting claude_md_template"
        ) from None
