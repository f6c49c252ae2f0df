"""Whether two names of one system speak of two people. Only a contradiction counts; a variant never does."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable

from hub.store.people import Node


def _words(name: str) -> tuple[bool, frozenset[str], str]:
    """(written in Han characters, its words, its letters): what is left when spelling is taken away."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", name)).casefold()
    kept = "".join(char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    letters = "".join(kept.split())
    han = any("\u4e00" <= char <= "\u9fff" for char in letters)
    return han, frozenset(kept.split()), letters


def bare(name: str) -> str:
    """The letters of a name without case, spaces, width and accents."""
    return _words(name)[2]


def differ(one: str, other: str) -> bool:
    """Whether two names cannot be the same name: other script, order, case, spaces and initials are variants."""
    han_one, words_one, letters_one = _words(one)
    han_other, words_other, letters_other = _words(other)
    if not letters_one or not letters_other or han_one != han_other:
        return False
    if letters_one == letters_other or words_one == words_other:
        return False
    return not (letters_one.startswith(letters_other) or letters_other.startswith(letters_one)) or han_one


def contradict(nodes: Iterable[Node], judged: Callable[[Node, Node], bool]) -> bool:
    """Whether one system holds this key for two people: two of its own records with names that differ.

    Pairs that are `judged` contradict nothing.
    """
    homes: dict[tuple[str, str], list[Node]] = defaultdict(list)
    for node in nodes:
        if node.name and not node.gone:
            homes[node.connection, node.stream].append(node)
    return any(
        differ(one.name or "", other.name or "") and not judged(one, other)
        for found in homes.values()
        for place, one in enumerate(found)
        for other in found[place + 1 :]
    )
