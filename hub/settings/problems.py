"""What is wrong with a configuration, collected so that a reader sees all of it at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from hub.errors import SettingsError


@dataclass(frozen=True, order=True, slots=True)
class Spot:
    """A place in a text; both numbers count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing to mend: where it is, what is wrong, what was probably meant, what to do."""

    file: str
    spot: Spot
    what: str
    meant: str = ""
    remedy: str = ""
    shown: str = ""
    """The text itself with a caret under the place, where one helps."""

    @property
    def where(self) -> str:
        """The place as editors and terminals understand it."""
        return f"{self.file}:{self.spot.line}:{self.spot.column}"

    def error(self) -> SettingsError:
        """This problem as the error that stops the program."""
        picture = f"\n{self.shown}" if self.shown else ""
        return SettingsError(self.what + _guessed(self.meant), where=self.where, remedy=self.remedy + picture)


class Problems:
    """The problems found so far, each once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: set[Problem] = set()

    def add(self, spot: Spot, what: str, *, meant: str = "", remedy: str = "", file: str = "", shown: str = "") -> None:
        """Note one problem; `file` where it is not in the configuration itself."""
        self._found.add(Problem(file or self.file, spot, what, meant, remedy, shown))

    def noted(self, spot: Spot) -> bool:
        """Whether something is known to be wrong at this place of the configuration."""
        return any(problem.spot == spot and problem.file == self.file for problem in self._found)

    def settle(self) -> None:
        """Raise what was found: one SettingsError, a line for each problem in the order of the file."""
        errors = [problem.error() for problem in sorted(self._found)]
        if len(errors) == 1:
            raise errors[0]
        if errors:
            raise SettingsError("\n".join(map(str, errors)))


def guess(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is probably a slip of, as a sentence goes on; empty when none is near."""
    return _guessed(nearest(word, known))


def _guessed(meant: str) -> str:
    return f'; did you mean "{meant}"?' if meant else ""


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word that `word` is probably a slip of; empty when none is near."""
    by_lower = {name.lower(): name for name in known}
    found = get_close_matches(word.lower(), by_lower, n=1)
    return by_lower[found[0]] if found else ""
