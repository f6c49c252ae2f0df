"""The golden record: per field the owner system's word, then the most recent. A pure function of records and settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.names import PARTS
from hub.settings.shape import BUILT_IN
from hub.store.bodies import Body
from hub.store.records import Stored
from sync.mapping import LISTS, is_decided
from sync.resolve.names import bare

_MAIN_OF = {"other_phones": "phone", "other_emails": "email"}


class Said(NamedTuple):
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
        _, since, connection, stream, ext = said
        owners = (BUILT_IN, *self.owners[field]) if field in self.owners else (BUILT_IN,)
        owner = owners.index(connection) if connection in owners else len(owners)
        return (owner, -since, self.ranks.get(connection, 999), stream, ext)

    def candidates(self, records: Sequence[Stored], only: Collection[str] | None = None) -> dict[str, list[Said]]:
        """field -> what each system says of it, the believed one first. Gone records are not asked.

        With `only`, no more than these fields are looked at, and where all say the same nobody comes first; a part of a
        name needs the whole name beside it.
        """
        found: dict[str, list[Said]] = {}
        for record in records:
            if not record.gone:
                place = (record.connection, record.stream, record.ext)
                for field, value, since in record.body.evidence() if only is None else _words(record.body, only):
                    if only is not None or not (is_decided(field) or field.startswith("_")):
                        found.setdefault(field, []).append(Said(value, since, *place))
        for field, words in found.items():
            if len(words) > 1 and (only is None or field in PARTS or not _agree(words)):
                words.sort(key=lambda said: self.order(field, said))
        self._one_name(found)
        return found

    def _one_name(self, found: dict[str, list[Said]]) -> None:
        """Family and given name only from one record that spells the believed name: parts of two make up a third.

        A part that a person corrected, or whose owner is declared, stands for itself.
        """
        names = found.get("name")
        if not names or not any(part in found for part in PARTS):
            return
        by_record: dict[tuple[str, str, str], dict[str, Said]] = defaultdict(dict)
        for part in PARTS:
            for said in found.get(part, ()):
                by_record[said.connection, said.stream, said.ext][part] = said
        spelling = [parts for parts in by_record.values() if _spell(parts, names[0].value)]
        chosen = min(spelling, key=lambda parts: self.order(PARTS[0], parts[PARTS[0]]), default={})
        for part in PARTS:
            words = found.get(part, [])
            if not words or part in self.owners or words[0].connection == BUILT_IN:
                continue
            if chosen:
                words.sort(key=lambda said: said is not chosen[part])
            else:
                del found[part]

    def golden(self, records: Sequence[Stored], only: Collection[str] | None = None) -> dict[str, Any]:
        """The golden record's fields; with `only` some that have one value, see `candidates`."""
        candidates = self.candidates(records, only)
        return believed(candidates) if only is None else {field: words[0].value for field, words in candidates.items()}


def _agree(words: Sequence[Said]) -> bool:
    first = words[0].value
    return all(said.value == first for said in words)


def _words(body: Body, only: Collection[str]) -> Iterator[tuple[str, Any, int]]:
    """As `Body.evidence`, of a few fields."""
    values, ours = body.values, body.ours
    for field in only:
        if field in ours:
            value, since = ours[field]
            if value is not None:
                yield field, value, since
        elif field in values:
            yield field, values[field], body.since[field]


def _spell(parts: Mapping[str, Said], name: str) -> bool:
    """Whether a record has both parts of a name and they make this one, in whatever order."""
    own = [parts[part].value for part in PARTS if part in parts]
    if len(own) < len(PARTS):
        return False
    family, given = own
    if name in (f"{family}{given}", f"{given} {family}"):  # nearly always
        return True
    return bare(name) in (bare(f"{family}{given}"), bare(f"{given}{family}"))


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
