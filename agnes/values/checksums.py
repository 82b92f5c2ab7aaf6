"""The check digits of card and account numbers."""

from __future__ import annotations

import re

_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
_BRANDS = re.compile(
    r"4\d{12}(\d{3}){0,2}"  # Visa
    r"|(5[1-5]\d\d|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|(6011|65\d\d|64[4-9]\d|62\d\d|35\d\d)\d{12}(\d{3})?"  # Discover, UnionPay, JCB
    r"|3(0[0-5]|[68]\d)\d{11}"  # Diners Club
)
_IBAN = re.compile(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}")


def luhn(digits: str) -> bool:
    """Whether the last of some digits is the check digit of the others (ISO/IEC 7812)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        total += _DOUBLED[int(digit)] if place % 2 else int(digit)
    return total % 10 == 0


def is_card(text: str) -> bool:
    """Whether a text is the number of a payment card: a known brand's, with its check digit."""
    if not (12 < len(text) < 30 and text[0].isdigit()):
        return False
    digits = text.replace(" ", "").replace("-", "")
    return digits.isascii() and _BRANDS.fullmatch(digits) is not None and luhn(digits)


def is_iban(text: str) -> bool:
    """Whether a text is the number of a bank account, with its check digits (ISO 13616)."""
    if not (14 < len(text) < 45 and text[0].isalpha() and text[3].isdigit()):
        return False
    number = text.replace(" ", "").upper()
    if not number.isascii() or not _IBAN.fullmatch(number):
        return False
    digits = "".join(str(int(character, 36)) for character in number[4:] + number[:4])
    return int(digits) % 97 == 1
