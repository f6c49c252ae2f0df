"""What processes share in short transactions: the token of a connection, and what is left of its call budget.

No network and no waiting in here. Times in `token` and `blocked_until` are seconds since 1970; `window_start` is in
milliseconds, because a system may count by the second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from hub.clock import Clock
from hub.http.budget import SLICES, Grant, Limit, milliseconds
from hub.http.keyring import CLAIM_SECONDS, Standing, Token
from hub.process import alive
from hub.store.database import Database
from hub.vault import Vault


class Tokens:
    """Sealed tokens, and who is renewing them."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def held(self, connection: str) -> Token:
        """What is stored now; an empty token when there is none."""
        return self._row(connection)[0]

    def claim(self, connection: str, holder: str, usable: Callable[[Token], bool]) -> tuple[Standing, Token]:
        """Claim the renewal for a minute, unless a usable token, a refusal in force or another claimant is there."""
        token = self.held(connection)
        if usable(token):
            return "usable", token
        with self._db.writing("token"):
            token, claimed_until, claimant = self._row(connection)
            now = self._clock.now().timestamp()
            if usable(token):
                return "usable", token
            if token.refused_until > now:
                return "refused", token
            if claimed_until > now and alive(claimant):
                return "busy", token
            self._put(connection, refreshing_by=holder, refreshing_until=int(now) + CLAIM_SECONDS)
            return "ours", token

    def keep(self, connection: str, body: Mapping[str, Any], expires: int) -> None:
        """Store a token, and end every claim and refusal."""
        sealed = self._vault.seal(dict(body), _context(connection))
        with self._db.writing("token", durable=True):
            self._put(connection, body=sealed, expires=expires, refreshing_by="", refreshing_until=0, refused_until=0)

    def refuse(self, connection: str, until: int) -> None:
        """Store that the system gives no token before `until`, and end every claim."""
        with self._db.writing("token"):
            self._put(connection, refreshing_by="", refreshing_until=0, refused_until=until)

    def release(self, connection: str, holder: str) -> None:
        """End this holder's claim without a token."""
        with self._db.writing("token"):
            self._db.execute(
                "UPDATE token SET refreshing_by = '', refreshing_until = 0"
                " WHERE connection = :connection AND refreshing_by = :holder",
                {"connection": connection, "holder": holder},
            )

    def _row(self, connection: str) -> tuple[Token, int, str]:
        rows = self._db.rows(
            "SELECT body, expires, refused_until, refreshing_until, refreshing_by FROM token WHERE connection = :connection",
            {"connection": connection},
        )
        if not rows:
            return Token(), 0, ""
        body, expires, refused_until, claimed_until, claimant = rows[0]
        opened = self._vault.open(bytes(body), _context(connection)) if body is not None else {}
        return Token(opened, expires, refused_until), claimed_until, claimant

    def _put(self, connection: str, **columns: int | str | bytes) -> None:
        self._db.execute(
            "INSERT INTO token (connection, expires) VALUES (:connection, 0) ON CONFLICT (connection) DO NOTHING",
            {"connection": connection},
        )
        changes = ", ".join(f"{name} = :{name}" for name in columns)
        self._db.execute(
            f"UPDATE token SET {changes} WHERE connection = :connection",
            {"connection": connection, **columns},
        )


def _context(connection: str) -> str:
    return f"token:{connection}"


@dataclass(frozen=True)
class _Span:
    """A limit and what its slices hold now: start -> calls used, oldest first."""

    limit: Limit
    slices: dict[int, int]

    @property
    def spare(self) -> int:
        return self.limit.calls - sum(self.slices.values())

    def free_at(self, need: int) -> int:
        """When `need` calls will be free, as far as one knows now."""
        spare = self.spare
        for start in self.slices:
            spare += self.slices[start]
            if spare >= need:
                return self.limit.free_at(start)
        raise AssertionError("a request never needs more than the whole window")


class Budgets:
    """Calls used, a row a slice of each limit's window, and until when a bucket rests."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock

    def reserve(self, connection: str, limits: Sequence[Limit], need: int, wish: int) -> Grant:
        """Reserve up to `wish` calls in every limit, at least `need`, or none at all.

        A piece is at most a quarter of what is left, so that no process waits for calls that another one only holds.
        """
        with self._db.writing("budget"):
            now = milliseconds(self._clock.now())
            spans = [self._span(connection, limit, now) for limit in limits]
            spare = min(span.spare for span in spans)
            calls = max(need, min(wish, spare // 4))
            if spare < need:
                return Grant(0, max(span.free_at(need) for span in spans if span.spare < need))
            for span in spans:
                self._use(connection, span.limit, span.limit.slice_at(now), calls)
        return Grant(
            calls,
            min(limit.slice_at(now) + limit.slice for limit in limits),
            {limit.name: limit.slice_at(now) for limit in limits},
            {span.limit.name: span.spare - calls for span in spans},
        )

    def give_back(self, connection: str, limits: Sequence[Limit], grant: Grant, calls: int, late: int = 0) -> None:
        """Undo a reservation, as far as its slices still count; `late` calls of it move to the slices of now."""
        with self._db.writing("budget"):
            now = milliseconds(self._clock.now())
            for limit in limits:
                start = grant.starts[limit.name]
                moved = late if limit.slice_at(now) > start else 0
                self._db.execute(
                    "UPDATE budget SET used = used - :calls WHERE connection = :connection AND bucket = :bucket"
                    " AND window_start = :start AND used >= :calls",
                    {"connection": connection, "bucket": _slot(limit, start), "start": start, "calls": calls + moved},
                )
                if moved:
                    self._use(connection, limit, limit.slice_at(now), moved)

    def learn(self, connection: str, limit: Limit, remaining: int) -> None:
        """Count what others spent of this limit: the system says that only `remaining` calls are left."""
        with self._db.writing("budget"):
            now = milliseconds(self._clock.now())
            unseen = self._span(connection, limit, now).spare - max(0, remaining)
            if unseen > 0:
                self._use(connection, limit, limit.slice_at(now), unseen)

    def block(self, connection: str, bucket: str, until: datetime) -> None:
        """Let every process rest until then; an earlier end never shortens a later one."""
        with self._db.writing("budget"):
            self._db.execute(
                "INSERT INTO budget (connection, bucket, window_start, used, ceiling, blocked_until)"
                " VALUES (:connection, :bucket, 0, 0, 0, :until) ON CONFLICT (connection, bucket)"
                " DO UPDATE SET blocked_until = CASE WHEN budget.blocked_until > excluded.blocked_until"
                " THEN budget.blocked_until ELSE excluded.blocked_until END",
                {"connection": connection, "bucket": bucket, "until": math.ceil(until.timestamp())},
            )

    def blocked(self, connection: str, bucket: str) -> datetime | None:
        """Until when processes rest; None when they need not."""
        rows = self._db.rows(
            "SELECT blocked_until FROM budget WHERE connection = :connection AND bucket = :bucket",
            {"connection": connection, "bucket": bucket},
        )
        until = datetime.fromtimestamp(rows[0][0] if rows else 0, UTC)
        return until if until > self._clock.now() else None

    def _span(self, connection: str, limit: Limit, now: int) -> _Span:
        rows = self._db.rows(
            "SELECT window_start, used FROM budget WHERE connection = :connection"
            " AND bucket > :first AND bucket < :beyond AND used > 0 ORDER BY window_start",
            {"connection": connection, "first": f"{limit.name}:", "beyond": f"{limit.name}::"},  # ":" follows "9"
        )
        return _Span(limit, {start: used for start, used in rows if limit.free_at(start) > now})

    def _use(self, connection: str, limit: Limit, start: int, calls: int) -> None:
        self._db.execute(
            "INSERT INTO budget (connection, bucket, window_start, used, ceiling)"
            " VALUES (:connection, :bucket, :start, :calls, :ceiling) ON CONFLICT (connection, bucket)"
            " DO UPDATE SET window_start = excluded.window_start, ceiling = excluded.ceiling,"
            " used = excluded.used + CASE WHEN budget.window_start = excluded.window_start THEN budget.used ELSE 0 END",
            {
                "connection": connection,
                "bucket": _slot(limit, start),
                "start": start,
                "calls": calls,
                "ceiling": limit.calls,
            },
        )


def _slot(limit: Limit, start: int) -> str:
    """The row of a slice: one more than the window has, so that a full window is always seen."""
    return f"{limit.name}:{start // limit.slice % (SLICES + 1)}"
