"""One hook of git: a marked block in it that calls Agnes, and what was there before is kept.

Where the hook is a shell script, the block goes in below its first line, so that no `exit` or
`exec` skips it. Anything else is renamed to `<hook>.before-agnes`, and called by the file that
takes its place.
"""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path
from typing import Literal

from agnes.errors import ConflictError

_SYNC_BLOCK = """\
# >>> agnes >>>
# Syncs Agnes's cache in the background. To take it out: da hooks uninstall
"${{0%/*}}/agnes-sync-in-background" {hook} "$@" </dev/null >/dev/null 2>&1 || :
# <<< agnes <<<
"""
_CHECK_BLOCK = """\
# >>> agnes >>>
# Refuses what does not validate. To take it out: da hooks uninstall
agnes_pushed=$(cat)
printf '%s\\n' "$agnes_pushed" | "${0%/*}/agnes-pre-receive" || exit 1
exec <<AGNES
$agnes_pushed
AGNES
# <<< agnes <<<
"""
_OURS = b"#!/bin/sh\n# Made by `da hooks install`. What you add below runs too.\n"
_THEIRS = """\
[ -x "${{0%/*}}/{name}" ] || exit 0
exec "${{0%/*}}/{name}" "$@"
"""
_BLOCK = re.compile(rb"# >>> agnes >>>\n.*?# <<< agnes <<<\n", re.DOTALL)
_SHELL = re.compile(rb"#![ \t]*(\S*/env[ \t]+(-S[ \t]+)?)?(\S*/)?(sh|bash|dash|zsh)([ \t].*)?\n")
_READ_BY_ANOTHER = re.compile(rb"exec\b[^\n(`]*\$\{?0\b(?![%#])")


def calls_agnes(hook: Path) -> bool:
    """Whether the block is in it."""
    return hook.is_file() and not hook.is_symlink() and bool(_BLOCK.search(hook.read_bytes()))


def put_in(hook: Path) -> Literal["new", "beside yours", "before yours", "unchanged"]:
    """Have a hook call Agnes first.

    Raises:
        ConflictError: the name for what is there is taken.
    """
    block = _block(hook.name)
    if not os.path.lexists(hook):
        write(hook, _OURS + block, 0o755)
        return "new"
    if calls_agnes(hook):
        write(hook, _BLOCK.sub(lambda _: block, hook.read_bytes(), count=1), _mode(hook))
        return "unchanged"
    if _takes_a_block(hook):
        shebang, end, rest = hook.read_bytes().partition(b"\n")
        write(hook, shebang + end + block + rest, _mode(hook))
        return "beside yours"
    aside = _aside(hook)
    if os.path.lexists(aside):
        raise ConflictError(f"{aside} is in the way", "delete it if nothing needs it")
    hook.rename(aside)
    write(hook, _OURS + block + _call(aside), 0o755)
    return "before yours"


def take_out(hook: Path) -> Literal["removed", "restored"]:
    """Undo `put_in`: the hook is what it was, with what was added since."""
    text = _BLOCK.sub(b"", hook.read_bytes(), count=1)
    aside = _aside(hook)
    if text == _OURS + _call(aside) and os.path.lexists(aside):
        aside.replace(hook)
        return "restored"
    if text == _OURS:
        hook.unlink()
        return "removed"
    write(hook, text, _mode(hook))
    return "restored"


def write(path: Path, content: bytes, mode: int) -> None:
    """Replace a script, which git may be running just now, unless it is so already."""
    if path.is_file() and path.read_bytes() == content and _mode(path) == mode:
        return
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(content)
        temporary.chmod(mode)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _takes_a_block(hook: Path) -> bool:
    """Whether lines of shell at its top would run, and nothing but a shell would read them.

    A hook that is not executable does not run, what is behind a link is somebody else's, and a
    script may hand itself to another interpreter: `exec python3 "$0"`.
    """
    if hook.is_symlink() or not hook.is_file() or not os.access(hook, os.X_OK):
        return False
    text = hook.read_bytes()
    return bool(_SHELL.match(text)) and b"\0" not in text and not _READ_BY_ANOTHER.search(text)


def _block(hook: str) -> bytes:
    return (_CHECK_BLOCK if hook == "pre-receive" else _SYNC_BLOCK.format(hook=hook)).encode()


def _aside(hook: Path) -> Path:
    return hook.with_name(f"{hook.name}.before-agnes")


def _call(aside: Path) -> bytes:
    return _THEIRS.format(name=aside.name).encode()


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)
