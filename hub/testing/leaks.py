"""Looking for personal values where they must not be: plain, URL-encoded, in base64 at any offset, as MD5."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus


def disguises(value: str) -> set[bytes]:
    """The bytes under which a value could hide."""
    found = {value.encode(), quote(value, safe="").encode(), quote_plus(value).encode()}
    weak = hashlib.md5(value.encode(), usedforsecurity=False)
    found |= {value.encode("utf-16-le"), value.encode("gb18030", "ignore"), value.encode("unicode_escape")}
    found |= {weak.digest(), weak.hexdigest().encode()}
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + value.encode())
        first, last = -(-offset * 8 // 6), (offset + len(value.encode())) * 8 // 6
        found.add(encoded[first:last])  # the part that no neighbour can change
    return {form for form in found if len(form) >= 6}


def found_in(content: bytes, values: Mapping[str, Iterable[str]]) -> list[str]:
    """Which kinds of values hide in some bytes."""
    return [
        f"{kind}: {value}"
        for kind, words in values.items()
        for value in words
        if any(form in content for form in disguises(value))
    ]


def found_under(folder: Path, values: Mapping[str, Iterable[str]]) -> list[str]:
    """Which values hide in the files of a folder, or in their names."""
    found = []
    for path in sorted(folder.rglob("*")):
        content = path.name.encode() + (path.read_bytes() if path.is_file() else b"")
        found += [f"{path.name}: {hit}" for hit in found_in(content, values)]
    return found
