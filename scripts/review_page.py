"""The comments that docs/review.md walks through: real changes of the starter pack, reviewed."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from agnes.review import review
from agnes.scaffold import create_catalog

ROOT = Path(__file__).parent.parent
_CASES = yaml.safe_load((Path(__file__).parent / "review_cases.yml").read_text(encoding="utf-8"))
_COMMIT = re.compile(r"(?<=<sub>)[0-9a-f]{10}")
_SHOWN_IN_README = 3


def review_page() -> str:
    """docs/review.md, with the walk in its place."""
    return _replaced(ROOT / "docs" / "review.md", "\n".join(_sections()))


def readme() -> str:
    """README.md, with one comment in its place."""
    return _replaced(ROOT / "README.md", _quoted(_CASES[_SHOWN_IN_README]))


def _replaced(page: Path, content: str) -> str:
    start, _, rest = page.read_text(encoding="utf-8").partition("<!-- review -->\n")
    end = rest.partition("<!-- /review -->")[2]
    return f"{start}<!-- review -->\n\n{content}\n\n<!-- /review -->{end}"


def _sections() -> Iterator[str]:
    for number, case in enumerate(_CASES, 1):
        yield f"### {number}. {case['title']}"
        yield ""
        yield case["story"]
        yield ""
        yield _quoted(case)
        yield ""


def _quoted(case: dict[str, Any]) -> str:
    """The comment on a change, set off from the page around it."""
    lines = _comment(case).rstrip().splitlines()
    return "\n".join(f"> {line}".rstrip() for line in lines if not line.startswith("<!--"))


def _comment(case: dict[str, Any]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        catalog = Path(folder) / "catalog"
        create_catalog(catalog)
        for path, edits in case["edits"].items():
            text = (catalog / path).read_text(encoding="utf-8")
            for edit in edits:
                assert edit["old"] in text, f"{path} has no {edit['old']!r}"
                text = text.replace(edit["old"], edit["new"])
            (catalog / path).write_text(text, encoding="utf-8")
        for old, new in case.get("moves", {}).items():
            shutil.move(catalog / old, catalog / new)
        return _COMMIT.sub("0123456789", review(catalog).comment())
