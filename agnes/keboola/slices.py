"""Where a slice of an exported file is, and what opens it, on each of Keboola's clouds."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

from agnes.keboola.client import KeboolaError

_NOTHING = hashlib.sha256(b"").hexdigest()


def slice_request(
    file: Mapping[str, Any], url: str, table_id: str
) -> tuple[str, Mapping[str, str]]:
    """What to ask for a slice.

    Args:
        file: what the Storage API says of the file, with `federationToken`.
        url: the slice's, as the list of slices has it: `s3://`, `gs://`, `azure://` or `https://`.

    Returns:
        the address and the headers of a GET.

    Raises:
        KeboolaError: the cloud is not known, or the file comes without credentials for it.
    """
    parts = urlsplit(url)
    path = quote(parts.path, safe="/~")
    try:
        match parts.scheme:
            case "https" | "http":
                return url, {}
            case "gs":
                token = file["gcsCredentials"]["access_token"]
                address = f"https://storage.googleapis.com/{parts.netloc}{path}"
                return address, {"Authorization": f"Bearer {token}"}
            case "azure":
                sas = dict(
                    item.split("=", 1)
                    for item in file["absCredentials"]["SASConnectionString"].split(";")
                    if item
                )
                return f"https://{parts.netloc}{path}?{sas['SharedAccessSignature']}", {}
            case "s3":
                host = f"s3.{file['region']}.amazonaws.com"
                # The bucket in the path: with a dot in its name it fits no certificate.
                address = f"https://{host}/{parts.netloc}{path}"
                return address, sign(address, {}, file["credentials"], file["region"])
    except (KeyError, TypeError, ValueError, AttributeError):
        raise KeboolaError(f"Keboola: {table_id}: the file has no credentials") from None
    raise KeboolaError(f"Keboola: {table_id}: slices at {parts.scheme or url}:// are not known")


def sign(
    url: str,
    headers: Mapping[str, str],
    credentials: Mapping[str, str],
    region: str,
    at: datetime | None = None,
) -> dict[str, str]:
    """The headers of a GET from S3: Amazon's signature, version 4.

    Args:
        url: without a query; its path is quoted.
        headers: further ones, in lower case.
        credentials: `AccessKeyId`, `SecretAccessKey`, and `SessionToken` where they are passing.
    """
    moment = (at or datetime.now(UTC)).strftime("%Y%m%dT%H%M%SZ")
    parts = urlsplit(url)
    signed = dict(headers) | {"x-amz-content-sha256": _NOTHING, "x-amz-date": moment}
    if session := credentials.get("SessionToken"):
        signed["x-amz-security-token"] = session
    named = dict(sorted((signed | {"host": parts.netloc}).items()))
    names = ";".join(named)
    lines = "".join(f"{name}:{value}\n" for name, value in named.items())
    request = f"GET\n{parts.path}\n\n{lines}\n{names}\n{_NOTHING}"
    scope = f"{moment[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    text = f"AWS4-HMAC-SHA256\n{moment}\n{scope}\n{digest}"
    key = f"AWS4{credentials['SecretAccessKey']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, text.encode(), "sha256").hex()
    signed["Authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credentials['AccessKeyId']}/{scope},"
        f"SignedHeaders={names},Signature={signature}"
    )
    return signed
