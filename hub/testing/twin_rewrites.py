"""How a twin keeps other words than it was given, as real systems do: by field, in the order given.

rewrites=(("Last_Name", "upper"), ("Last_Name", "cut:10"), ("Email", "lower"), ("KeHub_Tier", "label"))
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any

Rewrites = tuple[tuple[str, str], ...]
"""Their field and what becomes of its text: a name of `MEANINGS`, or `cut:N` for its first N characters."""

MEANINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "trim": lambda text: " ".join(text.split()),
        "squeeze": lambda text: "".join(text.split()),
        "pad": lambda text: f" {text} ",
        "lower": str.lower,
        "upper": str.upper,
        "label": str.title,
        "plain": lambda text: "".join(char for char in text if unicodedata.category(char) not in ("So", "Cf", "Mn")),
    }
)


def rewritten(values: Mapping[str, Any], rewrites: Rewrites) -> dict[str, Any]:
    """A row as it is kept; only texts change."""
    return {name: _kept(name, value, rewrites) for name, value in values.items()}


def rewritten_pairs(pairs: Iterable[Mapping[str, Any]], rewrites: Rewrites) -> list[dict[str, Any]]:
    """The same for rows of {"key", "value"}, where a field is named by its key."""
    return [{**pair, "value": _kept(str(pair.get("key")), pair.get("value"), rewrites)} for pair in pairs]


def _kept(name: str, value: Any, rewrites: Rewrites) -> Any:
    for field, kind in rewrites:
        if field == name and isinstance(value, str):
            value = _one(value, kind)
    return value


def _one(text: str, kind: str) -> str:
    name, _, count = kind.partition(":")
    return text[: int(count)] if name == "cut" else MEANINGS[name](text)
