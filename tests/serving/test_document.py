from __future__ import annotations

import gzip

import pytest

from agnes.serving.document import Document, matches


def test_the_tag_follows_the_text():
    assert Document.of({"a": 1}).etag == Document.of({"a": 1}).etag
    assert Document.of({"a": 1}).etag != Document.of({"a": 2}).etag


def test_what_is_no_number_is_null():
    assert Document.of({"a": float("nan"), "b": float("inf")}).body == b'{"a":null,"b":null}'


def test_a_large_text_is_compressed_and_always_alike():
    document = Document.of(["metric"] * 1000)

    assert document.gzipped is not None
    assert gzip.decompress(document.gzipped) == document.body
    assert Document.of(["metric"] * 1000).gzipped == document.gzipped


def test_a_small_text_is_not():
    assert Document.of([]).gzipped is None


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        ('"b"', False),
        ("a", False),
        ("", False),
        (None, False),
    ],
)
def test_a_header_names_versions(header, expected):
    assert matches('"a"', header) is expected
