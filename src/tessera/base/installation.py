"""The key of this installation: what is sealed or marked with it means nothing anywhere else.

It lies in a file beside the data, never in the database: whoever has only a dump can neither read
what is sealed nor try out all of a million codes. Processes on several machines share the file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tessera.base.problem import PostgresProblem, os_problem

KEY_BYTES, NONCE_BYTES = 32, 12


class Installation:
    """One key, from which one for marks and one for seals are made."""

    def __init__(self, key: bytes) -> None:
        assert len(key) == KEY_BYTES, "a key has 256 bits"
        self._marks = hmac.digest(key, b"marks", "sha256")
        self._seals = AESGCM(hmac.digest(key, b"seals", "sha256"))
        blocks = algorithms.AES(hmac.digest(key, b"blocks", "sha256"))
        self._blocks = Cipher(blocks, modes.ECB())  # single blocks, no two alike

    def mark(self, purpose: str, *words: str) -> bytes:
        """32 bytes that stand for these words; nobody without the key can make or guess them.

        shape   no two different lists of words run together
        source  HMAC-SHA-256, RFC 2104
        """
        framed = [b"%d:%b" % (len(raw), raw) for raw in map(str.encode, (purpose, *words))]
        return hmac.digest(self._marks, b"".join(framed), hashlib.sha256)

    def veil(self, blocks: bytes) -> bytes:
        """Blocks of 16 bytes, each as another one: the same block always becomes the same.

        why     what is looked up by its very value, and read again, but means nothing in a dump
        shape   as many bytes; no block may come twice with two meanings: put the meaning into it
        """
        made = self._blocks.encryptor()
        return made.update(blocks) + made.finalize()

    def unveil(self, veiled: bytes) -> bytes:
        """The blocks that `veil` was given."""
        made = self._blocks.decryptor()
        return made.update(veiled) + made.finalize()

    def seal(self, purpose: str, plain: bytes) -> bytes:
        """What was said, readable with this key and for this purpose only; 28 bytes longer."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._seals.encrypt(nonce, plain, purpose.encode())

    def unseal(self, purpose: str, sealed: bytes) -> bytes | None:
        """What was said; None if another key sealed it, for another purpose, or a byte changed."""
        try:
            nonce, rest = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
            return self._seals.decrypt(nonce, rest, purpose.encode())
        except (InvalidTag, ValueError):
            return None


class _Here:
    """The process's own: where its key lies is said once, it is read when it is first needed."""

    place: Path | None = None
    known: Installation | None = None


_here = _Here()


def settle(place: Path) -> None:
    """Say in which file this process's key lies. The first word counts: there is one key."""
    if _here.place is None:
        _here.place = place


def here() -> Installation:
    """This process's installation. Nobody said where: a key that ends with the process.

    errors  PostgresProblem if the file cannot be read or made, or holds no key
    """
    if _here.known is None:
        key = secrets.token_bytes(KEY_BYTES) if _here.place is None else read_key(_here.place)
        _here.known = Installation(key)
    return _here.known


def read_key(place: Path) -> bytes:
    """The key in this file, which is made if it is not there; of several makers one wins.

    errors  PostgresProblem installation_key_invalid, or the disk's
    """
    try:
        if not place.exists():
            _make(place)
        key = bytes.fromhex(place.read_text(encoding="ascii").strip())
    except OSError as error:
        raise os_problem(error, place) from error
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise PostgresProblem(
            "installation_key_invalid", str(place), "the file holds no key of 64 hex digits",
            "bring the installation's own key back from where you keep it",
        )  # fmt: skip
    return key


def _make(place: Path) -> None:
    """A fresh key, whole or not there, readable for its owner only."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = place.with_name(f".{place.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, place)
        except FileExistsError:
            return  # another process was faster: its key is the key
    finally:
        fresh.unlink()
