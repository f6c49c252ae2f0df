"""Reading what changed since a time, or all there is: the list, the deletes, and COQL where the list does not suffice.

    list      page by page in order of change, until the end or until the system's cap for page tokens
    deleted   the ids that are gone
    coql      by keyset on (time of change, id): what lies beyond the cap; or all of the window once more, when rows
              changed or went while the list was read, since a list that counts rows then leaves some out unnoticed

Each step is one call. Of the list one page is asked for ahead: while a page is landed, the next one is on its way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from connectors.zoho.wire.dialect import CAP, LOST_TOKEN
from connectors.zoho.wire.module import Module, more, next_token, rows_of, short
from connectors.zoho.wire.place import Place, key_of, spelled, time_of
from hub.connector import Answer, Page, Row, Window
from hub.errors import HubError, Rejected, Transient

Asked = tuple[datetime | None, str]
"""A page of the list, as it is asked for: changed since when, and its token."""

ROUNDS = 5
"""How often what changed during an export is read at most, until it is quiet meanwhile."""


@dataclass
class Changes:
    """One read of one module; `page_size` and `coql_size` are rows a call. `apart` are columns no query can select."""

    module: Module
    columns: Sequence[str]
    window: Window
    place: Place
    page_size: int
    coql_size: int
    coql_count: bool = False
    hidden: int = 0
    apart: Sequence[str] = ()
    ahead: Any = field(init=False)  # hub.http.ahead.Ahead

    def __post_init__(self) -> None:
        self.ahead = self.module.door.ahead(self._ask, self._coming, 1)

    def _ask(self, door: Any, asked: Asked) -> Answer:
        """A page of the list, by a thread of its own while the page before it is landed."""
        return replace(self.module, door=door).listed(self.columns, self.page_size, *asked)

    def _coming(self, asked: Asked, answer: Answer) -> list[Asked]:
        try:
            token = next_token(answer)
        except HubError:
            return []  # told in its turn
        return [(asked[0], token)] if token else []

    def _list(self) -> Page:
        place = self.place
        try:
            answer: Answer = self.ahead.answer((self._since, place.token))
        except Rejected as fault:
            return self._refused(fault)
        rows = rows_of(answer)
        if short(answer) or (not rows and (place.token or next_token(answer))):
            return self._lost()  # it was told that there are more
        self._follow(list({row["id"]: row for row in rows}.values()))
        place.token = next_token(answer)
        place.several = place.several or bool(place.token)
        place.phase = "list" if place.token else "deleted"
        return Page(rows=rows)

    def _refused(self, fault: Rejected) -> Page:
        """The listing goes no further: COQL will; or the token is no longer known, and the window starts again."""
        if self.place.token and fault.code in LOST_TOKEN:
            return self._lost()
        if fault.code != CAP:
            raise fault
        self.place.capped, self.place.phase = True, "deleted"
        return Page()

    def _deleted(self) -> Page:
        place = self.place
        number = place.deleted // self.page_size + 1  # counted in rows: another page size then skips none
        answer = self.module.deleted(number, self.page_size, self._since if place.binned else self.window.since)
        rows = rows_of(answer)
        if short(answer) or (not rows and (number > 1 or more(answer))):
            return self._lost()
        place.deleted = number * self.page_size
        place.moved = place.moved or any(place.touches(time_of(row, "deleted_time")) for row in rows)
        if not more(answer):
            self._leave_list()
        return Page(gone=[row["id"] for row in rows])

    def _leave_list(self) -> None:
        place = self.place
        again = place.moved and place.several
        place.last_at = "" if again else place.last_at
        place.last_id = ""  # the list does not say how it orders equal times
        place.binned = True
        place.phase = "coql" if again or place.capped else "end"

    def _coql(self) -> Page:
        order = "order by Modified_Time asc, id asc"
        apart = [name for name in self.columns if name in self.apart]
        columns = ["id", *(name for name in self.columns if name not in apart)]
        answer = self.module.select(columns, f"{self.place.beyond(self._all())} {order}", self.coql_size)
        rows = self.module.completed(rows_of(answer), apart)
        keys = [key_of(row) for row in rows]
        if keys != sorted(set(keys)) or (keys and self.place.is_past(keys[0])):
            raise Transient("the query's rows are not in the order asked for")
        self.place.remember(rows)
        if not rows or not more(answer):
            self.place.phase = "end"
        return Page(rows=rows)

    @property
    def _since(self) -> datetime | None:
        return datetime.fromisoformat(self.place.since) if self.place.since else self.window.since

    def _all(self) -> str:
        return f"Modified_Time >= '{spelled(self._since)}'" if self._since else "id is not null"

    def _follow(self, rows: Sequence[Row]) -> None:
        """Hold the list to its order, and notice what moves in it."""
        place, times = self.place, [time_of(row, "Modified_Time") for row in rows]
        if times != sorted(times):
            raise Transient("the listing is not in the order of change that was asked for")
        if times:
            back = bool(place.last_at) and times[0] < datetime.fromisoformat(place.last_at)
            place.moved = place.moved or back or place.touches(times[-1])
            place.remember(rows)

    def _lost(self) -> Page:
        """Begin again: the window, or after an export, a few times, the reading of what changed since."""
        if 0 < self.place.round < ROUNDS:
            self.place.phase = "again"
            return Page()
        return Page(restart=True)
