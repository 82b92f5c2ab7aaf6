from __future__ import annotations

import pytest
from pydantic import ValidationError

from agnes.model.proposal import Proposal, ProposedColumn
from agnes.yaml.loader import load


def proposal(column: str) -> ProposedColumn:
    text = f"tables: {{orders: {{columns: {{id: {column}}}}}}}"
    return Proposal.model_validate(load(text.encode())).tables["orders"].columns["id"]


@pytest.mark.parametrize("column", ["", "{}", "{confidence: , source: }"])
def test_what_a_column_does_not_say_is_the_default_of_proposals(column):
    assert proposal(column).to_yaml() == {"confidence": "high", "source": "ai_enrichment"}


def test_a_column_may_say_everything():
    column = "{basetype: DATE, description: 2026, confidence: low, source: manual, pii: true}"

    assert proposal(column).to_yaml() == {
        "basetype": "DATE",
        "description": "2026",
        "confidence": "low",
        "source": "manual",
        "pii": True,
    }


def test_a_column_cannot_be_unmarked_as_personal_data():
    assert "pii" not in proposal("{pii: false}").to_yaml()


@pytest.mark.parametrize(
    "column",
    ["text", "[]", "{basetype: TEXT}", "{confidence: sure}", "{source: me}", "{base: DATE}"],
)
def test_what_a_column_cannot_say_is_refused(column):
    with pytest.raises(ValidationError):
        proposal(column)


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{}", "tables:", "tables: []", "tables: {a: }", "tables: {a: {}}"),
        *("tables: {a: {columns: }}", "tables: {a b: {columns: {}}}", "{tables: {}, x: 1}"),
        "tables: {a: {columns: {' ': {}}}}",
    ],
)
def test_what_is_no_proposal_is_refused(text):
    with pytest.raises(ValidationError):
        Proposal.model_validate(load(text.encode()))
