from __future__ import annotations

from tests.api.conftest import server, start

__all__ = ["server", "start"]
