"""A small OpenID Connect provider on this machine: discovery, consent, tokens with a signature, user info."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa


@dataclass
class Provider:
    """`person`: whom it says it has before it. `agrees`: does that person let it tell us?"""

    url: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    agrees: bool = True
    broken: bool = False
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    key: Any = field(default_factory=lambda: rsa.generate_private_key(public_exponent=65537, key_size=2048))

    def answer(self, path: str, query: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
        """Status and JSON, or the address it sends browsers to."""
        if self.broken:
            return 500, {"error": "out of order"}
        return getattr(self, {"/.well-known/openid-configuration": "discovery"}.get(path, path.strip("/")))(query, body)

    def discovery(self, query: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
        ends = {"authorization": "authorize", "token": "token", "userinfo": "userinfo"}
        return 200, {
            "issuer": self.url, "jwks_uri": f"{self.url}/keys",
            **{f"{end}_endpoint": f"{self.url}/{path}" for end, path in ends.items()},
        }  # fmt: skip

    def authorize(self, query: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
        code = secrets.token_urlsafe(8)
        self.codes[code] = query
        told = {"code": code} if self.agrees else {"error": "access_denied"}
        return 302, f"{query['redirect_uri']}?{urlencode({**told, 'state': query['state']})}"

    def token(self, query: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
        asked = self.codes.pop(body.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(body.get("code_verifier", "").encode()).digest()).rstrip(b"=")
        if asked is None or proof.decode() != asked["code_challenge"] or body.get("client_secret") != "hush":
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.url, "aud": "sw", "iat": now, "exp": now + 60, **self.person}
        return 200, {
            "access_token": "open", "token_type": "Bearer",
            "id_token": jwt.encode(claims, self.key, algorithm="RS256", headers={"kid": "1"}),
        }  # fmt: skip

    def userinfo(self, query: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
        return 200, self.person

    def keys(self, query: dict[str, str], body: dict[str, str]) -> tuple[int, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return 200, {"keys": [{**public, "kid": "1", "use": "sig", "alg": "RS256"}]}


@contextmanager
def running() -> Iterator[Provider]:
    """It listens on a free port until the end of the block."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body, split = self.rfile.read(length).decode(), urlsplit(self.path)
            status, answer = provider.answer(split.path, single(split.query), single(body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", answer)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"" if status == 302 else json.dumps(answer).encode())

        do_POST = do_GET

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def single(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
