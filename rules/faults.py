"""What is wrong with the text of a rule: all of it at once, each with its place, what was probably meant, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from unicodedata import category, east_asian_width

from hub.errors import SettingsError


@dataclass(frozen=True, order=True)
class Fault:
    """One thing to mend. `offset` and `length` are in characters of the text."""

    offset: int
    length: int
    what: str
    meant: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        guess = f"; did you mean {self.meant}?" if self.meant else ""
        return self.what + guess + (f"; {self.remedy}" if self.remedy else "")


class Wrong(SettingsError):
    """The text is no rule. `faults` has all that is wrong with it, in the order of the text."""

    def __init__(self, text: str, faults: Iterable[Fault]) -> None:
        self.text = text
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class Faults:
    """The faults found so far."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], Fault] = {}

    @property
    def found(self) -> list[Fault]:
        """All of them, in the order of the text."""
        return sorted(self._found.values())

    def add(self, at: int, length: int, what: str, *, meant: str = "", remedy: str = "") -> None:
        """Note one; a second one at the very same place is mostly a consequence of the first, so it is left out."""
        self._found.setdefault((at, length), Fault(at, length, what, meant, remedy))

    def forget(self, at: int, length: int) -> None:
        """Take back what was noted within a place that is told better as a whole."""
        for place in [place for place in self._found if at <= place[0] < at + length]:
            del self._found[place]


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is probably a slip of; empty when none is near."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else ""


def told(text: str, fault: Fault) -> str:
    """The line of the text with carets under the place, for people; wide characters take two columns."""
    start = text.rfind("\n", 0, fault.offset) + 1
    line, at = text[start:].split("\n", 1)[0], fault.offset - start
    left = max(0, at - _BEFORE) if len(line) > _WIDEST else 0
    shown = "".join(char if char.isprintable() else " " for char in line[left : left + _WIDEST])
    before, place = shown[: at - left], shown[at - left : at - left + max(fault.length, 1)]
    return f"{shown}\n{' ' * _columns(before)}{'^' * max(_columns(place), 1)}"


_BEFORE, _WIDEST = 60, 120
"""Characters of a long line that are shown before the place, and in all."""


def _columns(text: str) -> int:
    return sum(0 if category(char) in ("Mn", "Me") else 2 if east_asian_width(char) in "WF" else 1 for char in text)
