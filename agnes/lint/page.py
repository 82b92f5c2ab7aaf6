"""A rule's page: what its docstring says, as Markdown, and its examples as files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from inspect import cleandoc
from textwrap import dedent

from agnes.lint.rule import Rule
from agnes.lint.rules import RULES

BASE = {
    "agnes.yml": "name: Examples\n",
    "tables/orders.yml": """\
id: orders
columns:
  order_id: {basetype: STRING}
  customer_id: {basetype: STRING}
  amount: {basetype: NUMERIC}
  order_date: {basetype: DATE}
  region: {basetype: STRING}
""",
    "tables/customers.yml": """\
id: customers
columns:
  customer_id: {basetype: STRING}
  name: {basetype: STRING}
""",
}
"""The catalog that the examples are laid over."""

_EXAMPLE = re.compile(r"^(Bad|Good):\n\n((?:    .*\n|\n)+)", re.MULTILINE)
_FILE = re.compile(r"^# (\S+\.yml)\n", re.MULTILINE)
_DEFAULT = "metrics/sales/revenue.yml"


def examples(rule: type[Rule]) -> dict[str, dict[str, str]]:
    """The example files of a rule, path to text, under `Bad` and `Good`; some rules have none."""
    text = cleandoc(rule.__doc__ or "") + "\n"
    return {
        kind: dict(_files(dedent(block).strip("\n") + "\n"))
        for kind, block in _EXAMPLE.findall(text)
    }


def _files(text: str) -> Iterator[tuple[str, str]]:
    if not _FILE.match(text):
        yield _DEFAULT, text
        return
    _, *parts = _FILE.split(text)
    for path, content in zip(parts[::2], parts[1::2], strict=True):
        yield path, content.strip("\n") + "\n"


def rules_page() -> Iterator[str]:
    """The lines of docs/rules.md."""
    yield "| code | rule | severity | level |"
    yield "|---|---|---|---|"
    for code, rule in RULES.items():
        marks = f"{rule.severity}{'' if rule.on else ', off'}{', fixable' if rule.fixable else ''}"
        yield f"| [{code}](#{code.lower()}) | {rule.title()} | {marks} | {rule.level} |"
    for code, rule in RULES.items():
        yield ""
        yield from _page(code, rule)


def _page(code: str, rule: type[Rule]) -> Iterator[str]:
    text = cleandoc(rule.__doc__ or "")
    yield f"## {code}"
    yield ""
    yield f"**{rule.title()}**"
    about = _EXAMPLE.sub("", text + "\n").partition("\n")[2].strip()
    if about:
        yield ""
        yield about
    for kind, files in examples(rule).items():
        yield ""
        yield f"{kind}:"
        yield ""
        yield "```yaml"
        yield "\n".join(f"# {path}\n{content}" for path, content in files.items()).rstrip()
        yield "```"
