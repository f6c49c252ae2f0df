"""Facts that code makes: for what no predicate says, row by row and out of a customer's other facts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class FactMaker:
    """One fact that a plugin brings (hook `kehub_facts`); a brand names it in its rules before it is made.

    `make` gets the customer's facts in `reads` by name (money in minor units, days as proleptic ordinals, None for what is
    unknown) and `as_of`, and gives a whole number (of the kind that `kind` says), or None for unknown. It must depend on
    nothing else, or its value would hang on when it was asked. `version` changes when it would give other values.
    """

    name: str
    make: Callable[[Mapping[str, Any]], int | None] = field(compare=False, repr=False)
    reads: frozenset[str]
    kind: Literal["count", "money", "day", "flag"] = "count"
    version: str = "1"
