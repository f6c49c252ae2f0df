"""What a pydantic model says about the place a value stands in: the classes it may have, the keys it may hold."""

from __future__ import annotations

from typing import Any, get_args

from pydantic import BaseModel

from hub.settings.tree import Loc

Kinds = frozenset[type]


def kinds(annotation: Any) -> Kinds:
    """All classes that an annotation mentions; containers count as what they hold."""
    args = get_args(annotation)
    if not args:
        return frozenset({annotation}) if isinstance(annotation, type) else frozenset()
    return frozenset().union(*(kinds(arg) for arg in args))


def models(found: Kinds) -> list[type[BaseModel]]:
    """The pydantic models among these classes, by name."""
    return sorted((kind for kind in found if issubclass(kind, BaseModel)), key=lambda kind: kind.__name__)


def beneath(found: Kinds, part: int | str) -> Kinds:
    """The kinds under a key; a key that no model knows is one of a free mapping and changes nothing."""
    below = [
        kinds(info.annotation)
        for model in models(found)
        for name, info in model.model_fields.items()
        if part in (name, info.alias)
    ]
    return frozenset().union(*below) if below else found


def known_keys(model: type[BaseModel], loc: Loc) -> list[str]:
    """The keys that the mapping at `loc` may have."""
    found: Kinds = frozenset({model})
    for part in loc:
        found = beneath(found, part)
    return [info.alias or name for below in models(found) for name, info in below.model_fields.items()]
