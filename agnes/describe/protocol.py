"""What can describe columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from agnes.describe.facts import Said, TableFacts


class Describer(Protocol):
    """Describes columns.

    Args:
        name: what the proposal says of who wrote the descriptions.
    """

    name: str

    def describe(self, table: TableFacts) -> Mapping[str, Said]:
        """Describe the columns of a table that it is wanted of; some, or none.

        Raises:
            UnavailableError: it cannot; the message says why.
        """
        ...
