"""A proposal that waits, for the table of the small catalog."""

from __future__ import annotations

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


def waiting(catalog: GitRepository) -> GitRepository:
    """Commit the proposal: `month` differs from what a person wrote."""
    catalog.write(PATH, PROPOSAL)
    catalog.commit("Propose")
    return catalog
