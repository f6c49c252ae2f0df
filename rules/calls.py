"""The functions of the rule language: days_since, in_segment, has_tag, tier_of, orders_on, spend_on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from rules.catalogue import DIMENSIONS, WINDOWS
from rules.faults import Faults, nearest
from rules.grammar import Bracket, Piece
from rules.kinds import Part, Skip, said
from rules.names import Names
from rules.nodes import Condition, DaysSince, FactOf, HasTag, Measure, Measured, Segment, TierOf
from rules.rule import World
from rules.spelling import Word

FUNCTIONS: dict[str, tuple[int, int, str]] = {
    "days_since": (1, 1, "days_since(last_order_on)"), "in_segment": (1, 1, "in_segment('vip')"),
    "has_tag": (1, 1, "has_tag('vip')"), "tier_of": (1, 1, "tier_of(membership)"),
    "orders_on": (2, 3, "orders_on('category', '鞋/跑鞋', '365d')"),
    "spend_on": (2, 3, "spend_on('category', '鞋/跑鞋', '365d')"),
}  # fmt: skip
"""Function -> how few and how many arguments it takes, and an example."""

CHANNELS = ("store", "online", "phone", "other")


class Calls:
    """Makes the nodes of calls; what is wrong is noted, then `Skip` is raised."""

    def __init__(self, names: Names, world: World, faults: Faults, within: str) -> None:
        self._names = names
        self._world = world
        self._faults = faults
        self._within = within

    def call(self, bracket: Bracket) -> Part:
        """The node of a call."""
        assert bracket.name is not None
        name = bracket.name.text.lower()
        if name not in FUNCTIONS:
            self._unknown(bracket.name)
        fewest, most, example = FUNCTIONS[name]
        if not fewest <= len(bracket.parts) <= most:
            takes = "one argument" if most == 1 else f"{fewest} or {most} arguments"
            self._fault(bracket, f"{name} takes {takes}, not {len(bracket.parts)}", remedy=f"as in {example}")
        made: Part = getattr(self, f"_{name}")(bracket, [self._single(part, bracket) for part in bracket.parts])
        return made

    def _fault(self, place: Piece, what: str, *, meant: str = "", remedy: str = "") -> NoReturn:
        self._faults.add(place.at, place.length, what, meant=meant, remedy=remedy)
        raise Skip

    def _unknown(self, word: Word) -> NoReturn:
        if not self._names.foreign(word):
            known = ", ".join(FUNCTIONS)
            self._fault(
                word,
                f"there is no function {word.text}",
                meant=nearest(word.text, FUNCTIONS),
                remedy=f"there are {known}",
            )
        raise Skip

    def _single(self, part: Sequence[Piece], bracket: Bracket) -> Word:
        """An argument: one name or one text."""
        assert bracket.name is not None
        if len(part) == 1 and isinstance(part[0], Word) and part[0].sort in ("name", "text"):
            return part[0]
        last = part[-1]
        place = Word("name", "", part[0].at, last.at + last.length - part[0].at)
        example = FUNCTIONS[bracket.name.text.lower()][2]
        self._fault(place, f"{bracket.name.text} takes names and texts only", remedy=f"as in {example}")

    def _days_since(self, bracket: Bracket, arguments: list[Word]) -> Part:
        [word] = arguments
        if word.sort == "text":
            self._fault(word, "days_since counts from a fact, not from a text", remedy="name the fact without quotes")
        day = self._names.fact(word)
        if isinstance(day, FactOf) and day.kind == "day":
            return DaysSince("count", day, at=bracket.at, length=bracket.length)
        self._fault(
            word, f"days_since counts from a day, {word.text} is {said(day)}", remedy="as in days_since(last_order_on)"
        )

    def _in_segment(self, bracket: Bracket, arguments: list[Word]) -> Part:
        name = _name(arguments[0])
        if name == self._within:
            self._fault(arguments[0], f"the segment {name} refers to itself", remedy="define it by other segments")
        if name not in self._world.segments:
            self._missing(arguments[0], "segment", name, list(self._world.segments))
        rule = self._world.segments[name]
        inner = None if rule is None else rule.tree
        if inner is not None and not isinstance(inner, Condition):
            self._fault(arguments[0], f"{name} is a value, not a segment", remedy="compare it with something")
        return Segment(name, inner, at=bracket.at, length=bracket.length)

    def _missing(self, word: Word, noun: str, name: str, known: list[str]) -> NoReturn:
        remedy = f"there are {', '.join(known[:8])}" if known else f"there are no {noun}s yet"
        self._fault(word, f"there is no {noun} {name}", meant=nearest(name, known), remedy=remedy)

    def _has_tag(self, bracket: Bracket, arguments: list[Word]) -> Part:
        [word] = arguments
        if word.sort == "name":
            self._fault(word, "a tag is a text", meant=f"'{word.text}'")
        if not _name(word):
            self._fault(word, "a tag has a name", remedy="as in has_tag('vip')")
        return HasTag(_name(word), at=bracket.at, length=bracket.length)

    def _tier_of(self, bracket: Bracket, arguments: list[Word]) -> Part:
        name = _name(arguments[0])
        if name not in self._world.programmes:
            self._missing(arguments[0], "tier programme", name, list(self._world.programmes))
        return TierOf("text", name, at=bracket.at, length=bracket.length)

    def _orders_on(self, bracket: Bracket, arguments: list[Word]) -> Part:
        return self._measured("orders", bracket, arguments)

    def _spend_on(self, bracket: Bracket, arguments: list[Word]) -> Part:
        return self._measured("spend", bracket, arguments)

    def _measured(self, what: str, bracket: Bracket, arguments: list[Word]) -> Part:
        by, value = self._dimension(arguments[0]), self._part_of(arguments[0], arguments[1])
        window = self._window(arguments[2]) if len(arguments) == 3 else "life"
        measure = Measure(f"{what}:{by}:{value}:{window}", what, by, value, window)
        kind = "money" if what == "spend" else "count"
        return Measured(kind, measure, at=bracket.at, length=bracket.length)  # type: ignore[arg-type]

    def _dimension(self, word: Word) -> str:
        name = _name(word)
        if name not in DIMENSIONS:
            remedy = f"there are {', '.join(DIMENSIONS)}"
            self._fault(word, f"orders are not counted by {name}", meant=nearest(name, DIMENSIONS), remedy=remedy)
        return name

    def _part_of(self, by: Word, word: Word) -> str:
        value = _name(word)
        if word.sort == "name":
            self._fault(word, f"{value} is a text here", meant=f"'{value}'")
        if not value:
            self._fault(word, f"this names no {_name(by)}", remedy="write the name, as in '鞋/跑鞋'")
        if _name(by) == "channel" and value not in CHANNELS:
            meant = nearest(value, CHANNELS)
            self._fault(word, f"there is no channel {value}", meant=meant, remedy=f"there are {', '.join(CHANNELS)}")
        return value

    def _window(self, word: Word) -> str:
        window = _name(word).lower()
        days = re.fullmatch(r"([0-9]{1,5})d", window)
        if days and 1 <= int(days[1]) <= 3650:
            return f"{int(days[1])}d"
        if window in WINDOWS:
            return window
        remedy = "write 365d or any days from 1d to 3650d, ytd, last_year or life"
        self._fault(word, f"{_name(word)} is no span of time", meant=nearest(window, WINDOWS), remedy=remedy)


def _name(word: Word) -> str:
    return str(word.value if word.sort == "text" else word.text).strip()
