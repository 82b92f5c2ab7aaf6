"""The comment, read by a real Markdown parser where one is installed."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agnes.diff.change import Change, Diff, FieldChange, Part, Trouble
from agnes.diff.markdown import MARKER, MAX_CHARACTERS, code
from agnes.diff.markdown import comment as whole_comment
from agnes.lineage.impact import Effect, Impact, Use
from agnes.model.diagnostic import Diagnostic
from tests.conftest import FUZZ

HOSTILE = [
    "`code`", "``", "a | b", "|", "\\", "\\|", "*b*", "_i_", "**b**", "~~s~~", "# h", "> q", "- l",
    "1. l", "<img src=x onerror=alert(1)>", "</code></details>", "<!-- x", "-->", "&lt;", "&#96;",
    "[a](http://x.com)", "![a](//x.com/i.png)", "http://x.com", "HTTPS://x.com", "www.x.com",
    "WWW.X.com", "@ada", "@org/team", "ada@x.com", "mailto:ada@x.com", "#12", "org/repo#12",
    "GH-12", "gh-12", "$x$", "$$x$$", "```\nx\n```", "~~~\nx", "```` x ````", "---", "===", "a\nb",
    "a\r\n# b", "\x1b[31m", "\x00", "\u202eevil", "\u2066x", "\u200fx", "\u061cx", "\u2028# x",
    "\ud800", "<a href='javascript:x'>y</a>", "[x]: http://y", "[^1]", "|---|", "\t# x", "{x}",
    "x" * 5_000, "😀" * 3_000, "`" * 300, "<details>", "<summary>", "&nbsp;", "\u200b", "",
]  # fmt: skip
hostile = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=1, max_size=4).map(
    lambda texts: " ".join(texts)[:200]
)
"""Short enough for nothing to be cut."""


def diff_of(text: str) -> Diff:
    """Where anything that a person writes can come to stand, it stands."""
    parts = (Part("result-changing", f"filter added in {text}", text, text[::-1]),)
    fields = (
        FieldChange("sql", "result-changing", text, text, f"x {text}", parts),
        FieldChange(f"columns.{text}.description", "documentation", text, None, f"{text} x"),
        FieldChange("meta", "documentation", {text: [text]}, {}, "meta changed"),
        FieldChange("file", "cosmetic", None, None, text),
    )
    changes = (
        Change("a/b", "changed", None, "metrics/a/b.yml", fields),
        Change("a/c", "renamed", text, "metrics/a/c.yml", fields),
        Change("a/d", "added", text, "metrics/a/d.yml", ()),
    )
    return Diff("1" * 40, "worktree", changes, (Trouble("a/e", "head", text, 3, text),))


def impact_of(text: str) -> Impact:
    return Impact((Effect(f"a/b {text}", (text,), (text,), (Use("a/b", text),)),))


def comment(diff: Diff, impact: Impact | None = None, findings=()) -> str:
    return whole_comment(diff, impact or Impact(()), findings)


def findings_of(text: str) -> list[Diagnostic]:
    return [Diagnostic(text, 1, 1, "AG101", "error", text, text)]


def assert_is_harmless(text: str) -> None:
    written = comment(diff_of(text), impact_of(text), findings_of(text))
    assert len(written) <= MAX_CHARACTERS
    assert written.startswith(MARKER)
    assert not re.search(r"[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e-\u200f\u2028-\u202e]", written)
    written.encode()  # no half of a character
    plain = comment(diff_of("plain"), impact_of("plain"), findings_of("plain"))
    assert shape(written) == shape(plain)


def shape(written: str) -> list[str]:
    """The elements that a reader sees, without the texts in them and without code's fences."""
    markdown_it = pytest.importorskip("markdown_it")
    parser = markdown_it.MarkdownIt("commonmark").enable(["table", "strikethrough"])
    html = parser.render(written)
    assert 'href="' not in html
    assert "<img" not in html
    found = _Elements()
    found.feed(html)
    for seen in found.texts:
        assert not re.search(r"@\w|#\d|\bgh-\d", seen, re.IGNORECASE), seen
    # Where a text is empty there is no code; how it is set in code is not the same for each.
    return [it for it in found.elements if it not in ("code", "/code")]


class _Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag, _attrs) -> None:
        self.elements.append(tag)

    def handle_endtag(self, tag) -> None:
        self.elements.append(f"/{tag}")

    def handle_comment(self, _data) -> None:
        self.elements.append("comment")

    def handle_data(self, data) -> None:
        if "code" not in self.elements[-1:]:  # within code nobody is mentioned
            self.texts.append(data)


@pytest.mark.parametrize("text", HOSTILE)
def test_what_somebody_wrote_is_no_markup(text: str) -> None:
    assert_is_harmless(text)


@settings(max_examples=max(10, FUZZ // 20), deadline=None)
@given(hostile)
def test_nothing_that_somebody_might_write_is_markup(text: str) -> None:
    assert_is_harmless(text)


@pytest.mark.parametrize("text", [it for it in HOSTILE if it.isprintable() and len(it) < 30])
def test_code_shows_the_text_itself(text: str) -> None:
    markdown_it = pytest.importorskip("markdown_it")
    found = _Elements()
    found.feed(markdown_it.MarkdownIt("commonmark").render(f"x {code(text)}"))
    assert found.elements == ["p", "code", "/code", "/p"]


@pytest.mark.parametrize("text", ["http://x.com", "HTTP://x.com", "www.x.com", "WWW.x.com", "$x$"])
def test_what_only_some_readers_take_for_markup_is_written_in_another_way(text: str) -> None:
    change = Change("a/b", "changed", None, "x", (FieldChange("f", "breaking", 1, 2, text),))
    assert text not in comment(Diff("1", "2", (change,)))


def test_code_in_a_fence_keeps_every_line_within_it() -> None:
    field = FieldChange("sql", "result-changing", "a\n```\nb", "````\nc", "sql changed")
    written = comment(Diff("1", "2", (Change("a/b", "changed", None, "x", (field,)),)))
    assert "`````diff\n- a\n- ```\n- b\n+ ````\n+ c\n`````" in written


def test_nothing_changed_is_said_so() -> None:
    written = comment(Diff("1" * 40, "2" * 40, ()))
    assert "No definition changes." in written
    assert "<sub>1111111111 → 2222222222</sub>" in written


def test_the_gravest_comes_first_and_small_things_are_folded() -> None:
    note = FieldChange("notes", "documentation", ["a"], ["b"], "note changed")
    unit = FieldChange("unit", "breaking", "USD", "EUR", "unit changed")
    changes = tuple(
        Change(name, "changed", None, name, (field,))
        for name, field in (("a/a", note), ("a/z", unit))
    )
    written = comment(Diff("1", "2", changes))
    assert written.index("`a/z`") < written.index("`a/a`")
    assert "<details open>\n<summary>🟠 <code>a/z</code>: breaking</summary>" in written
    assert "<details>\n<summary>🔵 <code>a/a</code>: documentation</summary>" in written


def test_variants_that_change_alike_are_told_once() -> None:
    parts = (Part("result-changing", "filter added", None, "x = 1"),)
    fields = tuple(
        FieldChange(key, "result-changing", "a", "b", "filter added", parts)
        for key in ("sql", "sql_by_plan")
    )
    written = comment(Diff("1", "2", (Change("a/b", "changed", None, "x", fields),)))
    assert written.count("+ x = 1") == 1
    assert "`sql_by_plan`: the same as in `sql`" in written


def test_what_does_not_fit_is_cut_and_counted() -> None:
    field = FieldChange("description", "documentation", "a" * 3_000, "b" * 3_000, "changed")
    changes = tuple(Change(f"a/m{at:03}", "changed", None, "x", (field,)) for at in range(200))
    written = comment(Diff("1", "2", changes))
    assert len(written) <= MAX_CHARACTERS
    assert "(1,000 more characters)" in written
    shown = written.count("<summary>")
    assert f"**{200 - shown} more section(s) do not fit here.**" in written
    assert written.count("<details>") == written.count("</details>") == shown


def test_thousands_of_changes_are_cut_within_the_table() -> None:
    changes = tuple(Change(f"a/m{at}", "added", None, "x", ()) for at in range(5_000))
    written = comment(Diff("1", "2", changes))
    assert len(written) <= MAX_CHARACTERS
    assert "5000 definitions change" in written
    assert "do not fit here" in written


def test_one_huge_definition_leaves_room_for_the_others() -> None:
    fields = tuple(
        FieldChange(
            f"sql_by_{at}", "result-changing", f"{at}" + "x" * 1_900, None, "variant removed"
        )
        for at in range(90)
    )
    small = FieldChange("unit", "breaking", "USD", "EUR", "unit changed")
    changes = tuple(
        Change(name, "changed", None, "x", it) for name, it in (("a/a", fields), ("a/b", (small,)))
    )
    written = comment(Diff("1", "2", changes))
    assert "<code>a/b</code>" in written
    assert re.search(r"and \d+ more: `da metrics diff`", written)


def test_findings_are_counted_where_there_are_many() -> None:
    finding = Diagnostic("a.yml", 1, 2, "AG301", "warning", "odd", "do it")
    written = comment(Diff("1", "2", ()), findings=[finding] * 60)
    assert written.count("- ⚠️ `a.yml:1` AG301: odd — do it") == 50
    assert "- and 10 more" in written


def test_whom_it_hits_is_said_before_what_is_wrong() -> None:
    finding = Diagnostic("a.yml", 1, 2, "AG301", "warning", "odd")
    written = comment(Diff("1", "2", ()), impact_of("a/c"), [finding])
    assert written.index("### Whom it hits") < written.index("### Findings of validation")
    assert "- `a/b a/c`: read by `a/c`; built on by `a/c`; used by a/c" in written
