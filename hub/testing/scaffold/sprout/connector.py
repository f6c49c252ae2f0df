"""Sprout: its members both ways. How it is spoken to stands here, what the fields mean in `fields.py`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.connector import (
    Connector,
    ConnectorSettings,
    Dialect,
    End,
    Finding,
    Limit,
    Page,
    Row,
    RowResult,
    StaticHeader,
    Stream,
    Target,
    Window,
    Write,
)
from hub.errors import Transient
from pydantic import Field, SecretStr

from .fields import MEMBERS

BATCH = 50
"""The most members that one call changes, makes or names."""


class SproutSettings(ConnectorSettings):
    """`url` is the address of the interface, `key` the account's key, `page_size` the members a call lists."""

    url: str
    key: SecretStr
    page_size: int = Field(100, ge=1, le=500)


class Sprout(Connector[SproutSettings]):
    """The members of one account at Sprout."""

    type = "sprout"
    Settings = SproutSettings
    version = "v1"

    def dialect(self) -> Dialect:
        """A key in a header; at most five calls a second; errors by their codes, in an answer of 200 as well."""
        return Dialect(
            base_url=self.settings.url,
            auth=StaticHeader("X-Api-Key", self.settings.key.get_secret_value()),
            codes={"WRONG_KEY": "auth", "TOO_MANY_CALLS": "busy", "OUT_OF_ORDER": "transient"},
            limits=(Limit("calls", 5, 1),),
        )

    def streams(self) -> Sequence[Stream]:
        """Members by time of change; who was deleted shows in a complete read only, so there is one a day."""
        day = timedelta(days=1)
        return (Stream("customers", "customers", MEMBERS, "swept", deletes="absence", sweep=day, shrink_brake=0.2),)

    def target(self) -> Target:
        """Members: they are read again before they are written, and made under a key of their own."""
        return Target(batch=BATCH, create_key="external_key", creates=True)

    def check(self) -> Iterable[Finding]:
        """Whether the key lets us list members; a wrong one ends this with an error that says what to do."""
        total = self._listed(limit=1)["total"]
        yield Finding(f"{total} members can be read", good=True)

    def server_time(self) -> datetime:
        """The system's time, by the date of its answers."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """Pages in the order of ids, each from behind the last id of the one before: what comes or goes shifts none."""
        since = window.since.isoformat() if window.since else None
        place = position or {"after": "", "before": None}
        while True:
            listed = self._listed(changed_since=since, after=place["after"] or None, limit=self.settings.page_size)
            before = listed["total"] if place["before"] is None else place["before"]
            if listed["next"] is None:
                yield Page(listed["members"], end=End(before, listed["total"], swept=window.full))
                return
            if listed["next"] <= place["after"]:
                raise Transient("the listing does not move on")
            place = {"after": listed["next"], "before": before}
            yield Page(listed["members"], position=place)

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Members by id, in one call."""
        return {row["id"]: row for row in self._listed(ids=",".join(ids))["members"]}

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """One call for the whole batch, which is answered row by row, in the same order."""
        rows = [{**entry.values, **_named(entry)} for entry in batch]
        answer = self.tools.http.request("POST", "/members/batch", json={"members": rows}, writes=True)
        body = answer.json()
        told = body.get("results") if isinstance(body, dict) else None
        if not isinstance(told, list) or len(told) != len(batch):
            return [RowResult(entry.key, "unknown") for entry in batch]
        return [_result(entry, found) for entry, found in zip(batch, told, strict=True)]

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The members that were made under these keys."""
        rows = self._listed(external_keys=",".join(create_keys))["members"]
        return {row["external_key"]: row["id"] for row in rows}

    def _listed(self, **asked: Any) -> Row:
        """One answer of the listing: `members`, their `total`, and `next`, the id behind which the next page begins."""
        answer = self.tools.http.request("GET", "/members", params=asked)
        rows, whole = answer.rows("members"), answer.json()
        if not isinstance(whole.get("total"), int) or "next" not in whole:
            raise Transient("the listing does not tell its total or where it goes on")
        return {**whole, "members": rows}


def _named(entry: Write) -> Row:
    """How a row says whom it is for: a member by its id, or a new one by its key."""
    return {"id": entry.external_id} if entry.external_id else {"external_key": entry.create_key}


def _result(entry: Write, told: Row) -> RowResult:
    if told.get("error"):
        return RowResult(entry.key, "rejected", code=str(told["error"]), field=str(told.get("field") or ""))
    if not told.get("id"):
        return RowResult(entry.key, "unknown")
    return RowResult(entry.key, "ok", external_id=str(told["id"]))
