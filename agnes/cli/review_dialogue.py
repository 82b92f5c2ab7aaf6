"""The dialogue of a review: one column after the other, a key for each decision."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from agnes.cli.metadata_table import VERDICT, beside, print_items
from agnes.config import text_editor
from agnes.errors import AgnesError, InvalidError
from agnes.model.layout import printable
from agnes.proposals.review import SAID, Item, Review

if TYPE_CHECKING:
    from agnes.proposals.store import Stored

_HELP = (
    ("a", "accept", "take it, over what stands there too"),
    ("r", "reject", "leave the column as it is"),
    ("e", "edit", "take it in your own words"),
    ("o", "open", "the same in $EDITOR, for longer texts"),
    ("s", "skip", "decide later"),
    ("b", "back", "to the column before"),
    ("h", "all high", "accept all that is undecided and of high confidence"),
    ("t", "table", "all columns at a glance"),
    ("q", "quit", "keep what was decided, and stop"),
)


class Dialogue:
    """Asks a person what they think of each column that is not decided; of all, if none is.

    Args:
        read_key: waits for a key.
        read_line: asks for a line, with a text to begin with.
        open_editor: opens a text in $EDITOR; None if it was left as it is.
    """

    def __init__(
        self,
        stored: Stored,
        review: Review,
        read_key: Callable[[], str] = typer.getchar,
        read_line: Callable[[str, str], str] | None = None,
        open_editor: Callable[[str], str | None] | None = None,
    ) -> None:
        self._stored = stored
        self._review = review
        self._read_key = read_key
        self._read_line = read_line or _ask_line
        self._open_editor = open_editor or _open_editor
        self._console = Console(highlight=False, emoji=False)
        undecided = [item.key for item in review.items if item.verdict is None]
        self._keys = undecided or [item.key for item in review.items]
        self._again = not undecided
        self._at = 0

    def run(self) -> bool:
        """Ask until everything is decided, or the person stops.

        Returns:
            Whether what was decided is to be kept.
        """
        self._print(f"{self._stored.shown}: {len(self._keys)} of {len(self._review.items)} to go")
        try:
            while self._at < len(self._keys):
                if not self._step():
                    break
        except EOFError:
            pass
        except KeyboardInterrupt:
            return self._keep()
        self._print()
        return True

    def _step(self) -> bool:
        """Ask of one column; False when the person has enough."""
        item = self._review.item(self._keys[self._at])
        self._show(item)
        while True:
            self._prompt()
            key = self._read_key().lower()
            if key == "q":
                return False
            action = self._actions().get(key)
            if action is None:
                self._print_help()
            elif action(item):
                return True

    def _actions(self) -> dict[str, Callable[[Item], bool]]:
        """By key, what it does; it tells whether that was all about this column."""
        return {
            "a": self._accept,
            "r": self._reject,
            "e": self._edit,
            "o": self._open,
            "s": self._forward,
            "b": self._back,
            "h": self._accept_high,
            "t": self._print_table,
        }

    def _accept(self, item: Item) -> bool:
        self._review.accept(item.key)
        return self._decided(item)

    def _reject(self, item: Item) -> bool:
        self._review.reject(item.key)
        return self._decided(item)

    def _edit(self, item: Item) -> bool:
        said: dict[str, Any] = {
            field: self._read_line(f"  {field}: ", getattr(item.proposed, field) or "").strip()
            for field in SAID
        }
        return self._edited(item, said)

    def _open(self, item: Item) -> bool:
        try:
            text = self._open_editor(_as_text(item))
            if text is None:
                self._print("  nothing was changed", style="dim")
                return False
            said = _from_text(text)
        except AgnesError as error:
            return self._refused(error)
        return self._edited(item, said)

    def _edited(self, item: Item, said: dict[str, Any]) -> bool:
        try:
            self._review.edit(item.key, **said)
        except AgnesError as error:
            return self._refused(error)
        return self._decided(item)

    def _refused(self, error: AgnesError) -> bool:
        self._print(f"  {error.message}", style="red")
        if error.hint:
            self._print(f"  {error.hint}")
        return False

    def _decided(self, item: Item) -> bool:
        verdict = self._review.item(item.key).verdict or ""
        self._print(f"  {verdict}", style=VERDICT[verdict])
        return self._forward()

    def _forward(self, _: Item | None = None) -> bool:
        """Go on to the next that is not decided; to the next, where all were at the start."""
        self._at += 1
        while self._at < len(self._keys) and not self._again and self._is_decided():
            self._at += 1
        return True

    def _back(self, _: Item) -> bool:
        self._at = max(0, self._at - 1)
        return True

    def _is_decided(self) -> bool:
        return self._review.item(self._keys[self._at]).verdict is not None

    def _accept_high(self, _: Item) -> bool:
        high = [item.key for item in self._review.items if item.proposed.confidence == "high"]
        before = self._review.counts()["accepted"]
        left = self._review.accept_all(high)
        accepted = self._review.counts()["accepted"] - before
        self._print(f"  {accepted} accepted", style=VERDICT["accepted"])
        if left:
            self._print(f"  {len(left)} left alone: a person wrote otherwise", style="yellow")
        return self._forward() if self._is_decided() else True

    def _print_table(self, _: Item) -> bool:
        print_items(self._review.items)
        return False

    def _show(self, item: Item) -> None:
        self._print()
        title = Text(f"{self._at + 1} of {len(self._keys)}  ") + Text(item.shown, style="bold")
        self._console.print(Rule(title, align="left", style="dim"))
        self._print()
        self._console.print(beside(item))
        if item.conflict:
            self._print("  a person wrote otherwise: accepting replaces it", style="bold yellow")
        if item.verdict:
            self._print(f"  {item.verdict} before", style="dim")
        self._print()

    def _prompt(self) -> None:
        line = Text("  ")
        for key, word, _ in _HELP:
            line += Text(f"{key} ", style="bold cyan") + Text(f"{word}  ")
        self._console.print(line)

    def _print_help(self) -> None:
        for key, word, what in _HELP:
            self._console.print(Text(f"  {key}  ", style="bold cyan") + Text(f"{word:<10}{what}"))

    def _keep(self) -> bool:
        decided = len(self._review.changes)
        if not decided:
            return True
        columns = f"{decided} column{'s' * (decided != 1)}"
        self._print(f"\nKeep what was decided on {columns}? y or n", style="bold")
        try:
            return self._read_key().lower() != "n"
        except (KeyboardInterrupt, EOFError):
            return False

    def _print(self, text: str = "", style: str = "") -> None:
        self._console.print(Text(text, style=style))


def _ask_line(label: str, begin: str) -> str:
    """Ask for a line that has something in it already, where the system can do that."""
    try:
        import readline
    except ImportError:  # not on every system
        return input(f"{label}[{begin}] ") or begin
    readline.set_startup_hook(lambda: readline.insert_text(begin))
    try:
        return input(label)
    finally:
        readline.set_startup_hook(None)


def _open_editor(text: str) -> str | None:
    command = text_editor()
    with tempfile.TemporaryDirectory(prefix="agnes-review-") as folder:
        file = Path(folder) / "column.yml"
        file.write_text(text, encoding="utf-8")
        try:
            done = subprocess.run([*command, str(file)], check=False)
            edited = file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            hint = "name another: export EDITOR=nano"
            raise AgnesError(f"{' '.join(command)} cannot be used: {error}", hint) from None
    return edited if done.returncode == 0 and edited != text else None


def _as_text(item: Item) -> str:
    from agnes.yaml.dump import dump

    said = {field: getattr(item.proposed, field) or "" for field in SAID}
    told = [item.shown, *(f"evidence: {printable(text)}" for text in item.proposed.evidence)]
    told += [
        f"{field} now: {printable(getattr(item.current, field))}" for field in item.differences
    ]
    told.append("Change it and save to take it in your words; without a change, nothing happens.")
    return "".join(f"# {line}\n" for line in told) + dump(said).decode()


def _from_text(text: str) -> dict[str, Any]:
    from agnes.yaml.loader import load

    data = load(text.encode())
    if not isinstance(data, dict) or data.keys() - set(SAID):
        raise InvalidError("that is not what was opened", [], f"say only: {', '.join(SAID)}")
    return {field: str(data.get(field) or "").strip() for field in SAID}
