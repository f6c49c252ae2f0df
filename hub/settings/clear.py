"""Secrets that are written out in the configuration instead of being taken from the environment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import BaseModel, SecretBytes, SecretStr

from hub.settings.environment import from_environment
from hub.settings.kinds import Kinds, beneath
from hub.settings.problems import Problems
from hub.settings.tree import Leaf, Node, Series, Table

_REMEDY = "write ${NAME} and set it in the environment (or .env file beside the configuration)"
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@]*:([^/\s]+)@")


def secrets_in_the_clear(model: type[BaseModel], table: Table, problems: Problems) -> None:
    """Notes every value below `table` that `model` marks as a secret and that is written out."""
    for leaf in _secrets(frozenset({model}), table):
        if leaf.text and not from_environment(leaf.text):
            problems.add(leaf.spot, "a secret in the clear", remedy=_REMEDY)


def passwords_in_addresses(node: Node, problems: Problems) -> None:
    """Notes every address whose password is written out (`postgresql://user:password@host`)."""
    for _, below in _children(node):
        found = _ADDRESS.match(below.text) if isinstance(below, Leaf) else None
        if found and not from_environment(found[1]):
            problems.add(below.spot, "a password in the clear", remedy=_REMEDY)
        passwords_in_addresses(below, problems)


def _secrets(found: Kinds, node: Node) -> Iterator[Leaf]:
    if isinstance(node, Leaf) and any(issubclass(kind, SecretStr | SecretBytes) for kind in found):
        yield node
    for part, below in _children(node):
        yield from _secrets(beneath(found, part), below)


def _children(node: Node) -> Iterator[tuple[int | str, Node]]:
    if isinstance(node, Table):
        yield from node.entries.items()
    elif isinstance(node, Series):
        yield from enumerate(node.items)
