"""Writing rows one by one, as there is no call for many; what became of each is told row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.fxiaoke.wire.codes import PARAMETER
from connectors.fxiaoke.wire.entity import Entity, id_of
from connectors.fxiaoke.wire.keys import Made
from connectors.fxiaoke.wire.rows import Spelling
from connectors.fxiaoke.wire.settings import FxiaokeSettings
from hub.connector import Row, RowResult, Write
from hub.errors import HubError, Rejected, Transient


@dataclass
class Writer:
    """Writes one batch. `made`: what is there already under the keys of its creates."""

    entity: Entity
    spelling: Spelling
    settings: FxiaokeSettings
    made: Made = field(default_factory=Made)

    def write(self, batch: Sequence[Write]) -> list[RowResult]:
        """One result a row. What ends the batch early leaves the rows behind it for later.

        An error before any row was sent is raised; an unclear answer is one row's own matter.
        """
        results: list[RowResult] = []
        for place, entry in enumerate(batch):
            try:
                results.append(self._one(entry))
            except Rejected as fault:
                results.append(
                    RowResult(entry.key, "rejected", code=fault.code, field=fault.field or _only(entry, fault))
                )
            except HubError as fault:
                unclear = isinstance(fault, Transient) and fault.unclear
                if not results and not unclear:
                    raise
                rest = batch[place + 1 :] if unclear else batch[place:]
                results += [RowResult(entry.key, "unknown", code=fault.code)] if unclear else []
                return results + [RowResult(one.key, "retry_after", code=fault.code) for one in rest]
        return results

    def _one(self, entry: Write) -> RowResult:
        row = self.spelling.write(entry.values)
        key = entry.create_key or ""
        if id_ := entry.external_id or self.made.living.get(key):
            self.entity.update(id_, row, self.settings.trigger)
            return RowResult(entry.key, "ok", external_id=id_)
        if not (key and self.settings.key_field):
            return RowResult(entry.key, "refused", code="NO_CREATE_KEY")
        if key in self.made.dead:
            return RowResult(entry.key, "refused", code="INVALIDATED")
        return self._create(entry.key, key, row)

    def _create(self, name: str, key: str, row: Row) -> RowResult:
        if key in self.made.living:
            return RowResult(name, "unknown")  # the row before this one made it, or not: nobody knows yet
        self.made.living[key] = ""
        own: Row = {"record_type": self.settings.record_type, "owner": self.settings.owners}
        answer = self.entity.create({**own, **row, self.settings.key_field: key}, self.settings.trigger)
        self.made.living[key] = made = id_of(answer)
        return RowResult(name, "ok" if made else "unknown", external_id=made or None)


def _only(entry: Write, fault: Rejected) -> str:
    """The field to blame for a wrong parameter: Fxiaoke names none, but where one was sent it is that one."""
    return next(iter(entry.values)) if fault.code == PARAMETER and len(entry.values) == 1 else ""
