"""Dotted paths in their JSON: finding what lies there, and building what shall lie there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import BeforeValidator

from hub.connector import Row


def at(value: Any, path: str) -> Any:
    """What lies at a dotted path, a key that holds dots itself first; None where any part is missing.

    "" is the value itself. A number walks into a list.
    """
    if isinstance(value, Mapping) and path in value:
        return value[path]
    for name in path.split(".") if path else ():
        if isinstance(value, list) and name.isdecimal():
            value = value[int(name)] if int(name) < len(value) else None
        else:
            value = value.get(name) if isinstance(value, Mapping) else None
    return value


def in_a_list(path: str) -> bool:
    """Whether a path names a place in a list."""
    return any(name.isdecimal() for name in path.split("."))


def put(row: Row, path: str, value: Any) -> None:
    """Let a value lie at a dotted path; objects on the way are made, and never shared with what was there."""
    head, _, rest = path.partition(".")
    if not rest:
        row[head] = value
        return
    below = row.get(head)
    row[head] = dict(below) if isinstance(below, dict) else {}
    put(row[head], rest, value)


def within(path: str, value: Any) -> Any:
    """A value as the content of an envelope; "" has none."""
    for name in reversed(path.split(".") if path else ()):
        value = {name: value}
    return value


def text(value: Any) -> str:
    """A value as one word: `true` and `false` as YAML writes them, nothing as ""."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None or isinstance(value, dict | list) else str(value).strip()


Word = Annotated[str, BeforeValidator(lambda value: text(value) if isinstance(value, int) else value)]
"""A word that a system uses, which may be a number or a flag."""
