"""The one door for SQL that is not trusted: out of a YAML file, a request, an agent.

    with Sandbox([ParquetTable("orders", [path])]) as sandbox:
        sandbox.describe("SELECT month, sum(amount) FROM orders GROUP BY ALL")
        sandbox.query("SELECT count(*) FROM orders").rows

A `Sandbox` is one child process that can be killed; `agnes.sandbox.child` is what runs in it and
says which fences it stands behind. The names are imported when they are used, so that the child,
which is a module of this package, starts without the parent's imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agnes.sandbox.sandbox import Sandbox
    from agnes.sandbox.terms import Column, EmptyTable, Limits, ParquetTable, Result

__all__ = ["Column", "EmptyTable", "Limits", "ParquetTable", "Result", "Sandbox"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from agnes.sandbox import sandbox, terms

    return getattr(sandbox if name == "Sandbox" else terms, name)
