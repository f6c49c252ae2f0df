"""What only a person can answer: blocked keys, clusters too large, fields whose owner is shared, echoes not yet proved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from hub.clock import Clock
from hub.store.database import Database, listings, names
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
        self, kind: str, subject: str, *, connection: str = "", field: str = "", count: int = 1, samples: Any = None,
        exact: bool = False,
    ) -> str:  # fmt: skip
        """Open a question, or bring its samples up to date; the largest count (unless `exact`) and an answer stay."""
        name = self.id_of(kind, connection, field, subject)
        self._db.execute(
            "INSERT INTO question (id, kind, connection, field, subject, count, body, at)"
            " VALUES (:id, :kind, :connection, :field, :subject, :count, :body, :at)"
            " ON CONFLICT (id) DO UPDATE SET body = excluded.body, count ="
            " CASE WHEN :exact = 1 OR excluded.count > question.count THEN excluded.count ELSE question.count END",
            {
                "id": name, "kind": kind, "connection": connection, "field": field, "subject": subject, "count": count,
                "body": self._vault.seal(samples, f"question:{name}"), "at": int(self._clock.now().timestamp()),
                "exact": int(exact),
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

    def drop(self, kind: str, subject: str, connection: str = "", field: str = "", *, answered: bool = False) -> bool:
        """Close one question that no longer arises, an answered one only if asked to; whether there was one."""
        sql = "DELETE FROM question WHERE id = :id AND (answer IS NULL OR :answered = 1)"
        name = self.id_of(kind, connection, field, subject)
        return self._db.execute(sql, {"id": name, "answered": int(answered)}) > 0

    def id_of(self, kind: str, connection: str, field: str, subject: str) -> str:
        """The id of a question, asked or not."""
        return self._vault.name("question", kind, connection, field, subject, length=8).lower()

    # -- questions about a whole field, with the records that stand behind them

    def stand(self, kind: str, connection: str, exts: Sequence[str], fields: Collection[tuple[str, str]]) -> None:
        """Of these records, exactly those in `fields`, (field, external id), stand behind questions of a kind."""
        for listed, params in listings(exts):
            self._db.execute(
                f"DELETE FROM question_part WHERE kind = :kind AND connection = :connection AND ext IN {listed}",
                {**params, "kind": kind, "connection": connection},
            )
        self._db.many(
            "INSERT INTO question_part (kind, connection, field, ext) VALUES (:kind, :connection, :field, :ext)",
            [{"kind": kind, "connection": connection, "field": name, "ext": ext} for name, ext in sorted(fields)],
        )

    def parts(self, kind: str, connection: str) -> bool:
        """Whether any record stands behind questions of a kind."""
        sql = "SELECT 1 FROM question_part WHERE kind = :kind AND connection = :connection LIMIT 1"
        return bool(self._db.rows(sql, {"kind": kind, "connection": connection}))

    def ask_for_all(self, kind: str, connection: str, samples: Mapping[str, Sequence[dict[str, Any]]]) -> None:
        """One question a field for all records that stand behind it, with their number; without any it ends.

        An answer to `first` stays: it holds for records that come later as well.
        """
        rows = self._db.rows(
            "SELECT field, COUNT(*) FROM question_part WHERE kind = :kind AND connection = :connection GROUP BY field",
            {"kind": kind, "connection": connection},
        )
        counts: dict[str, int] = dict(rows)
        asked = self._db.rows(
            "SELECT field FROM question WHERE kind = :kind AND connection = :connection AND subject = 'all'",
            {"kind": kind, "connection": connection},
        )
        for (field,) in asked:
            if field not in counts:
                self.drop(kind, "all", connection, field, answered=kind != "first")
        for field, count in sorted(counts.items()):
            shown = list(samples.get(field, ())) or self._still(kind, connection, field)
            self.ask(kind, "all", connection=connection, field=field, count=count, samples=shown[:5], exact=True)

    def _still(self, kind: str, connection: str, field: str) -> list[dict[str, Any]]:
        """The samples of a question whose records still stand behind it."""
        name = self.id_of(kind, connection, field, "all")
        rows = self._db.rows("SELECT body FROM question WHERE id = :id", {"id": name})
        samples = self._vault.open(bytes(rows[0][0]), f"question:{name}") if rows else []
        listed, params = names("k", [sample["ext"] for sample in samples] or [""])
        sql = (
            "SELECT ext FROM question_part WHERE kind = :kind AND connection = :connection AND field = :field"
            f" AND ext IN {listed}"
        )
        found = self._db.rows(sql, {**params, "kind": kind, "connection": connection, "field": field})
        return [sample for sample in samples if (sample["ext"],) in found]

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

    def subjects(self, kind: str, connection: str) -> set[str]:
        """What the questions of a kind are about, answered or not."""
        sql = "SELECT subject FROM question WHERE kind = :kind AND connection = :connection"
        return {subject for (subject,) in self._db.rows(sql, {"kind": kind, "connection": connection})}

    def some(self) -> bool:
        """Whether any question waits for an answer."""
        return bool(self._db.rows("SELECT 1 FROM question WHERE answer IS NULL LIMIT 1"))

    def open(self, *, samples: bool = False, kinds: Sequence[str] = ()) -> list[Question]:
        """Questions without an answer, of some kinds or of all."""
        listed, params = names("k", kinds or [""])
        rows = self._db.rows(
            "SELECT id, kind, connection, field, subject, count, answer, actor, body FROM question"
            f" WHERE answer IS NULL AND (:all = 1 OR kind IN {listed}) ORDER BY connection, kind, field, subject",
            {**params, "all": int(not kinds)},
        )
        return [
            replace(
                Question(*row[:8]),
                samples=self._vault.open(bytes(row[8]), f"question:{row[0]}") if samples else None,
            )
            for row in rows
        ]
