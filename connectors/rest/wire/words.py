"""How a system says no inside an answer that looks good: where its word stands, and what each word means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import model_validator

from connectors.rest.wire.paths import Word, at, text
from hub.connector import Answer, ConnectorSettings, Consequence
from hub.errors import Transient

_CLASSES: tuple[Consequence, ...] = (
    "auth", "permission", "quota", "busy", "transient", "conflict", "rejected", "settings",
)  # fmt: skip
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{1,60}|-?\d{1,10}")
"""What the door takes for a code."""

_STATUS = re.compile(r"[345]\d\d")


class Errors(ConnectorSettings):
    """`path` is where an answer says how it went; `ok` are the words for success (an answer without the path is good).

    The other lists tell what follows from a word: `auth` (credentials refused), `permission`, `quota` (rest for long),
    `busy` (nothing was done, try again soon), `transient` (it may be done), `conflict` (somebody else was first),
    `rejected` (this request is wrong), `settings`. `otherwise` is for words on no list.
    """

    path: str
    ok: tuple[Word, ...] = ()
    auth: tuple[Word, ...] = ()
    permission: tuple[Word, ...] = ()
    quota: tuple[Word, ...] = ()
    busy: tuple[Word, ...] = ()
    transient: tuple[Word, ...] = ()
    conflict: tuple[Word, ...] = ()
    rejected: tuple[Word, ...] = ()
    settings: tuple[Word, ...] = ()
    otherwise: Consequence = "rejected"

    @model_validator(mode="after")
    def _one_meaning(self) -> Errors:
        seen: dict[str, str] = {}
        for name in ("ok", *_CLASSES):
            for word in getattr(self, name):
                if word in seen:
                    raise ValueError(f'"{word}" stands under `{seen[word]}` and under `{name}`; keep one of them')
                seen[word] = name
        if not self.path:
            raise ValueError("`path` says where an answer tells how it went; write one such as `path: code`")
        return self

    def meaning(self, word: str) -> Consequence | None:
        """What follows from a word; None for one on no list, and for success."""
        return next((name for name in _CLASSES if word in getattr(self, name)), None)

    def word(self, answer: Answer) -> str:
        """The word of an answer that says no; "" for a good one, and for one that says nothing."""
        try:
            found = text(at(answer.json(), self.path))
        except Transient:
            return ""
        return "" if found in self.ok else found

    def code(self, answer: Answer) -> str:
        """The word as the door takes it. One on no list counts only where the status says that all is well."""
        word = self.word(answer)
        known = self.meaning(word)
        if not word or (known is None and not answer.ok):
            return "" if answer.ok else str(answer.status)
        plain = _CODE.fullmatch(word) and (known or not _STATUS.fullmatch(word))
        return word if plain else f"told.{known or self.otherwise}"


@dataclass(frozen=True)
class Codes(Mapping[str, Consequence]):
    """What follows from each word, for the door; a status is no word."""

    errors: Errors

    def __getitem__(self, code: str) -> Consequence:
        known = self.errors.meaning(code)
        if known is not None:
            return known
        told = next((name for name in _CLASSES if code == f"told.{name}"), None)
        if told is None and (not code or _STATUS.fullmatch(code)):
            raise KeyError(code)
        return told or self.errors.otherwise

    def __iter__(self) -> Iterator[str]:
        return (word for name in _CLASSES for word in getattr(self.errors, name))

    def __len__(self) -> int:
        return sum(len(getattr(self.errors, name)) for name in _CLASSES)


def plain_code(answer: Answer) -> str:
    """The status, where a system's answers have no words of their own."""
    return "" if answer.ok else str(answer.status)
