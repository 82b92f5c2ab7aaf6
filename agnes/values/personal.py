"""Columns whose values nobody is to see: addresses, numbers and secrets of persons.

sensitive("contact", ["ada@example.com", "", "grace@example.com"])  # "email"
masked("call +44 20 7946 0958")                                      # "call <phone>"
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address

from agnes.values.checksums import is_card, is_iban
from agnes.values.secrets import is_opaque, is_secret, is_short_secret, names_no_secret
from agnes.values.words import present, words

_EMAIL = re.compile(r"[^\s@<>,;:\"'()\[\]]{1,64}@[^\s@<>,;:\"'()\[\]]+\.[^\W\d]{2,}")
_PHONE = re.compile(
    r"(\+|00)[1-9]\d{0,2}[ ./-]?(\(0?\d{1,5}\)[ ./-]?)?\d(?:[ ./-]{0,2}\d){4,12}"
    r"|(1[ .-])?(\(\d{3}\) ?|\d{3}[.-])\d{3}[ .-]\d{4}"
    r"|\(?0[1-9]\d{0,4}\)?([ /-] ?\d{2,8}){1,5}",
)
_PHONES_BEGIN = frozenset("+(0123456789")
_EXTENSION = re.compile(r" *(x|ext\.?|#) *\d{1,5}$")
_DIGITS = re.compile(r"\+?[\d\s().\-/]{7,20}")
_DATE = re.compile(r"\d{4}[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./]\d{4}")
_IPV4 = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_IPV6 = re.compile(r"[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_NUMBERS = re.compile(r"[+(]?\d[\d()/.-]*(?: [\d()/-]{2,})*")
_WORDS = re.compile(r"[\w$+(][^\s,;\"'<>{}\[\]]{6,}(?: [0-9A-Z]{1,4}\b)*")
_NEUTRAL = frozenset(
    """
    address addresses addr adr adresse id no nr num number nummer value raw text string hash hashed
    encrypted enc primary secondary main home work private business office mobile main billing
    shipping customer contact 1 2 3
    """.split()
)
"""What may follow in a name without making it another thing: `email_address`, not `email_count`."""


def _is_email(text: str) -> bool:
    return "@" in text and _EMAIL.search(text) is not None


def _is_phone(text: str) -> bool:
    if not (7 < len(text) < 32 and text[0] in _PHONES_BEGIN):
        return False
    bare = _EXTENSION.sub("", text)
    if _PHONE.fullmatch(bare) is None or _DATE.fullmatch(bare):
        return False
    return 8 <= sum(map(str.isdigit, bare)) <= 15


def _is_digits(text: str) -> bool:
    if not (6 < len(text) < 32 and text[0] in _PHONES_BEGIN):
        return False
    bare = _EXTENSION.sub("", text).removesuffix(".0")
    return _DIGITS.fullmatch(bare) is not None and 7 <= sum(map(str.isdigit, bare)) <= 15


def _is_ip(text: str) -> bool:
    if text.count(".") != 3 and text.count(":") < 2:
        return False
    host = text.partition("/")[0]
    if "." in host and host.count(":") == 1:
        host = host.partition(":")[0]
    if not (_IPV4.fullmatch(host) or _IPV6.fullmatch(host)):
        return False
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True)
class _Kind:
    """A kind of what is sensitive.

    Args:
        matches: whether a value is of it.
        suspected: the same where the name says so.
        share: of the values that must be, to be sure without a name. (One in ten numbers has the
            right check digit of a card by chance.)
        words: one of these groups of words in a name says so.
    """

    name: str
    matches: Callable[[str], bool]
    suspected: Callable[[str], bool]
    share: float
    words: frozenset[str]


_SUSPECTED_SHARE = 0.15
_KINDS = (
    _Kind(
        *("email", _is_email, _is_email, 0.1),
        frozenset(
            "email emails mail mails e-mail emailaddress mailadresse correo courriel".split()
        ),
    ),
    _Kind(
        *("iban", is_iban, is_iban, 0.3),
        frozenset(["iban", "bank-account", "account-iban"]),
    ),
    _Kind(
        *("card", is_card, is_card, 0.6),
        frozenset("card-number credit-card cc-number pan creditcard kreditkarte card-no".split()),
    ),
    _Kind(
        *("ip", _is_ip, _is_ip, 0.5),
        frozenset("ip ips ipaddress ipv4 ipv6 remote-addr client-addr".split()),
    ),
    _Kind(
        *("phone", _is_phone, _is_digits, 0.4),
        frozenset(
            "phone phones telephone tel telefon telefono telefone mobile cell cellphone handy fax "
            "msisdn whatsapp phonenumber telefonnummer gsm mobil".split()
        ),
    ),
    _Kind(
        *("token", lambda text: is_secret(text) or is_opaque(text), is_short_secret, 0.5),
        frozenset(
            "token tokens password passwd pwd passwort kennwort heslo secret secrets apikey "
            "api-key access-key private-key secret-key auth-key credentials jwt cookie".split()
        ),
    ),
)


def sensitive(name: str, values: Sequence[str | None]) -> str | None:
    """What a column holds that no sample may be shown of.

    Its values decide; a name lets fewer of them do, and decides where there are none.

    Args:
        name: of the column.
        values: some of them, as text.

    Returns:
        "email", "phone", "card", "iban", "ip" or "token"; None for anything else.
    """
    there = list(dict.fromkeys(present(values)))
    said = words(name)
    for kind in _KINDS:
        suspected = _says(said, kind.words)
        if not there:
            if suspected:
                return kind.name
            continue
        matches = kind.suspected if suspected else kind.matches
        share = sum(map(matches, there)) / len(there)
        if share >= (_SUSPECTED_SHARE if suspected else kind.share) and not _excused(
            kind.name, name, there
        ):
            return kind.name
    return None


def masked(text: str) -> str:
    """A text without what is sensitive in it, for one that may be shown otherwise."""
    text = _EMAIL.sub("<email>", text) if "@" in text else text
    for pattern in (_NUMBERS, _WORDS):
        text = pattern.sub(lambda found: _mask(found[0]), text)
    return text


def _mask(text: str) -> str:
    bare = text.rstrip(".,;:!?)")
    for kind in _KINDS[1:]:
        if kind.matches(bare):
            return f"<{kind.name}>{text[len(bare) :]}"
    return text


def _says(said: Sequence[str], names: frozenset[str]) -> bool:
    """Whether a name ends with one of some words, or goes on with neutral ones."""
    while said:
        if said[-1] in names or "-".join(said[-2:]) in names:
            return True
        if said[-1] not in _NEUTRAL:
            return False
        said = said[:-1]
    return False


def _excused(kind: str, name: str, there: Sequence[str]) -> bool:
    """Whether values only look like it: versions like addresses, keys of rows like secrets."""
    if kind == "ip":
        said = words(name)
        return not {"version", "build", "release", "firmware", "ver", "oid"}.isdisjoint(said)
    if kind == "token":
        return names_no_secret(name) and not any(map(is_secret, there))
    return False
