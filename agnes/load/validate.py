"""Checking a folder's files as they are on disk."""

from __future__ import annotations

from pathlib import Path

from agnes.load.catalog import load_catalog
from agnes.load.folder import Folder
from agnes.model.diagnostic import Diagnostic


def validate_folder(root: Path, only: set[Path] | None = None) -> tuple[int, list[Diagnostic]]:
    """Check the files of a catalog, or of a plain folder of `<category>/<name>.yml`.

    Args:
        only: files or folders below `root`, absolute; None for all.

    Returns:
        How many files were checked, and what was found, by path and position.
    """
    folder = Folder(root.absolute())
    if only is None:
        entries = folder.entries()
    elif all(path.is_file() for path in only):
        # A commit of a few files does not walk a catalog of thousands.
        entries = [found for path in sorted(only) if (found := folder.entry(path))]
    else:
        entries = [
            entry
            for entry in folder.entries()
            if any(folder.path(entry.path).is_relative_to(wanted) for wanted in only)
        ]
    findings = [folder.shown(found) for found in load_catalog(folder, entries).diagnostics]
    if only is not None:
        findings = [finding for finding in findings if finding.code != "AG208"]
    yaml_files = [entry for entry in entries if entry.path.endswith((".yml", ".yaml"))]
    return len(yaml_files), findings
