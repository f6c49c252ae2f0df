"""The records that carry the keys of creates, those that a clerk has invalidated since among them.

An invalidated record proves that its create took effect, and somebody's decision not to have it: it must not be made a
second time. A plain query may leave such records out, one that names the life status asks for them; documents do not say
whether every tenant answers it, and where one does not, nobody can tell that a key was never used.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.fxiaoke.wire.entity import DEAD, Entity, Filter, is_dead
from hub.errors import Rejected


@dataclass
class Made:
    """Create keys and the ids of their records, living and dead; `unclear` are keys of which nobody can tell."""

    living: dict[str, str] = field(default_factory=dict)
    dead: dict[str, str] = field(default_factory=dict)
    unclear: list[str] = field(default_factory=list)

    def all(self) -> dict[str, str]:
        """Key -> id, "" where it is not clear; keys that were never used are left out."""
        return {**dict.fromkeys(self.unclear, ""), **self.dead, **self.living}


@dataclass(frozen=True)
class Keys:
    """The unique `field` of an object that carries keys; `invalid_shown`: the tenant lists invalidated records."""

    entity: Entity
    field: str
    invalid_shown: bool = True

    def made(self, keys: Sequence[str]) -> Made:
        """What became of these keys; without a field for them nothing did."""
        found = Made()
        if self.field:
            self._add(found, keys, ())
            missing = [key for key in keys if key not in found.all()]
            if not self._add_invalid(found, missing):
                found.unclear = missing
        return found

    def _add_invalid(self, found: Made, keys: Sequence[str]) -> bool:
        """Whether the tenant can be asked for invalidated records."""
        if not self.invalid_shown:
            return False
        try:
            self._add(found, keys, [("life_status", "EQ", [DEAD])])
        except Rejected:
            return False
        return True

    def _add(self, found: Made, keys: Sequence[str], more: Sequence[Filter]) -> None:
        columns = (self.field, "life_status", "is_deleted")
        for row in self.entity.having(self.field, keys, columns, more, dead=True):
            known = found.dead if is_dead(row) else found.living
            known[str(row.get(self.field))] = row["_id"]
