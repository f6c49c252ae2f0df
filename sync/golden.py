"""The golden record: per field the owner system's word, then the most recent. A pure function of records and settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.store.records import Stored
from sync.mapping import LISTS, is_decided

_MAIN_OF = {"other_phones": "phone", "other_emails": "email"}


@dataclass(frozen=True)
class Said:
    """One system's word on one field."""

    value: Any
    since: int
    connection: str
    stream: str
    ext: str


@dataclass(frozen=True)
class Survivorship:
    """Who is believed: the owner systems of a field in order, then the ranks of connections for ties."""

    owners: Mapping[str, Sequence[str]]
    ranks: Mapping[str, int]

    def order(self, field: str, said: Said) -> tuple[Any, ...]:
        """Sort key: smaller is believed first. Staff corrections win over everything."""
        owners = ["staff", *self.owners.get(field, ())]
        owner = owners.index(said.connection) if said.connection in owners else len(owners)
        return (owner, -said.since, self.ranks.get(said.connection, 999), said.stream, said.ext)

    def candidates(self, records: Sequence[Stored]) -> dict[str, list[Said]]:
        """field -> what each system says of it, the believed one first. Gone records are not asked."""
        found: dict[str, list[Said]] = {}
        for record in records:
            if record.gone:
                continue
            for field, value, since in record.body.evidence():
                if not (is_decided(field) or field.startswith("_")):
                    said = Said(value, since, record.connection, record.stream, record.ext)
                    found.setdefault(field, []).append(said)
        for field, words in found.items():
            words.sort(key=lambda said: self.order(field, said))
        return found

    def golden(self, records: Sequence[Stored]) -> dict[str, Any]:
        """The golden record's fields."""
        return believed(self.candidates(records))


def believed(candidates: Mapping[str, Sequence[Said]]) -> dict[str, Any]:
    """The first word on each field; further phones and e-mails are gathered from everybody's."""
    golden = {field: words[0].value for field, words in candidates.items() if field not in LISTS}
    for field in LISTS:
        values: list[Any] = []
        for words in (candidates.get(_MAIN_OF.get(field, ""), ()), candidates.get(field, ())):
            for said in words:
                values += said.value if isinstance(said.value, list) else [said.value]
        main = golden.get(_MAIN_OF.get(field, ""))
        rest = sorted({value for value in values if value != main})
        if rest:
            golden[field] = rest
    return golden
