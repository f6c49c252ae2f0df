"""From words to a shape: brackets, calls and lists are matched, and operators have something to work on.

What the shape comes to, by the order in which operators bind, is `precedence`'s.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from rules.faults import Faults
from rules.spelling import Word

NESTED = 32
"""How deep brackets, signs and `not` may go."""


@dataclass(frozen=True)
class Bracket:
    """`(...)`, `name(...)` or the list behind `in`: its parts are what commas divide."""

    sort: Literal["group", "call", "list"]
    name: Word | None
    parts: tuple[tuple[Piece, ...], ...]
    at: int
    length: int


Piece = Word | Bracket


class Lost(Exception):
    """The words make no shape; the faults say why."""


@dataclass
class _Open:
    """A bracket that is not closed yet; `whole` is the text itself."""

    sort: Literal["group", "call", "list", "whole"]
    mark: Word | None = None
    name: Word | None = None
    parts: list[list[Piece]] = field(default_factory=lambda: [[]])

    @property
    def last(self) -> Piece | None:
        """The piece before the place that is looked at, in the part that is open."""
        return self.parts[-1][-1] if self.parts[-1] else None

    @property
    def complete(self) -> bool:
        """Whether an operator may come next."""
        last = self.last
        return last is not None and (isinstance(last, Bracket) or not operator(last) or last.text.startswith("is "))


def operator(piece: Piece) -> str:
    """The operator that a piece is, as it is spelt; nothing for any other piece."""
    return piece.text if isinstance(piece, Word) and piece.sort in ("sign", "word") else ""


def joined(words: Sequence[Word], faults: Faults) -> list[Word]:
    """Words that belong together made one: `date '...'`, `is null`, `is not null`, `not in`, `not like`, `not between`."""
    made: list[Word] = []
    number = 0
    while number < len(words):
        taken = _take(words[number : number + 3], faults)
        made.append(taken)
        while number < len(words) and words[number].at < taken.end:
            number += 1
    return made


def _take(words: Sequence[Word], faults: Faults) -> Word:
    first = words[0]
    texts = [word.text.lower() for word in words]
    sorts = [word.sort for word in words]
    if texts[0] == "date" and sorts[:2] == ["name", "text"]:
        return _one(words[:2], "day", words[1].value)
    if texts[:2] in (["not", "in"], ["not", "like"], ["not", "between"]):
        return _one(words[:2], "word")
    if texts[0] == "is" and first.sort == "word":
        for pattern in (["is", "null"], ["is", "not", "null"]):
            if texts[: len(pattern)] == pattern:
                return _one(words[: len(pattern)], "word")
        faults.add(
            first.at, first.length, "`is` asks for null only", remedy="write is null, is not null, or compare with ="
        )
        raise Lost
    return first


def _one(words: Sequence[Word], sort: Literal["day", "word"], value: object = None) -> Word:
    text = " ".join(word.text for word in words)
    inner = value if isinstance(value, str) else None
    return Word(sort, text, words[0].at, words[-1].end - words[0].at, inner)


class Shaper:
    """Matches brackets and sees to it that operators and what they join take turns. The first fault ends it: `Lost`."""

    def __init__(self, faults: Faults, end: int) -> None:
        self._faults = faults
        self._end = end
        self._open = [_Open("whole")]
        self._prefixes = 0

    def shape(self, words: Sequence[Word]) -> tuple[Piece, ...]:
        """The pieces of the whole text."""
        following: Sequence[Word | None] = [*words, None][1:]
        skip = False
        for word, after in zip(words, following, strict=True):
            if skip:
                skip = False
            elif self._open[-1].complete:
                self._after_operand(word, after)
            else:
                skip = self._operand(word, after)
        return self._whole()

    def _lose(self, word: Word, what: str, *, meant: str = "", remedy: str = "") -> None:
        self._faults.add(word.at, word.length, what, meant=meant, remedy=remedy)
        raise Lost

    def _put(self, piece: Piece) -> None:
        if not operator(piece):
            self._prefixes = 0
        self._open[-1].parts[-1].append(piece)

    def _enter(self, sort: Literal["group", "call", "list"], mark: Word, name: Word | None = None) -> None:
        if len(self._open) > NESTED:
            self._lose(mark, f"more than {NESTED} brackets within each other", remedy="make segments of the parts")
        self._open.append(_Open(sort, mark, name))

    def _operand(self, word: Word, after: Word | None) -> bool:
        """What stands where a fact, a value, a bracket or a sign may stand; whether the word after is taken too."""
        last = self._open[-1].last
        listed = isinstance(last, Word) and last.text in ("in", "not in")
        if listed and word.text != "(":
            self._lose(word, "`in` is followed by a list", remedy="write in ('a', 'b')")
        if word.sort == "name" and after is not None and after.sort == "mark" and after.text == "(":
            self._enter("call", after, word)
            return True
        if word.sort == "mark":
            self._mark_for_operand(word, listed)
        elif word.text in ("not", "-") and operator(word):
            self._prefix(word, last)
        elif operator(word):
            self._misplaced(word)
        else:
            self._put(word)
        return False

    def _mark_for_operand(self, word: Word, listed: bool) -> None:
        if word.text == "(":
            self._enter("list" if listed else "group", word)
        elif word.text == ")" and len(self._open) > 1 and self._open[-1].parts == [[]]:
            self._close_empty(word)
        else:
            self._misplaced(word)

    def _close_empty(self, word: Word) -> None:
        frame = self._open.pop()
        assert frame.mark is not None
        at = (frame.name or frame.mark).at
        if frame.sort == "call":
            self._put(Bracket("call", frame.name, (), at, word.end - at))
            return
        place = Word("mark", "()", at, word.end - at)
        if frame.sort == "list":
            self._lose(place, "the list behind `in` is empty", remedy="name one value at least")
        self._lose(place, "there is nothing in these brackets", remedy="leave them out")

    def _prefix(self, word: Word, last: Piece | None) -> None:
        if word.text == "not" and isinstance(last, Word) and last.text not in ("and", "or", "not"):
            what = f"`not` denies a condition, behind `{last.text}` stands a value"
            self._lose(word, what, remedy="put it before the comparison")
        self._prefixes += 1
        if self._prefixes + len(self._open) > NESTED:
            self._lose(word, f"more than {NESTED} of `not` and `-` within each other", remedy="two of them cancel out")
        self._put(word)

    def _misplaced(self, word: Word) -> None:
        """An operator, a comma or a closing bracket where something to work on is missing."""
        last = self._open[-1].last
        if word.text == "*":
            self._lose(word, "`*` stands for nothing here", remedy="name a fact")
        if word.text == "+" and not isinstance(last, Bracket):
            self._lose(word, "a plus sign before a value says nothing", remedy="leave it out")
        if word.text == ")" and len(self._open) == 1:
            self._lose(word, "this bracket closes nothing", remedy="take it out, or open one before")
        if isinstance(last, Word):
            self._lose(last, f"something is missing behind `{last.text}`", remedy="add it, or take the word out")
        self._lose(word, f"something is missing before `{word.text}`", remedy="add it, or take the word out")

    def _after_operand(self, word: Word, after: Word | None) -> None:
        if word.text == ")" and word.sort == "mark":
            self._close(word)
        elif word.text == "," and word.sort == "mark":
            self._comma(word, after)
        elif operator(word) and word.text != "not":
            self._put(word)
        else:
            self._missing_operator(word)

    def _close(self, word: Word) -> None:
        if len(self._open) == 1:
            self._lose(word, "this bracket closes nothing", remedy="take it out, or open one before")
        frame = self._open.pop()
        assert frame.mark is not None
        assert frame.sort != "whole"
        at = (frame.name or frame.mark).at
        self._check(frame)
        self._put(Bracket(frame.sort, frame.name, tuple(map(tuple, frame.parts)), at, word.end - at))

    def _comma(self, word: Word, after: Word | None) -> None:
        frame = self._open[-1]
        if frame.sort in ("call", "list"):
            self._check(frame)
            frame.parts.append([])
            return
        last = frame.last
        if isinstance(last, Word) and after and last.sort == after.sort == "number" and last.end + 1 == after.at:
            whole = Word("number", "", last.at, after.end - last.at)
            self._faults.forget(whole.at, whole.length)
            digits = re.sub(r"[^0-9.].*", "", after.text)
            self._lose(whole, "a number has no marks between its thousands", meant=last.text + digits)
        self._lose(word, "a comma joins no conditions", meant="and", remedy="write and, or or")

    def _missing_operator(self, word: Word) -> None:
        last = self._open[-1].last
        before = last.text if isinstance(last, Word) else ")"
        if word.text == "not" and operator(word):
            self._lose(word, "`not` stands before a condition, or before in, like, between", remedy="put it there")
        if isinstance(last, Word) and last.sort == "name" and last.text.lower() == "date":
            self._lose(word, "`date` is followed by a day in quotes", remedy="as in date '2026-01-31'")
        remedy = "write and, or, or a comparison such as >= between them"
        if word.sort == "text" and isinstance(last, Word) and last.sort == "text":
            remedy = "a quote within a text is written twice: ''"
        self._lose(word, f"nothing joins {_short(before)} and {_short(word.text)}", remedy=remedy)

    def _check(self, frame: _Open) -> None:
        """The bracket's last part: what `and` and `or` join has one comparison each."""
        for term in _terms(frame.parts[-1]):
            self._term(term)

    def _term(self, term: Sequence[Piece]) -> None:
        operators = [
            (number, piece) for number, piece in enumerate(term) if isinstance(piece, Word) and operator(piece)
        ]
        judges = [(number, word) for number, word in operators if _judges(word)]
        place = Word("name", "", term[0].at, term[-1].at + term[-1].length - term[0].at)
        if len(judges) > 1:
            self._lose(place, "comparisons cannot be chained", remedy="write a > 1 and a < 5, or a between 1 and 5")
        if not judges:
            return
        [(number, judge)] = judges
        if judge.text.endswith("between") and not any(word.text == "and" for _, word in operators):
            self._lose(judge, "`between` has no upper end", remedy="write between 1 and 5")
        last = number + (2 if judge.text.endswith("in") else 1)
        if (judge.text.startswith("is") or judge.text.endswith("in")) and last < len(term):
            self._lose(place, f"`{judge.text}` ends a condition", remedy="go on with and, or")
        if any(word.text == "not" for at, word in operators if at > number):
            self._lose(place, "`not` stands before a condition, not within it", remedy="put it first")

    def _whole(self) -> tuple[Piece, ...]:
        frame = self._open[-1]
        last = frame.last
        if frame.mark is not None:
            self._faults.add(frame.mark.at, 1, "this bracket is not closed", remedy="add ) where it ends")
        elif last is None:
            self._faults.add(
                0, self._end, "there is nothing here", remedy="write a condition such as spend_365d >= 3000"
            )
        if not frame.complete and isinstance(last, Word):
            self._lose(last, f"something is missing behind `{last.text}`", remedy="add it, or take the word out")
        if frame.mark is not None or last is None:
            raise Lost
        self._check(frame)
        return tuple(frame.parts[0])


def _judges(word: Word) -> bool:
    """Whether an operator makes a condition out of values."""
    return word.text not in ("+", "-", "*", "/", "and", "or", "not")


def _terms(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """What `and` and `or` join; the `and` of a `between` joins nothing."""
    terms: list[list[Piece]] = [[]]
    waiting = False
    for piece in pieces:
        text = operator(piece)
        if text == "or" or (text == "and" and not waiting):
            terms.append([])
            waiting = False
            continue
        waiting = text in ("between", "not between") or (waiting and text != "and")
        terms[-1].append(piece)
    return terms


def _short(text: str) -> str:
    return text if len(text) <= 24 else text[:23] + "…"
