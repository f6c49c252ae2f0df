"""Customers as a target: updates by id, creates under a key of their own, and finding again what a create has made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from connectors.shopify.fields import WRITTEN
from connectors.shopify.wire.api import Api
from connectors.shopify.wire.results import Told, result_of, told_by
from connectors.shopify.wire.rows import gid, nodes_of, number_of
from connectors.shopify.wire.selection import META
from connectors.shopify.wire.writing import (
    TAGS,
    Document,
    creating,
    metafields,
    setting,
    split,
    tag_of,
    tags,
    unwritable,
    update_of,
)
from hub.connector import Row, RowResult, Write
from hub.errors import HubError

_BY_TAG = "query FindByTag($query:String!){customers(first:2, query:$query){nodes{id tags}}}"


@dataclass(frozen=True)
class Customers:
    """The customers of one shop. `create_key` is the metafield of creates' keys, "" for a tag."""

    api: Api
    create_key: str
    guarded: bool

    def write(self, batch: Sequence[Write]) -> list[RowResult]:
        """One result a row. What the connector never writes is refused before anything is sent."""
        refused = {entry.key: names for entry in batch if (names := unwritable(entry.values))}
        keyless = {entry.key for entry in batch if not (entry.external_id or entry.create_key)}
        results = [RowResult(key, "refused", code="NOT_WRITTEN", field=names[0]) for key, names in refused.items()]
        results += [RowResult(key, "refused", code="NO_CREATE_KEY") for key in keyless - refused.keys()]
        good = [entry for entry in batch if entry.key not in refused and entry.key not in keyless]
        updates = [entry for entry in good if entry.external_id]
        results += self._update(updates) if updates else []
        creates = [entry for entry in good if not entry.external_id]
        return [*results, *(self._create(creates, sent=bool(updates)) if creates else [])]

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The customers under these create keys."""
        keys = [key for key in create_keys if key.isalnum()]  # ours are; others could not be quoted safely
        if self.create_key:
            return self._by_custom_id(keys) if keys else {}
        places = {key: self._by_tag(key) for key in keys}
        return {key: id_ for key, id_ in places.items() if id_}

    # -- updates

    def _update(self, batch: Sequence[Write]) -> list[RowResult]:
        document = Document("WriteCustomers")
        for entry in batch:
            document.add(entry.key, update_of(entry, guarded=self.guarded))
        told = self._sent(document)
        return [result_of(entry.key, told.get(entry.key, ()), entry.external_id) for entry in batch]

    def _sent(self, document: Document) -> dict[str, list[Told]]:
        return told_by(self.api.write(*document.text()), document) if document.deeds else {}

    # -- creates

    def _create(self, batch: Sequence[Write], *, sent: bool) -> list[RowResult]:
        """Make them; rows under one key are one create. Once updates were sent, an error must not hide their results."""
        document, firsts = Document("CreateCustomers"), dict[str, Write]()
        for entry in batch:
            firsts.setdefault(entry.create_key or "", entry)
        for key, entry in firsts.items():
            document.add(key, [self._creation(key, entry.values)])
        try:
            told = self._sent(document)
        except HubError:
            if not sent:
                raise
            return [RowResult(entry.key, "unknown") for entry in batch]
        made = {key: result_of(firsts[key].key, one) for key, one in told.items()}
        bare = self._finished(firsts, made, told)
        return [
            replace(made[key], key=entry.key, left=bare.get(key, ()))
            for entry in batch
            if (key := entry.create_key or "") in made
        ]

    def _creation(self, key: str, values: Row) -> Any:
        plain = {name: value for name, value in values.items() if name in WRITTEN and value not in (None, "")}
        if not self.create_key:
            return creating(plain, tag_of(key))
        namespace, name = split(self.create_key)
        return setting(plain, {"customId": {"namespace": namespace, "key": name, "value": key}}, self.create_key)

    def _finished(
        self, firsts: dict[str, Write], made: dict[str, RowResult], told: dict[str, list[Told]]
    ) -> dict[str, tuple[str, ...]]:
        """Give the new ones what a create cannot carry; gives, by create key, the fields that did not arrive."""
        document = Document("FinishCustomers")
        for key, result in made.items():
            if result.outcome == "ok" and result.external_id:
                owner = gid("Customer", result.external_id)
                values = firsts[key].values | self._marked(key, told[key])
                document.add(key, [*metafields(owner, values, {}), *tags(owner, values)])
        try:
            found = self._sent(document)
        except HubError:  # made all the same: what is missing is planned again
            return {key: self._late(firsts[key].values) for key in made if made[key].outcome == "ok"}
        return {
            key: tuple(name for each in one if each.code for name in each.deed.fields) for key, one in found.items()
        }

    def _marked(self, key: str, told: Sequence[Told]) -> Row:
        """The create's key, where `customerSet` did not keep it itself."""
        kept = any(isinstance(one.found, dict) and one.found.get("key") for one in told)
        return {} if kept or not self.create_key else {META + self.create_key: key}

    @staticmethod
    def _late(values: Iterable[str]) -> tuple[str, ...]:
        return tuple(name for name in values if name.startswith(META) or name == TAGS)

    # -- finding

    def _by_custom_id(self, keys: Sequence[str]) -> dict[str, str]:
        namespace, name = split(self.create_key)
        heads = ", ".join(f"$k{place}:CustomerIdentifierInput!" for place in range(len(keys)))
        parts = " ".join(f"k{place}:customerByIdentifier(identifier:$k{place}){{id}}" for place in range(len(keys)))
        asked = {
            f"k{place}": {"customId": {"namespace": namespace, "key": name, "value": key}}
            for place, key in enumerate(keys)
        }
        found = self.api.ask(f"query FindCreated({heads}){{{parts}}}", asked)
        places = {key: found.get(f"k{place}") for place, key in enumerate(keys)}
        return {key: number_of(one.get("id")) for key, one in places.items() if isinstance(one, dict)}

    def _by_tag(self, key: str) -> str:
        """A search finds words: only a customer that has the very tag is meant."""
        tag = tag_of(key)
        rows = nodes_of(self.api.ask(_BY_TAG, {"query": f"tag:'{tag}'"}).get("customers"))
        return next((number_of(row.get("id")) for row in rows if tag in (row.get("tags") or ())), "")
