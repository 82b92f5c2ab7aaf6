from __future__ import annotations

import pytest

from agnes.keboola import Patience, Storage
from tests.keboola.stack import TOKEN, running

FAST = Patience(tries=4, backoff=0.01, longest=2, seconds=1, poll=(0.01, 0.05), job=10)


@pytest.fixture
def stack():
    with running() as stack:
        stack.add(
            "in.c-crm.company",
            ["id", "name", "paid", "since"],
            ("1", "Ada", "10.50", "2026-01-31"),
            ("2", 'B "quoted", with\na line', "", ""),
            ("3", "", "7", "2026-02-01"),
            primary_key=["id"],
            metadata=[{"provider": "user", "key": "KBC.description", "value": "Companies"}],
            column_metadata={
                "id": [
                    {"provider": "storage", "key": "KBC.datatype.basetype", "value": "INTEGER"},
                    {"provider": "user", "key": "KBC.description", "value": "Number"},
                    {"provider": "other", "key": "KBC.description", "value": "Not this"},
                ],
                "paid": [
                    {"provider": "storage", "key": "KBC.datatype.basetype", "value": "numeric"}
                ],
            },
        )
        yield stack


@pytest.fixture
def storage(stack):
    with Storage(stack.url, TOKEN, FAST) as storage:
        yield storage
