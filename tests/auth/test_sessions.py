"""Which tokens count: ours, whole, in time, and no others."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agnes.auth.sessions import SKEW, Sessions
from agnes.errors import UnauthorizedError
from tests.auth.conftest import SECRET

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
DAY = 86_400
SESSIONS = Sessions(SECRET, "agnes", "agnes-api", DAY)
CLAIMS = {
    "iss": "agnes",
    "aud": "agnes-api",
    "sub": "5f0e6b4e",
    "jti": "0123456789abcdef",
    "iat": AT,
    "exp": AT + DAY,
    "epoch": 1,
}


def signed(claims: dict, secret: str = SECRET, algorithm: str = "HS256", **headers) -> str:
    """As a forger does it, without the checks of `jwt.encode`."""
    return jwt.PyJWS().encode(json.dumps(claims).encode(), secret, algorithm, headers or None)


def unsigned(claims: dict, algorithm: str) -> str:
    def part(content: dict) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part({'alg': algorithm, 'typ': 'JWT'})}.{part(claims)}."


def test_a_token_of_ours_says_who_it_is_of():
    token, made = SESSIONS.make("5f0e6b4e", 3, NOW)
    assert SESSIONS.read(token, NOW) == made
    assert (made.user_id, made.epoch) == ("5f0e6b4e", 3)
    assert len(made.token_id) >= 16
    assert made.expires_at == NOW + timedelta(days=1)


def test_the_claims_of_the_matrix_count_when_nothing_is_wrong():
    assert SESSIONS.read(signed(CLAIMS), NOW).user_id == "5f0e6b4e"


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_token_without_a_claim_does_not_count(claim):
    rest = {name: value for name, value in CLAIMS.items() if name != claim}
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(signed(rest), NOW)


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("iss", "another"),
        ("iss", ["agnes"]),
        ("aud", "another"),
        ("aud", ["agnes-api", "another"]),
        ("sub", 7),
        ("jti", "short"),
        ("jti", 7),
        ("iat", AT + SKEW + 1),
        ("iat", True),
        ("iat", float(AT)),
        ("iat", -(2**60)),
        ("exp", AT),
        ("exp", AT - 1),
        ("exp", AT + DAY + 1),
        ("exp", 10**12),  # the year 33658
        ("exp", 10**400),
        ("exp", float("inf")),
        ("exp", float("nan")),
        ("exp", str(AT + DAY)),
        ("exp", None),
        ("epoch", "1"),
        ("epoch", None),
        ("epoch", True),
        ("nbf", AT * 2),
    ],
)
def test_a_token_with_a_wrong_claim_does_not_count(claim, value):
    with pytest.raises(UnauthorizedError, match="Invalid or expired token"):
        SESSIONS.read(signed(CLAIMS | {claim: value}), NOW)


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "HS256", "RS256", ""])
def test_a_token_that_is_not_signed_does_not_count(algorithm):
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(unsigned(CLAIMS, algorithm), NOW)


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_another_algorithm_does_not_count_even_with_our_key(algorithm):
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(signed(CLAIMS, SECRET * 2, algorithm), NOW)


def test_a_key_pair_of_somebody_else_does_not_count():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    token = jwt.encode(CLAIMS, pem, "RS256", headers={"jwk": {"kty": "oct"}, "kid": "../x"})
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(token, NOW)


@pytest.mark.parametrize("secret", ["f" * 64, SECRET[:-1] + "0", SECRET.upper()])
def test_another_secret_does_not_count(secret):
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(signed(CLAIMS, secret), NOW)


def test_a_changed_payload_does_not_count():
    head, _, tail = signed(CLAIMS).split(".")
    body = signed(CLAIMS | {"sub": "somebody else"}).split(".")[1]
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(f"{head}.{body}.{tail}", NOW)


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "...", "a.b.c", "Bearer x", "\0", "\ud800", "é.é.é", "a" * 10_000]
    + [base64.urlsafe_b64encode(b"[" * 2000).decode() + ".e30."]
    + [signed(CLAIMS) + suffix for suffix in (".", " ", "\n")]
    + [signed(CLAIMS, crit=["exp"]), signed(CLAIMS, b64=False, crit=["b64"])],
    ids=lambda token: ascii(token[:12]),
)
def test_garbage_does_not_count(token):
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(token, NOW)


def test_a_token_ends_to_the_second():
    token, made = SESSIONS.make("5f0e6b4e", 1, NOW)
    SESSIONS.read(token, made.expires_at - timedelta(seconds=1))
    with pytest.raises(UnauthorizedError):
        SESSIONS.read(token, made.expires_at)


def test_a_shorter_lifetime_ends_tokens_of_the_longer_one():
    token, _ = SESSIONS.make("5f0e6b4e", 1, NOW)
    with pytest.raises(UnauthorizedError):
        Sessions(SECRET, "agnes", "agnes-api", 3600).read(token, NOW)
