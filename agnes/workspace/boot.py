"""Whether the machine was started anew since.

What was written, and not yet on the disk when the power failed, is lost or only partly there. Who
can have it again need not wait for the disk: what was noted in an earlier boot is looked at anew.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
"""See random(4)."""


@cache
def boot() -> str | None:
    """What tells this boot of the machine from every other; None where nothing does."""
    try:
        return _BOOT.read_text(encoding="ascii").strip() or None
    except (OSError, ValueError):
        return None
