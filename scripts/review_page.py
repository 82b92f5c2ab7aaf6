"""The comments that docs/review.md walks through: real changes of the starter pack, reviewed."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from agnes.compute.folder import tables_of
from agnes.demo import write_demo_data
from agnes.numbers.review import review_with_values
from agnes.queries import Tables
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
    return _replaced(ROOT / "README.md", _quoted(_SHOWN_IN_README))


def _replaced(page: Path, content: str) -> str:
    start, _, rest = page.read_text(encoding="utf-8").partition("<!-- review -->\n")
    end = rest.partition("<!-- /review -->")[2]
    return f"{start}<!-- review -->\n\n{content}\n\n<!-- /review -->{end}"


def _sections() -> Iterator[str]:
    for number, case in enumerate(_CASES):
        yield f"### {number + 1}. {case['title']}"
        yield ""
        yield case["story"]
        yield ""
        yield _quoted(number)
        yield ""


@cache
def _quoted(number: int) -> str:
    """The comment on a change, set off from the page around it."""
    lines = _comment(_CASES[number]).rstrip().splitlines()
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
        found = review_with_values(catalog, _data()) if case.get("values") else review(catalog)
        return _COMMIT.sub("0123456789", found.comment())


@cache
def _data() -> Tables:
    """The sample data, which last as long as this process."""
    folder = Path(tempfile.mkdtemp(prefix="agnes-review-"))
    atexit.register(shutil.rmtree, folder)
    write_demo_data(folder)
    return tables_of(folder)
