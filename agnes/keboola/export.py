"""The rows of a table: exported in Keboola, then downloaded from the cloud behind it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from agnes.keboola.client import KeboolaError, Storage
from agnes.keboola.slices import slice_request

_GZIP = b"\x1f\x8b"
_UNDER_WAY = ("waiting", "processing")


@dataclass(frozen=True)
class Export:
    """The downloaded rows of a table.

    Args:
        files: CSV, plain or gzipped; one, or slices of it.
        header: whether the names of the columns come first. Slices do not have them.
    """

    files: list[Path]
    header: bool


def export_table(storage: Storage, table_id: str, folder: Path) -> Export:
    """Export a table and download it.

    Args:
        table_id: with its bucket: `in.c-crm.company`.
        folder: where the files go; it must be there.

    Raises:
        KeboolaError: it was refused, or failed, or took too long.
        OSError: a file cannot be written.
    """
    options = {"format": "rfc", "gzip": "1"}
    job = storage.post("tables", table_id, "export-async", about=table_id, data=options)
    results = _wait(storage, _field(job, "id", table_id), table_id)
    file_id = _field(_field(results, "file", table_id), "id", table_id)
    file = storage.get("files", str(file_id), about=table_id, federationToken="1")
    url = str(_field(file, "url", table_id))
    if not file.get("isSliced"):
        return Export([_fetch(storage, url, {}, table_id, folder / "0.csv")], header=True)
    with storage.download(url, table_id) as response:
        manifest = _json(response, table_id)
    files = []
    for number, entry in enumerate(_field(manifest, "entries", table_id)):
        slice_url = str(_field(entry, "url", table_id))
        address, headers = slice_request(file, slice_url, table_id)
        files.append(_fetch(storage, address, headers, table_id, folder / f"{number}.csv"))
    return Export(files, header=False)


def _wait(storage: Storage, job_id: Any, table_id: str) -> Any:
    """Look at a job until it has ended."""
    patience = storage.patience
    pause, longest = patience.poll
    deadline = time.monotonic() + patience.job
    while True:
        job = storage.get("jobs", str(job_id), about=table_id)
        status = job.get("status") if isinstance(job, dict) else None
        if status == "success":
            return job.get("results")
        if status not in _UNDER_WAY:
            error = (job.get("error") if isinstance(job, dict) else None) or {}
            said = str(error.get("message") or status) if isinstance(error, dict) else str(error)
            raise KeboolaError(f"Keboola: {table_id}: the export failed: {said[:200]}")
        if time.monotonic() + pause > deadline:
            raise KeboolaError(
                f"Keboola: {table_id}: the export took longer than {patience.job:g} seconds"
            )
        time.sleep(pause)
        pause = min(pause * 1.5, longest)


def _fetch(
    storage: Storage, url: str, headers: Mapping[str, str], table_id: str, target: Path
) -> Path:
    """Download a file; where it breaks off it is begun anew."""
    patience = storage.patience
    deadline = time.monotonic() + patience.job
    for left in reversed(range(patience.tries)):
        try:
            _copy(storage, url, headers, table_id, target, deadline)
            return _by_content(target)
        except KeboolaError as error:
            if error.status is not None or not left or time.monotonic() > deadline:
                raise
            time.sleep(patience.backoff)
    raise AssertionError


def _by_content(file: Path) -> Path:
    """The file under a name that says whether it is gzipped."""
    with file.open("rb") as content:
        gzipped = content.read(2) == _GZIP
    return file.rename(file.with_name(f"{file.name}.gz")) if gzipped else file


def _copy(
    storage: Storage,
    url: str,
    headers: Mapping[str, str],
    table_id: str,
    target: Path,
    deadline: float,
) -> None:
    with storage.download(url, table_id, headers) as response, target.open("wb") as file:
        for chunk in response.iter_raw():
            file.write(chunk)
            if time.monotonic() > deadline:
                raise KeboolaError(f"Keboola: {table_id}: the download took too long")


def _json(response: httpx.Response, table_id: str) -> Any:
    try:
        response.read()
        return response.json()
    except ValueError:
        raise KeboolaError(f"Keboola: {table_id}: the list of slices is no JSON") from None


def _field(answer: Any, name: str, table_id: str) -> Any:
    try:
        return answer[name]
    except (KeyError, TypeError, IndexError):
        raise KeboolaError(f"Keboola: {table_id}: the answer has no {name}") from None
