"""Keys and what they do: sealing blobs, index hashes, ids.

Three kinds of key, random, kept in the store and wrapped by one master key: data keys (numbered, AES-256-GCM), one index
key (keyed hashes for exact look-ups) and one seed (ids, create keys, digests; fixed for the life of a store). The master
key comes from `KEHUB_KEY` or from a file that only its owner can read, outside the store.
"""

from __future__ import annotations

import base64
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hub.errors import SettingsError
from hub.written import written

_NONCE = 12


def new_key() -> bytes:
    """A random 256-bit key."""
    return AESGCM.generate_key(256)


def _unreadable(where: str) -> SettingsError:
    return SettingsError(
        "the master key does not open this store",
        where=where,
        remedy="restore the key that `kehub init` made for it (KEHUB_KEY or key_file); without it nothing can be read",
    )


def master_key(key_file: str, folder: Path) -> bytes:
    """The master key from `KEHUB_KEY` (base64 of 32 bytes) or from `key_file`, refused when others can read it."""
    given = os.environ.get("KEHUB_KEY", "")
    if given:
        return _decoded(given, "KEHUB_KEY")
    path = (folder / Path(key_file).expanduser()).resolve()
    try:
        mode = path.stat().st_mode
        text = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise SettingsError(
            "the master key cannot be read", where=str(path), remedy="set KEHUB_KEY or restore the key file"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsError("the key file is readable by others", where=str(path), remedy=f"chmod 600 {path}")
    return _decoded(text, str(path))


def _decoded(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError("not a key (32 bytes in base64)", where=where, remedy="use the key that `kehub init` made")
    return key


def write_key_file(path: Path) -> None:
    """Make a new master key in a file of mode 0600; an existing one is never overwritten."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(base64.b64encode(new_key()).decode("ascii") + "\n")


def wrap(master: bytes, purpose: str, key: bytes) -> bytes:
    """`key` sealed under the master key, bound to its purpose."""
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(master).encrypt(nonce, key, purpose.encode())


def unwrap(master: bytes, purpose: str, wrapped: bytes) -> bytes:
    """The inverse of `wrap`; SettingsError for the wrong master key."""
    try:
        return AESGCM(master).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], purpose.encode())
    except InvalidTag:
        raise _unreadable("store") from None


@dataclass(frozen=True)
class Keys:
    """The unwrapped keys of one store; `current` is the number of the data key that seals new blobs."""

    data: Mapping[int, bytes]
    index: bytes
    seed: bytes
    current: int = 1


class Vault:
    """Seals, opens and hashes with the keys of one store."""

    def __init__(self, keys: Keys) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.data.items()}
        self._cipher, self._number = self._ciphers[keys.current], keys.current.to_bytes(2, "big")
        self._index = blake2b(key=keys.index, digest_size=16)
        self._seed = keys.seed
        self._seeded: dict[int, Any] = {}

    def seal(self, value: Any, context: str) -> bytes:
        """`value` (JSON) as an encrypted blob: key number (2 bytes), nonce, ciphertext bound to `context`."""
        return self.sealed([written(value)], context)[0]

    def sealed(self, texts: Sequence[bytes], context: str) -> list[bytes]:
        """As `seal`, of values that are JSON already; the nonces of all are drawn together."""
        encrypt, number, bound = self._cipher.encrypt, self._number, context.encode()
        drawn = os.urandom(_NONCE * len(texts))
        nonces = [drawn[start : start + _NONCE] for start in range(0, len(drawn), _NONCE)]
        return [number + nonce + encrypt(nonce, text, bound) for nonce, text in zip(nonces, texts, strict=True)]

    def open(self, blob: bytes, context: str) -> Any:
        """The inverse of `seal`; SettingsError when the key is not the one it was sealed with."""
        cipher = self._ciphers.get(int.from_bytes(blob[:2], "big"))
        if cipher is None:
            raise _unreadable("store")
        try:
            return orjson.loads(cipher.decrypt(blob[2 : 2 + _NONCE], blob[2 + _NONCE :], context.encode()))
        except InvalidTag:
            raise _unreadable("store") from None

    def index(self, kind: str, value: str) -> bytes:
        """The keyed hash under which `value` of this kind is looked up (16 bytes)."""
        return self._hashed(f"{kind}\0{value}".encode())

    def fingerprint(self, value: Any) -> bytes:
        """The keyed hash of a JSON value, for telling whether it changed (16 bytes)."""
        return self._hashed(written(value))

    def fingerprints_of(self, word: str, texts: Sequence[bytes]) -> list[bytes]:
        """As `fingerprint([word, value])`, of values that are JSON already."""
        begun = self._index.copy()
        begun.update(b"[%b," % orjson.dumps(word))
        found = []
        for text in texts:
            hasher = begun.copy()
            hasher.update(text + b"]")
            found.append(hasher.digest())
        return found

    def _hashed(self, text: bytes) -> bytes:
        hasher = self._index.copy()  # the key is worked in once
        hasher.update(text)
        return hasher.digest()

    def digest(self, *parts: str | bytes, size: int = 16) -> bytes:
        """A keyed hash that stays the same for the life of the store: ids, create keys, plan digests."""
        if size not in self._seeded:
            self._seeded[size] = blake2b(key=self._seed, digest_size=size)
        hasher = self._seeded[size].copy()
        for part in parts:
            encoded = part.encode() if isinstance(part, str) else part
            hasher.update(len(encoded).to_bytes(4, "big") + encoded)
        digest: bytes = hasher.digest()
        return digest

    def name(self, *parts: str | bytes, length: int = 16) -> str:
        """`digest` as `length` base32 characters (lower-case letters and digits 2-7)."""
        size = (length * 5 + 7) // 8
        return base64.b32encode(self.digest(*parts, size=size)).decode("ascii")[:length]
