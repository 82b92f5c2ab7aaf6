"""Cases that cannot be files in git: huge, binary, in other encodings, or deep beyond reading."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable

from tests.corpus import Case, case

MEBIBYTE = 1 << 20


def metric(name: str, *, keys: str = "", table: str = "orders", sql: str = "") -> str:
    """A metric that is right, if `keys` and `sql` are."""
    sql = sql or "SELECT SUM(amount) AS x FROM orders"
    return f"name: {name}\ngrain: monthly\ntable: {table}\n{keys}sql: {sql}\n"


def _case(verdict: str, name: str, content: str | bytes, kind: str = "metric") -> Case:
    data = content.encode() if isinstance(content, str) else content
    return case(verdict, name, lambda: data, kind)


def _keys(verdict: str, name: str, keys: str) -> Case:
    return _case(verdict, name, metric(name, keys=keys))


def _sql(verdict: str, name: str, sql: str) -> Case:
    return _case(verdict, name, metric(name, sql=sql))


def _laughs(levels: int, template: str, join: str) -> str:
    lines = ["  a0: &a0 {lol: lol}"]
    for level in range(1, levels):
        aliases = join.join([f"*a{level - 1}"] * 9)
        lines.append(f"  a{level}: &a{level} {template.format(aliases)}")
    return "meta:\n" + "\n".join(lines) + "\n"


def _cyclic_words(count: int) -> str:
    return ", ".join(f"w{number}" for number in range(count))


def _encodings() -> Iterable[Case]:
    """Bytes that are no UTF-8, and bytes that are and look odd."""
    plain = metric("plain")
    for name in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        word = name.replace("-", "_")
        yield _case("refused/AG104", word, metric(word).encode(name))
        mark = "\ufeff".encode(name)
        yield _case("refused/AG104", f"{word}_with_a_mark", mark + metric(word).encode(name))
    owner = metric("{}", keys="owner: Zoë\n")
    for name in ("latin-1", "cp1252", "mac-roman", "cp437"):
        word = name.replace("-", "_")
        yield _case("refused/AG104", word, owner.format(word).encode(name))
    yield _case("refused/AG104", "utf_7_with_a_byte_above", b"name: \xfe+AGE-\n")
    yield _case("refused/AG104", "cut_off", owner.format("cut_off").encode()[:-40] + b"\xc3")
    yield _case("refused/AG104", "overlong", b"name: overlong\nsql: \xc0\xae\xc0\xae/\n")
    yield _case(
        "refused/AG104", "surrogates", b"name: surrogates\nowner: \xed\xa0\xbd\xed\xb8\x80\n"
    )
    yield _case(
        "refused/AG104", "beyond_unicode", b"name: beyond_unicode\nowner: \xf4\x90\x80\x80\n"
    )
    yield _case("refused/AG104", "two_marks", b"\xef\xbb\xbf\xef\xbb\xbf" + plain.encode())
    yield _case(
        "refused/AG104",
        "mark_in_the_middle",
        metric("mark_in_the_middle").replace("\ng", "\n\ufeffg"),
    )
    yield _case("refused/AG104", "ebcdic", plain.encode("cp500"))
    yield _case("accepted", "byte_order_mark", b"\xef\xbb\xbf" + metric("byte_order_mark").encode())
    for name, end in (("crlf", "\r\n"), ("cr", "\r")):
        words = metric(name, sql="|\n  SELECT SUM(amount) AS x\n  FROM orders")
        yield _case("accepted", name, words.replace("\n", end))
    mixed = metric("mixed_line_ends").split("\n")
    yield _case("accepted", "mixed_line_ends", "\r\n".join(mixed[:2]) + "\n" + "\n".join(mixed[2:]))
    yield _case(
        "accepted",
        "mark_and_crlf",
        b"\xef\xbb\xbf" + metric("mark_and_crlf").replace("\n", "\r\n").encode(),
    )
    rare = "owner: \U0001f9d1\u200d\U0001f680 \U00020000 \u0e44\u0e17\u0e22 a\u0308\n"
    yield _keys("accepted", "rare_characters", rare)
    yield _keys("accepted", "blanks_of_other_scripts", "owner: a\u00a0b\u3000c\u2009d\n")


def _control() -> Iterable[Case]:
    """Characters that do not print."""
    for code in (0x00, 0x01, 0x07, 0x08, 0x0B, 0x0C, 0x1B, 0x7F, 0x80, 0x9B, 0xFFFE, 0xFFFF):
        name = f"control_{code:04x}"
        yield _keys("refused/AG104", name, f"description: a{chr(code)}b\n")
    for code in (0x202A, 0x202B, 0x202D, 0x202E, 0x2066, 0x2067, 0x2068, 0x2069):
        yield _keys("refused/AG104", f"bidi_{code:04x}", f"description: a{chr(code)}b\n")
    yield _case("refused/AG104", "nul_at_the_end", metric("nul_at_the_end") + "\0")
    yield _case("refused/AG104", "nothing_but_nul", bytes(4096))
    yield _case(
        "refused/AG104", "form_feed_between", metric("form_feed_between").replace("\ng", "\n\fg")
    )


def _binary() -> Iterable[Case]:
    """Files that are something else."""
    noise = random.Random(3).randbytes(4096)
    yield _case("refused/AG104", "png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + noise)
    yield _case("refused/AG104", "gzip", gzip.compress(metric("gzip").encode(), mtime=0))
    yield _case("refused/AG104", "parquet", b"PAR1\x15\x00\x15" + noise + b"PAR1")
    yield _case("refused/AG104", "elf", b"\x7fELF\x02\x01\x01" + bytes(9) + noise)
    yield _case("refused/AG104", "noise", noise)
    yield _case("refused/AG104", "sqlite", b"SQLite format 3\0" + noise)
    yield _case("refused/AG210", "shell", "#!/bin/sh\nrm -rf /tmp/nothing\n")
    yield _case("refused/AG210", "csv", 'a,b\n"x",1\n')
    yield _case("refused/AG101", "html", '<!doctype html>\n<html lang="en">\n<p>a: b\n  c: d</p>\n')
    yield _case("refused/AG201+AG202", "toml", '{name = "toml"}\n')


def _sizes() -> Iterable[Case]:
    """Files that are large."""
    yield _case("refused/AG102", "comment_of_12_mb", b"# " + b"x" * 12_000_000)
    yield _case("refused/AG102", "zeros_of_12_mb", bytes(12_000_000))
    yield _case("refused/AG102", "comments_of_12_mb", b"#\n" * 6_000_000)
    yield _keys("refused/AG102", "description_of_12_mb", f"description: {'word ' * 2_400_000}\n")
    full = metric("a_mebibyte", keys="description: \n")
    fill = "x" * (MEBIBYTE - len(full))
    yield _case("accepted", "a_mebibyte", full.replace("description: ", f"description: {fill}"))
    more = metric("a_byte_too_many", keys="description: \n")
    fill = "x" * (MEBIBYTE + 1 - len(more))
    yield _case(
        "refused/AG102", "a_byte_too_many", more.replace("description: ", f"description: {fill}")
    )
    yield _keys(
        "accepted", "long_number_as_text", f"description: {'9' * 900_000}\nunit: {'7' * 5000}\n"
    )
    yield _keys(
        "accepted", "long_number_in_meta", f"meta: {{a: {'9' * 5000}, b: 0x{'f' * 5000}}}\n"
    )
    yield _keys("accepted", "long_sexagesimal", f"description: {'1:' * 200_000}1\n")
    yield _keys("accepted", "long_escapes", 'description: "' + "\\n" * 300_000 + 'x"\n')
    yield _keys("accepted", "long_folded", "description: x\n" + "  y\n" * 200_000)
    yield _keys("refused/AG202", "long_key", f"? {'k' * 900_000}\n: x\n")
    yield _keys("refused/AG102", "long_tag", f"owner: !{'t' * 900_000} x\n")
    yield _keys("refused/AG101", "long_alias", f"owner: *{'a' * 900_000}\n")
    yield _case("refused/AG210", "empty_lines", "\n" * MEBIBYTE)
    yield _case("refused/AG210", "comments", "#\n" * (MEBIBYTE // 2))
    yield _keys("refused/AG203", "long_grain", f"type: {'s' * 900_000}\n")
    yield _keys("accepted", "ten_thousand_synonyms", f"synonyms: [{_cyclic_words(10_000)}]\n")
    yield _keys("accepted", "ten_thousand_numbers", f"meta: {{a: [{'1, ' * 10_000}]}}\n")
    columns = "".join(f"  c{number}: {{basetype: STRING}}\n" for number in range(5000))
    table = f"id: five_thousand_columns\ncolumns:\n{columns}"
    yield _case("accepted", "five_thousand_columns", table, "table")


def _floods() -> Iterable[Case]:
    """Files with more mistakes than anybody reads."""
    yield _keys("refused/AG102", "unknown_keys", "".join(f"k{n}: 1\n" for n in range(80_000)))
    floods = "".join(f"k{n}: 1\n" for n in range(30_000))
    yield _keys("refused/AG202+AG203", "fewer_unknown_keys", floods)
    yield _keys("refused/AG203", "lists_for_synonyms", f"synonyms: [{'[], ' * 20_000}]\n")
    yield _keys("refused/AG102", "more_lists_for_synonyms", f"synonyms: [{'[],' * 250_000}]\n")
    yield _keys("refused/AG203", "nulls_for_notes", f"notes: [{'~, ' * 80_000}]\n")
    yield _keys("refused/AG203", "wrong_inputs", f"inputs: [{'../x, ' * 30_000}]\n")
    columns = "".join(f"  c{number}: {{basetype: X}}\n" for number in range(15_000))
    yield _case(
        "refused/AG203", "wrong_columns", f"id: wrong_columns\ncolumns:\n{columns}", "table"
    )


def _lint_floods() -> Iterable[Case]:
    """Files that are right but for the same mistake again and again."""
    words = "word, " * 45_000
    yield _keys("accepted", "one_synonym_repeated", f"synonyms: [{words}]\n")
    ids = ", ".join(f"a/b{number}" for number in range(30_000))
    yield _keys("refused/AG308", "unknown_inputs", f"inputs: [{ids}]\n")
    yield _keys("refused/AG301", "unknown_tables", f"tables: [{_cyclic_words(30_000)}]\n")
    yield _keys("refused/AG304", "unknown_dimensions", f"dimensions: [{_cyclic_words(30_000)}]\n")
    sql = "SELECT SUM(amount) AS x FROM orders"
    variants = "".join(f"sql_by_d{number}: {sql}\n" for number in range(3000))
    yield _keys("refused/AG203", "three_thousand_variants", variants)
    comments = "# agnes: ignore[AG301,AG302]\n" * 30_000
    yield _case("warned/AG901", "idle_ignores", comments + metric("idle_ignores"))
    codes = f"# agnes: ignore[{'AG9,' * 200_000}]\n"
    yield _case("refused/AG902", "unknown_ignores", codes + metric("unknown_ignores"))
    listed = f"categories:\n  - name: sales\n    metrics: [base, {_cyclic_words(60_000)}]\n"
    yield _case("warned/AG208", "unknown_metrics", listed, "index")
    pattern = "**a" * 40 + "b"
    slow = f"lint: {{ignores: {{'{pattern}': [AG307]}}}}\n"
    yield _case("warned/AG901", "slow_pattern", slow, "settings")
    columns = "".join(f"  c{number}: {{}}\n  C{number}: {{}}\n" for number in range(8000))
    text = f"id: same_columns\ncolumns:\n{columns}"
    yield _case("refused/AG306", "same_columns", text, "table")


def _nesting() -> Iterable[Case]:
    """Files that are deep."""
    deep = 20_000
    yield _case("refused/AG102", "brackets", "[" * deep)
    yield _case("refused/AG102", "closed_brackets", "[" * deep + "]" * deep)
    yield _case("refused/AG102", "braces", "{a: " * deep + "}" * deep)
    yield _case("refused/AG102", "mixed_brackets", "[{a: " * deep)
    yield _case("refused/AG102", "dashes", "- " * deep + "x\n")
    yield _case("refused/AG101", "question_marks", "? " * deep)
    yield _case("refused/AG102", "megabyte_of_brackets", "[" * MEBIBYTE)
    yield _keys("refused/AG102", "brackets_in_meta", f"meta: {{a: {'[' * deep}{']' * deep}}}\n")
    yield _keys("refused/AG101", "brackets_as_a_key", f"? {'[' * deep}{']' * deep}\n: x\n")
    block = "".join(f"{' ' * level}a:\n" for level in range(1400))
    yield _case("refused/AG102", "indentation", block)
    lists = "".join(f"{' ' * level}-\n" for level in range(1400))
    yield _case("refused/AG102", "indented_lists", lists)
    yield _keys("refused/AG102", "one_level_too_deep", f"meta: {'{a: ' * 32}{'}' * 32}\n")
    yield _case("refused/AG101", "closing_brackets", "]" * deep)
    yield _case("refused/AG101", "colons", ": " * deep)
    yield _case("refused/AG101", "tabs", "\t" * deep + "a: b\n")


def _bombs() -> Iterable[Case]:
    """Files that unfold."""
    yield _keys("refused/AG102", "laughs", _laughs(20, "[{}]", ", "))
    merges = _laughs(20, "{{<<: [{}]}}", ", ")
    yield _keys("refused/AG102", "merges", merges)
    yield _keys(
        "refused/AG102", "text_repeated", f"meta:\n  a: &a {'x' * 5000}\n  b: [{'*a, ' * 5000}]\n"
    )
    yield _keys(
        "refused/AG102", "nothing_repeated", f"meta:\n  a: &a []\n  b: [{'*a, ' * 40_000}]\n"
    )
    yield _keys("refused/AG102", "circle", "meta: &a {b: &b [*a]}\n")
    anchors = "".join(f"  a{number}: &a{number} x\n" for number in range(10_000))
    yield _keys("accepted", "ten_thousand_anchors", f"meta:\n{anchors}")
    yield _keys("accepted", "a_few_aliases", "meta:\n  a: &a [x, y]\n  b: [*a, *a, *a]\n")
    yield _case("refused/AG102", "directives", "%TAG !a! b\n" * (MEBIBYTE // 11))
    yield _case("refused/AG101", "versions", "%YAML 1.2\n" * (MEBIBYTE // 10))
    yield _case("refused/AG102", "documents", "---\n" * (MEBIBYTE // 4))
    yield _case(
        "refused/AG102", "ends_of_documents", metric("ends_of_documents") + "...\n---\n" * 9999
    )


def _queries() -> Iterable[Case]:
    """Queries that are large, deep or costly."""
    yield _sql(
        "refused/AG404",
        "sql_of_70_000_characters",
        "SELECT SUM(amount) AS x FROM orders --" + "x" * 70_000,
    )
    yield _sql(
        "refused/AG404",
        "sql_of_900_000_characters",
        "SELECT " + "1, " * 300_000 + "1 AS x FROM orders",
    )
    yield _sql("refused/AG404", "sql_deep_brackets", f"SELECT {'(' * 20_000}1{')' * 20_000}")
    yield _sql("refused/AG404", "sql_open_brackets", f"SELECT {'(' * 60_000}")
    yield _sql("refused/AG404", "sql_lists", f"SELECT {'[' * 20_000}{']' * 20_000}")
    yield _sql("refused/AG404", "sql_not", f"SELECT {'NOT ' * 15_000} TRUE")
    yield _sql("refused/AG404", "sql_minus", f"SELECT {'- ' * 30_000} 1")
    yield _sql("refused/AG404", "sql_subqueries", f"{'SELECT * FROM (' * 2000}SELECT 1{')' * 2000}")
    yield _sql(
        "refused/AG404",
        "sql_cases",
        f"SELECT {'CASE WHEN TRUE THEN 1 ELSE ' * 1500}1{' END' * 1500}",
    )
    yield _sql(
        "accepted", "sql_unions", "SELECT amount AS x FROM orders" + " UNION ALL SELECT 1" * 3000
    )
    yield _sql(
        "accepted",
        "sql_list_of_12_000",
        f"SELECT SUM(amount) AS x FROM orders WHERE quantity IN (1{', 234' * 12_000})",
    )
    yield _sql(
        "accepted",
        "sql_comment_of_60_000",
        f"SELECT SUM(amount) AS x /* {'x' * 60_000} */ FROM orders",
    )
    yield _sql(
        "accepted",
        "sql_text_of_60_000",
        f"SELECT SUM(amount) AS x FROM orders WHERE region = '{'x' * 60_000}'",
    )
    doubled = "".join(
        f", a{n} AS (SELECT * FROM a{n - 1} UNION ALL SELECT * FROM a{n - 1})" for n in range(1, 12)
    )
    yield _sql(
        "accepted",
        "sql_doubling",
        f"WITH a0 AS (SELECT amount FROM orders){doubled} SELECT SUM(amount) AS x FROM a11",
    )
    yield _sql(
        "accepted",
        "sql_costly_to_run",
        "SELECT SUM(amount) AS x FROM orders WHERE LENGTH(REPEAT('x', 4000000000)) > 1",
    )
    yield _sql(
        "accepted",
        "sql_endless",
        "WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n FROM t)"
        " SELECT SUM(amount * n) AS x FROM t, orders WHERE TRUE",
    )
    sums = f"SELECT SUM(amount) AS x FROM orders WHERE 1{'+1' * 30_000} > 0"
    yield _sql("refused/AG404", "sql_sum_of_30_000", sums)
    yield _sql("refused/AG501", "sql_sum_of_10_000", sums.replace("+1" * 20_000, ""))
    yield _sql("refused/AG404", "sql_dots", f"SELECT a{'.a' * 30_000} AS x FROM orders")
    for name, count in (("accepted", 1000), ("refused/AG404", 5000)):
        wide = ", ".join(["SUM(amount)"] * count)
        yield _sql(name, f"sql_of_{count}_columns", f"SELECT {wide} FROM orders")
    chain = "".join(f", a{n} AS (SELECT amount FROM a{n - 1})" for n in range(1, 1200))
    base = "WITH a0 AS (SELECT amount FROM orders)"
    yield _sql(
        "refused/AG501", "sql_chain_of_1_200", f"{base}{chain} SELECT SUM(amount) FROM a1199"
    )
    yield _keys(
        "refused/AG405",
        "expression_brackets",
        f"expression: {'(' * 30_000}SUM(amount){')' * 30_000}\n",
    )
    yield _keys(
        "refused/AG405", "expression_of_800_000", f"expression: SUM(amount){'+1' * 400_000}\n"
    )


_TEXTS = {
    "octal": "0o17",
    "octal_of_yaml_1_1": "0777",
    "binary_of_yaml_1_1": "0b101",
    "sexagesimal": "190:20:30.15",
    "float_with_underscores": "1_000.5",
    "infinity": "-.inf",
    "not_a_number": ".NAN",
    "date": "2026-02-30",
    "moment": "2001-12-14 21:59:43.10 -5",
    "value_key": "=",
    "version": "1.10",
    "thousands": "1,000",
    "exponent": "1e400",
    "long_digits": "9" * 5000,
    "hexadecimal": "0xDEADBEEF",
    "plus": "+12",
    "dots": "...x",
    "dashes": "---x",
    "question": "?x",
    "colon": ":x",
    "dash": "-x",
    "hash": "x#y",
    "tilde_within": "~x",
    "exclamation_within": "x!",
    "percent_within": "5%",
    "ampersand_within": "R&D",
    "asterisk_within": "a*b",
    "pipe_within": "a|b",
    "at_within": "a@b",
    "backslash": "a\\b",
    "quotes_within": 'it\'s "so"',
    "brackets_within": "a[0]{1}",
    "comma": "a, b",
    "angle": "<<x",
}
_VALUES = {
    "grain": "daily weekly monthly quarterly yearly",
    "type": "sum count count_distinct avg min max median ratio comparison derived cumulative",
    "status": "draft active deprecated removed",
}
_COLUMN_VALUES = {
    "basetype": "STRING INTEGER NUMERIC FLOAT BOOLEAN DATE TIMESTAMP",
    "confidence": "high medium low manual",
    "source": "manual ai_enrichment keboola_import",
    "pii": "true FALSE",
}


def _values() -> Iterable[Case]:
    """Every value that a key may have, and words that other readers of YAML take for others."""
    for word, text in _TEXTS.items():
        yield _keys("accepted", f"text_{word}", f"owner: {text}\nsynonyms:\n  - {text} {word}\n")
    for key, values in _VALUES.items():
        for value in values.split():
            text = metric(f"{key}_is_{value}", keys=f"{key}: {value}\n")
            text = text.replace("grain: monthly\n", "", 1) if key == "grain" else text
            yield _case("accepted", f"{key}_is_{value}", text)
    for key, values in _COLUMN_VALUES.items():
        for value in values.split():
            name = f"{key}_is_{value}"
            text = f"id: {name}\ncolumns:\n  a:\n    {key}: {value}\n"
            yield _case("accepted", name, text, "table")


def plain() -> list[Case]:
    """Those that are small and right."""
    return list(_values())


def light() -> list[Case]:
    """Those that are only odd."""
    return [*_encodings(), *_control(), *_binary()]


def heavy() -> dict[str, list[Case]]:
    """Those that are meant to cost time or memory, by what they try."""
    kinds = (_sizes, _floods, _lint_floods, _nesting, _bombs, _queries)
    return {kind.__name__.strip("_"): list(kind()) for kind in kinds}
