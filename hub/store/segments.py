"""Segments: who is in one, since when, and who was, as periods.

A period begins on the day on which a customer enters and ends on the day on which it leaves; that day is no longer part
of it. Whoever enters and leaves on one day leaves no trace, and whoever comes back on the day of leaving was never away:
so a day counts as it ends, however often it is decided, and a jump of days gives what single days would.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.store.database import Database, Params, listings, names
from hub.store.dialects import typed

PAGE = 2000
"""Customers who enter or leave that are worked on together."""

MOST = 60
"""Segments whose overlap can be counted together: each is a bit of a whole number."""

_DUE = "c.due > 0 AND c.id > '' AND COALESCE(c.merged_into, '') = ''"
"""Who is decided, see `hub.store.decisions`; the comparison of ids makes SQLite use the index of those who are due, and
CROSS JOIN makes it begin with them: segments may hold everybody."""

_MERGED = "c.due > 0 AND c.id > '' AND COALESCE(c.merged_into, '') <> ''"

_STANDS = "m.segment = :segment AND m.customer = c.id AND m.to_day = 0"

_NOW = (
    "CREATE TEMP TABLE IF NOT EXISTS segment_now (customer {text} NOT NULL, holds {text} NOT NULL,"
    " PRIMARY KEY (customer)){flat}"
)
"""Which expressions hold for whom, as a text of ones and zeros: of this thread's connection."""


class Moved(NamedTuple):
    """How many entered a segment and how many left it."""

    entered: int
    left: int


class Move(NamedTuple):
    """A customer whom the rule wants in (`enters`) or out, and who is not there yet."""

    customer: str
    enters: bool


class Period(NamedTuple):
    """One stay in a segment; `to_day` is 0 while it lasts. `rules` is the digest of the rules that began it."""

    segment: str
    from_day: int
    to_day: int
    rules: str


class Change(NamedTuple):
    """One customer's entering or leaving."""

    day: int
    customer: str
    entered: bool


class Size(NamedTuple):
    """How many are in a segment, and how many entered and left since a day, that day included."""

    members: int
    entered: int
    left: int


class Segments:
    """The table `membership`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # -- by a rule, for the customers that are due

    def judge(self, segment: str, rules: str, day: int, expression: str, params: Params) -> Moved:
        """Let due customers in and out by an expression over `facts f` that holds or not (unknown counts as not)."""
        return self.judge_all({segment: expression}, rules, day, params)[segment]

    def judge_all(self, expressions: Mapping[str, str], rules: str, day: int, params: Params) -> dict[str, Moved]:
        """The same for several segments whose expressions share their parameters, by one look at everybody who is due."""
        due = self._look(list(expressions.values()), params)
        placed = [(segment, place, {"segment": segment, "day": day}) for place, segment in enumerate(expressions, 1)]
        left = {segment: self._leave(place, bound, due) for segment, place, bound in placed}
        self._without_trace(day)
        return {segment: Moved(self._enter(place, bound, rules), left[segment]) for segment, place, bound in placed}

    def _look(self, expressions: Sequence[str], params: Params) -> int:
        """Note for each due customer which of the expressions hold, a sign for each; returns how many are due."""
        for statement in (_NOW, "DELETE FROM segment_now"):
            self._db.script([typed(self._db, statement)])
        signs = " || ".join(f"CASE WHEN ({expression}) THEN '1' ELSE '0' END" for expression in expressions)
        sql = (
            f"INSERT INTO segment_now (customer, holds) SELECT c.id, {signs}"
            f" FROM customer c CROSS JOIN facts f WHERE {_DUE} AND f.customer = c.id"
        )
        return self._db.execute(sql, params)

    def _leave(self, place: int, bound: Params, due: int) -> int:
        """End the stay of due members for whom an expression does not hold: from the shorter of the two sides."""
        few = f"SELECT 1 FROM membership WHERE segment = :segment AND to_day = 0 LIMIT {due}"
        (members,) = self._db.rows(f"SELECT COUNT(*) FROM ({few}) n", {"segment": bound["segment"]})[0]
        out = f"FROM segment_now n WHERE {_sign(place)} = '0'"
        if members < due:
            whose = f"EXISTS (SELECT 1 {out} AND n.customer = membership.customer)"
        else:
            whose = f"customer IN (SELECT n.customer {out})"
        sql = f"UPDATE membership SET to_day = :day WHERE segment = :segment AND to_day = 0 AND {whose}"
        return self._db.execute(sql, bound)

    def _enter(self, place: int, bound: Params, rules: str) -> int:
        """Begin a stay for due customers for whom it holds; who left today goes on as if never away."""
        back = self._db.execute(
            "UPDATE membership SET to_day = 0 WHERE segment = :segment AND to_day = :day AND to_day > 0 AND EXISTS"
            f" (SELECT 1 FROM segment_now n WHERE n.customer = membership.customer AND {_sign(place)} = '1')",
            bound,
        )
        new = self._db.execute(
            "INSERT INTO membership (segment, customer, from_day, rules) SELECT CAST(:segment AS TEXT), n.customer,"
            f" CAST(:day AS BIGINT), CAST(:rules AS TEXT) FROM segment_now n WHERE {_sign(place)} = '1' AND NOT EXISTS"
            " (SELECT 1 FROM membership m WHERE m.segment = :segment AND m.customer = n.customer AND m.to_day = 0)",
            {**bound, "rules": rules},
        )
        return back + new

    def differing(self, segment: str, expression: str, params: Params) -> Iterator[list[Move]]:
        """Who would enter and who would leave, in pages by id: for callers that let some of them wait."""
        sql = (
            "SELECT n.customer, n.holds FROM (SELECT c.id AS customer, CASE WHEN m.customer IS NULL THEN 0 ELSE 1 END"
            f" AS standing, {_holds(expression)} AS holds FROM customer c JOIN facts f ON f.customer = c.id"
            f" LEFT JOIN membership m ON {_STANDS} WHERE {_DUE} AND c.id > :last) n"
            " WHERE n.standing <> n.holds ORDER BY n.customer LIMIT :page"
        )
        last = ""
        while rows := self._db.rows(sql, {**params, "segment": segment, "last": last, "page": PAGE}):
            yield [Move(customer, bool(holds)) for customer, holds in rows]
            last = rows[-1][0]

    # -- by name

    def settle(self, segment: str, day: int, rules: str, entering: Sequence[str], leaving: Sequence[str]) -> Moved:
        """Let these customers in and those out; who is in already stays, and who is not has nothing to leave."""
        left = entered = 0
        for listed, params in listings(leaving):
            sql = (
                f"UPDATE membership SET to_day = :day WHERE segment = :segment AND to_day = 0 AND customer IN {listed}"
            )
            left += self._db.execute(sql, {**params, "segment": segment, "day": day})
        self._without_trace(day)
        for listed, params in listings(entering):
            entered += self._let_in(segment, day, rules, listed, params)
        return Moved(entered, left)

    def _let_in(self, segment: str, day: int, rules: str, listed: str, params: Params) -> int:
        bound = {**params, "segment": segment, "day": day}
        back = self._db.execute(
            "UPDATE membership SET to_day = 0 WHERE segment = :segment AND to_day = :day AND to_day > 0"
            f" AND customer IN {listed}",
            bound,
        )
        new = self._db.execute(
            "INSERT INTO membership (segment, customer, from_day, rules)"
            " SELECT CAST(:segment AS TEXT), c.id, CAST(:day AS BIGINT), CAST(:rules AS TEXT) FROM customer c"
            f" WHERE c.id IN {listed} AND NOT EXISTS (SELECT 1 FROM membership m WHERE {_STANDS})",
            {**bound, "rules": rules},
        )
        return back + new

    def agree(self, segment: str, day: int, rules: str, wanted: Iterable[str]) -> Moved:
        """Make exactly these customers the members; who enters or leaves is looked at again, as rules may ask for it."""
        known = {customer for (customer,) in self._db.rows(_MEMBERS, {"segment": segment})}
        asked = set(wanted)
        for listed, params in listings(sorted(asked ^ known)):
            self._db.execute(f"UPDATE customer SET due = 2 WHERE due = 0 AND id IN {listed}", params)
        return self.settle(segment, day, rules, sorted(asked - known), sorted(known - asked))

    def heirs(self, segment: str) -> list[str]:
        """The members, and for those that were merged away the customer that lives on."""
        sql = (
            "SELECT DISTINCT COALESCE(c.merged_into, c.id) FROM membership m JOIN customer c ON c.id = m.customer"
            " WHERE m.segment = :segment AND m.to_day = 0"
        )
        return [customer for (customer,) in self._db.rows(sql, {"segment": segment})]

    def drop(self, segment: str, day: int) -> int:
        """End all stays in a segment that the rules no longer know."""
        sql = "UPDATE membership SET to_day = :day WHERE segment = :segment AND to_day = 0"
        count = self._db.execute(sql, {"segment": segment, "day": day})
        self._without_trace(day)
        return count

    def leave_merged(self, day: int) -> int:
        """Customers that were merged away leave all segments: the one that lives on is judged itself.

        They were made due by the merge. Once they have left they are not: nobody decides about an alias.
        """
        count = self._db.execute(
            "UPDATE membership SET to_day = :day WHERE to_day = 0 AND customer IN"
            f" (SELECT c.id FROM customer c WHERE {_MERGED})",
            {"day": day},
        )
        self._without_trace(day)
        self._db.execute(f"UPDATE customer SET due = 0 WHERE id IN (SELECT c.id FROM customer c WHERE {_MERGED})")
        return count

    def _without_trace(self, day: int) -> None:
        sql = "DELETE FROM membership WHERE to_day = :day AND to_day > 0 AND from_day >= to_day"
        self._db.execute(sql, {"day": day})

    # -- reading

    def names(self) -> list[str]:
        """The segments that have members."""
        return [segment for (segment,) in self._db.rows(_NAMES)]

    def standing(self, customers: Sequence[str]) -> dict[str, list[str]]:
        """customer -> the segments it is in, by name."""
        found: dict[str, list[str]] = {customer: [] for customer in customers}
        for listed, params in listings(customers):
            sql = f"SELECT customer, segment FROM membership WHERE to_day = 0 AND customer IN {listed} ORDER BY segment"
            for customer, segment in self._db.rows(sql, params):
                found[customer].append(segment)
        return found

    def of_customer(self, customer: str) -> list[Period]:
        """A customer's stays, by segment, the oldest first."""
        sql = (
            "SELECT segment, from_day, to_day, rules FROM membership WHERE customer = :customer"
            " ORDER BY segment, from_day"
        )
        return [Period(*row) for row in self._db.rows(sql, {"customer": customer})]

    def sizes(self, since: int) -> dict[str, Size]:
        """segment -> its size now and its changes since a day; also of segments that were dropped since."""
        rows = self._db.rows(
            "SELECT segment, COUNT(CASE WHEN to_day = 0 THEN 1 END), COUNT(CASE WHEN from_day >= :since THEN 1 END),"
            " COUNT(CASE WHEN to_day >= :since THEN 1 END) FROM membership"
            " WHERE to_day = 0 OR to_day >= :since GROUP BY segment ORDER BY segment",
            {"since": since},
        )
        return {segment: Size(*counts) for segment, *counts in rows}

    def changes(self, segment: str, from_day: int, to_day: int, most: int = 1_000_000) -> list[Change]:
        """Who entered and left between two days, both included; newest first, at most so many."""
        rows = self._db.rows(
            "SELECT n.day, n.customer, n.entered FROM (SELECT from_day AS day, customer, 1 AS entered FROM membership"
            " WHERE segment = :segment AND from_day >= :low AND from_day <= :high"
            " UNION ALL SELECT to_day, customer, 0 FROM membership"
            " WHERE segment = :segment AND to_day > 0 AND to_day >= :low AND to_day <= :high) n"
            " ORDER BY n.day DESC, n.customer, n.entered LIMIT :most",
            {"segment": segment, "low": from_day, "high": to_day, "most": most},
        )
        return [Change(day, customer, bool(entered)) for day, customer, entered in rows]

    def members(self, segment: str, most: int | None = None) -> Iterator[str]:
        """The members by id, a few at a time; nobody whom a merge since the last decision made another's alias."""
        bound: Params = {"segment": segment, "most": 2**62 if most is None else most}
        return (customer for (customer,) in self._db.stream(f"{_MEMBERS} LIMIT :most", bound))

    def overlap(self, segments: Sequence[str]) -> dict[tuple[str, str], int]:
        """How many customers are in both of two segments, for all pairs in both orders; with itself, its size.

        Counted by which of the segments each customer is in, so that one pass is enough for all pairs.
        """
        if len(segments) > MOST:
            raise ValueError(f"at most {MOST} segments")
        found = {(one, other): 0 for one in segments for other in segments}
        for sign, count in self._signs(segments) if segments else ():
            held = [segment for bit, segment in enumerate(segments) if sign >> bit & 1]
            for one in held:
                for other in held:
                    found[one, other] += count
        return found

    def _signs(self, segments: Sequence[str]) -> list[tuple[int, int]]:
        """Each combination of segments that somebody is in, as a sum of their bits, with how many are."""
        listed, params = names("k", segments)
        bits = " ".join(f"WHEN :k{bit} THEN {2**bit}" for bit in range(len(segments)))
        rows = self._db.rows(
            "SELECT n.sign, COUNT(*) FROM (SELECT CAST(SUM(CAST(CASE segment"
            f" {bits} END AS BIGINT)) AS BIGINT) AS sign FROM membership"
            f" WHERE to_day = 0 AND segment IN {listed} GROUP BY customer) n GROUP BY n.sign ORDER BY n.sign",
            params,
        )
        return [(sign, count) for sign, count in rows]


_MEMBERS = (
    "SELECT m.customer FROM membership m JOIN customer c ON c.id = m.customer"
    " WHERE m.segment = :segment AND m.to_day = 0 AND c.merged_into IS NULL ORDER BY m.customer"
)

_NAMES = """
WITH RECURSIVE n (segment) AS (
  SELECT MIN(m.segment) FROM membership m
  UNION ALL
  SELECT (SELECT MIN(m.segment) FROM membership m WHERE m.segment > n.segment) FROM n WHERE n.segment IS NOT NULL)
SELECT n.segment FROM n WHERE n.segment IS NOT NULL AND EXISTS
  (SELECT 1 FROM membership m WHERE m.segment = n.segment AND m.to_day = 0) ORDER BY n.segment
"""
"""From name to name along the key: a plain DISTINCT goes through all members, in every run."""


def _sign(place: int) -> str:
    return f"SUBSTR(n.holds, {place}, 1)"


def _holds(expression: str) -> str:
    return f"CASE WHEN ({expression}) THEN 1 ELSE 0 END"
