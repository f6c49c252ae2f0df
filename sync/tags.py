"""Tags, as the steps see them: those of the hub on a record, those a customer should carry, and what has to change.

Everything here is folded (`hub.tags.fold`) and sorted, so that two sets of tags are one when the lists are equal. The
staff's tags never enter: neither plan, shadow nor receipt knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Rows
from typing import Any

from hub.connector import Field, Tagged
from hub.tags import TAGS, fold, names


def seen(entry: Field, raw: Any) -> list[str]:
    """The hub's own tags in a field of theirs."""
    return sorted({fold(name) for name in names(raw) if _sound(name) and entry.tags.owns(name)})


def sources(entry: Field, decided: Rows[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(tag, decided field, its value) for every tag that a customer should carry."""
    for part in entry.tags.of:
        value = decided.get(part)
        if value is not None and entry.tags.owns(tag := entry.tags.tag(entry.values.get(value, value))):
            yield fold(tag), part, value


def wanted(entry: Field, decided: Rows[str, Any]) -> list[str] | None:
    """The tags that a customer should carry; None when nothing is decided that would give or deny one."""
    if all(decided.get(part) is None for part in entry.tags.of):
        return None
    return sorted({tag for tag, _, _ in sources(entry, decided)})


def change(entry: Field, raw: Any, wanted: Iterable[str]) -> Tagged:
    """What to do about a field of theirs that holds `raw`, so that of the hub's tags it holds `wanted`."""
    there, folded = names(raw), set(wanted)
    remove = tuple(name for name in there if entry.tags.owns(name) and fold(name) not in folded)
    missing = folded - {fold(name) for name in there}
    add = tuple(_spelled(entry, tag) for tag in sorted(missing))
    return Tagged((*(name for name in there if name not in remove), *add), add, remove)


def _spelled(entry: Field, tag: str) -> str:
    """A folded tag as the mapping spells it; a tier's or a stage's own word is written in lower case."""
    rule = entry.tags
    known = [*rule.own, *(rule.tag(word) for word in entry.values.values())]
    return next((name for name in known if fold(name) == tag), rule.prefix + tag.removeprefix(rule.lead))


def _sound(name: str) -> bool:
    """Whether a name can be stored: half a character (a lone surrogate) makes it nobody's."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def is_tags(entry: Field) -> bool:
    """Whether an entry of a mapping is about tags."""
    return entry.ours == TAGS
