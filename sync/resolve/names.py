"""Whether two records of one phone speak of two people. Only a contradiction counts; a variant never does."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import combinations, permutations

from hub.store.closure import Node

_MOST_WORDS = 4


_HAN = re.compile("[\u4e00-\u9fa5]+")
_BLANKS = {code: " " for code in range(128) if not chr(code).isalnum()}


@lru_cache(maxsize=4096)
def _words(name: str) -> tuple[bool, frozenset[str], str]:
    """(written in Han characters, its words, its letters): what is left when spelling is taken away.

    A name of a customer is looked at in several steps, one after the other; names are mostly plain Chinese or ASCII.
    """
    if _HAN.fullmatch(name):
        return True, frozenset((name,)), name
    if name.isascii():
        words = name.casefold().translate(_BLANKS).split()
        return False, frozenset(words), "".join(words)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).casefold()
    kept = "".join(char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    letters = "".join(kept.split())
    han = any("\u4e00" <= char <= "\u9fff" for char in letters)
    return han, frozenset(kept.split()), letters


def bare(name: str) -> str:
    """The letters of a name without case, spaces, width and accents."""
    return _words(name)[2]


def same_name(one: str, other: str) -> bool | None:
    """Whether two spellings can be one name: order, case, spaces and initials are variants.

    None when nobody can tell: one is missing, or they are in different scripts.
    """
    han_one, words_one, letters_one = _words(one)
    han_other, words_other, letters_other = _words(other)
    if not letters_one or not letters_other or han_one != han_other:
        return None
    if han_one:
        return sorted(letters_one) == sorted(letters_other)
    begins = letters_one.startswith(letters_other) or letters_other.startswith(letters_one)
    return begins or bool(_joined(words_one) & _joined(words_other)) or _initials(words_one, words_other)


def _joined(words: frozenset[str]) -> set[str]:
    """A name's words in every order, written together: `caixi` is `Xi Cai`."""
    return {"".join(order) for order in permutations(words)} if len(words) <= _MOST_WORDS else {"".join(sorted(words))}


def _initials(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether the words that only one of them has are the other's with some cut down to their first letter."""
    left, right = sorted(one - other), sorted(other - one)
    pairs = zip(left, right, strict=False)
    return len(left) == len(right) and all(a[0] == b[0] and 1 in (len(a), len(b)) for a, b in pairs)


def _two_people(one: Node, other: Node) -> bool:
    """Names decide where they can be compared; else whole birthdays, and genders."""
    named = same_name(one.name or "", other.name or "")
    if named is not None:
        return not named
    days = {day for day in (one.birthday, other.birthday) if day and not day.startswith("--")}
    return len(days) > 1 or len({one.gender, other.gender} - {None}) > 1


def contradict(nodes: Iterable[Node], judged: Callable[[Node, Node], bool], *, across: bool) -> bool:
    """Whether a key is held for two people: by any two records, or (unless `across`) by two of one system's stream.

    Pairs that are `judged` contradict nothing.
    """
    living = [node for node in nodes if not node.gone]
    return any(
        _two_people(one, other) and not judged(one, other)
        for one, other in combinations(living, 2)
        if across or (one.connection, one.stream) == (other.connection, other.stream)
    )
