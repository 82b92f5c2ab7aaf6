"""A small OpenID provider on loopback, with real keys, that the tests can make misbehave."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote_plus, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "agnes", "a secret/with:signs"


class OpenIdProvider:
    """Signs everybody in as `user`.

    Attributes:
        user: the claims of the ID token.
        info: the claims of the userinfo endpoint; none: there is no such endpoint.
        forge: given the sound claims, makes the ID token.
        asked: the paths that were asked for.
    """

    def __init__(self) -> None:
        self.user: dict[str, Any] = {
            "sub": "u-1",
            "email": "grace@example.com",
            "email_verified": True,
            "name": "Grace Hopper",
            "groups": ["finance", "sales"],
        }
        self.info: dict[str, Any] | None = None
        self.secret: str | None = SECRET
        self.ways = ["client_secret_basic", "client_secret_post"]
        self.more: dict[str, Any] = {}
        self.forge = self.sign
        self.asked: list[str] = []
        self.new_key("k1")
        self._codes: dict[str, dict[str, str]] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def new_key(self, name: str) -> None:
        self.key = _key(name)
        self.key_name = name

    def sign(self, claims: dict[str, Any]) -> str:
        return jwt.encode(claims, self.key, "RS256", headers={"kid": self.key_name})

    def get(self, path: str, query: dict[str, str], bearer: str) -> tuple[int, Any]:
        if path == "/.well-known/openid-configuration":
            return 200, self._discovery()
        if path == "/jwks":
            key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
            return 200, {"keys": [key | {"kid": self.key_name, "use": "sig", "alg": "RS256"}]}
        if path == "/authorize":
            assert query["response_type"] == "code"
            assert query["code_challenge_method"] == "S256"
            code = secrets.token_urlsafe(16)
            self._codes[code] = query
            back = urlencode({"code": code, "state": query["state"]})
            return 302, f"{query['redirect_uri']}?{back}"
        if path == "/userinfo" and bearer == "opaque":
            return 200, self.info
        return 404, {}

    def post(self, path: str, form: dict[str, str], basic: str) -> tuple[int, Any]:
        if basic:
            name, _, secret = base64.b64decode(basic).decode().partition(":")
            given = (unquote_plus(name), unquote_plus(secret))
        else:
            given = (form.get("client_id", ""), form.get("client_secret"))
        if path != "/token" or given != (CLIENT, self.secret):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300}
        token = self.forge(claims | {"nonce": asked["nonce"]} | self.user)
        return 200, {"id_token": token, "access_token": "opaque", "token_type": "Bearer"}

    def _discovery(self) -> dict[str, Any]:
        found = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "token_endpoint_auth_methods_supported": self.ways,
        }
        if self.info is not None:
            found["userinfo_endpoint"] = f"{self.url}/userinfo"
        return found | self.more


@cache
def _key(name: str) -> rsa.RSAPrivateKey:
    """Of one name always the same: finding primes takes longer than a sign-in."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _handler(provider: OpenIdProvider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            provider.asked.append(parts.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            self.answer(*provider.get(parts.path, query, self.authorization("Bearer")))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.answer(*provider.post(self.path, form, self.authorization("Basic")))

        def authorization(self, kind: str) -> str:
            return self.headers.get("Authorization", "").removeprefix(f"{kind} ")

        def answer(self, status: int, body: Any) -> None:
            content = b"" if status == 302 else json.dumps(body).encode()
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    return Handler
