"""Somebody of staff who signs in over HTTP."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import httpx
import pyotp

from support.api import Api

GOOD = "maple tram violet ox"


class Person:
    """Somebody of staff with an app."""

    def __init__(self, api: Api, role: str = "operator", **more: Any) -> None:
        self.api, self.email = api, f"{uuid4().hex[:10]}@example.org"
        body = {"name": "Ada Lovelace", "email": self.email, "role": role, **more}
        said = api.call("POST", "/v1/staff", body)
        assert said.status_code == 201, said.text
        self.id, self.invitation = said.json()["staff_id"], said.json()["invitation"]
        self.secret = self.token = ""
        self.recovery: list[str] = []

    def enrol(self, password: str = GOOD) -> Person:
        offer = self.say("/v1/sign-in/invitation", invitation=self.invitation)
        assert offer.status_code == 200, offer.text
        self.secret = offer.json()["app_secret"]
        used = self.say("/v1/sign-in/invitation/use", invitation=self.invitation,
                        password=password, code=self.code(), device="laptop")  # fmt: skip
        assert used.status_code == 201, used.text
        self.token = used.json()["session"]["token"]
        self.recovery = used.json()["recovery_codes"]
        self.again()
        return self

    def again(self) -> None:
        """Half a minute later: the app shows another code."""
        self.api.eye.execute("UPDATE access.staff SET totp_step = 0 WHERE id = %s", [self.id])

    def code(self) -> str:
        return pyotp.TOTP(self.secret).now()

    def say(self, path: str, **body: Any) -> httpx.Response:
        return self.api.call("POST", path, body, token="", key=None)

    def sign_in(self, password: str = GOOD, code: str | None = None) -> httpx.Response:
        more = {"code": self.code() if code is None else code}
        return self.say("/v1/sign-in", email=self.email, password=password, **more)


def call(
    api: Api, token: str, method: str, path: str, body: Any = None, **more: Any
) -> httpx.Response:
    """One call with this token."""
    return api.call(method, path, body, token=token, **more)


def code_of(said: httpx.Response) -> str:
    """Of a refusal."""
    return said.json()["code"]
