"""Whom an OpenID provider vouches for, and which of its answers do not count."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from agnes.auth.oidc import Identity, Provider
from agnes.errors import UnauthorizedError, UnavailableError, UsageError
from tests.openid.provider import CLIENT, SECRET, OpenIdProvider

CALLBACK = "http://127.0.0.1:1/auth/oidc/callback"


@pytest.fixture
def openid() -> Iterator[OpenIdProvider]:
    provider = OpenIdProvider()
    yield provider
    provider.close()


@pytest.fixture
def ours(openid) -> Provider:
    return Provider(openid.url, CLIENT, SECRET)


def sign_in(ours: Provider) -> Identity:
    begun = ours.begin(CALLBACK)
    back = httpx.URL(httpx.get(begun.url).headers["Location"])
    assert back.params["state"] == begun.state
    return ours.finish(CALLBACK, back.params["code"], vars(begun))


def test_the_provider_says_who_it_is(ours, openid):
    assert sign_in(ours) == Identity(
        f"{openid.url}|u-1", "grace@example.com", "Grace Hopper", ("finance", "sales"), True
    )


def test_the_address_may_be_that_of_the_discovery_document(openid):
    sign_in(Provider(f"{openid.url}/.well-known/openid-configuration", CLIENT, SECRET))


def test_documents_of_the_provider_are_asked_for_once(ours, openid):
    for _ in range(3):
        sign_in(ours)
    assert openid.asked.count("/.well-known/openid-configuration") == 1
    assert openid.asked.count("/jwks") == 1


@pytest.mark.parametrize("ways", [["client_secret_post"], ["client_secret_basic"], []])
def test_the_secret_is_sent_the_way_that_the_provider_knows(ours, openid, ways):
    openid.ways = ways
    sign_in(ours)


def test_a_client_without_a_secret_has_pkce_alone(openid):
    openid.secret = None
    sign_in(Provider(openid.url, CLIENT, None))


def test_what_the_token_does_not_say_is_asked_for(ours, openid):
    groups = openid.user.pop("groups")
    openid.info = {"sub": "u-1", "groups": groups, "email": "other@example.com"}
    found = sign_in(ours)
    assert (found.groups, found.email) == (("finance", "sales"), "grace@example.com")


def test_what_is_said_of_another_user_does_not_count(ours, openid):
    del openid.user["groups"]
    openid.info = {"sub": "u-2", "groups": ["finance"]}
    assert sign_in(ours).groups is None


@pytest.mark.parametrize(
    ("claim", "groups"),
    [
        (None, None),
        ([], ()),
        ("finance", ("finance",)),
        (["b", "a", "b"], ("a", "b")),
        (["a", 7, None, "", " x", "a\0", "x" * 201, {}], ("a",)),
        ({"a": 1}, ()),
    ],
    ids=str,
)
def test_groups_are_taken_as_far_as_they_are_sound(ours, openid, claim, groups):
    openid.user["groups"] = claim
    assert sign_in(ours).groups == groups


def test_another_claim_may_hold_the_groups(openid):
    openid.user["roles"] = ["finance"]
    assert sign_in(Provider(openid.url, CLIENT, SECRET, "roles")).groups == ("finance",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": None}, "does not say the user's e-mail"),
        ({"email": ""}, "does not say the user's e-mail"),
        ({"email_verified": False}, "has not checked"),
        ({"email_verified": "false"}, "has not checked"),
    ],
    ids=str,
)
def test_a_user_without_an_email_that_was_checked_is_refused(ours, openid, change, said):
    openid.user |= change
    with pytest.raises(UnauthorizedError, match=said):
        sign_in(ours)


@pytest.mark.parametrize("verified", [None, "no", 1])
def test_an_email_of_which_nothing_is_said_is_not_called_checked(ours, openid, verified):
    openid.user["email_verified"] = verified
    assert not sign_in(ours).verified


@pytest.mark.parametrize(
    "change",
    [
        {"iss": "https://elsewhere.example.com"},
        {"aud": "another"},
        {"aud": ["agnes", "another"]},
        {"aud": ["agnes", "another"], "azp": "another"},
        {"nonce": "another"},
        {"nonce": 7},
        {"exp": 1},
        {"exp": float("nan")},
        {"iat": 2**40},
        {"sub": None},
    ],
    ids=str,
)
def test_an_id_token_with_a_wrong_claim_does_not_count(ours, openid, change):
    openid.forge = lambda claims: _encode(claims | change, openid)
    with pytest.raises(UnauthorizedError):
        sign_in(ours)


@pytest.mark.parametrize("claim", ["iss", "aud", "exp", "iat", "sub", "nonce"])
def test_an_id_token_without_a_claim_does_not_count(ours, openid, claim):
    openid.forge = lambda claims: openid.sign({k: v for k, v in claims.items() if k != claim})
    with pytest.raises(UnauthorizedError):
        sign_in(ours)


def _encode(claims, openid) -> str:
    import json

    headers = {"kid": openid.key_name}
    return jwt.PyJWS().encode(json.dumps(claims).encode(), openid.key, "RS256", headers)


def _public(openid) -> bytes:
    return openid.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


FORGERIES = {
    "not signed": lambda claims, openid: jwt.encode(
        claims, None, "none", headers={"kid": openid.key_name}
    ),
    "by our secret": lambda claims, openid: jwt.encode(
        claims, SECRET * 4, "HS256", headers={"kid": openid.key_name}
    ),
    "by another key": lambda claims, openid: jwt.encode(
        claims, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": openid.key_name}
    ),
    "by a key that is not shown": lambda claims, openid: jwt.encode(
        claims, openid.key, "RS256", headers={"kid": "k9"}
    ),
    "empty": lambda *_: "",
    "garbage": lambda *_: "a.b.c",
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_id_token_does_not_count(ours, openid, forgery):
    openid.forge = lambda claims: FORGERIES[forgery](claims, openid)
    with pytest.raises(UnauthorizedError):
        sign_in(ours)


def test_the_public_key_is_no_secret_for_hmac(ours, openid):
    import hashlib
    import hmac as mac
    from base64 import urlsafe_b64encode
    from json import dumps

    def forge(claims) -> str:
        parts = [{"alg": "HS256", "kid": openid.key_name}, claims]
        text = b".".join(urlsafe_b64encode(dumps(it).encode()).rstrip(b"=") for it in parts)
        tag = mac.new(_public(openid), text, hashlib.sha256).digest()
        return (text + b"." + urlsafe_b64encode(tag).rstrip(b"=")).decode()

    openid.forge = forge
    with pytest.raises(UnauthorizedError):
        sign_in(ours)


def test_a_new_key_of_the_provider_is_found(ours, openid):
    sign_in(ours)
    openid.new_key("k2")
    sign_in(ours)
    assert openid.asked.count("/jwks") == 2


def test_a_code_counts_once_and_only_with_its_verifier(ours):
    begun = ours.begin(CALLBACK)
    code = httpx.URL(httpx.get(begun.url).headers["Location"]).params["code"]
    with pytest.raises(UnauthorizedError, match="invalid_grant"):
        ours.finish(CALLBACK, code, vars(begun) | {"verifier": "another" * 9})
    with pytest.raises(UnauthorizedError, match="invalid_grant"):
        ours.finish(CALLBACK, code, vars(begun))


def test_a_wrong_secret_is_said_without_it(openid):
    with pytest.raises(UnauthorizedError, match="invalid_client") as error:
        sign_in(Provider(openid.url, CLIENT, "canary-5d1c"))
    assert "canary" not in str(error.value)


@pytest.mark.parametrize(
    "more",
    [{"issuer": "https://elsewhere.example.com"}, {"authorization_endpoint": None}, {"issuer": 7}],
    ids=str,
)
def test_a_provider_that_does_not_say_what_it_should_is_unavailable(ours, openid, more):
    openid.more = more
    with pytest.raises(UnavailableError):
        sign_in(ours)


def test_an_endpoint_without_tls_elsewhere_is_not_asked(ours, openid):
    openid.more = {"token_endpoint": "http://elsewhere.example.com/token"}
    with pytest.raises(UsageError, match="https alone"):
        sign_in(ours)


@pytest.mark.parametrize(
    "url", ["", "http://id.example.com", "ftp://127.0.0.1", "https://", "http://127.0.0.1.evil.com"]
)
def test_an_address_that_is_not_safe_is_refused(url):
    with pytest.raises(UsageError, match="https alone"):
        Provider(url, CLIENT, None)


def test_a_provider_that_is_down_is_said():
    with pytest.raises(UnavailableError, match="does not answer: ConnectError"):
        Provider("http://127.0.0.1:1", CLIENT, None).begin(CALLBACK)
