"""Writing customers: many small mutations under names of their own in one document, each judged by itself.

A customer's plain fields go by `customerSet`, what the hub decides by `metafieldsSet` and `metafieldsDelete`, tags by
`tagsAdd` and `tagsRemove`. Never by these: tags in `customerSet`, which would replace all others; addresses, whose list
would be replaced; consent, which has mutations of its own that this connector does not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from typing import Any

from connectors.shopify.fields import WRITTEN
from connectors.shopify.wire.rows import DIGESTS, gid
from connectors.shopify.wire.selection import META, metafield_of
from hub.connector import Row, Tagged, Write

TAGS = "tags"
TEXT = "single_line_text_field"
"""The type of the metafields that the hub writes."""

_ERRORS = "userErrors{code field}"
_PLAIN_ERRORS = "userErrors{field}"
_TIME = "updatedAt"


@dataclass(frozen=True)
class Deed:
    """One mutation of a document: what it calls with which arguments (name: (type, value)), what comes back.

    `fields` are their fields that it writes.
    """

    call: str
    arguments: Rows[str, tuple[str, Any]]
    back: str
    fields: tuple[str, ...]


@dataclass
class Document:
    """A document of deeds for several customers; `deeds` are by the alias under which their results come."""

    name: str
    deeds: dict[str, tuple[str, Deed]] = field(default_factory=dict)

    def add(self, key: str, deeds: Iterable[Deed]) -> None:
        """Add a customer's deeds, under the key of its write."""
        for deed in deeds:
            self.deeds[f"w{len(self.deeds)}_{deed.call}"] = (key, deed)

    def text(self) -> tuple[str, Row]:
        """The document, and its variables."""
        heads, calls, variables = list[str](), list[str](), dict[str, Any]()
        for place, (alias, (_, deed)) in enumerate(self.deeds.items()):
            given = []
            for name, (kind, value) in deed.arguments.items():
                variable = f"v{place}_{name}"
                heads.append(f"${variable}:{kind}")
                given.append(f"{name}:${variable}")
                variables[variable] = value
            calls.append(f"{alias}:{deed.call}({', '.join(given)}){{{deed.back}}}")
        return f"mutation {self.name}({', '.join(heads)}){{{' '.join(calls)}}}", variables


def unwritable(values: Iterable[str]) -> list[str]:
    """The fields among these that this connector never writes, whatever a site's mapping says."""
    return [name for name in values if not (name in WRITTEN or name == TAGS or name.startswith(META))]


def update_of(entry: Write, *, guarded: bool) -> list[Deed]:
    """What an update does; `guarded`: a metafield only as it was when its row was read."""
    owner = gid("Customer", entry.external_id or "")
    plain = {name: value for name, value in entry.values.items() if name in WRITTEN}
    deeds = [setting(plain, {"id": owner})] if plain else []
    return [*deeds, *metafields(owner, entry.values, entry.seen if guarded else {}), *tags(owner, entry.values)]


def setting(plain: Row, identifier: Row, create_key: str = "") -> Deed:
    """`customerSet`: a customer that is there by its id, or one that is there or is made by a key of its own."""
    key = ""
    if create_key:
        namespace, name = split(create_key)
        key = f' key:metafield(namespace:"{namespace}", key:"{name}"){{value}}'
    arguments = {"identifier": ("CustomerSetIdentifiers", identifier), "input": ("CustomerSetInput!", plain)}
    return Deed("customerSet", arguments, f"customer{{id {_TIME}{key}}} {_ERRORS}", tuple(plain))


def creating(plain: Row, key_tag: str) -> Deed:
    """`customerSet` of nobody who is there, with the tag that carries the create's key: there are none to replace yet."""
    arguments = {"input": ("CustomerSetInput!", {**plain, "tags": [key_tag]})}
    return Deed("customerSet", arguments, f"customer{{id {_TIME}}} {_ERRORS}", tuple(plain))


def metafields(owner: str, values: Row, seen: Row) -> list[Deed]:
    """What is to be kept in metafields, and which of them are to go; all of one customer's or none."""
    found = {name: value for name, value in values.items() if name.startswith(META)}
    kept = [_kept(owner, name, value, seen) for name, value in found.items() if not _empty(value)]
    gone = [_place(owner, name) for name, value in found.items() if _empty(value)]
    back = f"metafields{{key owner{{... on Customer{{{_TIME}}}}}}} userErrors{{code field elementIndex}}"
    deeds = []
    if kept:
        names = tuple(name for name, value in found.items() if not _empty(value))
        deeds.append(Deed("metafieldsSet", {"metafields": ("[MetafieldsSetInput!]!", kept)}, back, names))
    if gone:
        names = tuple(name for name, value in found.items() if _empty(value))
        arguments = {"metafields": ("[MetafieldIdentifierInput!]!", gone)}
        deeds.append(Deed("metafieldsDelete", arguments, f"deletedMetafields{{key}} {_PLAIN_ERRORS}", names))
    return deeds


def tags(owner: str, values: Row) -> list[Deed]:
    """First the tags that are missing, then the old ones go; the staff's are not named at all."""
    wanted = values.get(TAGS)
    if not isinstance(wanted, Tagged):
        return []
    deeds = []
    for call, names in (("tagsAdd", wanted.add), ("tagsRemove", wanted.remove)):
        if names:
            arguments = {"id": ("ID!", owner), "tags": ("[String!]!", list(names))}
            deeds.append(Deed(call, arguments, f"node{{... on Customer{{{_TIME}}}}} {_PLAIN_ERRORS}", (TAGS,)))
    return deeds


def split(create_key: str) -> Sequence[str]:
    """Namespace and key of the metafield that carries creates' keys."""
    namespace, _, key = create_key.rpartition(".")
    return namespace, key


def tag_of(create_key: str) -> str:
    """The tag that carries a create's key."""
    return f"kehub-key-{create_key}"


def _empty(value: Any) -> bool:
    return value is None or value == ""


def _place(owner: str, name: str) -> Row:
    namespace, key = metafield_of(name)
    return {"ownerId": owner, "namespace": namespace, "key": key}


def _kept(owner: str, name: str, value: Any, seen: Row) -> Row:
    digests = seen.get(DIGESTS)
    known = {"compareDigest": digests[name]} if isinstance(digests, dict) and name in digests else {}
    return {**_place(owner, name), "type": TEXT, "value": str(value), **known}
