"""Snapshot files that are damaged at random: an error or a rebuild, never another answer."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random

import pytest

from agnes.cache.build import check
from agnes.cache.query import Snapshot
from agnes.errors import AgnesError, CacheError
from agnes.git.refs import locate
from agnes.sync.reading import open_snapshot
from agnes.sync.reconcile import rebuild, reconcile
from tests.cache.test_build import content
from tests.conftest import GitRepository, metric_yaml

PAGE = 4096
BLOCK = 64 * PAGE
HEADERS = 3
"""Pages before the first block: what the file is, and twice where its root is."""

# A process each few rounds: should DuckDB ever crash, it is not this one that dies.
processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.cache.test_corruption"])


def pages(data: bytes) -> list[int]:
    """Where the pages begin that something is in; most of a small file is empty."""
    return [at for at in range(0, len(data) - PAGE + 1, PAGE) if any(data[at : at + PAGE])]


def flip_bits(data: bytearray, chance: Random) -> None:
    used = pages(data)
    for _ in range(chance.choice([1, 1, 1, 8, 100])):
        data[chance.choice(used) + chance.randrange(PAGE)] ^= 1 << chance.randrange(8)


def clear(data: bytearray, chance: Random) -> None:
    size = chance.choice([1, 512, PAGE, BLOCK])
    at = chance.choice(pages(data))
    data[at : at + size] = bytes(len(data[at : at + size]))


def cut_off(data: bytearray, chance: Random) -> None:
    del data[chance.choice([0, chance.randrange(len(data)), chance.choice(pages(data))]) :]


def swap_pages(data: bytearray, chance: Random) -> None:
    one, other = chance.choice(pages(data)), chance.randrange(len(data) // PAGE) * PAGE
    data[one : one + PAGE], data[other : other + PAGE] = (
        data[other : other + PAGE],
        data[one : one + PAGE],
    )


def append(data: bytearray, chance: Random) -> None:
    data += chance.randbytes(chance.choice([1, PAGE, BLOCK]))


def edit_header(data: bytearray, chance: Random) -> None:
    size = chance.choice([1, 4, 8])
    at = chance.randrange(HEADERS) * PAGE + chance.choice(
        [chance.randrange(80), chance.randrange(PAGE - 8)]
    )
    data[at : at + size] = chance.randbytes(size)


KINDS = [flip_bits, clear, cut_off, swap_pages, append, edit_header]


def damaged(whole: bytes, number: int) -> bytes:
    data = bytearray(whole)
    KINDS[number % len(KINDS)](data, Random(number))
    return bytes(data)


def held(path: Path) -> dict[str, Counter[str]] | str:
    """All rows but `built_at`, or `error`."""
    try:
        return content(path)
    except AgnesError:
        return "error"


def is_accepted(path: Path) -> bool:
    try:
        check(path, path.stem)
    except CacheError:
        return False
    return True


def try_rounds(snapshot: Path, folder: Path, numbers: range) -> list[tuple[int, str, bool]]:
    """What is read of the damaged files, and whether a check accepts them."""
    whole, expected = snapshot.read_bytes(), content(snapshot)
    found = []
    for number in numbers:
        path = folder / str(number) / snapshot.name
        path.parent.mkdir()
        data = damaged(whole, number)
        path.write_bytes(data)
        accepted = is_accepted(path)
        path.write_bytes(data)  # whoever finds it damaged may delete it
        rows = held(path)
        answer = rows if isinstance(rows, str) else "same" if rows == expected else "another"
        found.append((number, answer, accepted))
        path.unlink(missing_ok=True)
    return found


@pytest.fixture
def catalog_of_many(catalog) -> GitRepository:
    """A snapshot that was carried on twice, so that its file holds older rows too."""
    for number in range(30):
        catalog.write(f"metrics/a/m{number}.yml", metric_yaml(f"m{number}"))
    catalog.commit()
    reconcile(locate(catalog.path))
    for title in ("One", "Two"):
        catalog.write("metrics/a/m0.yml", metric_yaml("m0", title))
        catalog.commit()
        reconcile(locate(catalog.path))
    return catalog


def in_force(catalog: GitRepository) -> Path:
    return reconcile(locate(catalog.path)).path


@pytest.mark.parametrize("rounds", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_a_damaged_snapshot_gives_an_error_or_the_same_rows(catalog_of_many, tmp_path, rounds):
    path = in_force(catalog_of_many)
    chunks = [range(at, min(at + 20, rounds)) for at in range(0, rounds, 20)]
    with ProcessPoolExecutor(1, mp_context=processes) as pool:
        running = [pool.submit(try_rounds, path, tmp_path, chunk) for chunk in chunks]
        found = [entry for future in running for entry in future.result(timeout=120)]

    assert len(found) == rounds
    # Never another answer, and where rows that are digested cannot be read, the check says so.
    assert [number for number, answer, _ in found if answer == "another"] == []
    assert [number for number, answer, accepted in found if answer == "error" and accepted] == []
    assert {answer for _, answer, _ in found} == {"error", "same"}


@pytest.mark.parametrize("rounds", [6, pytest.param(120, marks=pytest.mark.slow)])
def test_a_read_of_a_damaged_snapshot_heals_by_itself(catalog_of_many, rounds):
    """The first read may say that it is damaged, when it comes to it; the next one is right."""
    path = in_force(catalog_of_many)
    whole, expected = path.read_bytes(), content(path)
    not_healed = []
    for number in range(rounds):
        path.unlink()
        path.write_bytes(damaged(whole, number))
        answers = []
        for _ in range(2):
            with open_snapshot(catalog_of_many.path) as snapshot:
                answers.append(held(snapshot.path))
        assert answers[0] in ("error", expected)
        if answers[1] != expected:
            not_healed.append(number)
    assert not_healed == []


@pytest.mark.parametrize("rounds", [6, pytest.param(120, marks=pytest.mark.slow)])
def test_a_sync_of_a_damaged_snapshot_heals_it(catalog_of_many, rounds):
    path = in_force(catalog_of_many)
    whole, expected = path.read_bytes(), content(path)
    for number in range(rounds):
        path.unlink()
        path.write_bytes(damaged(whole, number))

        assert held(in_force(catalog_of_many)) == expected, number


def test_a_damaged_base_is_not_carried_on(catalog_of_many):
    path = in_force(catalog_of_many)
    whole = path.read_bytes()
    for number in range(6):
        path.unlink()
        path.write_bytes(damaged(whole, number))
        catalog_of_many.write("metrics/a/m1.yml", metric_yaml("m1", f"Version {number}"))
        catalog_of_many.commit()

        newer = in_force(catalog_of_many)

        with Snapshot(newer) as snapshot:
            assert snapshot.metric("a/m1")["display_name"] == f"Version {number}"
            assert len(snapshot.metrics()) == 32
        path, whole = newer, newer.read_bytes()


def test_a_header_that_the_disk_lost_does_not_bring_back_older_rows(catalog):
    """DuckDB writes its two headers in turn; the older one leads to what was there before."""
    for title in ("Zero", "One", "Two"):
        catalog.write("metrics/revenue/mrr.yml", metric_yaml("mrr", title))
        catalog.commit()
        path = in_force(catalog)
        whole, expected = path.read_bytes(), content(path)
        headers = [whole[at * PAGE : (at + 1) * PAGE] for at in (1, 2)]
        for header in headers:
            path.unlink()
            path.write_bytes(whole[:PAGE] + header * 2 + whole[HEADERS * PAGE :])
            with open_snapshot(catalog.path) as snapshot:
                rows = held(snapshot.path)
            path.unlink()
            path.write_bytes(whole)
            assert rows in ("error", expected), title


@pytest.mark.slow
def test_blocks_that_change_places_are_refused_or_harmless(catalog_of_many, tmp_path):
    """A block's checksum does not say where it belongs."""
    path = in_force(catalog_of_many)
    whole, expected = path.read_bytes(), content(path)
    blocks = [whole[at : at + BLOCK] for at in range(HEADERS * PAGE, len(whole), BLOCK)]
    used = [at for at, block in enumerate(blocks) if any(block)]
    accepted = []
    for one in used:
        for other in used[: used.index(one)]:
            swapped = list(blocks)
            swapped[one], swapped[other] = blocks[other], blocks[one]
            target = tmp_path / f"{one}-{other}" / path.name
            target.parent.mkdir()
            target.write_bytes(whole[: HEADERS * PAGE] + b"".join(swapped))
            if is_accepted(target) and held(target) != expected:
                accepted.append((one, other))
            target.unlink(missing_ok=True)
    assert accepted == []


def test_a_damaged_snapshot_can_be_made_anew_while_this_process_has_it_open(catalog_of_many):
    """DuckDB opens a name that it has open already as what it was."""
    path = in_force(catalog_of_many)
    whole, expected = path.read_bytes(), content(path)
    for at in reversed(pages(whole)):
        data = bytearray(whole)
        data[at + PAGE // 2] ^= 1
        path.unlink(missing_ok=True)
        path.write_bytes(data)
        try:
            snapshot = Snapshot(path)
        except CacheError:
            continue  # found out at once
        with snapshot:
            if is_whole(snapshot):
                continue
            rebuild(locate(catalog_of_many.path))
        assert held(path) == expected
        return
    pytest.fail("nothing was damaged")


def is_whole(snapshot: Snapshot) -> bool:
    try:
        snapshot.digest()
    except CacheError:
        return False
    return True
