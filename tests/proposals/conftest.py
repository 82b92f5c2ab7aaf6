"""A catalog with a proposal for its one table."""

from __future__ import annotations

import pytest

from tests.conftest import GitRepository

NAME = "acme_metadata_20260131_120000"
PATH = f"proposals/{NAME}.yml"
PROPOSAL = """\
# What was found
project: acme
tables:
  orders:
    columns:
      month:  # the key of time
        basetype: DATE
        description: First day of the month
        evidence: [all values are first days]
      amount: {basetype: NUMERIC, description: Paid amount, confidence: medium}
"""


@pytest.fixture
def proposed(catalog: GitRepository) -> GitRepository:
    """The catalog of two metrics, with a proposal: `month` differs from what a person wrote."""
    catalog.write(PATH, PROPOSAL)
    catalog.commit("Propose")
    return catalog
