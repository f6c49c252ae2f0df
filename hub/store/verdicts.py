"""What a person has judged: these two records are one person, or they are not, whatever their keys say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from hub.clock import Clock
from hub.store.database import Database, listings
from hub.store.records import Stored
from hub.vault import Vault

Kind = Literal["same", "apart"]


@dataclass(frozen=True)
class Verdict:
    """A pair of records (internal ids) and what holds for it; `id` is shared by all pairs judged at once."""

    id: str
    kind: Kind
    one: int
    other: int


_STANDING = (
    " v.undone = 0 AND NOT EXISTS (SELECT 1 FROM verdict w WHERE w.one = v.one AND w.other = v.other"
    " AND w.undone = 0 AND w.seq > v.seq)"
)


class Verdicts:
    """The table `verdict`: append-only; of the verdicts on one pair that are not undone, the newest stands."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def judge(self, kind: Kind, pairs: Iterable[tuple[Stored, Stored]], actor: str, reason: str) -> str:
        """Store a verdict on these pairs and make their records due; one that stands already is not stored again."""
        ordered = sorted({_ordered(pair): _rids(pair) for pair in pairs}.items())
        standing = {(v.one, v.other): v for v in self.touching([rid for _, pair in ordered for rid in pair])}
        fresh = [(place, pair) for place, pair in ordered if pair not in standing or standing[pair].kind != kind]
        if not fresh:
            return standing[ordered[0][1]].id
        name = self._name(kind, [word for place, _ in fresh for word in place])
        common = {"id": name, "kind": kind, "actor": actor, "at": int(self._clock.now().timestamp())}
        self._db.many(
            "INSERT INTO verdict (id, one, other, kind, actor, at, body)"
            " VALUES (:id, :one, :other, :kind, :actor, :at, :body)",
            [
                {**common, "one": one, "other": other, "body": self._vault.seal({"reason": reason}, f"verdict:{name}")}
                for _, (one, other) in fresh
            ],
        )
        self._look_again([pair for _, pair in fresh])
        return name

    def _name(self, kind: str, words: Sequence[str]) -> str:
        before = int(self._db.rows("SELECT COUNT(DISTINCT id) FROM verdict")[0][0])
        return self._vault.name("verdict", kind, *words, str(before), length=8).lower()

    def undo(self, verdict: str, actor: str) -> list[Verdict]:
        """Take a verdict back: what was judged before on its pairs stands again. Returns its pairs; [] when unknown."""
        rows = self._db.rows(
            "SELECT id, kind, one, other FROM verdict WHERE id = :id AND undone = 0 ORDER BY seq", {"id": verdict}
        )
        self._db.execute(
            "UPDATE verdict SET undone = 1, undone_by = :actor WHERE id = :id AND undone = 0",
            {"id": verdict, "actor": actor},
        )
        found = [Verdict(*row) for row in rows]
        self._look_again([(each.one, each.other) for each in found])
        return found

    def _look_again(self, pairs: Iterable[tuple[int, int]]) -> None:
        rids = sorted({rid for pair in pairs for rid in pair})
        self._db.many("UPDATE record SET due = 1 WHERE rid = :rid", [{"rid": rid} for rid in rids])

    # -- reading

    def some(self) -> bool:
        """Whether anything was ever judged."""
        return bool(self._db.rows("SELECT 1 FROM verdict LIMIT 1"))

    def standing(self) -> list[Verdict]:
        """All verdicts that stand, the newest first."""
        sql = f"SELECT v.id, v.kind, v.one, v.other FROM verdict v WHERE{_STANDING} ORDER BY v.seq DESC"
        return [Verdict(*row) for row in self._db.rows(sql)]

    def touching(self, rids: Sequence[int]) -> list[Verdict]:
        """The verdicts that stand on these records, the newest first."""
        found: dict[int, Verdict] = {}
        for listed, params in listings(sorted(set(rids))):
            for side in ("one", "other"):
                sql = f"SELECT v.seq, v.id, v.kind, v.one, v.other FROM verdict v WHERE v.{side} IN {listed} AND{_STANDING}"
                found.update((row[0], Verdict(*row[1:])) for row in self._db.rows(sql, params))
        return [found[seq] for seq in sorted(found, reverse=True)]

    def partners(self, rids: Sequence[int]) -> set[int]:
        """The records on which, together with these, somebody has judged."""
        return {rid for verdict in self.touching(rids) for rid in (verdict.one, verdict.other)}

    def of_customer(self, customer: str) -> list[dict[str, Any]]:
        """What has been judged about a customer's records, the oldest first, those taken back as well."""
        columns = ("id", "kind", "actor", "at", "undone", "undone_by")
        found: dict[str, dict[str, Any]] = {}
        for row in self._db.rows(_OF_CUSTOMER, {"customer": customer}):
            entry = found.setdefault(row[0], {**dict(zip(columns, row[:6], strict=True)), "pairs": []})
            entry["reason"] = self._vault.open(bytes(row[6]), f"verdict:{row[0]}")["reason"]
            entry["pairs"].append([f"{row[7]}:{row[8]}", f"{row[9]}:{row[10]}"])
        return list(found.values())


_OF_CUSTOMER = (
    "SELECT v.id, v.kind, v.actor, v.at, v.undone, v.undone_by, v.body, a.connection, a.ext, b.connection, b.ext"
    " FROM verdict v JOIN record a ON a.rid = v.one JOIN record b ON b.rid = v.other"
    " WHERE a.customer = :customer OR b.customer = :customer ORDER BY v.seq"
)


def _place(record: Stored) -> tuple[str, str, str]:
    return record.connection, record.stream, record.ext


def _ordered(pair: tuple[Stored, Stored]) -> tuple[str, ...]:
    one, other = sorted(pair, key=_place)
    return *_place(one), *_place(other)


def _rids(pair: tuple[Stored, Stored]) -> tuple[int, int]:
    """The pair in natural order, so that the order of arrival leaves no trace."""
    one, other = sorted(pair, key=_place)
    return one.rid, other.rid
