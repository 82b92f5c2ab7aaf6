"""`--fix`: the files of a folder, mended where that is safe."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from agnes.errors import AgnesError
from agnes.lint.files import folder_files
from agnes.lint.fix import fix
from agnes.model.layout import MAX_BYTES, survey


def mend_folder(root: Path, only: Collection[str] = ()) -> list[str]:
    """Mend the files of a folder.

    Args:
        only: files and folders in it; all if empty.

    Returns:
        The files that were changed, as they are called in the folder.
    """
    from agnes.lint.check import is_in

    files = folder_files(root, only)
    entries = sorted(files.entries(), key=lambda entry: entry.path)
    slots = survey((entry.path, entry.kind) for entry in entries).slots
    mended = []
    for entry in entries:
        path = files.path(entry.path)
        shown = path.relative_to(files.root).as_posix()
        if entry.path not in slots or (only and not is_in(shown, only)):
            continue
        if files.size(entry) > MAX_BYTES:
            continue
        before = files.read(entry)
        after = fix(slots[entry.path], before)
        if after != before:
            _replace(path, after)
            mended.append(shown)
    return mended


def _replace(path: Path, data: bytes) -> None:
    """Write under another name and rename, so that a crash leaves one file or the other."""
    beside = path.with_name(f".{path.name}.new")
    try:
        beside.write_bytes(data)
        beside.chmod(path.stat().st_mode)
        beside.replace(path)
    except OSError as error:
        with suppress(OSError):
            beside.unlink()
        raise AgnesError(f"cannot write {path}: {error.strerror}") from None
