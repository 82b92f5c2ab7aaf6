"""Malformed, hostile and odd catalogs, with the verdict that each must get.

`base/` is a small catalog that is right. Every case lays one file over it:

    files/accepted/<name>.<kind>.yml          no error and no warning
    files/warned/<codes>/<name>.<kind>.yml    these warnings, no error
    files/refused/<codes>/<name>.<kind>.yml   these errors

The kind says where the file belongs; codes are joined by +. What cannot be a file in git (12 MB,
NULs, other encodings) is made by `built`, and what takes more than one file by `trees`.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
_PLACES = {
    "metric": "metrics/sales/{}.yml",
    "table": "tables/{}.yml",
    "index": "metrics/metrics.yml",
    "settings": "agnes.yml",
}


@dataclass(frozen=True)
class Case:
    """One file.

    Args:
        verdict: `accepted`, `warned` or `refused`.
        codes: the rules that must speak; all of them warnings, or errors.
        path: where it is put in the catalog.
    """

    name: str
    verdict: str
    codes: frozenset[str]
    path: str
    make: Callable[[], bytes]

    @property
    def alone(self) -> bool:
        """Whether a catalog has only one such file."""
        return self.path in (_PLACES["index"], _PLACES["settings"])

    def __str__(self) -> str:
        return f"{self.verdict}-{'+'.join(sorted(self.codes))}-{self.name}".replace("--", "-")


def case(verdict: str, name: str, make: Callable[[], bytes], kind: str = "metric") -> Case:
    """A case; its verdict is written as its folder would be: `refused/AG101`."""
    word, _, codes = verdict.partition("/")
    wanted = frozenset(codes.split("+")) if codes else frozenset()
    return Case(name, word, wanted, _PLACES[kind].format(name), make)


def filed() -> list[Case]:
    """The cases that are files."""
    return [
        case(file.parent.relative_to(HERE / "files").as_posix(), *_named(file))
        for file in sorted((HERE / "files").rglob("*.yml"))
    ]


def _named(file: Path) -> tuple[str, Callable[[], bytes], str]:
    name, _, kind = file.name.removesuffix(".yml").rpartition(".")
    return name, file.read_bytes, kind


def lay(catalog: Path, *cases: Case) -> Path:
    """Make a catalog of the base and some cases."""
    shutil.copytree(HERE / "base", catalog)
    for item in cases:
        file = catalog / item.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(item.make())
    return catalog
