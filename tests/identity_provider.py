"""An OpenID Connect provider on this machine: real keys, real HTTP, and as wrong as a test wants it."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

CLIENT, SECRET = "desk-client", "a secret of the client"


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """Return the RSA key of a name, the same for the whole run."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def number(value: int) -> str:
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


def signed(claims: dict[str, Any], *, by: str = "first", kid: str = "first", **header: Any) -> str:
    """Return a JSON Web Token with an RS256 signature, made by hand (RFC 7515, appendix A.2)."""
    head = {"alg": "RS256", "kid": kid, "typ": "JWT", **header}
    body = f"{b64(json.dumps(head).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{body}.{b64(key(by).sign(body.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


@dataclass
class IdentityProvider:
    """What it answers; a test turns what it wants wrong."""

    port: int = 0
    person: dict[str, Any] = field(default_factory=dict)
    published: list[str] = field(default_factory=lambda: ["first"])
    token: Callable[[dict[str, Any]], str | None] = signed
    document: dict[str, Any] = field(default_factory=dict)
    particulars: dict[str, Any] | None = None
    status: int = 200
    asked: dict[str, dict[str, str]] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    ends_sessions: bool = False
    left: list[dict[str, str]] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, url: str) -> dict[str, str]:
        """Do what the provider does when the browser comes: note what was asked, and return what goes back."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert parts.path == "/authorize"
        assert (query["response_type"], query["client_id"], query["code_challenge_method"]) == ("code", CLIENT, "S256")
        code = f"code-{len(self.asked)}"
        self.asked[code] = query
        return {"code": code, "state": query["state"]}

    def leave(self, url: str) -> str:
        """Do what the provider does when the browser comes to sign out; return where it is led."""
        parts = urlsplit(url)
        assert parts.path == "/leave"
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        self.left.append(query)
        return f"{query['post_logout_redirect_uri']}?{urlencode({'state': query['state']})}"

    def logout_claims(self, **about: Any) -> dict[str, Any]:
        """Return what a logout token says (OpenID Connect Back-Channel Logout 1.0, 2.4)."""
        now = int(time.time())
        base = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 120, "jti": f"token-{len(self.left)}-{now}"}
        return {**base, "events": {"http://schemas.openid.net/event/backchannel-logout": {}}, **about}

    def claims(self, code: str) -> dict[str, Any]:
        now = int(time.time())
        base = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": self.asked[code]["nonce"]}
        return {**base, **self.person}

    def answer(self, path: str, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        self.paths.append(path)
        if path == "/.well-known/openid-configuration":
            at = self.issuer
            return self.status, {
                "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token",
                "jwks_uri": f"{at}/keys", "id_token_signing_alg_values_supported": ["RS256", "HS256", "none"],
                **({"userinfo_endpoint": f"{at}/particulars"} if self.particulars is not None else {}),
                **({"end_session_endpoint": f"{at}/leave"} if self.ends_sessions else {}), **self.document,
            }  # fmt: skip
        if path == "/keys":
            return 200, {"keys": [self._public(name) for name in self.published]}
        if path == "/particulars":
            return (200, self.particulars) if headers.get("Authorization") == "Bearer access" else (401, {})
        return self._token(form, headers)

    def _public(self, name: str) -> dict[str, str]:
        numbers = key(name).public_key().public_numbers()
        return {"kty": "RSA", "kid": name, "use": "sig", "n": number(numbers.n), "e": number(numbers.e)}

    def _token(self, form: dict[str, str], headers: Any) -> tuple[int, Any]:
        asked = self.asked.get(form.get("code", ""))
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        challenge = b64(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if asked is None or headers.get("Authorization") != f"Basic {basic}":
            self.problems.append("unknown code or client")
        elif challenge != asked["code_challenge"]:
            self.problems.append("the verifier does not fit the challenge")
        elif form.get("redirect_uri") != asked["redirect_uri"]:
            self.problems.append("another address to come back to")
        else:
            id_token = self.token(self.claims(form["code"]))
            body = {"access_token": "access", "token_type": "Bearer", "expires_in": 300}
            return 200, {**body, **({"id_token": id_token} if id_token else {})}
        return 400, {"error": "invalid_grant"}


@contextmanager
def provider() -> Iterator[IdentityProvider]:
    """Run a provider until the end of the block."""
    found = IdentityProvider()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            form = {name: values[0] for name, values in parse_qs(self.rfile.read(length).decode()).items()}
            if self.command == "GET" and urlsplit(self.path).path == "/authorize":
                back = found.authorize(self.path)
                self._redirect(f"{found.asked[back['code']]['redirect_uri']}?{urlencode(back)}")
                return
            if self.command == "GET" and urlsplit(self.path).path == "/leave":
                self._redirect(found.leave(self.path))
                return
            status, body = found.answer(urlsplit(self.path).path, form, self.headers)
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _redirect(self, where: str) -> None:
            self.send_response(302)
            self.send_header("Location", where)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = _do

        def log_message(self, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
