"""Agnes: metric definitions as YAML in git, served from a DuckDB cache.

Programs use `MetricRepository` and `ColumnMetadataRepository`; both are made from the path of a
catalog. Importing this package imports neither of the libraries that it is built on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agnes.repositories import ColumnMetadataRepository, MetricRepository

__version__ = "0.1.0"

__all__ = ["ColumnMetadataRepository", "MetricRepository"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from agnes import repositories

        return getattr(repositories, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
