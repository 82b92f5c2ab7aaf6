"""What agnes.yml says, for commands that need nothing else of a catalog."""

from __future__ import annotations

from pathlib import Path

from agnes.errors import AgnesError
from agnes.model.layout import SETTINGS


def engine_of(root: Path) -> str | None:
    """Where the metrics of a catalog are computed; None where its agnes.yml does not say.

    Args:
        root: the catalog's folder.

    Raises:
        AgnesError: agnes.yml cannot be read, or does not validate.
    """
    try:
        content = (root / SETTINGS).read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AgnesError(f"{root / SETTINGS}: {error.strerror}") from None
    if b"engine" not in content:  # models take longer to import than most queries take
        return None
    from agnes.load.document import read_document
    from agnes.model.catalog import Settings
    from agnes.model.layout import Slot

    document = read_document(Slot(SETTINGS, "settings"), content)
    if not isinstance(document.value, Settings):
        first = document.diagnostics[0]
        raise AgnesError(f"{SETTINGS}:{first.line}: {first.message}", first.hint)
    return document.value.engine
