"""Imports point down: the layers of the package, checked on its syntax trees."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import agnes

PACKAGE = Path(agnes.__file__).parent
LAYERS = {
    "meaning": {"model", "errors"},
    "outside world": {"yaml", "git", "config", "demo", "log", "sql", "forge"}
    | {"auth", "client", "keboola", "profile", "values", "describe"},
    "views": {"load", "cache", "search", "sandbox", "lint", "diff", "lineage", "merge", "access"}
    | {"engines"},
    "use cases": {"edit", "certify", "sync", "repositories", "migrate", "scaffold", "review"}
    | {
        "backup",
        "changes",
        "compute",
        "showcase",
        "diagnosis",
        "numbers",
        "profiling",
        "proposals",
        "publishing",
        "queries",
        "serving",
        "source",
        "tables",
        "workspace",
    },
    "faces": {"api", "cli", "mcp", "__init__", "__main__"},
}
LEVEL = {module: level for level, modules in enumerate(LAYERS.values()) for module in modules}
LIBRARIES = {
    "alembic": {"auth"},
    "argon2": {"auth"},
    "authlib": {"auth"},
    "fastapi": {"api"},
    "httpx": {"auth", "client", "describe", "keboola"},
    "ibis": {"engines"},
    "jwt": {"auth"},
    "mcp": {"mcp"},
    "mcp_types": {"mcp"},
    "pygit2": {"git"},
    "ruamel": {"yaml"},
    "pyspark": {"engines"},
    "sqlalchemy": {"auth"},
    "sqlglot": {"sql"},
    "starlette": {"api"},
    "typer": {"cli"},
    "watchdog": {"sync"},
}
MODULES = sorted(path for path in PACKAGE.rglob("*.py"))


def part(path: Path) -> str:
    """The package or module directly below `agnes` that a file belongs to."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> Iterator[str]:
    """The full names that a module imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def our_imports(path: Path) -> set[str]:
    names = [name.split(".") for name in imports(path)]
    ours = {name[1] for name in names if name[0] == "agnes" and len(name) > 1}
    return {name for name in ours if name in LEVEL}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_from_its_own_layer_and_those_below(path):
    for name in our_imports(path):
        assert LEVEL[name] <= LEVEL[part(path)], f"{part(path)} may not import {name}"


def test_every_module_belongs_to_a_layer():
    assert {part(path) for path in MODULES} <= LEVEL.keys()


def test_there_are_no_cycles_between_modules_of_a_layer():
    graph: dict[str, set[str]] = {}
    for path in MODULES:
        graph.setdefault(part(path), set()).update(our_imports(path) - {part(path)})
    done: set[str] = set()
    while done != graph.keys():
        free = {name for name in graph.keys() - done if graph[name] - {"__init__"} <= done}
        assert free, f"a cycle among {sorted(graph.keys() - done)}"
        done |= free


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_library_of_the_outside_world_is_imported_in_one_place(path):
    for name in imports(path):
        allowed = LIBRARIES.get(name.split(".")[0])
        assert allowed is None or part(path) in allowed, f"{path} imports {name}"


FORBIDDEN = {"set_target", "set_head", "checkout", "reset", "lookup_branch"}
"""What would move a ref whoever else moved it meanwhile, or write over a checkout."""


@pytest.mark.parametrize("path", sorted((PACKAGE / "git").glob("*.py")), ids=lambda path: path.name)
def test_refs_are_moved_by_compare_and_swap_alone(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        assert name not in FORBIDDEN, f"{path.name}:{call.lineno} calls {name}"
        owner = getattr(call.func, "value", None)
        refs = isinstance(owner, ast.Attribute) and owner.attr in ("references", "branches")
        assert not (refs and name in ("create", "delete")), f"{path.name}:{call.lineno}"
