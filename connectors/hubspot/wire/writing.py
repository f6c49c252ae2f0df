"""Writing contacts: batches of updates and of creates, and finding again what an earlier try has made."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from connectors.hubspot.wire.batch import inputs, results
from connectors.hubspot.wire.objects import Objects
from hub.connector import RowResult, Write
from hub.errors import Rejected


@dataclass(frozen=True)
class Contacts:
    """The contacts of one portal as a target; `key` is the unique property that carries a create's key, or ""."""

    objects: Objects
    key: str

    def write(self, batch: Sequence[Write]) -> list[RowResult]:
        """A call for the updates, one for the creates; a create sent twice under its key is one."""
        updates = inputs((entry.external_id, entry) for entry in batch if entry.external_id)
        fresh = [entry for entry in batch if not entry.external_id]
        creates = inputs((entry.create_key, entry) for entry in fresh if entry.create_key and self.key)
        keyless = [entry for entry in fresh if not (entry.create_key and self.key)]
        found = [RowResult(entry.key, "refused", code="NO_CREATE_KEY") for entry in keyless]
        if updates:
            answer = self.objects.write("update", [one.body() for one in updates])
            found += results(updates, answer, updates=True)
        if creates:
            bodies = [one.body(idProperty=self.key) for one in creates]
            found += results(creates, self.objects.write("upsert", bodies, repeatable=True), updates=False)
        return found

    def erase(self, ids: Sequence[str]) -> list[RowResult]:
        """Contacts forgotten for good, archived ones too; one that is not known is answered like one that was."""
        for id_ in ids:
            path = f"{self.objects.path}/gdpr-delete"
            self.objects.door.request("POST", path, json={"objectId": id_}, writes=True, repeatable=True)
        return [RowResult(id_, "ok", external_id=id_) for id_ in ids]

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The contacts that hold these create keys, as key -> id; a living one goes before an archived one."""
        asked = replace(self.objects, properties=(self.key,))
        found: dict[str, str] = {}
        for archived in (True, False) if self.key else ():
            with suppress(*((Rejected,) if archived else ())):  # whether the archive can be asked so is not documented
                for row in asked.rows(create_keys, self.key, archived=archived):
                    found[str(row["properties"].get(self.key))] = row["id"]
        return {key: id_ for key, id_ in found.items() if key in create_keys}
