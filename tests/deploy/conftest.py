from __future__ import annotations

from tests.api.conftest import built, server, start

__all__ = ["built", "server", "start"]
