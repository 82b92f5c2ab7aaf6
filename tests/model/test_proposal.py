from __future__ import annotations

import pytest
from pydantic import ValidationError

from agnes.model.proposal import Proposal, ProposedColumn
from agnes.model.scalar import core
from agnes.yaml.loader import load


def proposal(column: str) -> ProposedColumn:
    text = f"tables: {{orders: {{columns: {{id: {column}}}}}}}"
    return Proposal.model_validate(load(text.encode())).tables["orders"].columns["id"]


@pytest.mark.parametrize("column", ["", "{}", "{confidence: , source: }"])
def test_what_a_column_does_not_say_is_the_default_of_proposals(column):
    assert proposal(column).metadata() == {"confidence": "high", "source": "ai_enrichment"}


def test_a_column_may_say_everything():
    column = "{basetype: DATE, description: 2026, confidence: low, source: manual, pii: true}"

    assert proposal(column).metadata() == {
        "basetype": "DATE",
        "description": "2026",
        "confidence": "low",
        "source": "manual",
        "pii": True,
    }


def test_evidence_and_decision_stay_with_the_proposal():
    decision = "{verdict: edited, by: 'Ada <ada@example.com>', at: 2026-01-31T12:00:00Z}"
    column = f"{{basetype: DATE, evidence: [500 of 500 are dates], decision: {decision}}}"

    said = proposal(column)

    assert said.metadata().keys() == {"basetype", "confidence", "source"}
    assert said.decision is not None
    assert said.decision.verdict == "edited"


def test_a_proposal_reads_what_it_writes():
    text = """
    project: acme
    created_at: 2026-01-31T12:00:00Z
    tables:
      orders:
        sampled: 500
        columns:
          id: {basetype: STRING, confidence: high, evidence: ["leading zeros"]}
          at:
            {source: keboola_import, confidence: low,
             decision: {verdict: rejected, by: Ada, at: 2026-01-31T12:00:00Z}}
    """
    said = load(text.encode())

    assert Proposal.model_validate(said).to_yaml() == core(said)


@pytest.mark.parametrize(
    "decision",
    [
        *("yes", "{}", "{verdict: accepted}", "{verdict: maybe, by: a, at: 2026-01-31T12:00:00Z}"),
        *("{verdict: accepted, by: '', at: 2026-01-31T12:00:00Z}",),
        *("{verdict: accepted, by: a, at: yesterday}",),
    ],
)
def test_a_decision_says_what_who_and_when(decision):
    with pytest.raises(ValidationError):
        proposal(f"{{decision: {decision}}}")


def test_a_column_cannot_be_unmarked_as_personal_data():
    assert "pii" not in proposal("{pii: false}").metadata()


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
