"""A page of rows read column by column: what is plain in a row costs it a look-up a field, and no loop of ours.

A row in which anything is odd is left out here and takes the long way (`sync/normalise.py`), which has the last word and
the better message: a value that no form can spell or the model would refuse, a list where one value is wanted, a required
field without one. A property test holds both ways equal.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Mapping as Rows
from functools import lru_cache, partial
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

from hub.connector import Field, Mapping
from hub.forms import EMAIL, MOMENT, NUMBER, PHONE, PLAIN_NUMBER, Place, is_time, settled, speller, without_zeros
from hub.model import Consent
from hub.names import PARTS, whole_name
from sync import tags
from sync.mapping import LISTS, inside, is_decided, pick
from sync.plain import Check, Plain, changed_at, seconds
from sync.reading import spelled

ODD: Any = object()
"""In a column: what cannot be told here."""

CONSENTS = {"true": "opted_out", "opted_in": "opted_in"}
"""What their consent field says -> the state; other words say nothing."""

Column = list[Any]
Say = Callable[[Any], Any]

_CONSENT = Plain(Consent)
_A_TIME, _A_NUMBER = "2000-01-01T00:00:00Z", "123456789012345.123456"
_REMEMBERED = 1024
_TEXTS = frozenset((str, type(None)))


class _Source(NamedTuple):
    """Where a column comes from: `way` leads into an object; `texts` and `others` say what a value of theirs means.

    `quick` is for texts of which hardly one comes again: it looks at each, where `texts` would remember it for nothing.
    """

    ours: str
    theirs: str
    way: tuple[str, ...]
    texts: Say
    others: Say
    quick: Say | None

    @classmethod
    def of(cls, ours: str, theirs: str, say: Say, quick: Say | None = None) -> _Source:
        """A source that remembers what was said of the latest values."""
        typed = lru_cache(maxsize=_REMEMBERED, typed=True)(say)

        def others(raw: Any) -> Any:
            try:
                return typed(raw)
            except TypeError:  # a list or an object
                return ODD

        way = tuple(theirs.split(".")) if "." in theirs else ()
        return cls(ours, theirs, way, lru_cache(maxsize=_REMEMBERED)(say), others, quick)

    def column(self, rows: Sequence[Rows[str, Any]]) -> Column:
        """What all rows say, None where one says nothing."""
        try:
            raw = self._raw(rows)
        except (KeyError, TypeError):  # it is not in every row
            way = self.way
            raw = [row.get(self.theirs, way or None) for row in rows]
            if way:
                raw = [inside(row, way) if one is way else one for row, one in zip(rows, raw, strict=True)]
        kinds = set(map(type, raw))
        if self.quick and kinds == {int}:  # ids, which are the same as texts
            raw, kinds = list(map(str, raw)), {str}
        if not kinds <= _TEXTS:
            return list(map(self.others, raw))
        return list(map(self.quick if self.quick and len(set(raw)) > len(raw) / 2 else self.texts, raw))

    def _raw(self, rows: Sequence[Rows[str, Any]]) -> Column:
        found: Sequence[Any] = rows
        if self.way and any(self.theirs in row for row in rows):
            raise KeyError(self.theirs)
        for name in self.way or (self.theirs,):
            found = list(map(itemgetter(name), found))
        return list(found)


class Columns:
    """Reads pages with a mapping, for a noun's model; `given` are required fields that are filled in later."""

    def __init__(self, mapping: Mapping, place: Place, model: Plain, given: Collection[str] = ()) -> None:
        self._heads, self._required = tuple(model.parts), model.required - set(given)
        fields = [entry for entry in mapping.fields if entry.ours != "lines" and not tags.is_tags(entry)]
        self._sources = [_Source.of(entry.ours, entry.theirs, *_sayers(entry, place, model)) for entry in fields]
        self._lines = [entry.theirs for entry in mapping.fields if entry.ours == "lines"]
        self._tags = [entry for entry in mapping.fields if tags.is_tags(entry)]
        self._at = _Source.of("", mapping.modified, *_moments(place))
        self._joined = _joiner(model) if mapping.names_in_parts else None

    def __call__(self, rows: Sequence[Any]) -> Iterator[tuple[dict[str, Any], int] | None]:
        """Each row's values, as the model takes them, with its time of change; None for a row with anything odd in it."""
        if not {dict}.issuperset(map(type, rows)):
            return repeat(None, len(rows))
        found = self._found(rows)
        for name in self._required:
            found[name] = [ODD if value is None else value for value in found.get(name, [None] * len(rows))]
        return map(_values, repeat(tuple(found)), zip(self._at.column(rows), *found.values(), strict=True))

    def _found(self, rows: Sequence[Rows[str, Any]]) -> dict[str, Column]:
        found: dict[str, Column] = {}
        several: dict[str, list[Column]] = {}
        for source in self._sources:
            name, column = source.ours, source.column(rows)
            if name in LISTS or name.startswith("consents."):
                several.setdefault(name.partition(".")[0], []).append(column)
            else:
                found[name] = list(map(_first, found[name], column)) if name in found else column
        for name, columns in several.items():
            found[name] = [_held(name, values) for values in zip(*columns, strict=True)]
        for theirs in self._lines:
            found["lines"] = [raw if isinstance(raw := pick(row, theirs) or [], list) else ODD for row in rows]
        for entry in self._tags:  # none at all is said too: the hub must know it
            found[entry.ours] = [tags.seen(entry, pick(row, entry.theirs)) for row in rows]
        if self._joined and not found.keys().isdisjoint(PARTS):
            nothing = [None] * len(rows)
            found["name"] = list(map(self._joined, *(found.get(name, nothing) for name in ("name", *PARTS))))
        for head in self._heads:
            _put_inside(found, head)
        return found


def _values(names: tuple[str, ...], row: tuple[Any, ...]) -> tuple[dict[str, Any], int] | None:
    if ODD in row:
        return None
    at, *values = row
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}, at


def _first(known: Any, further: Any) -> Any:
    """The first entry that gives a value wins; what is odd in any of them stays odd."""
    return further if known is None or further is ODD else known


def _held(name: str, values: tuple[Any, ...]) -> Any:
    """The values of a field that holds several; None where there are none."""
    if ODD in values:
        return ODD
    said = [value for value in values if value is not None]
    return (list(dict.fromkeys(said)) if name in LISTS else said) or None


def _put_inside(found: dict[str, Column], head: str) -> None:
    """The columns `head.x` become one of objects."""
    inner = {name: found.pop(name) for name in list(found) if name.startswith(f"{head}.")}
    names = [name.removeprefix(f"{head}.") for name in inner]
    if inner:
        found[head] = [
            ODD if ODD in values else {n: v for n, v in zip(names, values, strict=True) if v is not None} or None
            for values in zip(*inner.values(), strict=True)
        ]


# -- what one value of theirs means


def _sayers(entry: Field, place: Place, model: Plain) -> tuple[Say, Say | None]:
    """What says of any value of theirs what it is in ours, and what says so of a text at once, where there is such.

    None for an empty one, ODD for one that the long way must look at.
    """
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

    return say, None if entry.values or made else _quick(entry, place, check, say)


def _quick(entry: Field, place: Place, check: Check, say: Say) -> Say | None:
    if entry.form is MOMENT and check(_A_TIME):
        return lambda raw: raw if is_time(raw) else say(raw)
    if entry.form is NUMBER and check(_A_NUMBER):
        number = PLAIN_NUMBER.fullmatch
        return lambda raw: without_zeros(raw) if raw and number(raw) else say(raw)
    if is_it := settled(entry.form, place):
        return lambda raw: raw if raw and is_it(raw) and check(raw) else say(raw)
    return None


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
        return lambda value: True
    if name in LISTS or name.startswith("consents."):
        check = model.check(name.partition(".")[0])
        return lambda value: check([value])
    return model.check(name)


def _consent(ours: str) -> Callable[[str], dict[str, Any] | None]:
    channel = ours.partition(".")[2]
    states = {word: {**_CONSENT.defaults, "channel": channel, "state": state} for word, state in CONSENTS.items()}
    return states.get


def _moments(place: Place) -> tuple[Say, Say]:
    def say(raw: Any) -> Any:
        try:
            return changed_at(raw, place)
        except ValueError:
            return ODD

    return say, lambda raw: seconds(raw) if is_time(raw) else say(raw)


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
