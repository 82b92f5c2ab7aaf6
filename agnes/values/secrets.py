"""Tokens, keys and hashes of passwords: what lets somebody in who has it."""

from __future__ import annotations

import re

from agnes.values.words import words

_ISSUED = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?"  # a JSON Web Token
    r"|(gh[pousr]_|github_pat_|glpat-|xox[abprs]-|AIza|AKIA|ASIA|ya29\.|npm_|hf_|dckr_pat_)[\w-]{12,}"
    r"|(sk|pk|rk|whsec)[_-](live_|test_|ant-|proj-)?[\w-]{16,}"
    r"|\$(2[abxy]|argon2\w*|scrypt|pbkdf2[\w-]*|[156])\$\S{8,}"  # a hash of a password
    r"|(Bearer|Basic) [\w.~+/=-]{8,}"
    r"|-----BEGIN [A-Z ]*KEY-----.*",
    re.DOTALL,
)
_HEX = re.compile(r"(0x)?([0-9a-f]{32,}|[0-9A-F]{32,})")
_OPAQUE = re.compile(r"[\w+/~.-]{24,}={0,2}", re.ASCII)
_SHORT = re.compile(r"[!-~]{8,}")
_RUN = re.compile(r"[A-Za-z]{9,}")
_SHORTEST = 12
_KEYS = frozenset("id ids sk hk pk bk key uid guid ref".split())
_SUMS = frozenset(
    "hash md5 sha sha1 sha256 sha512 checksum digest etag commit revision fingerprint crc url uri "
    "path link href".split()
)
_SECRETS = frozenset("api access private secret auth session password passwd pwd token".split())


def is_secret(text: str) -> bool:
    """Whether a value is a secret whatever it is called: its form is that of an issuer."""
    return len(text) >= _SHORTEST and _ISSUED.fullmatch(text) is not None


def is_opaque(text: str) -> bool:
    """Whether a value may be a secret: long, and no words in it. UUIDs are not."""
    return len(text) >= _SHORTEST and (_HEX.fullmatch(text) is not None or _is_jumbled(text))


def _is_jumbled(text: str) -> bool:
    return (
        _OPAQUE.fullmatch(text) is not None
        and sum(any(map(kind, text)) for kind in (str.isdigit, str.islower, str.isupper)) == 3
        and sum(map(str.isdigit, text)) >= 2
        and len(set(text)) >= 14
        and not _RUN.search(text)
    )


def is_short_secret(text: str) -> bool:
    """Whether a value may be a secret if its column is called so: printable, and no mere number."""
    return _SHORT.fullmatch(text) is not None and not text.replace(".", "").isdigit()


def names_no_secret(name: str) -> bool:
    """Whether a column is called a key of rows or a checksum, and no key of doors."""
    said = words(name)
    return (
        bool(said)
        and (said[-1] in _KEYS or not _SUMS.isdisjoint(said))
        and _SECRETS.isdisjoint(said)
    )
