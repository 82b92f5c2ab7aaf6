"""Two versions of one definition's file, and what it is called."""

from __future__ import annotations

from collections.abc import Iterator

from agnes.diff.change import Class, FieldChange
from agnes.diff.data import said
from agnes.diff.fields import compare_models, spell_out
from agnes.diff.pairs import Key, Version
from agnes.diff.tables import IsRead
from agnes.git.entry import Entry
from agnes.git.repository import Repository
from agnes.load.catalog import read_entry
from agnes.model.layout import ENDINGS, INDEX, MAX_BYTES, SETTINGS, Slot, survey


def read_version(repository: Repository, slot: Slot, entry: Entry) -> Version:
    """Read one version of a definition's file; the content of one that is too large is left out.

    Raises:
        MissingObjectError: the clone does not have it.
    """
    fits = repository.size(entry) <= MAX_BYTES
    content = repository.read(entry) if fits else b""
    return Version(read_entry(repository, slot, entry), entry.blob, content)


def metric_at(repository: Repository, tree: str | None, metric_id: str) -> Version | None:
    """The version of a metric in a catalog's folder; None where it is not there."""
    paths = sorted(f"metrics/{metric_id}{ending}" for ending in ENDINGS)
    files = {path: it for path in paths if (it := repository.entry(tree, path)) is not None}
    slots = survey((path, entry.kind) for path, entry in files.items()).slots
    found = (read_version(repository, slot, files[path]) for path, slot in slots.items())
    return next(found, None)


def compare_versions(
    old: Version | None, new: Version | None, is_read: IsRead
) -> tuple[FieldChange, ...]:
    """What differs between two versions of a definition, its id aside.

    Args:
        old, new: None where it is not there.
        is_read: asked for a table's columns that are gone or have another type.
    """
    found = list(_validity(old, new))
    models = [None if it is None else it.model for it in (old, new)]
    if models[0] is not None and models[1] is not None:
        found += [
            field
            for field in compare_models(models[0], models[1], is_read)
            if not _is_unknown(old, field.field) and not _is_unknown(new, field.field)
        ]
    elif (only := models[0] or models[1]) is not None and (old is None or new is None):
        found += spell_out(only, gone=new is None)
    if old and new and not found and old.key == new.key:
        if old.blob != new.blob:
            what = "layout, comments, order of keys or defaults"
            found.append(FieldChange("file", "cosmetic", None, None, what))
        else:
            found.append(FieldChange("file", "cosmetic", old.path, new.path, "file renamed"))
    return tuple(found)


def key_called(name: str) -> Key:
    """The definition that people call so; the other way round than `name_of`."""
    if name in (SETTINGS, INDEX):
        return "settings" if name == SETTINGS else "index", name
    folder, _, rest = name.partition("/")
    return ("table", rest) if folder == "tables" else ("metric", name)


def name_of(key: Key) -> str:
    """What people call a definition: a metric's id, `tables/<id>`, or a settings file's path."""
    kind, name = key
    return f"tables/{name}" if kind == "table" else name


def _validity(old: Version | None, new: Version | None) -> Iterator[FieldChange]:
    """Whether a file can be read, where that is a change or hides what changes."""
    if new is not None and not new.is_whole:
        what = "does not validate"
        grave: Class = "breaking"
        if old is not None and old.is_whole:
            what = "does not validate any more"
        elif old is not None:
            known = old.model is not None and new.model is not None
            what = "does not validate, as before"
            grave = "cosmetic" if known else "breaking"
        yield FieldChange("file", grave, None, None, what)
    elif old is not None and new is not None and not old.is_whole:
        yield FieldChange("file", "compatible", None, None, "validates again")


def _is_unknown(version: Version | None, field: str) -> bool:
    """Whether a key's value cannot be told, since the file has a mistake and it may be there."""
    return version is not None and not version.is_whole and field not in said(version.model)
