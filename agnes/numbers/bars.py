"""Bars made of blocks, for a terminal and for text."""

from __future__ import annotations

_EIGHTHS = " ▏▎▍▌▋▊▉"
_FULL = "█"


def bar(value: float, most: float, width: int) -> str:
    """A bar as long as a value is beside the largest one.

    Args:
        value: its size counts, not its sign; what is no finite number has no bar.
        most: the value of a bar of full width, above 0.
        width: in characters.
    """
    share = abs(value) / most if most else 0.0
    if not 0 <= share <= 1:  # NaN too
        return ""
    eighths = round(share * width * 8)
    return (_FULL * (eighths // 8) + _EIGHTHS[eighths % 8]).rstrip()
