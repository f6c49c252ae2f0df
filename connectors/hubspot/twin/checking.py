"""Whether property values may be written, and in which form they are kept."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from typing import Any

from connectors.hubspot.twin.books import Kind, Record
from connectors.hubspot.twin.replies import Values
from connectors.hubspot.twin.schema import Spec

LONGEST = 65_536
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
Problem = tuple[str, str]
"""A property and the code of what is wrong with its value."""


def problems(kind: Kind, values: Mapping[str, Any], *, strict: bool) -> Iterator[Problem]:
    """What is wrong with values, property by property; nothing for good ones."""
    for name, value in values.items():
        spec = kind.properties.get(name)
        if spec is None:
            yield name, "PROPERTY_DOESNT_EXIST"
        elif spec.read_only:
            yield name, "READ_ONLY_VALUE"
        elif value not in (None, "") and (code := _wrong(spec, str(value), strict)):
            yield name, code


def taken(kind: Kind, values: Mapping[str, Any], record: Record | None) -> Iterator[tuple[str, Record]]:
    """The unique properties whose values another record has, with that record."""
    for name in kind.unique():
        other = kind.having(name, str(values[name])) if values.get(name) else None
        if other is not None and other is not record:
            yield name, other


def kept(kind: Kind, values: Mapping[str, Any], record: Record | None) -> Values:
    """The values as they are stored: addresses in small letters, times in one form; a leading semicolon adds.

    An empty text clears; nothing at all (null) is passed over, as far as is known.
    """
    return {name: _form(kind.properties[name], value, record) for name, value in values.items() if value is not None}


def told(found: list[Problem]) -> tuple[str, list[Values]]:
    """The problems as a message, which holds them as JSON, and as errors of their own."""
    listed = [
        {"isValid": False, "message": "is not valid", "error": code, "name": name, "localizedErrorMessage": ""}
        for name, code in found
    ]
    inner = [{"message": "is not valid", "code": code, "context": {"propertyName": [name]}} for name, code in found]
    return f"Property values were not valid: {json.dumps(listed)}", inner


def _wrong(spec: Spec, value: str, strict: bool) -> str:
    if len(value) > LONGEST:
        return "PROPERTY_VALUE_TOO_LONG"
    if spec.name == "email":
        return "" if _EMAIL.fullmatch(value) else "INVALID_EMAIL"
    if spec.kind == "number":
        return "" if _NUMBER.fullmatch(value) else "INVALID_INTEGER"
    if spec.kind == "bool":
        return "" if value in ("true", "false") else "INVALID_OPTION"
    if spec.kind == "enumeration" and spec.options and strict:
        chosen = value.removeprefix(";").split(";") if spec.several else [value]
        return "" if set(chosen) <= set(spec.options) else "INVALID_OPTION"
    if spec.kind in ("date", "datetime"):
        return "" if _is_time(spec.kind, value) else "INVALID_DATE"
    return ""


def _is_time(kind: str, value: str) -> bool:
    if value.lstrip("-").isdecimal():
        return kind == "datetime" or int(value) % 86_400_000 == 0
    try:
        date.fromisoformat(value) if kind == "date" else datetime.fromisoformat(value)
    except ValueError:
        return False
    return True


def _form(spec: Spec, value: Any, record: Record | None) -> str | None:
    text = "" if value is None else str(value)
    if not text:
        return None
    if spec.name == "email":
        return text.lower()
    if spec.several and text.startswith(";"):
        held = str((record.values.get(spec.name) if record else "") or "")
        return ";".join(dict.fromkeys(filter(None, [*held.split(";"), *text.split(";")])))
    if spec.kind == "datetime":
        numeric = text.lstrip("-").isdecimal()
        at = datetime.fromtimestamp(int(text) / 1000, UTC) if numeric else datetime.fromisoformat(text)
        at = at if at.tzinfo else at.replace(tzinfo=UTC)
        return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return text
