"""Checks a part of the tree against a pydantic model and says in plain words what is wrong where."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from hub.settings.environment import Environment, from_environment
from hub.settings.kinds import known_keys
from hub.settings.problems import Problems, Spot, nearest
from hub.settings.tree import Leaf, Loc, Table, walk

M = TypeVar("M", bound=BaseModel)

_WANTED = {
    "string": "text", "int": "a whole number", "float": "a number", "decimal": "a number", "bool": "true or false",
    "list": "a list", "tuple": "a list", "set": "a list", "dict": "a mapping (key: value)",
    "model": "a mapping (key: value)", "date": "a date (2025-03-01)", "datetime": "a time (2025-03-01T10:00:00+08:00)",
}  # fmt: skip
_TYPE_ERROR = re.compile(
    r"([a-z]+)_(attributes_type|type|parsing|parsing_size|from_float|from_date_parsing|from_datetime_(parsing|inexact))"
)
_TEXT_ERRORS = frozenset(("string_type", "literal_error", "enum"))
_MOST_KEYS = 16


class Checker:
    """Validates parts of one file; what is wrong goes to `problems`."""

    def __init__(self, environment: Environment, problems: Problems) -> None:
        self._environment = environment
        self._problems = problems

    def validated(self, model: type[M], table: Table, home: Spot, beside: Iterable[str] = ()) -> M | None:
        """The part as a `model`, or None when it is wrong.

        `home` is where the part is named; `beside` are keys that are good at its top although the model lacks them. An
        empty value at the top means the default.
        """
        table = table.without({name for name, node in table.entries.items() if _defaulted(model, name, node)})
        try:
            return self._parsed(model, table)
        except ValidationError as error:
            failures = error.errors(include_url=False, include_input=False)
        unknown = [self._unknown(model, failure["loc"], table, beside) for failure in _of("extra_forbidden", failures)]
        for failure in failures:
            if failure["type"] == "missing":
                self._missing(failure["loc"], table, home, unknown)
            elif failure["type"] != "extra_forbidden":
                self._wrong(model, failure, table, home)
        return None

    def _parsed(self, model: type[M], table: Table) -> M:
        """Numbers and flags where text is wanted are taken as they were written (`0.10` stays `0.10`)."""
        try:
            return model.model_validate(self._environment.fill(table))
        except ValidationError as error:
            failures = error.errors(include_url=False, include_input=False)
        leaves = [_leaf(table, failure["loc"]) for failure in failures if failure["type"] in _TEXT_ERRORS]
        as_text = {leaf.spot for leaf in leaves if leaf is not None and leaf.value is not None}
        return model.model_validate(self._environment.fill(table, as_text))

    def _unknown(self, model: type[BaseModel], loc: Loc, table: Table, beside: Iterable[str]) -> tuple[Loc, str]:
        """Notes an unknown key; returns what was probably meant, as (place of the mapping, key)."""
        known = [*known_keys(model, loc[:-1]), *(beside if len(loc) == 1 else ())]
        word = str(loc[-1])
        meant = nearest(word, known)
        listed = "known here: " + ", ".join(known) if known and len(known) <= _MOST_KEYS else "delete or rename it"
        self._problems.add(_key_spot(table, loc), f'unknown key "{word}"', meant=meant, remedy=listed)
        return loc[:-1], meant

    def _missing(self, loc: Loc, table: Table, home: Spot, unknown: list[tuple[Loc, str]]) -> None:
        word = str(loc[-1])
        if (loc[:-1], word) not in unknown:
            place = _key_spot(table, loc[:-1]) if loc[:-1] else home
            self._problems.add(place, f'"{word}" is missing', remedy=f"add `{word}:`")

    def _wrong(self, model: type[BaseModel], failure: ErrorDetails, table: Table, home: Spot) -> None:
        loc = failure["loc"]
        steps = walk(table, loc)
        spot = steps[-1][1].spot if steps else home
        if self._problems.noted(spot):
            return  # what follows from a missing variable or from another error here is noise
        name = next((part for part, _ in reversed(steps) if isinstance(part, str)), "")
        if loc and loc[-1] in known_keys(model, loc[:-1]):
            name = str(loc[-1])  # also a key that the connector itself filled in
        what, meant, remedy = _worded(failure, _leaf(table, loc))
        self._problems.add(spot, f'"{name}": {what}' if name else what, meant=meant, remedy=remedy)


def _of(kind: str, failures: list[ErrorDetails]) -> list[ErrorDetails]:
    return [failure for failure in failures if failure["type"] == kind]


def _defaulted(model: type[BaseModel], name: str, node: object) -> bool:
    info = model.model_fields.get(name)
    return isinstance(node, Leaf) and node.value is None and info is not None and not info.is_required()


def _leaf(table: Table, loc: Loc) -> Leaf | None:
    steps = walk(table, loc)
    node = steps[-1][1] if steps else None
    return node if isinstance(node, Leaf) else None


def _key_spot(table: Table, loc: Loc) -> Spot:
    """Where the key of the value at `loc` stands; for an item of a list, where the item begins."""
    steps = walk(table, loc)
    owner = steps[-2][1] if len(steps) > 1 else table
    if steps and isinstance(owner, Table):
        return owner.keys[str(steps[-1][0])]
    return steps[-1][1].spot if steps else table.spot


def _worded(failure: ErrorDetails, leaf: Leaf | None) -> tuple[str, str, str]:
    """What is wrong, what was meant, what to do; a value from the environment is never repeated."""
    kind = _TYPE_ERROR.fullmatch(failure["type"])
    if kind is not None and kind[1] in _WANTED:
        return f"{_WANTED[kind[1]]} is wanted here", "", ""
    if failure["type"] in ("literal_error", "enum"):
        choices = re.findall(r"'([^']*)'", str(failure["ctx"]["expected"]))
        word = leaf.text if leaf is not None and not from_environment(leaf.text) else ""
        what = f'"{word}" is none of the choices' if word else "none of the choices"
        return what, nearest(word, choices), "choose from: " + ", ".join(choices)
    if failure["type"] == "string_pattern_mismatch":
        return "not in the form wanted", "", f"it must match {failure['ctx']['pattern']}"
    message = failure["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:], "", ""
