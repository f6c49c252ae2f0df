"""Tags: words that a system hangs on a customer. Some are the hub's own, all others are the staff's and stay untouched.

Two names are one tag when they are equal trimmed and without regard to case. The hub's own tags begin with a prefix, or
stand on a list; both are declared with the mapping's entry. They are made of what the hub decides: `kehub-gold` is the
prefix `kehub-` and the tier `gold`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

TAGS = "tags"
"""The field of ours that a mapping's entry of tags has."""


def fold(name: str) -> str:
    """The one spelling by which tags are compared."""
    folded = " ".join(unicodedata.normalize("NFC", name).split()).casefold()
    return unicodedata.normalize("NFC", folded)


def names(raw: Any) -> list[str]:
    """The tags in a field of theirs: texts, or objects with a `name`; a text holds a JSON list or has commas between.

    What is no tag at all (a number, nothing) is passed over.
    """
    if isinstance(raw, str):
        return names(_listed(raw))
    if isinstance(raw, Mapping):  # PHP makes an object of a list with a gap
        return names(list(raw.values()))
    found = [one.get("name") if isinstance(one, Mapping) else one for one in raw] if isinstance(raw, list) else []
    return [name for one in found if isinstance(one, str) and (name := one.strip())]


def _listed(text: str) -> list[Any]:
    if text.lstrip().startswith("["):
        try:
            found = orjson.loads(text)
            return found if isinstance(found, list) else []
        except ValueError:
            pass
    return list(text.split(","))


@dataclass(frozen=True)
class TagRule:
    """Which tags a customer gets, and which tags are the hub's.

    `of`: the decided fields that give a tag each (`tier`, `tier.PROGRAMME`, `stage`). The hub's own tags begin with
    `prefix`, or stand in `own`; where both are given, `own` are further ones. Without a prefix only tags in `own` are
    written.
    """

    of: tuple[str, ...] = ()
    prefix: str = ""
    own: tuple[str, ...] = ()

    @property
    def lead(self) -> str:
        """The prefix, folded; a space at its end counts."""
        return fold(self.prefix) + " " * self.prefix[-1:].isspace()

    def owns(self, name: str) -> bool:
        """Whether a tag is the hub's to add and to remove."""
        folded = fold(name)
        return (bool(self.prefix) and folded.startswith(self.lead)) or folded in map(fold, self.own)

    def tag(self, word: str) -> str:
        """The tag that a word (a tier, a stage, or what the mapping's `values` make of it) gives."""
        return f"{self.prefix}{word}"


NO_TAGS = TagRule()
"""The rule of entries that are about something else."""


@dataclass(frozen=True)
class Tagging:
    """How customers are tagged in a system: limits and manners.

    `field` is the pattern of their fields that can hold tags. `max_length` is of one tag, in characters; no tag may
    hold one of `refused`. `batch`: tags have calls of their own, each for up to so many customers (0: they are written
    with the other fields). `ahead`: calls before the first of these. The target's guard must be `read_first`, so that
    the staff's tags are known when the hub's are written.
    """

    field: str
    max_length: int | None = None
    refused: str = ""
    batch: int = 0
    ahead: int = 0

    def flaw(self, tag: str) -> str:
        """Why this system cannot hold a tag; "" when it can."""
        if self.max_length is not None and len(tag) > self.max_length:
            return f"has {len(tag)} characters, at most {self.max_length} are taken"
        if bad := next((char for char in self.refused if char in tag), ""):
            return f'holds "{bad}"'
        return ""


@dataclass(frozen=True)
class Tagged:
    """A customer's tags in a write: `all` as they shall be, the staff's among them as they are; and the difference.

    `add` are spelled by the mapping, `remove` as they stand there.
    """

    all: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True)
class TagCall:
    """One call for many: these tags, for these customers."""

    tags: tuple[str, ...]
    ids: list[str] = field(default_factory=list)


def tag_calls(wanted: Mapping[str, Iterable[str]]) -> list[TagCall]:
    """The fewest calls that give each customer (by id) its tags: one a set of tags, or one a tag where sets are many."""
    sets, single = dict[tuple[str, ...], TagCall](), dict[tuple[str, ...], TagCall]()
    for id_, tags in wanted.items():
        whole = tuple(sorted(tags))
        for calls, parts in ((sets, [whole] if whole else []), (single, [(tag,) for tag in whole])):
            for part in parts:
                calls.setdefault(part, TagCall(part)).ids.append(id_)
    fewest = min(sets, single, key=len)
    return [fewest[tags] for tags in sorted(fewest)]
