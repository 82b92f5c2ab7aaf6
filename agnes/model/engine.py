"""Addresses of engines, such as `postgres://ada@db.example.com/warehouse`."""

from __future__ import annotations

from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

SCHEMES = {
    "duckdb": "duckdb",
    "postgres": "postgres",
    "postgresql": "postgres",
    "pyspark": "spark",
    "spark": "spark",
    "trino": "trino",
    "bigquery": "bigquery",
    "snowflake": "snowflake",
}
"""What an address begins with, and the dialect that is spoken there."""
_SECRET = ("password", "passwd", "auth", "secret", "token", "key", "passphrase", "credential")
_HIDDEN = "***"
_SPARK = ("spark.master", "spark.remote", "spark.app.name", "spark.sql.warehouse.dir")
"""What agnes.yml may set of a Spark session. Others have it load code, such as `spark.jars`."""


def split_url(url: str) -> SplitResult:
    """An address in its parts; the name of an engine alone is one, too.

    Raises:
        ValueError: it is none; the message does not repeat it, since a password may be in it.
    """
    known = ", ".join(sorted({"pyspark", *SCHEMES} - {"postgresql", "spark"}))
    if url in SCHEMES:
        url = f"{url}://"
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise ValueError("must be an address such as postgres://host/database") from error
    if url.partition("://")[0] not in SCHEMES or "://" not in url:
        raise ValueError(f"must begin with the name of an engine and ://; there is {known}")
    return parts


def secrets_in(parts: SplitResult) -> list[str]:
    """What in an address is not for others to see."""
    found = [parts.password] if parts.password else []
    return found + [value for key, value in parse_qsl(parts.query) if _is_secret(key) and value]


def without_secrets(url: str) -> str:
    """An address as it may be shown.

    Raises:
        ValueError: it is none.
    """
    parts = split_url(url)
    query = [(key, _HIDDEN if _is_secret(key) else value) for key, value in parse_qsl(parts.query)]
    netloc = parts.netloc
    if parts.password is not None:
        user, _, host = netloc.rpartition("@")
        netloc = f"{user.partition(':')[0]}@{host}"
    shown = parts._replace(netloc=netloc, query=urlencode(query, safe="*/:[],"))
    return written(shown)


def written(parts: SplitResult) -> str:
    """An address of its parts."""
    text = parts.geturl()
    return text if "://" in text else text.replace(":", "://", 1)


def public_url(url: str) -> str:
    """The same address, if it may stand in agnes.yml, which everybody reads and obeys.

    Raises:
        ValueError: it is none, has a password in it, or sets what a catalog has no say in.
    """
    parts = split_url(url)
    if secrets_in(parts):
        raise ValueError("has a password in it, which everybody could read; see docs/engines.md")
    if SCHEMES[parts.scheme] == "spark":
        for key, _ in parse_qsl(parts.query, keep_blank_values=True):
            if key not in _SPARK:
                known = ", ".join(_SPARK)
                raise ValueError(f"sets {key} for everybody: here may be {known}; see --engine")
    return url


def _is_secret(key: str) -> bool:
    return any(word in key.lower() for word in _SECRET)
