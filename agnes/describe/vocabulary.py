"""Words that the rules know."""

from __future__ import annotations

from collections.abc import Sequence

from agnes.values.words import words

PARTICIPLES = {
    word: f"was {word}"
    for word in """
    created updated modified changed deleted removed closed opened reopened resolved paid refunded
    canceled cancelled shipped delivered returned ordered placed invoiced billed booked posted sent
    received signed approved rejected reviewed published archived activated deactivated registered
    completed finished completed assigned imported exported loaded synced processed installed
    measured observed recorded raised acknowledged cleared submitted issued uploaded scheduled
    """.split()
} | {
    "started": "started",
    "ended": "ended",
    "expired": "expired",
    "occurred": "occurred",
    "joined": "joined",
    "start": "starts",
    "begin": "begins",
    "end": "ends",
    "due": "is due",
    "expires": "expires",
    "expiry": "expires",
    "creation": "was created",
    "hire": "was hired",
    "exit": "left",
}
"""A word in the name of a time, and what happened then."""

KINDS = {
    "email": ("E-mail address", frozenset("e mail email emails address addr id".split())),
    "phone": ("Phone number", frozenset("phone tel telephone number no nr phonenumber".split())),
    "card": ("Number of a payment card", frozenset("card number no credit pan".split())),
    "iban": ("Number of a bank account (IBAN)", frozenset("iban bank account number".split())),
    "ip": ("IP address", frozenset("ip address addr ipaddress".split())),
    "token": ("Secret: a token, key or hash of a password", frozenset()),
}
"""What a sensitive column holds, and the words of its name that say no more than that."""

UNITS = {
    "ms": "in milliseconds",
    "millis": "in milliseconds",
    "milliseconds": "in milliseconds",
    "s": "in seconds",
    "sec": "in seconds",
    "secs": "in seconds",
    "seconds": "in seconds",
    "min": "in minutes",
    "minutes": "in minutes",
    "hours": "in hours",
    "days": "in days",
    "pct": "in percent",
    "percent": "in percent",
    "kg": "in kilograms",
    "g": "in grams",
    "km": "in kilometers",
    "m": "in meters",
    "cm": "in centimeters",
    "mm": "in millimeters",
    "kwh": "in kilowatt hours",
    "kw": "in kilowatts",
    "bytes": "in bytes",
    "kb": "in kilobytes",
    "mb": "in megabytes",
    "gb": "in gigabytes",
    "celsius": "in degrees Celsius",
    "kmh": "in kilometers per hour",
    "hpa": "in hectopascals",
    "ppm": "in parts per million",
}

PLACES = {
    "lat": "Latitude in degrees, north is positive",
    "latitude": "Latitude in degrees, north is positive",
    "lon": "Longitude in degrees, east is positive",
    "lng": "Longitude in degrees, east is positive",
    "long": "Longitude in degrees, east is positive",
    "longitude": "Longitude in degrees, east is positive",
}


def plain(name: str) -> str:
    """A name as words: `order_items` is `order items`."""
    return " ".join(words(name))


def singular(text: str) -> str:
    """One of several: `order items` gives `order item`."""
    for ending, one in (("sses", "ss"), ("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if text.endswith(ending) and len(text) > len(ending) + 1:
            return text.removesuffix(ending) + one
    keeps = text.endswith(("ss", "us", "is", "news", "data"))
    return text if keeps else text.removesuffix("s")


def listed(items: Sequence[str]) -> str:
    """Some things: `a, b or c`."""
    return " or ".join(filter(None, [", ".join(items[:-1]), items[-1]]))
