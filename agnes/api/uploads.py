"""What users upload: transcripts of sessions, artifacts, notes for their agent."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, File, UploadFile
from pydantic import BaseModel, Field

from agnes.api.deps import DataUser, InstanceOf
from agnes.api.problems import problems
from agnes.tables.uploads import LOCAL_MD_BYTES, Kind

router = APIRouter(prefix="/api/upload", tags=["uploads"])

FORM_BYTES = 1 << 16
"""What a form has around a file."""
Sent = Annotated[UploadFile, File(description="The file, with its name.")]


class Uploaded(BaseModel):
    """What was kept."""

    status: str = "ok"
    filename: str
    size: int = Field(description="Bytes.")


class Notes(BaseModel):
    """A user's `CLAUDE.local.md`."""

    content: str = Field(max_length=LOCAL_MD_BYTES)


class Kept(BaseModel):
    """What was kept."""

    status: str = "ok"
    user: str
    size: int = Field(description="Bytes.")


@router.post("/sessions", response_model=Uploaded, responses=problems(400, 413))
def upload_session(running: InstanceOf, caller: DataUser, file: Sent) -> Uploaded:
    """Keep the transcript of a session, in place of an earlier one of the same name."""
    return _keep(running, caller, "sessions", file)


@router.post("/artifacts", response_model=Uploaded, responses=problems(400, 413))
def upload_artifact(running: InstanceOf, caller: DataUser, file: Sent) -> Uploaded:
    """Keep an artifact, such as a report, in place of an earlier one of the same name."""
    return _keep(running, caller, "artifacts", file)


@router.post("/local-md", response_model=Kept, responses=problems(400, 413))
def upload_notes(running: InstanceOf, caller: DataUser, notes: Notes) -> Kept:
    """Keep the caller's `CLAUDE.local.md`."""
    size = running.uploads.save_local_md(caller.user_id, notes.content)
    running.state.audit.note(caller, "upload.local-md", "", size=size)
    return Kept(user=caller.email, size=size)


def _keep(running: InstanceOf, caller: DataUser, kind: Kind, file: UploadFile) -> Uploaded:
    size = running.uploads.save(caller.user_id, kind, file.filename, file.file)
    running.state.audit.note(caller, f"upload.{kind}", file.filename or "", size=size)
    return Uploaded(filename=file.filename or "", size=size)
