"""What is written and what comes back: bodies as the settings lay them out, and what became of each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from connectors.rest.wire.bodies import Bodies
from connectors.rest.wire.outcomes import by_row
from connectors.rest.wire.paths import at, text
from connectors.rest.wire.rows import Rows
from connectors.rest.wire.single import Reader
from connectors.rest.wire.target import Verb, WriteSettings
from connectors.rest.wire.words import Errors
from hub.connector import Answer, Row, RowResult, Write
from hub.errors import Conflict, HubError, Rejected, Transient

_Act = Callable[[], list[RowResult]]


@dataclass
class Writer:
    """Writes one batch: in two calls (updates, creates), or one a row."""

    door: Any  # hub.http.door.Door
    own: WriteSettings
    errors: Errors | None
    rows: Rows

    def write(self, batch: Sequence[Write]) -> list[RowResult]:
        """One result a row. What ends the batch early leaves what is behind it for later; an error before anything was
        sent is raised."""
        makes = self.own.create is not None
        updates = [entry for entry in batch if entry.external_id]
        creates = [entry for entry in batch if not entry.external_id and entry.create_key and makes]
        known = {entry.key for entry in (*updates, *creates)}
        refused = [RowResult(one.key, "refused", code="NO_CREATE_KEY") for one in batch if one.key not in known]
        results = self._sent(self._calls(updates, creates))
        return [*refused, *self._made_before(results, {entry.key: entry.create_key or "" for entry in creates})]

    def _made_before(self, results: list[RowResult], keys: dict[str, str]) -> list[RowResult]:
        """A create that is refused may have been made by an earlier try: then its key is there."""
        failed = [keys[one.key] for one in results if one.outcome == "rejected" and one.key in keys]
        made = Reader(self.door, self.own, self.rows).lookup(failed) if failed else {}
        ids = {key: made[create_key] for key, create_key in keys.items() if create_key in made}
        return [RowResult(one.key, "ok", external_id=ids[one.key]) if one.key in ids else one for one in results]

    def _calls(self, updates: Sequence[Write], creates: Sequence[Write]) -> list[tuple[Sequence[Write], _Act]]:
        """What is sent, one call after the other, each with the rows that it is about."""
        if self.own.batch is None:
            return [([entry], partial(self._one, entry)) for entry in (*updates, *creates)]
        update, create = self.own.update, self.own.create
        calls: list[tuple[Sequence[Write], _Act]] = []
        if updates:
            calls.append((updates, partial(self._many, update, updates)))
        if creates and create is not None:
            calls.append((creates, partial(self._many, create, creates)))
        return calls

    def _sent(self, calls: Sequence[tuple[Sequence[Write], _Act]]) -> list[RowResult]:
        results: list[RowResult] = []
        for number, (entries, act) in enumerate(calls):
            try:
                results += act()
            except (Rejected, Conflict) as fault:
                if self.own.batch is not None and not results and len(entries) > 1:
                    raise  # the core finds the row to blame by halving the batch
                about = fault.field if isinstance(fault, Rejected) else ""
                results += [RowResult(one.key, "rejected", code=fault.code, field=about) for one in entries]
            except HubError as fault:
                unclear = isinstance(fault, Transient) and fault.unclear
                if not (results or unclear):
                    raise
                results += [RowResult(one.key, "unknown" if unclear else "retry_after") for one in entries]
                behind = [one for later, _ in calls[number + 1 :] for one in later]
                return results + [RowResult(one.key, "retry_after") for one in behind]
        return results

    def _one(self, entry: Write) -> list[RowResult]:
        """A call for one row."""
        bodies = Bodies(self.own, self.rows)
        if entry.external_id:
            self._call(self.own.update, bodies.changes(entry), {"id": entry.external_id})
            return [RowResult(entry.key, "ok", external_id=entry.external_id)]
        assert self.own.create is not None
        answer = self._call(self.own.create, bodies.whole(entry), key=entry.create_key or "")
        made = text(at(answer.json(), self.own.answer_id))
        return [RowResult(entry.key, "ok" if made else "unknown", external_id=made or None)]

    def _many(self, verb: Verb, entries: Sequence[Write]) -> list[RowResult]:
        """A call for many rows."""
        bodies = Bodies(self.own, self.rows)
        answer = self._call(verb, [bodies.in_a_batch(entry) for entry in entries])
        return by_row(self.own, self.errors, entries, answer.json())

    def _call(self, verb: Verb, content: Any, parts: Row | None = None, key: str = "") -> Answer:
        """Send one call. A create under a key that the system honours may be sent again."""
        header = self.own.idempotency_header if key else ""
        answer: Answer = self.door.request(
            verb.method,
            verb.path,
            json=Bodies.enveloped(verb, content),
            parts=parts,
            headers={header: key} if header else None,
            writes=True,
            repeatable=bool(header) or None,
        )
        return answer
