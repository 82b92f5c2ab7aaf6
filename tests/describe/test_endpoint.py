"""A model behind an endpoint: what is sent, and what becomes of each kind of answer."""

from __future__ import annotations

import json

import pytest

from agnes.describe.endpoint import Endpoint, Patience
from agnes.errors import UnavailableError, UsageError
from tests.describe.conftest import column, completion, table

FACTS = table(
    column("id", "INTEGER", is_key=True, values=["1", "2"]),
    column("email", sensitive="email"),
    column("full_name", values=["Ada Lovelace"]),
    column("notes", values=["mail ada@example.com", "x" * 200, "two\nlines"]),
)


@pytest.fixture
def endpoint(model):
    with Endpoint(model.url, "m", "secret-key", Patience(3, 0.01, 0.3, 2)) as endpoint:
        yield endpoint


def test_a_model_describes(model, endpoint):
    model.says({"id": {"description": "Key", "confidence": "high"}, "other": "x"})

    said = endpoint.describe(FACTS)

    assert [(name, it.description, it.confidence) for name, it in said.items()] == [
        ("id", "Key", "high")
    ]
    assert model.asked[0]["path"] == "/v1/chat/completions"
    assert model.asked[0]["model"] == "m"
    assert model.headers[0]["Authorization"] == "Bearer secret-key"


def test_what_is_sensitive_is_not_sent(model, endpoint):
    endpoint.describe(FACTS)

    asked = json.loads(model.asked[0]["messages"][1]["content"])
    assert asked["columns"]["email"] == {
        "type": "VARCHAR",
        "basetype": "STRING",
        "sensitive": "email",
    }
    first, second, third = asked["columns"]["notes"]["samples"]
    assert (first, len(second), third) == ("mail <email>", 80, "two lines")
    sent = json.dumps(model.asked)
    assert "ada@example.com" not in sent
    assert "Lovelace" not in sent


def test_many_columns_are_asked_for_in_turns(model, endpoint):
    endpoint.describe(table(*(column(f"c{number}") for number in range(90))))

    sizes = [len(json.loads(it["messages"][1]["content"])["columns"]) for it in model.asked]
    assert sizes == [40, 40, 10]


@pytest.mark.parametrize("fault", [(429, b""), (500, b"oops"), (503, b""), None])
def test_what_may_pass_is_tried_again(model, endpoint, fault):
    model.answers.extendleft([fault])
    model.answers[-1] = (200, completion({"id": "Key"}))

    assert endpoint.describe(FACTS)["id"].description == "Key"
    assert len(model.asked) == 2


def test_tries_are_bounded(model, endpoint):
    model.answers[0] = (503, b"")

    with pytest.raises(UnavailableError, match="503"):
        endpoint.describe(FACTS)
    assert len(model.asked) == 3


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ((401, b'{"error": {"message": "bad secret-key"}}'), r"401, the key is not valid: bad \*"),
        ((404, b"<html>"), "404, no such model"),
        ((302, b""), "302, a redirect"),
        ((200, b"<html>hello</html>"), "not of OpenAI's protocol"),
        ((200, b'{"choices": []}'), "not of OpenAI's protocol"),
        ((200, b'{"choices": [{"message": {"content": null}}]}'), "not of OpenAI's protocol"),
        ((200, completion("I cannot")), "not what was asked for"),
        ((200, completion([])), "not what was asked for"),
        ((200, b"x" * (2 << 20)), "too large"),
    ],
)
def test_what_will_not_pass_is_an_error_and_not_tried_again(model, endpoint, answer, message):
    model.answers[0] = answer

    for _ in range(2):
        with pytest.raises(UnavailableError, match=message) as failed:
            endpoint.describe(FACTS)
        assert "secret-key" not in failed.value.message
    assert len(model.asked) == 1


def test_nobody_there_is_said():
    with (
        Endpoint("http://127.0.0.1:9/v1", "m", None, Patience(2, 0.01, 0.3, 1)) as endpoint,
        pytest.raises(UnavailableError, match="no answer"),
    ):
        endpoint.describe(FACTS)


@pytest.mark.parametrize(
    "url", ["ftp://x/v1", "http://", "https://u:p@x/v1", "http://x.example/v1"]
)
def test_an_address_that_is_none_or_would_show_the_key(url):
    with pytest.raises(UsageError):
        Endpoint(url, "m", "key")
