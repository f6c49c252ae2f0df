"""A page of rows read column by column: what is plain in a row costs it a look-up a field, and no loop of ours.

A row in which anything is odd is left out here and takes the long way (`sync/normalise.py`), which has the last word and
the better message: a value that no form can spell or the model would refuse, a list where one value is wanted, a required
field without one. A property test holds both ways equal.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Collection, Iterable, Sequence
from collections.abc import Mapping as Rows
from datetime import datetime
from functools import lru_cache, partial
from itertools import compress, repeat
from typing import Any, NamedTuple

from hub.connector import Field, Mapping
from hub.forms import DATE, EMAIL, MOMENT, NUMBER, PHONE, ZONED, Place, is_time, settled, speller, without_zeros
from hub.model import Consent
from hub.names import PARTS, whole_name
from sync import tags
from sync.mapping import LISTS, is_decided, pick
from sync.places import Places
from sync.plain import Check, Plain, Short, changed_at, seconds
from sync.reading import spelled


class Odd:
    """The type of `ODD` alone, so that a column's types tell whether it stands anywhere."""


ODD: Any = Odd()
"""In a column: what cannot be told here."""

CONSENTS = {"true": "opted_out", "opted_in": "opted_in"}
"""What their consent field says -> the state; other words say nothing."""

Column = list[Any]
Say = Callable[[Any], Any]
SayAll = Callable[[list[str]], Column | None]

_CONSENT = Plain(Consent)
_ALIKE = {
    DATE: "2000-01-01",
    MOMENT: "2000-01-01T00:00:00Z",
    NUMBER: "123456789012345.123456",
    PHONE: "+8613812345678",
    EMAIL: "a" * 9 + "@b.cn",
}
"""A text of each form whose settled texts a field of a model takes all, or none."""

_REMEMBERED = 1024
_LOOKED_AT = 24
_NONE = type(None)
_TEXTS = frozenset((str, _NONE))


class Plainly(NamedTuple):
    """What the plain rows of a page say: `rows` are their numbers in it, `at` when they changed, `columns` are by name of
    ours, with None where a row says nothing; `types` are those that stand in each."""

    rows: Sequence[int]
    at: Column
    columns: dict[str, Column]
    types: dict[str, set[type]]

    @classmethod
    def of(cls, at: Column, columns: dict[str, Column], types: dict[str, set[type]]) -> Plainly:
        """Without the rows in which anything is odd."""
        numbers = range(len(at))
        if not (Odd in kinds(at) or any(Odd in found for found in types.values())):
            return cls(numbers, at, columns, types)
        every = (at, *columns.values())
        plain = [not any(value is ODD for value in row) for row in zip(*every, strict=True)]
        at, *kept = (list(compress(column, plain)) for column in every)
        rest = dict(zip(columns, kept, strict=True))
        return cls(list(compress(numbers, plain)), at, rest, {name: kinds(column) for name, column in rest.items()})


def kinds(column: Iterable[Any]) -> set[type]:
    """The types that stand in a column."""
    return set(map(type, column))


def objects(columns: Rows[str, Column], types: Rows[str, set[type]], count: int) -> list[dict[str, Any]]:
    """Rows as objects, without what they do not say."""
    whole = [name for name in columns if _NONE not in types[name]]
    if whole:
        found = list(map(dict, map(zip, repeat(whole), zip(*(columns[name] for name in whole), strict=True))))
    else:
        found = [{} for _ in range(count)]
    for name in columns.keys() - set(whole):
        for row, value in zip(found, columns[name], strict=True):
            if value is not None:
                row[name] = value
    return found


class _Source(NamedTuple):
    """Where a column comes from: `texts` and `others` say what a value of theirs means.

    `whole` and `quick` are for texts of which hardly one comes again: they look at each, where `texts` would remember it
    for nothing. `whole` tells of all texts of a page together, None where one is unlike the others; `nothing` is what an
    empty one means.
    """

    ours: str
    theirs: str
    texts: Say
    others: Say
    quick: Say | None
    whole: SayAll | None
    nothing: Any

    @classmethod
    def of(
        cls,
        ours: str,
        theirs: str,
        say: Say,
        quick: Say | None = None,
        whole: SayAll | None = None,
        nothing: Any = None,
    ) -> _Source:
        """A source that remembers what was said of the latest values."""
        typed = lru_cache(maxsize=_REMEMBERED, typed=True)(say)

        def others(raw: Any) -> Any:
            try:
                return typed(raw)
            except TypeError:  # a list or an object
                return ODD

        return cls(ours, theirs, lru_cache(maxsize=_REMEMBERED)(say), others, quick, whole, nothing)

    def column(self, raw: Sequence[Any], known: Column | None = None) -> Column:
        """What all rows say, given what stands there; None where one says nothing. Where another source says it already
        (`known`), that wins."""
        found = kinds(raw)
        if self.quick and found == {int}:  # ids, which are the same as texts, and never odd
            if known and _NONE not in kinds(known):
                return known
            raw, found = list(map(str, raw)), {str}
        if not found <= _TEXTS:
            said = list(map(self.others, raw))
        else:
            said = self._said(raw) if self.quick and _varied(raw) else list(map(self.texts, raw))
        return _first(known, said) if known else said

    def _said(self, raw: Sequence[Any]) -> Column:
        texts = list(filter(None, raw))
        said = self.whole(texts) if self.whole else None
        if said is None:
            return list(map(self.quick or self.texts, raw))
        if len(said) == len(raw):
            return said
        following = iter(said)
        return [next(following) if one else self.nothing for one in raw]


def _varied(raw: Sequence[Any]) -> bool:
    """Whether hardly a value comes again, as the first ones tell."""
    few = raw[:_LOOKED_AT]
    return len(set(few)) > len(few) / 2


class Columns:
    """Reads pages with a mapping, for a noun's model; `given` are required fields that are filled in later."""

    def __init__(self, mapping: Mapping, place: Place, model: Plain, given: Collection[str] = ()) -> None:
        self._heads, self._required = tuple(model.parts), model.required - set(given)
        fields = [entry for entry in mapping.fields if entry.ours != "lines" and not tags.is_tags(entry)]
        self._sources = [_source(entry, place, model) for entry in fields]
        lines = [entry.theirs for entry in mapping.fields if entry.ours == "lines"]
        self._tags = [entry for entry in mapping.fields if tags.is_tags(entry)]
        self._at = _changes(mapping.modified, place)
        self._places = Places([*(source.theirs for source in self._sources), *lines, self._at.theirs])
        self._joined = _joiner(model) if mapping.names_in_parts else None

    def __call__(self, rows: Sequence[Any]) -> Plainly:
        """What the plain ones of these rows say, as the model takes it."""
        if not {dict}.issuperset(map(type, rows)):
            return Plainly((), [], {}, {})
        *raw, at = self._places(rows)
        found = self._found(rows, raw)
        types = {name: kinds(column) for name, column in found.items()}
        for name in self._required:
            if name not in found or _NONE in types[name]:
                found[name] = [ODD if value is None else value for value in found.get(name, [None] * len(rows))]
                types[name] = kinds(found[name])
        return Plainly.of(self._at.column(at), found, types)

    def _found(self, rows: Sequence[Rows[str, Any]], raw: Sequence[Sequence[Any]]) -> dict[str, Column]:
        found: dict[str, Column] = {}
        several: dict[str, list[Column]] = {}
        for source, column in zip(self._sources, raw, strict=False):
            name = source.ours
            if name in LISTS or name.startswith("consents."):
                several.setdefault(name.partition(".")[0], []).append(source.column(column))
            else:
                found[name] = source.column(column, found.get(name))
        for name, columns in several.items():
            found[name] = [_held(name, values) for values in zip(*columns, strict=True)]
        for column in raw[len(self._sources) :]:
            found["lines"] = [lines if isinstance(lines := one or [], list) else ODD for one in column]
        for entry in self._tags:  # none at all is said too: the hub must know it
            found[entry.ours] = [tags.seen(entry, pick(row, entry.theirs)) for row in rows]
        if self._joined and not found.keys().isdisjoint(PARTS):
            nothing = [None] * len(rows)
            found["name"] = list(map(self._joined, *(found.get(name, nothing) for name in ("name", *PARTS))))
        for head in self._heads:
            _put_inside(found, head, len(rows))
        return found


def _first(known: Column, further: Column) -> Column:
    """The first entry that gives a value wins; what is odd in any of them stays odd."""
    if not {_NONE, Odd}.isdisjoint(kinds(known)) or Odd in kinds(further):
        return [new if old is None or new is ODD else old for old, new in zip(known, further, strict=True)]
    return known


def _held(name: str, values: tuple[Any, ...]) -> Any:
    """The values of a field that holds several; None where there are none."""
    if ODD in values:
        return ODD
    said = [value for value in values if value is not None]
    return (list(dict.fromkeys(said)) if name in LISTS else said) or None


def _put_inside(found: dict[str, Column], head: str, count: int) -> None:
    """The columns `head.x` become one of objects."""
    inner = {name.removeprefix(f"{head}."): found.pop(name) for name in list(found) if name.startswith(f"{head}.")}
    if not inner:
        return
    types = {name: kinds(column) for name, column in inner.items()}
    made = [one or None for one in objects(inner, types, count)]
    if any(Odd in found for found in types.values()):
        made = [ODD if one and ODD in one.values() else one for one in made]
    found[head] = made


# -- what one value of theirs means


def _source(entry: Field, place: Place, model: Plain) -> _Source:
    """Where a field comes from, and what any value of theirs is in ours: None for an empty one, ODD for one that the long
    way must look at."""
    speak, nothing = _speaker(entry, place), ODD if entry.required else None
    check, made = _judge(entry, model), _consent(entry.ours) if entry.ours.startswith("consents.") else None

    def say(raw: Any) -> Any:
        try:
            value: Any = None if raw is None or raw == "" else speak(raw)
        except ValueError:
            return ODD
        if value is None:
            return nothing
        if made:
            value = made(value)
        return value if value is None or check(value) else ODD

    quick, whole = (None, None) if entry.values or made else _quick(entry, place, check, say)
    return _Source.of(entry.ours, entry.theirs, say, quick, whole, nothing)


def _quick(entry: Field, place: Place, check: Check, say: Say) -> tuple[Say | None, SayAll | None]:
    """What says of a text at once what it is, and what says so of a page of them; None where there is no such."""
    pattern, example = settled(entry.form, place), _ALIKE.get(entry.form)
    taken = example is not None and check(example)
    if pattern is None or (entry.form is NUMBER and not taken):
        return None, None
    is_it = re.compile(pattern, re.ASCII).fullmatch
    if not taken:
        whole = _alike(pattern, check.most) if isinstance(check, Short) else None
        return lambda raw: raw if raw and is_it(raw) and check(raw) else say(raw), whole
    plain = _alike(pattern)
    if entry.form is NUMBER:
        return (
            lambda raw: without_zeros(raw) if raw and is_it(raw) else say(raw),
            lambda texts: plain(texts) and list(map(without_zeros, texts)),
        )
    return lambda raw: raw if raw and is_it(raw) else say(raw), plain


def _alike(pattern: str, most: int = sys.maxsize) -> SayAll:
    """Texts as they are, where all match and none is longer than `most`: looked at together, a look-up costs as much."""
    every = re.compile(rf"(?>{pattern})(?:\n(?>{pattern}))*+", re.ASCII).fullmatch

    def whole(texts: list[str]) -> Column | None:
        joined = "\n".join(texts)
        alike = every(joined) and joined.count("\n") == len(texts) - 1 and len(max(texts, key=len)) <= most
        return texts if alike or not texts else None

    return whole


def _speaker(entry: Field, place: Place) -> Callable[[Any], str | None]:
    """Phones and addresses, dear to spell, are remembered for all fields of a system: one often stands in several."""
    if entry.values:
        return partial(spelled, entry, place=place)
    spell, plain = speller(entry.form, place), partial(entry.form.canonical, place=place)
    return (lambda raw: spell(raw) if type(raw) is str else plain(raw)) if entry.form in (PHONE, EMAIL) else plain


def _judge(entry: Field, model: Plain) -> Check:
    """Whether the model takes a value as it stands; what the hub decides is not the model's."""
    name = entry.ours
    if is_decided(name):
        return Short(sys.maxsize)
    if name in LISTS or name.startswith("consents."):
        check = model.check(name.partition(".")[0])
        return lambda value: check([value])
    return model.check(name)


def _consent(ours: str) -> Callable[[str], dict[str, Any] | None]:
    channel = ours.partition(".")[2]
    states = {word: {**_CONSENT.defaults, "channel": channel, "state": state} for word, state in CONSENTS.items()}
    return states.get


def _changes(theirs: str, place: Place) -> _Source:
    """When rows changed, in epoch seconds; 0 where they do not say."""
    plain = _alike(ZONED)

    def say(raw: Any) -> Any:
        try:
            return changed_at(raw, place)
        except ValueError:
            return ODD

    def whole(texts: list[str]) -> Column | None:
        return plain(texts) and list(map(int, map(datetime.timestamp, map(datetime.fromisoformat, texts))))

    return _Source.of("", theirs, say, lambda raw: seconds(raw) if is_time(raw) else say(raw), whole, nothing=0)


def _joiner(model: Plain) -> Callable[[Any, Any, Any], Any]:
    """The whole name out of its parts, where a row has any."""
    check = model.check("name")

    @lru_cache(maxsize=_REMEMBERED)
    def joined(name: Any, family: Any, given: Any) -> Any:
        if ODD in (name, family, given):
            return ODD
        whole = whole_name(family or "", given or "") if family or given else name
        return whole if whole is None or check(whole) else ODD

    return joined
