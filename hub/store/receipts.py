"""Receipts: an intent before the call, a result after it. What stays unclear stays listed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.clock import Clock
from hub.store.database import Database, Row
from hub.store.plans import PlanRow
from hub.vault import Vault


@dataclass(frozen=True)
class Receipt:
    """What became of one effect: intent | ack | rejected | unknown | refused | crossed.

    crossed: it did not take place, or was replaced at once, because somebody edited the record in the same moment.
    """

    key: str
    connection: str
    plan: str
    ext: str
    customer: str
    action: str
    state: str
    code: str
    field: str
    actor: str
    run: int
    intended: int
    settled: int | None
    fields: dict[str, dict[str, Any]]


def _effect(row: PlanRow) -> dict[str, dict[str, Any]]:
    """A row's fields; for a create also the key by which it can be looked up (`_key`)."""
    if row.action != "create":
        return row.fields
    return {**row.fields, "_key": {"wanted": row.key.removeprefix("new:")}}


_COLUMNS = "key, connection, plan, ext, customer, action, state, code, field, actor, run, intended, settled, body"


class Receipts:
    """The table `receipt`, and `echo`, what systems were seen to make of our writes."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def key(self, row: PlanRow) -> str:
        """A row's receipt key: the same for the same change, another once that change was acknowledged."""
        name = self._vault.name("receipt", row.digest, length=16).lower()
        sql = (
            "SELECT COUNT(*) FROM receipt WHERE key >= :low AND key < :high AND state IN ('ack', 'refused', 'crossed')"
        )
        return f"{name}:{self._db.rows(sql, {'low': name + ':', 'high': name + ';'})[0][0]}"

    def intend(self, run: int, plan: str, actor: str, rows: Sequence[tuple[str, PlanRow]]) -> None:
        """Record intents before the call; the caller's transaction is durable."""
        self._db.many(
            "INSERT INTO receipt (key, connection, plan, ext, customer, action, state, actor, fields, body, run,"
            " intended) VALUES (:key, :connection, :plan, :ext, :customer, :action, 'intent', :actor, :fields, :body,"
            " :run, :now) ON CONFLICT (key) DO UPDATE SET state = 'intent', plan = excluded.plan,"
            " actor = excluded.actor, run = excluded.run, intended = excluded.intended, settled = NULL, code = '',"
            " field = ''",
            [
                {
                    "key": key, "connection": row.connection, "plan": plan, "ext": row.ext, "customer": row.customer,
                    "action": row.action, "actor": actor, "fields": ",".join(sorted(row.fields)), "run": run,
                    "body": self._vault.seal(_effect(row), "receipt"), "now": self._now(),
                }
                for key, row in rows
            ],
        )  # fmt: skip

    def finish(self, key: str, state: str, *, ext: str = "", code: str = "", field: str = "") -> None:
        """Record what became of an intent."""
        self._db.execute(
            "UPDATE receipt SET state = :state, code = :code, field = :field, settled = :now,"
            " ext = CASE WHEN :ext = '' THEN ext ELSE :ext END WHERE key = :key",
            {"state": state, "code": code, "field": field, "ext": ext, "now": self._now(), "key": key},
        )

    def withdraw(self, keys: Sequence[str]) -> None:
        """Nothing was sent: the intents never were."""
        self._db.many("DELETE FROM receipt WHERE key = :key AND state = 'intent'", [{"key": key} for key in keys])

    def unsettled(self, connection: str) -> list[Receipt]:
        """Intents without a result, and unclear ones."""
        sql = (
            f"SELECT {_COLUMNS} FROM receipt WHERE connection = :connection"
            " AND state IN ('intent', 'unknown') ORDER BY key"
        )
        return [self._receipt(row) for row in self._db.rows(sql, {"connection": connection})]

    def list(self, *, connection: str = "", customer: str = "", run: int = 0, count: int = 1000) -> list[Receipt]:
        """Receipts, newest first."""
        sql = (
            f"SELECT {_COLUMNS} FROM receipt WHERE (:connection = '' OR connection = :connection)"
            " AND (:customer = '' OR customer = :customer) AND (:run = 0 OR run = :run)"
            " ORDER BY intended DESC, connection, key LIMIT :count"
        )
        params = {"connection": connection, "customer": customer, "run": run, "count": count}
        return [self._receipt(row) for row in self._db.rows(sql, params)]

    def _receipt(self, row: Row) -> Receipt:
        return replace(Receipt(*row), fields=self._vault.open(bytes(row[13]), "receipt"))

    def tally(self, connection: str = "") -> dict[str, int]:
        """Receipts by state."""
        sql = (
            "SELECT state, COUNT(*) FROM receipt WHERE :connection = '' OR connection = :connection"
            " GROUP BY state ORDER BY state"
        )
        return dict(self._db.rows(sql, {"connection": connection}))

    def pushed_before(self, connection: str) -> bool:
        """Whether anything was ever acknowledged by this connection."""
        sql = "SELECT 1 FROM receipt WHERE connection = :connection AND state = 'ack' LIMIT 1"
        return bool(self._db.rows(sql, {"connection": connection}))

    def forget_before(self, at: int) -> int:
        """Retention: drop settled receipts older than `at`."""
        with self._db.writing("retention"):
            sql = "DELETE FROM receipt WHERE settled < :at AND state NOT IN ('intent', 'unknown')"
            return self._db.execute(sql, {"at": at})

    # -- echoes

    def show_echo(self, connection: str, field: str, form: str, ext: str, customer: str) -> None:
        """One customer's record showed that this system hands a field back in a looser form."""
        self._db.execute(
            "INSERT INTO echo (connection, field, form, ext, customer) VALUES (:connection, :field, :form, :ext, :customer)"
            " ON CONFLICT (connection, field, form, ext) DO UPDATE SET customer = excluded.customer",
            {"connection": connection, "field": field, "form": form, "ext": ext, "customer": customer},
        )

    def showed(self, connection: str, field: str, form: str) -> Sequence[str]:
        """The records that showed this form."""
        sql = "SELECT ext FROM echo WHERE connection = :connection AND field = :field AND form = :form ORDER BY ext"
        params = {"connection": connection, "field": field, "form": form}
        return [ext for (ext,) in self._db.rows(sql, params)]

    def echoes(self, connection: str) -> dict[str, set[str]]:
        """field -> looser forms that the records of at least two customers showed."""
        rows = self._db.rows(
            "SELECT field, form FROM echo WHERE connection = :connection GROUP BY field, form"
            " HAVING COUNT(DISTINCT customer) >= 2",
            {"connection": connection},
        )
        found: dict[str, set[str]] = {}
        for field, form in rows:
            found.setdefault(field, set()).add(form)
        return found

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
