"""Signing in with an identity provider: a real one from a package, and one that lies."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from support import api as shops
from support import database
from support.api import Api
from tessera.access.signing import wire
from tessera.access.signing.core.words import Verified
from tessera.access.signing.wire import Astray, Provider
from tessera.base.problem import PostgresProblem

BACK = "https://shop.example/console/sign-in/back"
MEMBERS_BACK = "https://shop.example/m/sign-in/back"
CLIENT = "tessera"


# A real provider ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def issuer(tmp_path_factory) -> Iterator[str]:
    """The address of a provider in a process of its own."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path_factory.mktemp("provider") / "log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port),
             "--require-nonce", "true"],
            stdout=out, stderr=out,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 30
        while not answers(url):
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/.well-known/openid-configuration").status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def api(server, template, issuer):
    name = f"tessera_api_{uuid4().hex[:12]}"
    database.make(server, name, template)
    told = issuer.replace("//", f"//{CLIENT}:s3cret@")
    settings = {"public_url": "https://shop.example", "oidc_staff_url": told}
    with shops.opened(database.at(server, name), **settings) as shop:
        yield shop
    database.drop(server, name)


def person(api: Api) -> tuple[str, str]:
    """Somebody of staff: id and address."""
    email = f"{uuid4().hex[:10]}@example.org"
    said = api.call("POST", "/v1/staff", {"name": "Ada", "email": email, "role": "operator"})
    return said.json()["staff_id"], email


def set_out(api: Api) -> dict[str, Any]:
    said = api.call("POST", "/v1/sign-in/provider", {}, token="", key=None)
    assert said.status_code == 200, said.text
    return said.json()


def at_provider(issuer: str, out: dict[str, Any], subject: str, **claims: Any) -> str:
    """What the browser brings back to where this kind of person comes in: the code."""
    httpx.put(f"{issuer}/users/{subject}", json=claims).raise_for_status()
    said = httpx.post(out["url"], data={"sub": subject})
    assert said.status_code == 302, said.text
    words = parse_qs(urlsplit(said.headers["location"]).query)
    assert said.headers["location"].startswith((BACK, MEMBERS_BACK))
    assert words["state"] == [out["state"]]
    return words["code"][0]


def come_back(api: Api, out: dict[str, Any], code: str, **other: Any):
    body = {"code": code, "binding": out["binding"]} | other
    return api.call("POST", f"/v1/sign-in/provider/{out['state']}", body, token="", key=None)


def test_staff_sign_in_by_a_verified_address_and_then_by_subject(api, issuer):
    staff_id, email = person(api)
    subject = uuid4().hex
    for claims in (
        {"email": email.upper(), "email_verified": True, "name": "Ada"},
        {"email": "other@example.org", "email_verified": False},
    ):
        out = set_out(api)
        said = come_back(api, out, at_provider(issuer, out, subject, **claims))
        assert said.status_code == 200, said.text
        assert said.json()["person_id"] == staff_id
        assert api.call("GET", "/v1/sessions", token=said.json()["token"]).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [{"email_verified": False}, {}, {"email_verified": "true"}, {"email": "x@example.org"}],
)
def test_an_address_that_is_not_verified_names_nobody(api, issuer, claims):
    _, email = person(api)
    out = set_out(api)
    said = come_back(api, out, at_provider(issuer, out, uuid4().hex, **{"email": email} | claims))
    assert (said.status_code, said.json()["code"]) == (403, "sign_in_wrong")


def test_another_subject_with_the_same_address_is_another(api, issuer):
    _, email = person(api)
    said = []
    for subject in (uuid4().hex, uuid4().hex):
        out = set_out(api)
        code = at_provider(issuer, out, subject, email=email, email_verified=True)
        said.append(come_back(api, out, code).status_code)
    assert said == [200, 403]


def test_who_set_out_comes_back_once_and_in_the_same_browser(api, issuer):
    _, email = person(api)
    claims = {"email": email, "email_verified": True}
    out = set_out(api)
    code = at_provider(issuer, out, uuid4().hex, **claims)
    other = come_back(api, out, code, binding="another-browser")
    assert (other.status_code, other.json()["code"]) == (403, "ceremony_wrong")
    assert come_back(api, out, code).status_code == 403, "it is over"
    out, second = set_out(api), set_out(api)
    mixed = come_back(api, second, at_provider(issuer, out, uuid4().hex, **claims))
    assert (mixed.status_code, mixed.json()["code"]) == (409, "provider_down"), "another nonce"
    made_up = come_back(api, set_out(api), "made-up")
    assert made_up.json()["code"] == "provider_down"


# One that lies -----------------------------------------------------------------------------------


class Liar:
    """A provider whose every answer can be set."""

    def __init__(self) -> None:
        self.key, self.kid, self.nonce = RSAKey.generate_key(2048), "one", "n"
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.url = ""
        self.heard: list[dict[str, list[str]]] = []
        self.status, self.body, self.pause_s = 200, b"", 0.0
        self.signs_with: RSAKey | OctKey | None = None
        self.keys_asked = 0

    def token(self) -> str:
        now = int(time.time())
        claims = {
            "iss": self.url, "aud": CLIENT, "sub": "s", "exp": now + 60, "iat": now,
            "nonce": self.nonce, "email": "a@example.org", "email_verified": True, "name": "A",
        }  # fmt: skip
        said = {k: v for k, v in (claims | self.claims).items() if v is not None}
        header = {"alg": "RS256", "kid": self.kid} | self.header
        if header["alg"] == "none":
            parts = [json.dumps(each).encode() for each in (header, said)]
            return ".".join(base64.urlsafe_b64encode(p).rstrip(b"=").decode() for p in parts) + "."
        algorithms = [header["alg"]]
        return jwt.encode(header, said, self.signs_with or self.key, algorithms=algorithms)

    def answer(self, path: str) -> dict[str, Any]:
        if path.endswith("openid-configuration"):
            ends = {"authorization_endpoint": "auth?x=1", "token_endpoint": "token",
                    "jwks_uri": "keys"}  # fmt: skip
            return {"issuer": self.url} | {k: f"{self.url}/{v}" for k, v in ends.items()}
        if path == "/keys":
            self.keys_asked += 1
            return {"keys": [self.key.as_dict(private=False) | {"kid": self.kid, "use": "sig"}]}
        return {"id_token": self.token(), "access_token": "x", "token_type": "Bearer"}


@contextmanager
def lying() -> Iterator[Liar]:
    liar = Liar()

    class Heard(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(liar.answer(self.path), 200, b"")

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"])).decode()
            liar.heard.append(parse_qs(raw) | {"auth": [self.headers.get("authorization", "")]})
            time.sleep(liar.pause_s)
            self._say(liar.answer("token"), liar.status, liar.body)

        def _say(self, body: dict[str, Any], status: int, instead: bytes) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(instead or json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Heard)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    liar.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield liar
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def vouch(liar: Liar, provider: Provider | None = None) -> Verified:
    at = provider or Provider(liar.url.replace("//", f"//{CLIENT}:s%40c@"), BACK, "x")
    return asyncio.run(at.verified("the-code", "the-verifier", "n"))


def test_a_provider_that_says_what_it_must_is_believed():
    with lying() as liar:
        assert vouch(liar) == Verified(liar.url, "s", "a@example.org", True, "A")
        (asked,) = liar.heard
        assert asked["code_verifier"] == ["the-verifier"] and asked["redirect_uri"] == [BACK]
        assert asked["auth"] == ["Basic " + base64.b64encode(b"tessera:s@c").decode()]


def test_the_way_out_carries_state_nonce_and_challenge():
    with lying() as liar:
        at = Provider(liar.url.replace("//", f"//{CLIENT}:s@"), BACK, "x")
        url = asyncio.run(at.way_out("st", "no", "ch"))
        words = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert words == {
            "x": "1", "response_type": "code", "client_id": CLIENT, "redirect_uri": BACK,
            "scope": "openid email profile", "state": "st", "nonce": "no", "code_challenge": "ch",
            "code_challenge_method": "S256",
        }  # fmt: skip


LIES: dict[str, dict[str, Any]] = {
    "another issuer": {"iss": "https://evil.example"},
    "for somebody else": {"aud": "other"},
    "for nobody": {"aud": None},
    "for several, by another": {"aud": [CLIENT, "other"], "azp": "other"},
    "for several, by nobody": {"aud": [CLIENT, "other"]},
    "over": {"exp": int(time.time()) - 120},
    "without an end": {"exp": None},
    "from tomorrow": {"iat": int(time.time()) + 86_400},
    "another's nonce": {"nonce": "m"},
    "without a nonce": {"nonce": None},
    "about nobody": {"sub": None},
    "about a number": {"sub": 7},
    "about an endless one": {"sub": "x" * 300},
}


@pytest.mark.parametrize("lie", LIES)
def test_a_token_that_is_not_for_us_and_now_is_refused(lie):
    with lying() as liar:
        liar.claims = LIES[lie]
        with pytest.raises(Astray):
            vouch(liar)


def test_a_token_that_it_did_not_sign_is_refused():
    with lying() as liar:
        at = Provider(liar.url.replace("//", f"//{CLIENT}:s@"), BACK, "x")
        liar.header = {"alg": "none"}
        with pytest.raises(Astray):
            vouch(liar, at)
        liar.header, liar.signs_with = {"alg": "RS256"}, RSAKey.generate_key(2048)
        with pytest.raises(Astray):
            vouch(liar, at)
        public = json.dumps(liar.key.as_dict(private=False)).encode()
        liar.header, liar.signs_with = {"alg": "HS256"}, OctKey.import_key(public)
        with pytest.raises(Astray):
            vouch(liar, at)
        assert liar.keys_asked <= 2, "however often it is shown a wrong signature"


def test_a_key_made_since_is_fetched(monkeypatch):
    monkeypatch.setattr(wire, "AGAIN_S", 0.0)
    with lying() as liar:
        at = Provider(liar.url.replace("//", f"//{CLIENT}:s@"), BACK, "x")
        vouch(liar, at)
        liar.key, liar.kid = RSAKey.generate_key(2048), "two"
        assert vouch(liar, at).subject == "s"


@pytest.mark.parametrize("trouble", ["500", "redirect", "nonsense", "endless", "slow", "gone"])
def test_a_provider_in_trouble_is_not_waited_for(trouble, monkeypatch):
    monkeypatch.setattr(wire, "TIMEOUT_S", 0.4)
    with lying() as liar:
        at = Provider(liar.url.replace("//", f"//{CLIENT}:s@"), BACK, "x")
        liar.status = {"500": 500, "redirect": 302}.get(trouble, 200)
        liar.body = {"nonsense": b"<html>", "endless": b"x" * 2_000_000}.get(trouble, b"")
        liar.pause_s = 1.0 if trouble == "slow" else 0.0
        if trouble == "gone":
            at = Provider("http://tessera:s@127.0.0.1:1", BACK, "x")
        with pytest.raises(Astray):
            vouch(liar, at)


def test_what_says_it_is_another_issuer_is_no_provider():
    with lying() as liar:
        at = Provider(liar.url.replace("//127.0.0.1", f"//{CLIENT}:s@localhost"), BACK, "x")
        with pytest.raises(Astray):
            vouch(liar, at)


@pytest.mark.parametrize(
    "url",
    [
        "https://accounts.example",
        "http://a:b@accounts.example",
        "ftp://a:b@h",
        "x",
        "https://a@h:99999",
    ],
)
def test_a_setting_that_is_no_provider_is_named(url):
    with pytest.raises(PostgresProblem) as told:
        Provider(url, BACK, "TESSERA_OIDC_STAFF_URL")
    assert told.value.field == "TESSERA_OIDC_STAFF_URL"
