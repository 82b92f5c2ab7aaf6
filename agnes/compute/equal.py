"""Whether two values are the same number."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import Any, Literal

Alike = Literal["equal", "close", "different"]
TOLERANCE = 1e-9
"""How far apart floats may be that are close, as a share of the larger one."""


def compare_values(old: Any, new: Any) -> Alike:
    """Compare two values of a metric.

    Numbers are equal whatever their types are. Floats, which come out a little otherwise with
    another order of the rows, are close where they differ by a billionth at most.
    """
    if not (_is_number(old) and _is_number(new)):
        return "equal" if type(old) is type(new) and old == new else "different"
    if old == new or (old != old and new != new):  # noqa: PLR0124  (NaN alone is not itself)
        return "equal"
    if isinstance(old, float) or isinstance(new, float):
        near = math.isclose(float(old), float(new), rel_tol=TOLERANCE, abs_tol=0.0)
        return "close" if near else "different"
    return "different"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)
