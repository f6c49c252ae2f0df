"""Tags: by calls of their own, each for up to five hundred contacts. What is missing is added, then the old ones go.

Whether Zoho makes a tag that it does not know is not documented: unknown ones are made first, unless the settings say
that it does. A contact that could not be given its new tags keeps the old ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from connectors.zoho.wire.module import Module
from connectors.zoho.wire.rows import results
from hub.connector import Answer, Row, RowResult, Tagged, Tagging, tag_calls
from hub.errors import HubError, Rejected

FIELD = "Tag"
"""The field in which a record shows its tags."""

_IDS = 500


def tagging(makes: bool) -> Tagging:
    """Zoho's limits; where tags are made first, their list is read once."""
    return Tagging(FIELD, max_length=25, batch=_IDS, ahead=int(makes))


@dataclass
class Tags:
    """The tags of one module; `makes`: those it does not know are made first. Remembers which it knows."""

    module: Module
    makes: bool
    known: set[str] | None = None

    def change(self, wanted: Mapping[str, Tagged]) -> dict[str, RowResult]:
        """Add and remove tags of records, by id; one result for each, whose key is the id.

        An error before anything was sent is raised. Later on it ends the changing, and what is there must be read.
        """
        self._make(tag for one in wanted.values() for tag in one.add)
        flawed: dict[str, RowResult] = {}
        sent = False
        for action, part in (("add_tags", "add"), ("remove_tags", "remove")):
            for call in tag_calls({id_: getattr(one, part) for id_, one in wanted.items() if id_ not in flawed}):
                ids = [id_ for id_ in call.ids if id_ not in flawed]
                try:
                    told = self._one(action, call.tags, ids) if ids else []
                except HubError as fault:
                    if not sent:
                        raise
                    return {id_: flawed.get(id_, RowResult(id_, "unknown", code=fault.code)) for id_ in wanted}
                sent = True
                flawed |= {result.key: result for result in told if result.outcome != "ok"}
        return {id_: flawed.get(id_, RowResult(id_, "ok", external_id=id_)) for id_ in wanted}

    def of_new(self, wanted: Mapping[str, Tagged | None], made: Sequence[RowResult]) -> list[RowResult]:
        """Give tags (by key) to records just made. One that did not get them is made all the same, and tagged later."""
        asked = {one.external_id: tags for one in made if one.outcome == "ok" and (tags := wanted[one.key])}
        chosen = {id_: tags for id_, tags in asked.items() if id_}
        try:
            told = self.change(chosen) if chosen else {}
        except HubError as fault:
            told = {id_: RowResult(id_, "unknown", code=fault.code) for id_ in chosen}
        bare = {id_: result.code for id_, result in told.items() if result.outcome != "ok"}
        return [
            replace(one, left=(FIELD,), code=bare[one.external_id]) if one.external_id in bare else one for one in made
        ]

    def _one(self, action: str, tags: Sequence[str], ids: Sequence[str]) -> list[RowResult]:
        """One call; when it is refused as a whole, halves, until the record that is to blame stands alone."""
        try:
            told = results(ids, self._send(action, tags, ids))
        except Rejected as fault:
            if len(ids) == 1:
                return [RowResult(ids[0], "rejected", code=fault.code, field=FIELD)]
            middle = len(ids) // 2
            return self._one(action, tags, ids[:middle]) + self._one(action, tags, ids[middle:])
        return [_placed(result) for result in told]

    def _make(self, tags: Iterable[str]) -> None:
        """Make the tags that the module does not know yet. Case makes no other tag."""
        wanted = {tag.casefold(): tag for tag in tags}
        if not (self.makes and wanted):
            return
        if self.known is None:
            self.known = {str(row.get("name")).casefold() for row in self.listed().rows("tags")}
        if missing := sorted(wanted.keys() - self.known):
            with suppress(Rejected):  # somebody else made it meanwhile; if not, adding it tells why
                self.make([wanted[tag] for tag in missing])
            self.known |= set(missing)

    # -- the calls

    def listed(self) -> Answer:
        """The module's tags."""
        answer: Answer = self.module.door.request("GET", self._path, params={"module": self.module.name})
        return answer

    def make(self, tags: Sequence[str]) -> None:
        """Make tags; none at all is refused, and proves the right to."""
        body = {"tags": [{"name": tag} for tag in tags]}
        self.module.door.request("POST", self._path, params={"module": self.module.name}, json=body, repeatable=True)

    @property
    def _path(self) -> str:
        return f"{self.module.root}/settings/tags"

    def _send(self, action: str, tags: Sequence[str], ids: Sequence[str]) -> Answer:
        """Add these tags to records, or remove them; all their others stay."""
        body: Row = {"tags": [{"name": tag} for tag in tags], "ids": list(ids)}
        body |= {"over_write": False} if action == "add_tags" else {}
        path = f"{self.module.root}/{self.module.name}/actions/{action}"
        answer: Answer = self.module.door.request("POST", path, json=body, writes=True)
        return answer


def _placed(result: RowResult) -> RowResult:
    """A result that tells of another record than the one in its place says nothing of this one."""
    if result.outcome == "ok" and result.external_id not in (None, result.key):
        return RowResult(result.key, "unknown")
    if result.outcome == "ok" or result.field:
        return result
    return RowResult(result.key, result.outcome, code=result.code, field=FIELD)
