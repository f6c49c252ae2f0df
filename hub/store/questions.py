"""What only a person can answer: blocked keys, clusters too large, fields whose owner is shared, echoes not yet proved."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from hub.clock import Clock
from hub.store.database import Database
from hub.vault import Vault


@dataclass(frozen=True)
class Question:
    """One open question. `subject` tells questions of a kind apart; `samples` (sealed) are for the reader's eyes."""

    id: str
    kind: str
    connection: str
    field: str
    subject: str
    count: int
    answer: str | None = None
    actor: str | None = None
    samples: Any = None


class Questions:
    """The table `question`; its ids are digests of what is asked, so asking twice asks once."""

    def __init__(self, db: Database, vault: Vault, clock: Clock) -> None:
        self._db = db
        self._vault = vault
        self._clock = clock

    def ask(
        self, kind: str, subject: str, *, connection: str = "", field: str = "", count: int = 1, samples: Any = None
    ) -> str:
        """Open a question, or bring its samples up to date; the largest count and an answer already given stay."""
        name = self._vault.name("question", kind, connection, field, subject, length=8).lower()
        self._db.execute(
            "INSERT INTO question (id, kind, connection, field, subject, count, body, at)"
            " VALUES (:id, :kind, :connection, :field, :subject, :count, :body, :at)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body, count ="
            " CASE WHEN excluded.count > question.count THEN excluded.count ELSE question.count END",
            {
                "id": name, "kind": kind, "connection": connection, "field": field, "subject": subject, "count": count,
                "body": self._vault.seal(samples, f"question:{name}"), "at": int(self._clock.now().timestamp()),
            },
        )  # fmt: skip
        return name

    def withdraw(self, kind: str, connection: str, field: str, keep: str = "") -> None:
        """Close the open questions of a kind about one field that no longer arise; the one called `keep` still does."""
        self._db.execute(
            "DELETE FROM question WHERE kind = :kind AND connection = :connection AND field = :field AND id <> :keep"
            " AND answer IS NULL",
            {"kind": kind, "connection": connection, "field": field, "keep": keep},
        )

    def drop(self, kind: str, subject: str, connection: str = "", field: str = "") -> None:
        """Close one open question that no longer arises."""
        name = self._vault.name("question", kind, connection, field, subject, length=8).lower()
        self._db.execute("DELETE FROM question WHERE id = :id AND answer IS NULL", {"id": name})

    def end(
        self, kind: str, connection: str, subjects: Collection[str] | None, keep: Collection[tuple[str, str]]
    ) -> None:
        """Close questions of a kind about these subjects (None: all), answered ones too, but those in `keep`.

        `keep` holds (field, subject).
        """
        rows = self._db.rows(
            "SELECT id, field, subject FROM question WHERE kind = :kind AND connection = :connection ORDER BY id",
            {"kind": kind, "connection": connection},
        )
        about = [row for row in rows if subjects is None or row[2] in subjects]
        over = [row for row in about if (row[1], row[2]) not in keep]
        self._db.many("DELETE FROM question WHERE id = :id", [{"id": row[0]} for row in over])

    def answer(self, question: str, answer: str, actor: str) -> bool:
        """Record a person's answer; False when there is no such question."""
        with self._db.writing("answer", durable=True):
            sql = "UPDATE question SET answer = :answer, actor = :actor WHERE id = :id"
            return self._db.execute(sql, {"answer": answer, "actor": actor, "id": question}) > 0

    def answered(self, kind: str, connection: str) -> dict[tuple[str, str], str]:
        """(field, subject) -> answer, for the questions of a kind that have one."""
        rows = self._db.rows(
            "SELECT field, subject, answer FROM question"
            " WHERE kind = :kind AND connection = :connection AND answer IS NOT NULL",
            {"kind": kind, "connection": connection},
        )
        return {(field, subject): answer for field, subject, answer in rows}

    def open(self, *, samples: bool = False) -> list[Question]:
        """Questions without an answer."""
        rows = self._db.rows(
            "SELECT id, kind, connection, field, subject, count, answer, actor, body FROM question"
            " WHERE answer IS NULL ORDER BY connection, kind, field, subject"
        )
        return [
            replace(
                Question(*row[:8]),
                samples=self._vault.open(bytes(row[8]), f"question:{row[0]}") if samples else None,
            )
            for row in rows
        ]
