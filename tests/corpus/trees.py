"""Catalogs that take more than one file, or that no checkout could make.

A tree is made in a folder, or in a repository whose HEAD is then checked. Those in a repository are
written object by object, as an attacker would.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import GitRepository
from tests.corpus import HERE, lay
from tests.corpus.built import metric

FILE, PROGRAM, LINK, FOLDER, MODULE = "100644", "100755", "120000", "40000", "160000"
Oid = bytes
Entry = tuple[str, str | bytes, Oid]
BASE = HERE / "base"


@dataclass(frozen=True)
class Tree:
    """A catalog.

    Args:
        findings: path (as it is shown) and code of every error and warning.
        fails: words of the message when the catalog cannot be read at all.
        committed: it is HEAD that is checked, not the folder.
        warns: the findings are warnings.
        ignores: codes of which it does not matter whether they speak.
    """

    name: str
    make: Callable[[GitRepository], None]
    findings: frozenset[tuple[str, str]] = frozenset()
    fails: str = ""
    committed: bool = False
    warns: bool = False
    ignores: frozenset[str] = frozenset()

    def __str__(self) -> str:
        verdict = (
            "warned" if self.warns else "refused" if self.findings or self.fails else "accepted"
        )
        return f"{verdict}-{self.name.replace(' ', '-')}"


class Store:
    """Objects of a repository, written as they are: nothing is checked."""

    def __init__(self, repository: GitRepository) -> None:
        self.repository = repository

    def put(self, kind: str, data: bytes) -> Oid:
        whole = f"{kind} {len(data)}\0".encode() + data
        oid = hashlib.sha1(whole).hexdigest()
        file = self.file(oid)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(zlib.compress(whole, 1))
        return bytes.fromhex(oid)

    def file(self, oid: str) -> Path:
        return self.repository.path / ".git" / "objects" / oid[:2] / oid[2:]

    def blob(self, data: str | bytes) -> Oid:
        return self.put("blob", data.encode() if isinstance(data, str) else data)

    def tree(self, entries: Sequence[Entry]) -> Oid:
        def name(entry: Entry) -> bytes:
            return entry[1].encode() if isinstance(entry[1], str) else entry[1]

        ordered = sorted(entries, key=lambda entry: name(entry) + b"/" * (entry[0] == FOLDER))
        parts = [entry[0].encode() + b" " + name(entry) + b"\0" + entry[2] for entry in ordered]
        return self.put("tree", b"".join(parts))

    def commit(self, tree: Oid) -> None:
        who = "Ada Lovelace <ada@example.com> 1700000000 +0000"
        text = f"tree {tree.hex()}\nauthor {who}\ncommitter {who}\n\nA tree\n"
        oid = self.put("commit", text.encode())
        self.repository.git("update-ref", "refs/heads/main", oid.hex())

    def catalog(
        self,
        *,
        sales: Sequence[Entry] = (),
        metrics: Sequence[Entry] = (),
        tables: Sequence[Entry] = (),
        top: Sequence[Entry] = (),
    ) -> None:
        """Commit the base's tables and a metric, and further entries of its folders."""
        orders = (BASE / "tables" / "orders.yml").read_bytes()
        base = (BASE / "metrics" / "sales" / "base.yml").read_bytes()
        in_sales: list[Entry] = [(FILE, "base.yml", self.blob(base)), *sales]
        in_metrics: list[Entry] = [(FOLDER, "sales", self.tree(in_sales)), *metrics]
        in_tables: list[Entry] = [(FILE, "orders.yml", self.blob(orders)), *tables]
        everything: list[Entry] = [
            (FILE, "agnes.yml", self.blob("name: Raw\n")),
            (FOLDER, "metrics", self.tree(in_metrics)),
            (FOLDER, "tables", self.tree(in_tables)),
        ]
        self.commit(self.tree([*everything, *top]))


_good = metric


TREES: list[Tree] = []


def _tree(name: str, *findings: tuple[str, str], **more: object):
    """Register a maker of a tree."""

    def register(make: Callable[[GitRepository], None]) -> Callable[[GitRepository], None]:
        TREES.append(Tree(name, make, frozenset(findings), **more))  # type: ignore[arg-type]
        return make

    return register


def _folder(
    name: str, files: Mapping[str, str | bytes], *findings: tuple[str, str], **more: object
) -> None:
    """A tree of plain files over the base."""

    @_tree(name, *findings, **more)
    def make(repository: GitRepository) -> None:
        repository.path.rmdir()
        lay(repository.path)
        for path, content in files.items():
            repository.write(path, content)


def _raw(name: str, *findings: tuple[str, str], **more: object):
    """A tree in a repository."""

    def register(commit: Callable[[Store], None]) -> Callable[[Store], None]:
        @_tree(name, *findings, committed=True, **more)
        def make(repository: GitRepository) -> None:
            repository.git("init", "--quiet", "--initial-branch", "main")
            commit(Store(repository))

        return commit

    return register


# Names and places

_folder(
    "files where none belong",
    {
        "metrics/top.yml": _good("top"),
        "metrics/sales/deep/er.yml": _good("er"),
        "metrics/Sales/upper.yml": _good("upper"),
        "metrics/sales/Upper.yml": _good("upper"),
        "metrics/sales/-rf.yml": _good("rf"),
        "metrics/sales/two words.yml": _good("two"),
        "metrics/sales/dots.in.it.yml": _good("dots"),
        "metrics/sales/1st.yml": _good("first"),
        f"metrics/sales/{'a' * 65}.yml": _good("a"),
        "metrics/sales/.yml.yml": _good("x"),
        "metrics/s\u0430les/cyrillic.yml": _good("cyrillic"),
        "metrics/sales/m\u0430tch.yml": _good("match"),
        "metrics/sales/zero\u200bwidth.yml": _good("zero"),
        "metrics/sales/\uff57ide.yml": _good("wide"),
        "tables/a/b.yml": "id: b\n",
        "tables/-rf.yml": "id: rf\n",
        "tables/two words.yml": "id: two\n",
        "tables/ord\u0435rs.yml": "id: orders\n",
        "tables/..yml": "id: x\n",
    },
    *(
        (path, "AG207")
        for path in (
            *("metrics/top.yml", "metrics/sales/deep/er.yml", "metrics/Sales/upper.yml"),
            *("metrics/sales/Upper.yml", "metrics/sales/-rf.yml", "metrics/sales/two words.yml"),
            *("metrics/sales/dots.in.it.yml", "metrics/sales/1st.yml"),
            *(f"metrics/sales/{'a' * 65}.yml", "metrics/s\u0430les/cyrillic.yml"),
            *("metrics/sales/m\u0430tch.yml", "metrics/sales/zero\\u200bwidth.yml"),
            *("metrics/sales/\uff57ide.yml", "tables/a/b.yml", "tables/-rf.yml"),
            *("tables/two words.yml", "tables/ord\u0435rs.yml"),
        )
    ),
)
_folder(
    "files that are not looked at",
    {
        "README.md": "# x",
        "metrics/README.md": "# x",
        "metrics/sales/notes.txt": "\0",
        "metrics/sales/.hidden.yml": "\0",
        "metrics/.hidden/x.yml": "\0",
        "metrics/sales/x.yml.bak": "\0",
        "metrics/sales/x.yml~": "\0",
        "metrics/sales/x.YML.orig": "\0",
        "tables/data.csv": "\0",
        "scripts/x.yml": "\0",
        "docker-compose.yml": "a: &a [*a]",
        ".github/workflows/x.yml": "on: push",
        "Metrics/sales/x.yml": "\0",
        ".gitattributes": "* filter=evil",
    },
)
_folder(
    "endings in capitals",
    {
        "metrics/sales/new.YML": _good("new"),
        "metrics/sales/other.Yaml": _good("other"),
        "tables/new.YML": "id: new\n",
    },
    ("metrics/sales/new.YML", "AG207"),
    ("metrics/sales/other.Yaml", "AG207"),
    ("tables/new.YML", "AG207"),
)
_folder(
    "the same id with two endings",
    {"metrics/sales/base.yaml": _good("base"), "tables/orders.yaml": "id: orders\n"},
    ("metrics/sales/base.yml", "AG206"),
    ("tables/orders.yml", "AG206"),
)
_folder(
    "tables that differ in case only",
    {"tables/Orders.yml": "id: Orders\n", "tables/ORDERS.yml": "id: ORDERS\n"},
    ("tables/Orders.yml", "AG206"),
    ("tables/orders.yml", "AG206"),
    ignores=frozenset(["AG501", "AG301", "AG302"]),
)
_folder(
    "two indexes",
    {"metrics/metrics.yml": "{}", "metrics/metrics.yaml": "{}"},
    ("metrics/metrics.yml", "AG206"),
    ("metrics/metrics.yaml", "AG208"),
)
_folder(
    "names of devices",
    {f"metrics/{name}/{name}.yml": _good(name) for name in ("con", "aux", "nul", "com1")},
)
_folder(
    "endings of four letters",
    {"metrics/sales/long.yaml": _good("long"), "tables/long.yaml": "id: long\n"},
)

# References

_folder(
    "a circle of three",
    {
        "metrics/sales/a.yml": metric("a", keys="inputs: [sales/b]\n"),
        "metrics/sales/b.yml": metric("b", keys="inputs: [sales/c]\n"),
        "metrics/sales/c.yml": metric("c", keys="inputs: [sales/a]\n"),
        "metrics/sales/d.yml": metric("d", keys="inputs: [sales/a]\n"),
    },
    *((f"metrics/sales/{name}.yml", "AG309") for name in "abc"),
)
_folder(
    "a circle of successors",
    {
        "metrics/sales/a.yml": metric("a", keys="status: deprecated\nreplaced_by: sales/b\n"),
        "metrics/sales/b.yml": metric("b", keys="status: deprecated\nreplaced_by: sales/a\n"),
    },
    *((f"metrics/sales/{name}.yml", "AG309") for name in "ab"),
)
_folder(
    "a diamond is no circle",
    {
        "metrics/sales/a.yml": metric("a", keys="inputs: [sales/b, sales/c]\n"),
        "metrics/sales/b.yml": metric("b", keys="inputs: [sales/base]\n"),
        "metrics/sales/c.yml": metric("c", keys="inputs: [sales/base]\n"),
    },
)
_folder(
    "an input that is deprecated",
    {
        "metrics/sales/old.yml": metric("old", keys="status: deprecated\n"),
        "metrics/sales/new.yml": metric("new", keys="inputs: [sales/old]\n"),
    },
    ("metrics/sales/new.yml", "AG310"),
    warns=True,
)
_folder(
    "an input that is broken is there all the same",
    {
        "metrics/sales/broken.yml": "name: 'broken\n",
        "metrics/sales/new.yml": metric("new", keys="inputs: [sales/broken]\n"),
    },
    ("metrics/sales/broken.yml", "AG101"),
)
_folder(
    "names that two metrics share",
    {
        "metrics/sales/a.yml": metric("a", keys="display_name: Net  Sales\nsynonyms: [turnover]\n"),
        "metrics/sales/b.yml": metric("b", keys="synonyms: [net sales, TURNOVER]\n"),
    },
    ("metrics/sales/a.yml", "AG307"),
    ("metrics/sales/b.yml", "AG307"),
    warns=True,
)
_folder(
    "a short name that two tables have",
    {
        "tables/in.c-erp.company.yml": "id: in.c-erp.company\ncolumns: {a: {}}\n",
        "metrics/sales/short.yml": "name: short\ngrain: monthly\n"
        "sql: SELECT COUNT(*) AS x FROM company\n",
    },
    ("metrics/sales/short.yml", "AG301"),
)
_folder(
    "an index that disagrees",
    {
        "metrics/sales/unlisted.yml": _good("unlisted"),
        "metrics/metrics.yml": "categories:\n"
        "  - {name: sales, metrics: [base, gone, base]}\n  - {name: empty}\n",
    },
    ("metrics/metrics.yml", "AG208"),
    warns=True,
)
_folder(
    "a broken table hides nothing else",
    {
        "tables/broken.yml": "id: [\n",
        "metrics/sales/reads.yml": metric(
            "reads", table="broken", sql="SELECT COUNT(*) AS x FROM broken"
        ),
        "metrics/sales/wrong.yml": metric("wrong", sql="SELECT SUM(amuont) AS x FROM orders"),
    },
    ("tables/broken.yml", "AG101"),
    ("metrics/sales/wrong.yml", "AG501"),
    ignores=frozenset(["AG301"]),
)
_folder(
    "broken settings hide nothing else",
    {"agnes.yml": "lint: {severities: {AG204: off}\n", "metrics/sales/wrong.yml": _good("other")},
    ("agnes.yml", "AG101"),
    ("metrics/sales/wrong.yml", "AG204"),
)
_folder(
    "errors of schema cannot be switched off",
    {
        "agnes.yml": "lint: {severities: {AG204: off}, ignores: {'**': [AG101]}}\n",
        "metrics/sales/wrong.yml": _good("other"),
        "metrics/sales/broken.yml": "# agnes: ignore[AG101]\nname: 'x\n",
    },
    ("metrics/sales/wrong.yml", "AG204"),
    ("metrics/sales/broken.yml", "AG101"),
    ignores=frozenset(["AG901", "AG902"]),
)
_folder(
    "the gate cannot be switched off",
    {
        "agnes.yml": "lint: {severities: {AG401: off, AG404: hint}, ignores: {'**': [AG402]}}\n",
        "metrics/sales/drops.yml": "name: drops\ngrain: monthly\n"
        "sql: DROP TABLE orders  # agnes: ignore[AG402]\n",
        "metrics/sales/reads.yml": "name: reads\ngrain: monthly\nsql: |\n"
        "  SELECT 1 AS x FROM 'x.csv' -- agnes: ignore[AG403]\n",
    },
    ("agnes.yml", "AG902"),
    ("metrics/sales/drops.yml", "AG402"),
    ("metrics/sales/drops.yml", "AG902"),
    ("metrics/sales/reads.yml", "AG403"),
    ("metrics/sales/reads.yml", "AG902"),
)
_folder(
    "settings that soften",
    {
        "agnes.yml": "lint:\n  severities: {AG301: warning, AG302: off}\n"
        "  ignores: {metrics/old/: [AG405]}\n",
        "metrics/old/soft.yml": metric(
            "soft", keys="expression: amount\n", sql="SELECT 1 AS x FROM nowhere"
        ),
    },
    ("metrics/old/soft.yml", "AG301"),
    warns=True,
)


# Files that are no files


@_tree(
    "links",
    ("metrics/sales/passwd.yml", "AG207"),
    ("metrics/linked", "AG207"),
    ("metrics/sales/loop.yml", "AG207"),
    ("metrics/sales/self", "AG207"),
    ("tables/orders2.yml", "AG207"),
)
def _links(repository: GitRepository) -> None:
    repository.path.rmdir()
    lay(repository.path)
    (repository.path / "metrics/sales/passwd.yml").symlink_to("/etc/passwd")
    (repository.path / "metrics/linked").symlink_to("/etc")
    (repository.path / "metrics/sales/loop.yml").symlink_to("loop.yml")
    (repository.path / "metrics/sales/self").symlink_to("..")
    (repository.path / "tables/orders2.yml").symlink_to("orders.yml")
    (repository.path / "metrics/README.md").symlink_to("../README.md")  # nobody reads it
    (repository.path / "tables/data.csv").symlink_to("/etc/passwd")


@_tree("a folder that is a link", ("tables", "AG207"), ignores=frozenset(["AG301"]))
def _linked_folder(repository: GitRepository) -> None:
    repository.path.rmdir()
    lay(repository.path)
    (repository.path / "tables").rename(repository.path / "elsewhere")
    (repository.path / "tables").symlink_to("elsewhere")


@_tree("settings that are a link", ("agnes.yml", "AG207"))
def _linked_settings(repository: GitRepository) -> None:
    repository.path.rmdir()
    lay(repository.path)
    (repository.path / "agnes.yml").unlink()
    (repository.path / "agnes.yml").symlink_to("/etc/passwd")


@_tree(
    "pipes and folders that are called like files", ("metrics/sales/folder.yml/inner.yml", "AG207")
)
def _pipes(repository: GitRepository) -> None:
    repository.path.rmdir()
    lay(repository.path)
    os.mkfifo(repository.path / "metrics/sales/pipe.yml")
    os.mkfifo(repository.path / "tables/pipe.yml")
    repository.write("metrics/sales/folder.yml/inner.yml", _good("inner"))
    (repository.path / "tables/empty.yml").mkdir()


@_tree("a folder tree of two hundred levels", (f"metrics/{'d/' * 200}deep.yml", "AG207"))
def _deep_folders(repository: GitRepository) -> None:
    repository.path.rmdir()
    lay(repository.path)
    repository.write(f"metrics/{'d/' * 200}deep.yml", _good("deep"))


@_tree("a folder of metrics alone")
def _bare_metrics(repository: GitRepository) -> None:
    repository.write("sales/mrr.yml", "name: mrr\ngrain: monthly\nsql: SELECT 1 AS x\n")


@_tree(
    "a folder of metrics alone that is wrong",
    ("sales/mrr.yml", "AG101"),
    ("sales/arr.yml", "AG402"),
)
def _wrong_bare_metrics(repository: GitRepository) -> None:
    repository.write("sales/mrr.yml", "name: 'mrr\n")
    repository.write("sales/arr.yml", "name: arr\ngrain: monthly\nsql: DROP TABLE x\n")


@_tree("an empty folder")
def _empty(repository: GitRepository) -> None:
    pass


@_tree("a catalog without tables", ("metrics/sales/base.yml", "AG301"), warns=True)
def _no_tables(repository: GitRepository) -> None:
    repository.write("agnes.yml", "")
    repository.write("metrics/sales/base.yml", _good("base"))


# Trees of git


@_raw("git: nothing odd")
def _nothing_odd(store: Store) -> None:
    store.catalog(sales=[(PROGRAM, "program.yml", store.blob(_good("program")))])


@_raw(
    "git: names that climb",
    ("metrics/..", "AG207"),
    ("metrics/sales/..", "AG207"),
    ("metrics/sales/.", "AG207"),
    ("metrics/sales/../evil.yml", "AG207"),
    ("tables/../../evil.yml", "AG207"),
)
def _climbing(store: Store) -> None:
    evil = store.blob(_good("evil"))
    folder = store.tree([(FILE, "evil.yml", evil)])
    store.catalog(
        metrics=[(FOLDER, "..", folder)],
        sales=[(FILE, "..", evil), (FOLDER, ".", folder), (FILE, "../evil.yml", evil)],
        tables=[(FILE, "../../evil.yml", evil)],
        top=[(FOLDER, "..", folder)],
    )


@_raw(
    "git: names of git",
    ("metrics/.git", "AG207"),
    ("metrics/sales/.GIT", "AG207"),
    ("tables/.git", "AG207"),
)
def _names_of_git(store: Store) -> None:
    folder = store.tree(
        [(FILE, "config", store.blob("[core]\n\tfsmonitor = touch /tmp/was-here\n"))]
    )
    store.catalog(
        metrics=[(FOLDER, ".git", folder)],
        sales=[(FOLDER, ".GIT", folder)],
        tables=[(FILE, ".git", store.blob("gitdir: /tmp"))],
    )


@_raw(
    "git: slashes in names",
    ("metrics/a/b.yml", "AG207"),
    ("tables/x/y.yml", "AG207"),
    ("metrics/sales//x.yml", "AG207"),
)
def _slashes(store: Store) -> None:
    blob = store.blob(_good("b"))
    store.catalog(
        metrics=[(FILE, "a/b.yml", blob)],
        sales=[(FILE, "/x.yml", blob)],
        tables=[(FILE, "x/y.yml", blob)],
    )


@_raw(
    "git: links and submodules",
    ("metrics/sales/passwd.yml", "AG207"),
    ("metrics/vendor", "AG207"),
    ("tables/link", "AG207"),
)
def _links_of_git(store: Store) -> None:
    store.catalog(
        sales=[(LINK, "passwd.yml", store.blob("/etc/passwd"))],
        metrics=[(MODULE, "vendor", bytes(range(20)))],
        tables=[(LINK, "link", store.blob("../.."))],
    )


@_raw(
    "git: names that are no text",
    ("metrics/sales/\\udcff.yml", "AG207"),
    ("metrics/sales/new\\nline.yml", "AG207"),
    ("metrics/sales/esc\\x1b[2J.yml", "AG207"),
    ("tables/a\\u202eb.yml", "AG207"),
)
def _names(store: Store) -> None:
    blob = store.blob(_good("x"))
    store.catalog(
        sales=[(FILE, name, blob) for name in (b"\xff.yml", b"new\nline.yml", b"esc\x1b[2J.yml")],
        tables=[(FILE, "a\u202eb.yml", blob)],
    )


@_raw(
    "git: the same name twice", ("metrics/sales/twice.yml", "AG206"), ignores=frozenset(["AG210"])
)
def _twice(store: Store) -> None:
    store.catalog(
        sales=[
            (FILE, "twice.yml", store.blob(_good("twice"))),
            (FILE, "twice.yml", store.blob("x")),
        ]
    )


@_raw(
    "git: two Unicode forms of a name",
    ("metrics/sales/caf\u00e9.yml", "AG207"),
    ("metrics/sales/cafe\u0301.yml", "AG207"),
)
def _forms(store: Store) -> None:
    blob = store.blob(_good("cafe"))
    store.catalog(sales=[(FILE, "caf\u00e9.yml", blob), (FILE, "cafe\u0301.yml", blob)])


@_raw("git: files where folders belong")
def _files_for_folders(store: Store) -> None:
    store.commit(
        store.tree(
            [
                (FILE, "agnes.yml", store.blob("name: x\n")),
                (FOLDER, "metrics", store.tree([(FILE, "sales", store.blob("x"))])),
                (FILE, "tables", store.blob("x")),
            ]
        )
    )


@_raw("git: a tree bomb", fails="too many files or too deep folders")
def _tree_bomb(store: Store) -> None:
    oid = store.tree([(FILE, f"f{n}.yml", store.blob("x")) for n in range(10)])
    for _ in range(12):
        oid = store.tree([(FOLDER, f"d{n}", oid) for n in range(10)])
    store.catalog(metrics=[(FOLDER, "bomb", oid)])


@_raw("git: a file of 64 MB in few bytes", ("metrics/sales/zeros.yml", "AG102"))
def _blob_bomb(store: Store) -> None:
    store.catalog(sales=[(FILE, "zeros.yml", store.blob(bytes(64 << 20)))])


@_raw("git: a file that is missing", fails="metrics/sales/gone.yml")
def _missing(store: Store) -> None:
    store.catalog(sales=[(FILE, "gone.yml", bytes(range(20)))])


@_raw("git: a file that is damaged", fails="metrics/sales/damaged.yml")
def _damaged(store: Store) -> None:
    oid = store.blob(_good("damaged"))
    file = store.file(oid.hex())
    file.write_bytes(file.read_bytes()[:20])
    store.catalog(sales=[(FILE, "damaged.yml", oid)])


@_raw("git: a folder that is missing", fails="missing or damaged")
def _missing_folder(store: Store) -> None:
    store.catalog(metrics=[(FOLDER, "gone", bytes(range(20)))])


@_raw("git: a file that is a folder", fails="metrics/sales/swapped.yml")
def _swapped(store: Store) -> None:
    folder = store.tree([(FILE, "x.yml", store.blob("x"))])
    store.catalog(sales=[(FILE, "swapped.yml", folder)])


@_raw("git: a folder that is a file", fails="is no tree")
def _swapped_folder(store: Store) -> None:
    store.catalog(metrics=[(FOLDER, "swapped", store.blob("x"))])


@_raw("git: a tree that is cut off", fails="missing or damaged")
def _cut_tree(store: Store) -> None:
    store.catalog(metrics=[(FOLDER, "cut", store.put("tree", b"100644 x.yml\0\1\2\3"))])


@_raw("git: nothing is committed", fails="no commit")
def _unborn(store: Store) -> None:
    pass


@_raw("git: an empty tree")
def _empty_tree(store: Store) -> None:
    store.commit(store.tree([]))
