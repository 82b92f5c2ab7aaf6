"""Where the data of a table comes from: a file in the import folder, or Keboola."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from agnes.config.instance import InstanceSettings
from agnes.errors import NotFoundError, UnavailableError, UsageError
from agnes.tables.convert import convert
from agnes.tables.infer import ENDINGS, format_of

if TYPE_CHECKING:
    from agnes.keboola import Storage
    from agnes.tables.registered import Registered


@dataclass(frozen=True)
class Fetched:
    """A table's data on its way.

    Args:
        file: parquet.
        rows: how many there are.
    """

    file: Path
    rows: int


@dataclass(frozen=True)
class Sources:
    """The places that an instance may read.

    Args:
        imports: the folder of local files; nothing outside of it is read.
        keboola: opens the Keboola project, None where none is configured.
    """

    imports: Path
    keboola: Callable[[], Storage] | None = None

    @classmethod
    def of(cls, settings: InstanceSettings, data_dir: Path) -> Sources:
        """What the settings name."""
        imports = (settings.import_dir or data_dir / "imports").absolute()
        known = settings.keboola_url and settings.keboola_token
        return cls(imports, (lambda: open_keboola(settings)) if known else None)

    def fetch(self, table: Registered, folder: Path) -> Fetched:
        """Bring a table's data in.

        Args:
            folder: where it is put, empty.

        Raises:
            AgnesError: it cannot be had, or does not fit what the table's file says.
        """
        target = folder / "data.parquet"
        match table.source_type:
            case "local":
                rows = self._local(table, target)
            case "keboola":
                rows = self._keboola(table, folder, target)
            case other:
                raise UsageError(
                    f"data of {other} cannot be brought in",
                    "put a parquet file in its place, in the data folder",
                )
        return Fetched(target, rows)

    def _local(self, table: Registered, target: Path) -> int:
        path = self.local_file(table)
        kind = format_of(path)
        assert kind is not None
        return convert([path], kind, target, table.basetypes).rows

    def local_file(self, table: Registered) -> Path:
        """The file that a local table comes from.

        Raises:
            NotFoundError: there is none.
            UsageError: it would be outside of the import folder.
        """
        root = self.imports.resolve()
        name = table.source_table or table.id
        if "\0" in name or "\0" in (table.bucket or ""):
            raise UsageError("a file's name has no NUL in it")
        wanted = self.imports / (table.bucket or "") / name
        names = [wanted] if format_of(wanted) else []
        names += [wanted.with_name(f"{wanted.name}{ending}") for ending in ENDINGS]
        for path in names:
            found = path.resolve()
            if not found.is_relative_to(root):
                raise UsageError(
                    f"{name} lies outside of the import folder", "set AGNES_IMPORT_DIR, or move it"
                )
            if found.is_file():
                return found
        raise NotFoundError(
            f"the import folder has no {Path(table.bucket or '') / name}",
            "put it there, as .parquet or .csv",
        )

    def _keboola(self, table: Registered, folder: Path, target: Path) -> int:
        from agnes.keboola import export_table, full_id, read_table

        if self.keboola is None:
            raise no_keboola()
        table_id = full_id(table.id, table.bucket, table.source_table)
        with self.keboola() as storage:
            theirs = read_table(storage, table_id).columns
            export = export_table(storage, table_id, folder)
        basetypes = {name: column.basetype for name, column in theirs.items()} | {
            name: word for name, word in table.basetypes.items() if word
        }
        names = None if export.header else list(theirs)
        if not export.files:
            raise UnavailableError(f"Keboola: {table_id}: the export has no slices")
        return convert(export.files, "csv", target, basetypes, names, plain=True).rows


def open_keboola(settings: InstanceSettings) -> Storage:
    """The Keboola project of an instance.

    Raises:
        UnavailableError: none is configured.
        UsageError: its address is none.
    """
    from agnes.keboola import Storage

    if not settings.keboola_url or not settings.keboola_token:
        raise no_keboola()
    return Storage(settings.keboola_url, settings.keboola_token.get_secret_value())


def no_keboola() -> UnavailableError:
    """The error where no project is configured."""
    return UnavailableError(
        "no Keboola project is configured", "set KBC_STACK_URL and KBC_STORAGE_TOKEN"
    )
