"""What a browser sends with a form: read whole, within bounds, files kept apart on the disk."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, BinaryIO
from urllib.parse import parse_qs, urlsplit

import msgspec
import multipart

from tessera.base.refusal import Refusal
from tessera.doors.web.visit import Form, Upload

MAX_FORM = 1024 * 1024
MAX_FIELDS = 5000
_IN_MEMORY = 256 * 1024
Receive = Callable[[], Awaitable[Any]]


def from_our_page(headers: Mapping[str, str]) -> bool:
    """Whether a POST was sent by one of our own pages, by what the browser says of its origin.

    Host and port are compared, not the scheme: behind a proxy that ends TLS we may not know it.
    """
    if headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return False
    origin, host = headers.get("origin", ""), headers.get("host", "")
    try:
        return bool(host) and urlsplit(origin).netloc.lower() == host.lower()
    except ValueError:
        return False


async def form_of(headers: Mapping[str, str], receive: Receive, uploads: int) -> Form | Refusal:
    """The form of a POST. `uploads` is how many bytes of files may come with it.

    errors  form_invalid, form_too_large
    """
    said = headers.get("content-type", "")
    kind = said.partition(";")[0].strip().lower()
    try:
        if kind == "multipart/form-data":
            return await _multipart(said, receive, MAX_FORM + uploads)
        raw = await _whole(receive)
        if raw is None:
            return _too_large(MAX_FORM)
        if kind == "application/json":
            return Form(json=msgspec.json.decode(raw))
        text = raw.decode("utf-8")
        fields = parse_qs(text, keep_blank_values=True, max_num_fields=MAX_FIELDS)
    except (ValueError, msgspec.MsgspecError, multipart.MultipartError, RecursionError):
        return _invalid()
    if any("\x00" in value for values in fields.values() for value in values):
        return _invalid()
    return Form(fields)


async def _whole(receive: Receive) -> bytes | None:
    chunks, size = [], 0
    while True:
        message = await receive()
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > MAX_FORM:
            return None
        if not message.get("more_body"):
            return b"".join(chunks)


async def _multipart(said: str, receive: Receive, most: int) -> Form | Refusal:
    """Part by part, as it comes in: a file of any size takes a quarter of a megabyte here."""
    _, options = multipart.parse_options_header(said)
    parser = multipart.PushMultipartParser(
        options.get("boundary", ""), max_header_count=10, max_segment_count=MAX_FIELDS
    )
    parts, size, more = _Parts(), 0, True
    while more:
        message = await receive()
        chunk, more = message.get("body", b""), message.get("more_body", False)
        size += len(chunk)
        if size > most:
            return _too_large(most)
        for event in parser.parse(chunk) if chunk else ():
            refusal = parts.take(event)
            if refusal is not None:
                return refusal
    parser.close()
    return Form(parts.fields, parts.files)


class _Parts:
    """The fields and files of a form so far."""

    def __init__(self) -> None:
        self.fields: dict[str, list[str]] = {}
        self.files: dict[str, Upload] = {}
        self._head: multipart.MultipartSegment | None = None
        self._into: BinaryIO | None = None
        self._text, self._size = 0, 0

    def take(self, event: Any) -> Refusal | None:
        if isinstance(event, multipart.MultipartSegment):
            self._head, self._size = event, 0
            self._into = _kept()
            return None
        assert self._head is not None and self._into is not None
        if event:
            self._size += len(event)
            self._into.write(event)
            if self._head.filename is None:
                self._text += len(event)
            return _too_large(MAX_FORM) if self._text > MAX_FORM else None
        return self._end(self._head, self._into)

    def _end(self, head: multipart.MultipartSegment, into: BinaryIO) -> Refusal | None:
        into.seek(0)
        if head.filename is not None:
            if head.filename or self._size:
                self.files[head.name] = Upload(head.filename, self._size, into)
            else:
                into.close()
            return None
        with into:
            raw = into.read()
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            return _invalid()
        if "\x00" in text:
            return _invalid()
        self.fields.setdefault(head.name, []).append(text)
        return None


def _kept() -> Any:
    """Where a part is kept until the form is let go of, small ones in memory."""
    return tempfile.SpooledTemporaryFile(_IN_MEMORY)


def _too_large(most: int) -> Refusal:
    return Refusal(
        "form_too_large", "", f"this form is larger than {most:,} bytes",
        "send less at a time",
    )  # fmt: skip


def _invalid() -> Refusal:
    return Refusal(
        "form_invalid", "", "what the browser sent is no form that can be read",
        "go back, reload the page and send it again",
    )  # fmt: skip
