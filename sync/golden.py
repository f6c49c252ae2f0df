"""The golden record: per field the owner system's word, then the most recent. A pure function of records and settings."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any, NamedTuple

from hub.names import PARTS
from hub.settings.shape import BUILT_IN
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
        self._believe(found)
        return found

    def _believe(self, found: dict[str, list[Said]]) -> None:
        for field, words in found.items():
            if len(words) > 1:
                words.sort(key=lambda said: self.order(field, said))
        self._one_name(found)

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

    def golden(self, records: Sequence[Stored], only: Set[str] | None = None) -> dict[str, Any]:
        """The golden record's fields; with `only` some that have one value: a part of a name needs the whole one beside it."""
        if only is None:
            return believed(self.candidates(records))
        living = [record for record in records if not record.gone]
        words = [record.body.words() for record in living]
        golden, differ = dict[str, Any](), set[str]()
        for one in words:
            for field in only & one.keys():
                if (value := one[field]) is not None and golden.setdefault(field, value) != value:
                    differ.add(field)
        for field in differ:  # where all say the same, nobody needs to come first
            golden[field] = self._first(field, living)
        if "name" in golden and not golden.keys().isdisjoint(PARTS) and not _plain(golden, words):
            self._put_one_name(golden, living)
        return golden

    def _first(self, field: str, records: Sequence[Stored]) -> Any:
        """The believed one of several words."""
        return min(_said(records, field), key=lambda said: self.order(field, said)).value

    def _put_one_name(self, golden: dict[str, Any], records: Sequence[Stored]) -> None:
        names = {field: _said(records, field) for field in _NAMES & golden.keys()}
        self._believe(names)
        for field in _NAMES & golden.keys():
            if field in names:
                golden[field] = names[field][0].value
            else:
                del golden[field]


_NAMES = frozenset({"name", *PARTS})


def _plain(golden: Mapping[str, Any], words: Sequence[Mapping[str, Any]]) -> bool:
    """Whether all say one name in one spelling, and somebody both parts of it: then there is nothing to choose."""
    family, given, name = (golden.get(field) for field in (*PARTS, "name"))
    if not (family and given and name and _makes(family, given, name)):
        return False
    whole = False
    for one in words:
        said = one.get(PARTS[0]), one.get(PARTS[1])
        if one.get("name") not in (None, name) or said[0] not in (None, family) or said[1] not in (None, given):
            return False
        whole = whole or all(said)
    return whole


def _said(records: Sequence[Stored], field: str) -> list[Said]:
    """What these records say of one field."""
    return [
        Said(value, since, record.connection, record.stream, record.ext)
        for record in records
        for value, since in (record.body.word(field),)
        if value is not None
    ]


def _spell(parts: Mapping[str, Said], name: str) -> bool:
    """Whether a record has both parts of a name and they make this one."""
    family, given = (parts[part].value if part in parts else None for part in PARTS)
    return family is not None and given is not None and _makes(family, given, name)


def _makes(family: str, given: str, name: str) -> bool:
    """Whether two parts make up a name, in whatever order."""
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
