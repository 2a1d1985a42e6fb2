"""An identity provider over HTTP: OpenID Connect, authorization code with PKCE."""

from __future__ import annotations

import asyncio
import time
from typing import Any
from urllib.parse import unquote, urlencode, urlsplit

import httpx
import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tessera.access.signing.core.words import Verified
from tessera.base.problem import PostgresProblem

TIMEOUT_S, KNOWN_S, AGAIN_S = 5.0, 3600.0, 30.0
LEEWAY_S = 60  # that clocks may differ
_MOST = 512 * 1024  # bytes of an answer
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
_HERE = ("127.0.0.1", "localhost", "::1")


class Astray(Exception):
    """A provider did not say what it must; its words are not told on."""


class _Config(msgspec.Struct, frozen=True):
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class _Tokens(msgspec.Struct, frozen=True):
    id_token: str


class Provider:
    """One provider and what we are to it: `https://client:secret@host/path`, path as its issuer's.

    redirect  where it sends people back to, as it was registered there
    errors    PostgresProblem setting_invalid
    """

    def __init__(self, url: str, redirect: str, name: str) -> None:
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            parts, host, port = urlsplit(""), "", None
        fine = parts.scheme == "https" or (parts.scheme == "http" and host in _HERE)
        if not (fine and host and parts.username):
            raise PostgresProblem(
                "setting_invalid", name, "this is no address of an identity provider",
                "write it as https://client:secret@host/path, the path as in its issuer",
            )  # fmt: skip
        self.issuer = parts._replace(netloc=f"{host}:{port}" if port else host).geturl()
        self._client, self._secret = unquote(parts.username or ""), unquote(parts.password or "")
        self._redirect = redirect
        self._config: _Config | None = None
        self._keys: KeySet | None = None
        self._config_until = self._keys_at = 0.0

    async def way_out(self, state: str, nonce: str, challenge: str) -> str:
        """Where the browser is sent. Errors: Astray."""
        words = {
            "response_type": "code", "client_id": self._client, "redirect_uri": self._redirect,
            "scope": "openid email profile", "state": state, "nonce": nonce,
            "code_challenge": challenge, "code_challenge_method": "S256",
        }  # fmt: skip
        there = (await self._known()).authorization_endpoint
        return f"{there}{'&' if '?' in there else '?'}{urlencode(words)}"

    async def verified(self, code: str, verifier: str, nonce: str) -> Verified:
        """Whom the provider means by this code.

        errors  Astray: it does not answer, knows no such code, or signs what is not for us
        source  OpenID Connect Core 1.0, 3.1.3.7
        """
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self._redirect,
            "code_verifier": verifier, "client_id": self._client,
        }  # fmt: skip
        config = await self._known()
        raw = await self._fetch("POST", config.token_endpoint, form)
        claims = await self._claims(_read(raw, _Tokens).id_token)
        if claims.get("nonce") != nonce:
            raise Astray("nonce")
        return _verified(claims, self.issuer)

    async def _claims(self, token: str) -> dict[str, Any]:
        """What the token says, if the provider signed it for us, and now."""
        try:
            decoded = jwt.decode(token, await self._key_set(), algorithms=_ALGORITHMS)
        except (JoseError, ValueError):  # perhaps by a key that it has made since
            try:
                fresh = await self._key_set(anew=True)
                decoded = jwt.decode(token, fresh, algorithms=_ALGORITHMS)
            except (JoseError, ValueError) as error:
                raise Astray(type(error).__name__) from None
        claims = dict(decoded.claims)
        self._check(claims)
        return claims

    def _check(self, claims: dict[str, Any]) -> None:
        now = time.time()
        audience = claims.get("aud")
        named = [audience] if isinstance(audience, str) else audience
        if claims.get("iss") != self.issuer:
            raise Astray("issuer")
        if not isinstance(named, list) or self._client not in named:
            raise Astray("audience")
        if len(named) > 1 and claims.get("azp") != self._client:
            raise Astray("azp")
        until, made = claims.get("exp"), claims.get("iat", now)
        if not isinstance(until, int | float) or until <= now - LEEWAY_S:
            raise Astray("expired")
        if not isinstance(made, int | float) or made > now + LEEWAY_S:
            raise Astray("iat")

    async def _known(self) -> _Config:
        """What the provider says of itself, as of the last hour."""
        if self._config is None or self._config_until < time.monotonic():
            where = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            config = _read(await self._fetch("GET", where), _Config)
            if config.issuer != self.issuer:
                raise Astray("issuer")
            self._config, self._config_until = config, time.monotonic() + KNOWN_S
        return self._config

    async def _key_set(self, *, anew: bool = False) -> KeySet:
        """Its keys; asked for anew at most twice a minute, whatever is shown to us."""
        age_s = time.monotonic() - self._keys_at
        if self._keys is None or age_s > KNOWN_S or (anew and age_s > AGAIN_S):
            raw = await self._fetch("GET", (await self._known()).jwks_uri)
            self._keys = KeySet.import_key_set(_read(raw, dict))
            self._keys_at = time.monotonic()
        return self._keys

    async def _fetch(self, method: str, url: str, form: dict[str, str] | None = None) -> bytes:
        auth = (self._client, self._secret) if form is not None and self._secret else None
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                httpx.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client,
                client.stream(method, url, data=form, auth=auth) as said,
            ):
                raw = bytearray()
                async for chunk in said.aiter_bytes():
                    raw += chunk
                    if len(raw) > _MOST:
                        raise Astray("size")
                if said.status_code != 200:
                    raise Astray(f"status {said.status_code}")
                return bytes(raw)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            raise Astray(type(error).__name__) from None


def _verified(claims: dict[str, Any], issuer: str) -> Verified:
    subject, email, name = (claims.get(word) for word in ("sub", "email", "name"))
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise Astray("sub")
    return Verified(
        issuer, subject, email[:254] if isinstance(email, str) else "",
        claims.get("email_verified") is True and isinstance(email, str),
        name[:200] if isinstance(name, str) else "",
    )  # fmt: skip


def _read(raw: bytes, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.MsgspecError:
        raise Astray("form") from None
