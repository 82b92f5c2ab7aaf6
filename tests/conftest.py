"""Real repositories for the tests."""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import certifi
import pygit2
import pytest
from pygit2.enums import ConfigLevel

FUZZ = int(os.environ.get("AGNES_FUZZ", "500"))
"""How many inputs each gate that is fuzzed gets; `make fuzz` takes more."""

METRIC = """\
name: {name}
display_name: {title}
grain: monthly
unit: USD
description: What {title} means.
synonyms:
  - {name} synonym
table: orders
sql: |
  SELECT month, SUM(amount) AS {name}
  FROM orders
  GROUP BY month
"""


@pytest.fixture(autouse=True)
def _own_environment(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    own_environment(tmp_path_factory, monkeypatch)


@pytest.fixture(autouse=True)
def _own_logs() -> Iterator[None]:
    """What a test lets be logged, and where to, is over with it."""
    loggers = [logging.getLogger(name) for name in ("agnes", "uvicorn")]
    before = [(it, it.handlers[:], it.level, it.propagate) for it in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def own_environment(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git and Agnes see neither this machine's settings nor its user, and nothing runs on."""
    home = tmp_path_factory.getbasetemp() / "home"
    if not home.exists():
        home.mkdir()
        (home / "authority.pem").write_text(_one_authority())
    for name in [name for name in os.environ if name.startswith(("GIT_", "AGNES_", "DA_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    for level in (ConfigLevel.GLOBAL, ConfigLevel.XDG, ConfigLevel.SYSTEM):
        pygit2.settings.search_path[level] = str(home)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("SSL_CERT_FILE", str(home / "authority.pem"))
    monkeypatch.setenv("AGNES_AUTHOR", "Ada Lovelace <ada@example.com>")
    monkeypatch.setenv("AGNES_HOOKS", "off")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada Lovelace")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.com")


def _one_authority() -> str:
    """A certificate to trust; reading all that certifi has takes longer than most requests."""
    end = "-----END CERTIFICATE-----\n"
    return certifi.contents().partition(end)[0] + end


def cost_little(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let hashes of passwords cost nothing."""
    from argon2 import PasswordHasher

    from agnes.auth import passwords

    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_HASHER", hasher)
    monkeypatch.setattr(passwords, "_OF_NOBODY", hasher.hash("nobody"))


@dataclass(frozen=True)
class GitRepository:
    """A repository that is driven by git's own client."""

    path: Path

    def git(self, *arguments: str, check: bool = True, **environment: str) -> str:
        done = subprocess.run(
            ["git", "-C", str(self.path), *arguments],
            check=False,
            capture_output=True,
            text=True,
            env=os.environ | environment,
        )
        if check and done.returncode:
            raise AssertionError(f"git {' '.join(arguments)}: {done.stderr}")
        return done.stdout.strip()

    def write(self, path: str, content: str | bytes) -> Path:
        file = self.path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content.encode() if isinstance(content, str) else content)
        return file

    def commit(self, message: str = "Change", at: int | None = None) -> str:
        """Commit everything; `at` is the time in seconds since 1970."""
        date = {f"GIT_{who}_DATE": f"{at} +0000" for who in ("AUTHOR", "COMMITTER") if at}
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message, **date)
        return self.git("rev-parse", "HEAD")


def metric_yaml(name: str, title: str | None = None, **replace: str) -> str:
    """A small valid metric; `replace` changes text in it: `unit="EUR"`."""
    text = METRIC.format(name=name, title=title or name.replace("_", " ").capitalize())
    for key, value in replace.items():
        lines = [
            f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.split("\n")
        ]
        text = "\n".join(lines)
    return text


def empty_repository(path: Path) -> GitRepository:
    """An empty repository whose HEAD names main."""
    path.mkdir()
    made = GitRepository(path)
    made.git("init", "--quiet", "--template=", "--initial-branch", "main")
    for folder in ("hooks", "info"):  # as git makes them, without its twenty samples
        made.path.joinpath(".git", folder).mkdir(exist_ok=True)
    return made


def small_catalog(repository: GitRepository) -> GitRepository:
    """Commit two metrics, revenue/mrr and revenue/arr, and the table they read."""
    repository.write("agnes.yml", "name: Test catalog\n")
    repository.write("metrics/revenue/mrr.yml", metric_yaml("mrr", "Monthly recurring revenue"))
    repository.write("metrics/revenue/arr.yml", metric_yaml("arr", "Annual recurring revenue"))
    repository.write(
        "tables/orders.yml",
        "id: orders\ndescription: One row per order\ncolumns:\n"
        "  month: {basetype: DATE, description: The month}\n"
        "  amount: {basetype: NUMERIC}\n",
    )
    repository.commit("Start", at=1_700_000_000)
    return repository


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """An empty repository and the small catalog, made once: a copy takes a tenth of the time."""
    folder = tmp_path_factory.mktemp("templates")
    with pytest.MonkeyPatch.context() as monkeypatch:
        own_environment(tmp_path_factory, monkeypatch)
        empty = empty_repository(folder / "empty")
        small = small_catalog(empty_repository(folder / "small"))
    return empty.path, small.path


@pytest.fixture
def repository(tmp_path: Path, templates: tuple[Path, Path]) -> GitRepository:
    """An empty repository whose HEAD names main."""
    return GitRepository(shutil.copytree(templates[0], tmp_path / "repository"))


@pytest.fixture
def catalog(repository: GitRepository, templates: tuple[Path, Path]) -> GitRepository:
    """A committed catalog of two metrics, revenue/mrr and revenue/arr, and the table they read."""
    shutil.copytree(templates[1], repository.path, dirs_exist_ok=True)
    return repository
