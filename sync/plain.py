"""Values that a noun's model takes as they stand, told without asking it.

Most rows are plain: texts of a common length, canonical times and numbers, known words. For each field of a model a check
is derived from its type; what passes all checks, the model would give back letter by letter. Everything else goes through
the model, which has the last word and the better message; see `sync/columns.py`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from annotated_types import MaxLen
from pydantic import BaseModel, StringConstraints
from pydantic_core import PydanticUndefined, to_jsonable_python

from hub.forms import MOMENT, PLAIN_NUMBER, Place, is_time

Check = Callable[[Any], bool]


@dataclass(frozen=True)
class Short:
    """The check of texts that are only limited in their length."""

    most: int

    def __call__(self, value: Any) -> bool:
        return type(value) is str and len(value) <= self.most


class Plain:
    """The checks of a model's fields, by name; `defaults` are those that its dump shows."""

    def __init__(self, model: type[BaseModel]) -> None:
        self._checks: dict[str, Check] = {}
        self._inside: dict[str, Check] = {}
        self.parts: dict[str, Plain] = {}
        self.defaults: dict[str, Any] = {}
        self.required = {name for name, field in model.model_fields.items() if field.is_required()}
        for name, field in model.model_fields.items():
            default = field.get_default(call_default_factory=True, validated_data={})
            if default is not None and default is not PydanticUndefined:
                self.defaults[name] = to_jsonable_python(default, exclude_none=True)
            kind = _bare(field.annotation)
            if get_origin(kind) is dict:
                self._inside[name] = _check(get_args(kind)[1], [])
            else:
                self._checks[name] = _check(kind, field.metadata)
            if isinstance(kind, type) and issubclass(kind, BaseModel):
                self.parts[name] = Plain(kind)

    def check(self, name: str) -> Check:
        """The check of a field; `custom.size` is the part `size` of the field `custom`, `buyer.phone` one of an object."""
        head, _, rest = name.partition(".")
        if rest:
            return self.parts[head].check(rest) if head in self.parts else self._inside.get(head, _never)
        return self._checks.get(name, _never)

    def takes(self, values: Mapping[str, Any]) -> bool:
        """Whether all values are plain, and none is missing."""
        return all(self.check(name)(value) for name, value in values.items()) and self.required <= values.keys()


def _bare(kind: Any) -> Any:
    """The type without its None."""
    if get_origin(kind) in (Union, UnionType):
        (kind,) = (one for one in get_args(kind) if one is not type(None))
    return kind


def _check(kind: Any, metadata: list[Any]) -> Check:
    if hasattr(kind, "__metadata__"):
        kind, metadata = kind.__origin__, list(kind.__metadata__)
    if kind is str:
        return _text(metadata)
    if kind is datetime:
        return is_time
    if kind is Decimal:
        return _is_number
    if get_origin(kind) is Literal:
        return _one_of(frozenset(get_args(kind)))
    if get_origin(kind) is tuple:
        return _all_of(_check(get_args(kind)[0], []))
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        inner = Plain(kind)
        return lambda value: type(value) is dict and inner.takes(value)
    return _never


def _never(value: Any) -> bool:
    return False


def _text(metadata: list[Any]) -> Check:
    limits = [one for one in metadata if isinstance(one, StringConstraints)]
    most = min([one.max_length for one in [*limits, *metadata] if isinstance(one, StringConstraints | MaxLen)
                and one.max_length is not None], default=None)  # fmt: skip
    pattern = next((one.pattern for one in limits if one.pattern), None)
    if pattern is None:
        return Short(sys.maxsize if most is None else most)
    shape = re.compile(pattern, re.ASCII)
    return lambda value: type(value) is str and shape.fullmatch(value) is not None and len(value) <= (most or 4000)


def _one_of(words: frozenset[Any]) -> Check:
    return lambda value: type(value) is str and value in words


def _all_of(check: Check) -> Check:
    return lambda value: type(value) is list and all(map(check, value))


def seconds(text: str) -> int:
    """Epoch seconds of a canonical time."""
    return int(datetime.fromisoformat(text).timestamp())


def changed_at(raw: Any, place: Place) -> int:
    """Epoch seconds of a time of theirs, 0 where there is none; ValueError where it cannot be read."""
    text = MOMENT.canonical(raw, place)
    return seconds(text) if text else 0


def _is_number(value: Any) -> bool:
    return type(value) is str and PLAIN_NUMBER.fullmatch(value) is not None
