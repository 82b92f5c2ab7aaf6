"""What other repositories take from this one, by pre-commit itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import GitRepository

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
MRR = "metrics/revenue/mrr.yml"


@pytest.fixture
def ours(tmp_path) -> GitRepository:
    """A clone of this repository, as it is on disk."""
    made = GitRepository(tmp_path / "agnes")
    listed = GitRepository(ROOT).git("ls-files", "--cached", "--others", "--exclude-standard", "-z")
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).exists():
            target = made.path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target, follow_symlinks=False)
    made.git("init", "--quiet", "--initial-branch", "main")
    made.commit()
    return made


def pre_commit(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BIN / "pre-commit", *arguments],
        cwd=folder,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hooks_are_installed_from_a_git_url_and_check_what_is_staged(ours, catalog, tmp_path):
    catalog.write(
        ".pre-commit-config.yaml",
        f"repos:\n  - repo: {ours.path.as_uri()}\n    rev: {ours.git('rev-parse', 'HEAD')}\n"
        "    hooks:\n      - id: agnes-format\n      - id: agnes-validate\n",
    )
    catalog.commit()
    # Nothing but the hooks' own environment can know `da`.
    environment = {"PATH": "/usr/bin:/bin", "PRE_COMMIT_HOME": str(tmp_path / "cache")}

    pre_commit(catalog.path, "run", "--all-files", **environment)
    catalog.git("add", "--all")
    first = pre_commit(catalog.path, "run", "--all-files", **environment)
    text = (catalog.path / MRR).read_text()
    catalog.write(MRR, text.replace("unit:", "unti:"))
    catalog.git("add", "--all")
    mended = pre_commit(catalog.path, "run", **environment)
    catalog.write(MRR, text.replace("SUM(amount)", "SUM(amuont)"))
    catalog.git("add", "--all")
    catalog.write(MRR, text)
    refused = pre_commit(catalog.path, "run", "agnes-validate", **environment)

    assert first.returncode == 0, first.stdout
    assert first.stdout.count("Passed") == 2
    assert mended.returncode == 1
    assert f"mended {MRR}" in mended.stdout
    assert refused.returncode == 1
    assert f"{MRR}:" in refused.stdout
    assert "did you mean amount" in refused.stdout


def test_our_own_catalog_goes_through_our_own_hooks(ours, tmp_path):
    (ours.path / ".venv").symlink_to(BIN.parent)

    done = pre_commit(ours.path, "run", "--all-files", PRE_COMMIT_HOME=str(tmp_path / "cache"))

    assert done.returncode == 0, done.stdout
    assert done.stdout.count("Passed") == 2
