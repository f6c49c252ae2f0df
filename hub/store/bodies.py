"""The body of a record: what a system says, since when, and what of it is only our own echo.

    v  field -> value as last seen (canonical spelling)
    s  field -> since: when the hub first saw this value there (epoch seconds); only customers' records say it
    o  field -> [value, since] that stood there before our own write, for fields whose value is ours

A value that equals our last acknowledged write is *ours*: it is no evidence. What it displaced stays the system's word
until somebody there changes the field again, so that our own write can neither hold a merge together nor lose a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.written import written

Value = Any  # JSON: a string, a list or an object, as the noun's field has it


@dataclass(slots=True)
class Body:
    """A record's fields with their provenance."""

    values: dict[str, Value] = field(default_factory=dict)
    since: dict[str, int] = field(default_factory=dict)
    ours: dict[str, tuple[Value, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """The parts as they are stored."""
        return {"v": self.values, "s": self.since, "o": self.ours}

    def written(self, text: bytes = b"") -> bytes:
        """As sealed in the store; `text` is what the values are as JSON, where it is known."""
        if not text or self.ours:
            return written(self.to_json())
        since = written(self.since) if self.since else b"{}"
        return b'{"o":{},"s":%b,"v":%b}' % (since, text)

    @classmethod
    def from_json(cls, found: Mapping[str, Any]) -> Body:
        """The inverse of `to_json`; takes the parts as they are."""
        ours = found["o"]
        return cls(found["v"], found["s"], {name: (old[0], old[1]) for name, old in ours.items()} if ours else {})

    def evidence(self) -> Iterator[tuple[str, Value, int]]:
        """(field, value, since) of what the system itself says: displaced values instead of our own echoes."""
        for name, value in self.values.items():
            if name not in self.ours:
                yield name, value, self.since.get(name, 0)
        for name, (value, since) in self.ours.items():
            if value is not None:
                yield name, value, since

    def words(self) -> Mapping[str, Value]:
        """The system's own word on every field; None where we displaced nothing."""
        return {**self.values, **{name: old for name, (old, _) in self.ours.items()}} if self.ours else self.values

    def word(self, name: str) -> tuple[Value, int]:
        """The system's own word on one field, and since when; None as the value where it says nothing."""
        return self.ours[name] if name in self.ours else (self.values.get(name), self.since.get(name, 0))

    def said(self, name: str) -> Value:
        """The system's own word on one field, or None."""
        return self.word(name)[0]


def alone(text: bytes) -> bytes:
    """As sealed in the store, of values that nobody else has a word on; `text` is what they are as JSON."""
    return b'{"o":{},"s":{},"v":%b}' % text


def take(old: Body | None, seen: Mapping[str, Value], modified: int, written: Mapping[str, Value]) -> Body:
    """The body after the system was seen to hold `seen`; `written` are our last acknowledged writes there."""
    new = Body(dict(seen))
    if old is None and not written:
        new.since = dict.fromkeys(seen, modified)
        return new
    before = old or Body()
    for name in seen.keys() | before.values.keys() | before.ours.keys():
        value = seen.get(name)
        same = value is not None and before.values.get(name) == value
        if value is not None:
            new.since[name] = before.since[name] if same else modified
        if name in written and written[name] == value:
            new.ours[name] = before.ours.get(name, (before.values.get(name), before.since.get(name, modified)))
    return new


def overtaken(written: Mapping[str, Value], seen: Mapping[str, Value]) -> list[str]:
    """Our writes that somebody there has replaced: from now on the field is theirs again."""
    return [name for name, value in written.items() if seen.get(name) != value]
