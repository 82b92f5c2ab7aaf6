from __future__ import annotations

import subprocess
from datetime import datetime
from pathlib import Path

import pygit2
import pytest
from pygit2.enums import ObjectType

from agnes.errors import GitError, MissingObjectError, NoCommitError, RevisionError
from agnes.git import repository as module
from agnes.git.entry import Entry
from agnes.git.objects import open_repository
from agnes.git.refs import locate
from agnes.git.repository import Repository


def opened(path: Path) -> Repository:
    return Repository(locate(path))


def tree_of(repository: Repository, revision: str = "HEAD") -> str | None:
    return repository.catalog_tree(repository.root_tree(repository.resolve(revision)))


def object_file(path: Path, oid: str) -> Path:
    return path / ".git" / "objects" / oid[:2] / oid[2:]


def raw_tree(path: Path, *entries: tuple[str, bytes, str]) -> str:
    """Write a tree as no git command would: mode, name and id of each entry, unchecked."""
    data = b"".join(
        mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in entries
    )
    return str(pygit2.Repository(str(path)).odb.write(ObjectType.TREE, data))


def blob(path: Path, content: bytes = b"name: a\n") -> str:
    return str(pygit2.Repository(str(path)).create_blob(content))


def names_by_git(repository, *arguments: str) -> set[str]:
    """Paths of a NUL-separated listing, hidden ones left out."""
    output = repository.git(*arguments)
    paths = {record.rpartition("\t")[2] for record in output.split("\0") if record}
    return {path for path in paths if not any(part.startswith(".") for part in path.split("/"))}


@pytest.fixture
def busy(catalog):
    """A history with additions, changes, a removal, a rename, a mode change and a merge."""
    catalog.write("docs/deep/er/notes.md", "x\n")
    catalog.write(".github/workflows/ci.yml", "x\n")
    catalog.write("metrics/sales/größe mit leerzeichen.yml", "x\n")
    catalog.commit("Add")
    catalog.git("mv", "metrics/revenue/arr.yml", "metrics/revenue/annual.yml")
    catalog.write("metrics/revenue/mrr.yml", "changed\n")
    catalog.commit("Rename and change")
    catalog.git("switch", "--quiet", "--create", "side", "HEAD~1")
    catalog.write("metrics/side/one.yml", "x\n")
    (catalog.path / "docs/deep/er/notes.md").unlink()
    catalog.commit("Side")
    catalog.git("switch", "--quiet", "main")
    (catalog.path / "agnes.yml").chmod(0o755)
    catalog.commit("Mode")
    catalog.git("merge", "--quiet", "--no-edit", "side")
    return catalog


def test_the_entries_of_a_tree_are_those_of_git(busy):
    repository = opened(busy.path)

    found = repository.entries(tree_of(repository))

    listed = [
        (path, meta.split()[2])
        for meta, _, path in (
            record.partition("\t") for record in busy.git("ls-tree", "-r", "-z", "HEAD").split("\0")
        )
        if path and not path.startswith(".")
    ]
    assert [(entry.path, entry.blob) for entry in found] == sorted(listed)
    assert {entry.kind for entry in found} == {"file"}


def test_the_entries_of_no_tree_are_none(catalog):
    assert opened(catalog.path).entries(None) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("HEAD~1", "HEAD"),
        ("HEAD~2", "HEAD~1"),
        ("HEAD~3", "HEAD"),
        ("HEAD", "HEAD~3"),
        ("side", "HEAD"),
    ],
)
def test_the_changes_between_two_revisions_are_those_of_git(busy, old, new):
    repository = opened(busy.path)

    found = repository.changes(tree_of(repository, old), tree_of(repository, new))

    expected = names_by_git(busy, "diff-tree", "-r", "-z", "--name-only", old, new)
    assert [change.path for change in found] == sorted(expected)
    for change in found:
        for side, revision in ((change.old, old), (change.new, new)):
            by_git = busy.git(
                "rev-parse", "--quiet", "--verify", f"{revision}:{change.path}", check=False
            )
            assert (side.blob if side else "") == by_git


def test_equal_trees_have_no_changes(catalog):
    repository = opened(catalog.path)
    assert repository.changes(tree_of(repository), tree_of(repository)) == []


def test_a_file_that_becomes_a_folder_is_one_removal_and_one_addition(catalog):
    catalog.write("metrics/thing", "x")
    catalog.commit()
    (catalog.path / "metrics/thing").unlink()
    catalog.write("metrics/thing/inner.yml", "x")
    catalog.commit()
    repository = opened(catalog.path)

    found = repository.changes(tree_of(repository, "HEAD~1"), tree_of(repository))

    assert [(c.path, c.old is None, c.new is None) for c in found] == [
        ("metrics/thing", False, True),
        ("metrics/thing/inner.yml", True, False),
    ]


def test_paths_are_relative_to_the_folder_of_the_catalog(repository):
    repository.write("data/agnes.yml", "name: One\n")
    repository.write("data/metrics/a/b.yml", "x")
    repository.write("metrics/other/c.yml", "x")
    repository.commit()
    at = opened(repository.path / "data")

    assert [entry.path for entry in at.entries(tree_of(at))] == ["agnes.yml", "metrics/a/b.yml"]
    assert at.entry(tree_of(at), "agnes.yml").kind == "file"
    assert at.entry(tree_of(at), "none.yml") is None


@pytest.mark.parametrize("folder", ["none", "agnes.yml", "metrics/revenue/mrr.yml/deeper"])
def test_a_folder_that_is_not_in_the_commit_has_no_tree(catalog, folder):
    assert tree_of(opened(catalog.path / folder)) is None


def test_a_bare_repository_is_read_alike(busy, tmp_path):
    bare = tmp_path / "bare.git"
    busy.git("clone", "--quiet", "--bare", str(busy.path), str(bare))
    one, other = opened(busy.path), opened(bare)

    assert one.entries(tree_of(one)) == other.entries(tree_of(other))
    assert other.read(other.entry(tree_of(other), "agnes.yml")) == b"name: Test catalog\n"


def test_packed_objects_are_read_alike(busy):
    before = opened(busy.path)
    entries = before.entries(tree_of(before))
    busy.git("gc", "--quiet", "--prune=now")

    after = opened(busy.path)

    assert after.entries(tree_of(after)) == entries
    assert [after.size(entry) for entry in entries] == [len(after.read(entry)) for entry in entries]


PLAIN = [
    "HEAD",
    "@",
    "main",
    "heads/main",
    "side",
    "v1",
    "light",
    "a@b",
    "HEAD~1",
    "main~2^",
    "v1^",
]


@pytest.mark.parametrize(
    "revision",
    [
        *PLAIN,
        "main@{0}",
        "main@{1}",
        "@{-1}",
        "HEAD^2",
        "HEAD^2~1",
        "HEAD^0",
        "v1^{}",
        "v1^{commit}",
        "light-0-gHEAD",
        ":/Side",
        "HEAD^{/Rename}",
    ],
)
def test_a_revision_resolves_as_git_says(tagged, revision):
    revision = revision.replace("gHEAD", f"g{tagged.git('rev-parse', '--short', 'HEAD')}")
    found = tagged.git("rev-parse", revision)

    assert opened(tagged.path).resolve(revision) == tagged.git("rev-parse", f"{found}^{{commit}}")


@pytest.mark.parametrize("revision", [*PLAIN, "full id", "short id"])
def test_a_plain_name_is_resolved_without_another_process(tagged, revision, monkeypatch):
    commit = tagged.git("rev-parse", "HEAD~1")
    revision = {"full id": commit, "short id": commit[:8]}.get(revision, revision)
    monkeypatch.setenv("PATH", "")

    assert len(opened(tagged.path).resolve(revision)) == 40


def test_of_other_forms_a_machine_without_git_is_told_to_get_it(tagged, monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(GitError, match="not on the PATH"):
        opened(tagged.path).resolve("HEAD^2")


@pytest.fixture
def tagged(busy):
    """The same, with tags, and a branch whose name holds what is special elsewhere."""
    busy.git("tag", "--annotate", "--message", "One", "v1", "HEAD~2")
    busy.git("tag", "light", "HEAD~1")
    busy.git("branch", "a@b", "side")
    return busy


def test_an_abbreviated_commit_id_resolves(busy):
    commit = busy.git("rev-parse", "HEAD~1")

    assert opened(busy.path).resolve(commit[:8]) == commit


@pytest.mark.parametrize(
    "revision",
    [
        "none",
        "HEAD~99",
        "",
        " ",
        "HEAD:agnes.yml",
        "HEAD^{tree}",
        "0" * 40,
        "-rf",
        "--all",
        "HEAD\n",
        "HEAD^2\n",
        "^HEAD",
        "HEAD^@",
        "HEAD^!",
        "HEAD^3",
        "HEAD~99^2",
        "HEAD~9999999999999999999999",
        "main@{99}",
        "@{u}",
        ":agnes.yml",
        ":/nothing of the kind",
        "main..side",
        "a\0b",
        "\udce9",
        "HEAD^2\ud800",
    ],
)
def test_what_is_no_commit_is_a_clear_error(busy, revision):
    with pytest.raises(RevisionError):
        opened(busy.path).resolve(revision)


@pytest.mark.parametrize("what", ["HEAD:agnes.yml", "HEAD^{tree}"])
def test_the_id_or_tag_of_something_else_is_a_clear_error(busy, what):
    oid = busy.git("rev-parse", what)
    busy.git("tag", "--annotate", "--message", "Odd", "odd", oid)

    for revision in (oid, oid[:12], "odd", "odd~1", "odd^{}"):
        with pytest.raises(RevisionError):
            opened(busy.path).resolve(revision)


@pytest.mark.parametrize("revision", ["HEAD~3", "HEAD^2"])
def test_a_missing_revision_of_a_shallow_clone_says_how_to_fetch_more(busy, tmp_path, revision):
    shallow = tmp_path / "shallow"
    busy.git("clone", "--quiet", "--depth", "1", f"file://{busy.path}", str(shallow))

    with pytest.raises(RevisionError) as caught:
        opened(shallow).resolve(revision)
    assert "--unshallow" in caught.value.hint


def test_the_tip_of_an_empty_repository_is_an_error_with_a_remedy(repository):
    with pytest.raises(NoCommitError, match="main") as caught:
        opened(repository.path).tip()
    assert "git commit" in caught.value.hint


def test_a_commit_is_read_with_its_author_and_its_commit_time(catalog):
    catalog.git(
        "commit",
        "--quiet",
        "--allow-empty",
        "--message",
        "fix: x\n\nBody: no\n\nA: b\nAgnes-Source: api",
        GIT_AUTHOR_NAME="Grace Höpper",
        GIT_AUTHOR_DATE="1600000000 +0200",
        GIT_COMMITTER_DATE="1600000100 -0500",
    )
    repository = opened(catalog.path)

    commit = repository.commit(repository.resolve("HEAD"))

    assert (commit.author, commit.email) == ("Grace Höpper", "ada@example.com")
    assert commit.time == datetime(2020, 9, 13, 12, 28, 20)  # noqa: DTZ001
    assert commit.trailer("Agnes-Source") == "api"
    assert commit.trailer("Body") is None


@pytest.mark.parametrize(
    ("message", "source"),
    [
        ("subject", None),
        ("subject\n\nAgnes-Source: api", "api"),
        ("subject\n\nAgnes-Source: api\n\n", "api"),
        ("subject\n\nAgnes-Source: api\nAgnes-Source: manual", "manual"),
        ("subject\n\nAgnes-Source: api\nSigned-off-by: A <a@b>", "api"),
        ("subject\n\nAgnes-Source: api\n\nlater paragraph", None),
        ("subject\n\nNot-Agnes-Source: api", None),
    ],
)
def test_a_trailer_is_read_from_the_last_paragraph(catalog, message, source):
    catalog.git("commit", "--quiet", "--allow-empty", "--cleanup=verbatim", "--message", message)
    repository = opened(catalog.path)

    assert repository.commit(repository.resolve("HEAD")).trailer("Agnes-Source") == source


def raw_commit(repository, author: bytes, message: bytes, at: str = "1700000000") -> str:
    """Write a commit of HEAD's tree byte by byte, as an old or careless program does."""
    who = author + f" <a@example.com> {at} +0000\n".encode()
    data = (
        f"tree {repository.git('rev-parse', 'HEAD^{tree}')}\n".encode()
        + f"parent {repository.git('rev-parse', 'HEAD')}\n".encode()
        + b"author "
        + who
        + b"committer "
        + who
        + b"\n"
        + message
    )
    return (
        subprocess.run(
            [
                "git",
                "-C",
                str(repository.path),
                "hash-object",
                "-t",
                "commit",
                "-w",
                "--literally",
                "--stdin",
            ],
            input=data,
            check=True,
            capture_output=True,
        )
        .stdout.decode()
        .strip()
    )


@pytest.mark.parametrize(
    ("author", "message", "at"),
    [
        (b"Ren\xe9", b"plain\n", "1700000000"),
        (b"", b"plain\n", "1700000000"),
        (b"Ada", b"caf\xe9\n\nAgnes-Source: api\n", "1700000000"),
        (b"Ada", b"", "1700000000"),
        (b"Ada", b"plain\n", "99999999999999"),
        (b"Ada", b"plain\n", "0"),
    ],
    ids=["author not UTF-8", "no author", "message not UTF-8", "no message", "far future", "epoch"],
)
def test_an_odd_commit_is_read_without_an_exception(catalog, author, message, at):
    commit = opened(catalog.path).commit(raw_commit(catalog, author, message, at))

    assert isinstance(commit.time, datetime)
    assert commit.author
    commit.author.encode()


def test_the_first_parents_are_those_of_git(busy):
    repository = opened(busy.path)

    found = [commit for commit, _ in repository.first_parents(repository.resolve("HEAD"))]

    assert found == busy.git("rev-list", "--first-parent", "HEAD").split()


def test_the_first_parents_of_a_shallow_clone_end_at_its_edge(busy, tmp_path):
    shallow = tmp_path / "shallow"
    busy.git("clone", "--quiet", "--depth", "2", f"file://{busy.path}", str(shallow))
    repository = opened(shallow)

    found = list(repository.first_parents(repository.resolve("HEAD")))

    assert repository.is_shallow()
    assert len(found) == 2
    assert found[-1][1] is None


def test_a_shallow_clone_ends_at_commits_with_parents_elsewhere(busy, tmp_path):
    shallow = tmp_path / "shallow"
    busy.git("clone", "--quiet", "--depth", "2", f"file://{busy.path}", str(shallow))
    repository = opened(shallow)
    commits = [commit for commit, _ in repository.first_parents(repository.resolve("HEAD"))]
    assert [repository.is_edge(commit) for commit in commits] == [False, True]
    whole = opened(busy.path)
    assert not any(whole.is_edge(commit) for commit, _ in whole.first_parents(commits[0]))


# Trees that git's own commands would not make


def test_what_is_no_plain_file_is_listed_by_kind(catalog):
    (catalog.path / "metrics/revenue/link.yml").symlink_to("/etc/passwd")
    catalog.git("add", ".")
    head = catalog.git("rev-parse", "HEAD")
    catalog.git("update-index", "--add", "--cacheinfo", f"160000,{head},metrics/sub")
    catalog.git("commit", "--quiet", "--message", "Odd")
    repository = opened(catalog.path)

    kinds = {entry.path: entry.kind for entry in repository.entries(tree_of(repository))}

    assert kinds["metrics/revenue/link.yml"] == "symlink"
    assert kinds["metrics/sub"] == "submodule"
    assert kinds["metrics/revenue/mrr.yml"] == "file"


@pytest.mark.parametrize(
    "name", [b"..", b".", b".git", b".GIT", b"a/b.yml", b"../evil.yml", b"/etc"]
)
@pytest.mark.parametrize("mode", ["100644", "40000"])
def test_a_name_that_no_checkout_would_make_is_odd_and_not_descended_into(repository, name, mode):
    inner = (
        blob(repository.path)
        if mode == "100644"
        else raw_tree(repository.path, ("100644", b"x.yml", blob(repository.path)))
    )
    tree = raw_tree(repository.path, (mode, name, inner))

    assert opened(repository.path).entries(tree) == [Entry(name.decode(), inner, "odd")]


@pytest.mark.parametrize(
    "name", [b"caf\xe9.yml", b"two\nlines.yml", b"tab\t.yml", "größe.yml".encode(), b"a\\b"]
)
def test_any_other_name_is_read_back_to_its_bytes(repository, name):
    tree = raw_tree(repository.path, ("100644", name, blob(repository.path)))

    [entry] = opened(repository.path).entries(tree)

    assert entry.path.encode("utf-8", "surrogateescape") == name
    assert entry.kind == "file"


def test_a_name_that_is_there_twice_is_listed_once(repository):
    one, other = blob(repository.path, b"one"), blob(repository.path, b"other")
    tree = raw_tree(repository.path, ("100644", b"a.yml", one), ("100644", b"a.yml", other))

    assert [entry.path for entry in opened(repository.path).entries(tree)] == ["a.yml"]


def test_a_folder_mode_with_a_leading_zero_is_a_folder(repository):
    """Old hosting software wrote such trees, and git reads them."""
    inner = raw_tree(repository.path, ("100644", b"b.yml", blob(repository.path)))
    tree = raw_tree(repository.path, ("040000", b"a", inner))
    assert repository.git("ls-tree", "-r", "--name-only", tree) == "a/b.yml"

    assert [entry.path for entry in opened(repository.path).entries(tree)] == ["a/b.yml"]


@pytest.mark.parametrize("mode", ["100755", "100664", "100600"])
def test_every_mode_of_a_plain_file_is_a_file(repository, mode):
    tree = raw_tree(repository.path, (mode, b"a.yml", blob(repository.path)))

    assert [entry.kind for entry in opened(repository.path).entries(tree)] == ["file"]


@pytest.mark.parametrize(
    "data",
    [b"garbage", b"100644 a.yml\0short", b"100644 \0" + bytes(20), b"100644 a.yml" + bytes(5)],
)
def test_a_malformed_tree_is_an_error_and_not_an_empty_folder(repository, data):
    tree = str(pygit2.Repository(str(repository.path)).odb.write(ObjectType.TREE, data))

    with pytest.raises(GitError):
        opened(repository.path).entries(tree)


def test_a_blob_where_a_folder_should_be_is_an_error(repository):
    tree = raw_tree(repository.path, ("40000", b"metrics", blob(repository.path)))

    with pytest.raises(GitError):
        opened(repository.path).entries(tree)


def test_a_folder_where_a_file_should_be_is_an_error(repository):
    inner = raw_tree(repository.path)
    at = opened(repository.path)

    with pytest.raises(GitError):
        at.read(Entry("a.yml", inner, "file"))


@pytest.mark.timeout(10)
@pytest.mark.parametrize("leaf", ["file", "empty folder"])
def test_a_tree_bomb_is_stopped_before_it_unfolds(repository, leaf, monkeypatch):
    """Ten entries that are all the same folder, and so on: ten million paths in eight objects."""
    monkeypatch.setattr(module, "MAX_ENTRIES", 5_000)
    tree = (
        raw_tree(repository.path, ("100644", b"a.yml", blob(repository.path)))
        if leaf == "file"
        else raw_tree(repository.path)
    )
    for _ in range(8):
        tree = raw_tree(repository.path, *(("40000", f"d{at}".encode(), tree) for at in range(10)))

    with pytest.raises(GitError, match="too many"):
        opened(repository.path).entries(tree)


@pytest.mark.parametrize("what", ["HEAD", "HEAD^{tree}", "HEAD:metrics", "HEAD:agnes.yml"])
def test_a_deleted_object_is_a_clear_error(catalog, what):
    object_file(catalog.path, catalog.git("rev-parse", what)).unlink()
    repository = opened(catalog.path)

    with pytest.raises(MissingObjectError, match="missing or damaged") as caught:
        read_everything(repository)
    assert "git fetch" in caught.value.hint


def read_everything(repository: Repository) -> list[bytes]:
    tree = repository.catalog_tree(repository.root_tree(repository.tip().commit))
    return [repository.read(entry) for entry in repository.entries(tree)]


@pytest.mark.parametrize("damage", [b"", b"nonsense"])
def test_a_damaged_blob_is_a_clear_error(catalog, damage):
    file = object_file(catalog.path, catalog.git("rev-parse", "HEAD:agnes.yml"))
    file.chmod(0o644)
    file.write_bytes(damage)
    repository = opened(catalog.path)
    entry = repository.entry(tree_of(repository), "agnes.yml")

    for read in (repository.read, repository.size):
        with pytest.raises(MissingObjectError):
            read(entry)


def test_a_blob_that_was_swapped_for_another_is_a_clear_error(catalog):
    file = object_file(catalog.path, catalog.git("rev-parse", "HEAD:agnes.yml"))
    other = object_file(catalog.path, catalog.git("rev-parse", "HEAD:tables/orders.yml"))
    file.unlink()
    file.write_bytes(other.read_bytes())
    repository = opened(catalog.path)

    with pytest.raises(MissingObjectError):
        repository.read(repository.entry(tree_of(repository), "agnes.yml"))


def test_a_repository_with_an_unknown_object_format_is_refused_clearly(tmp_path, repository):
    path = tmp_path / "sha256"
    repository.git("init", "--quiet", "--object-format=sha256", str(path))

    with pytest.raises(GitError, match="cannot open the repository"):
        open_repository(locate(path))
