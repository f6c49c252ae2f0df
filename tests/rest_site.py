"""A small brand that connects the invented membership service as its preset declares it, over real HTTP."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from connectors.memory import twin as memory
from connectors.rest.twin import ClubOptions, ClubTwin
from connectors.rest.twin.books import Record
from connectors.rest.twin.stand import declaration
from hub.clock import FixedClock
from hub.connector import Page
from hub.store import Store
from hub.testing.people import Population
from hub.testing.twin import Stage
from sync.engine import Report
from sync.lanes import Outcome
from tests import site
from tests.site import BaseSite

PEOPLE = Population(40, 3)

PAGINGS: Mapping[str, dict[str, Any]] = {
    "page": {"by": "page", "param": "page", "size_param": "limit"},
    "offset": {"by": "offset", "param": "skip", "size_param": "limit"},
    "cursor": {"by": "cursor", "param": "mark", "size_param": "limit", "next": "result.meta.next"},
    "last_row": {
        "by": "cursor", "param": "after", "size_param": "limit", "next_row": "member_no", "more": "result.meta.more",
    },
    "link": {"by": "link", "size_param": "limit"},
    "token": {"by": "token", "param": "mark", "size_param": "limit", "next": "result.meta.next"},
    "whole": {"by": "none"},
}  # fmt: skip
"""How each way of paging is declared."""

_CLIENT = {"token_url": "{url}/oauth/token", "client_id": "club-client", "client_secret": "${CLUB_TOKEN}"}
ACCESS: Mapping[str, dict[str, Any]] = {
    "open": {"kind": "none"},
    "bearer": {"kind": "bearer", "token": "${CLUB_TOKEN}"},
    "key_header": {"kind": "api_key", "key": "${CLUB_TOKEN}", "name": "X-Club-Key"},
    "key_query": {"kind": "api_key", "key": "${CLUB_TOKEN}", "name": "club_key", "into": "query"},
    "basic": {"kind": "basic", "user": "club", "password": "${CLUB_TOKEN}"},
    "oauth": {"kind": "client_credentials", **_CLIENT},
    "oauth_refresh": {"kind": "refresh_token", **_CLIENT, "refresh_token": "${CLUB_REFRESH}"},
}  # fmt: skip
"""How each way of coming in is declared."""

TIMES: Mapping[str, dict[str, Any]] = {
    "iso": {"format": "iso"},
    "epoch": {"format": "epoch"},
    "epoch_ms": {"format": "epoch_ms"},
    "local": {"format": "%Y-%m-%d %H:%M:%S", "zone": "Asia/Shanghai"},
}

Declared = dict[str, Any]
Open = Callable[..., "Site"]


@dataclass
class Site(BaseSite):
    """One store, the club's twin and a till, one clock for all. `declared` is the connection as JSON."""

    connection = "club"
    yaml = "  club: {declared}"

    twin: ClubTwin
    declared: str = ""

    def secrets(self) -> Mapping[str, str]:
        return {"CLUB_TOKEN": self.twin.options.secret, "CLUB_REFRESH": self.twin.options.refresh}

    def read(self, name: str = "customers", **ask: Any) -> Outcome:
        """One run, and what it read of one stream of the club."""
        report = self.sync(**ask)
        assert "club" not in report.errors, report.errors
        return outcome(report, name)

    # -- what happens in the club

    def join(self, **values: Any) -> Record:
        """Somebody joins."""
        return self.twin.books.add_member(values)

    def buy(self, **values: Any) -> Record:
        """Somebody buys."""
        return self.twin.books.add_purchase({"total": "10.00", **values})

    def edit(self, op: str, record: Record, **more: Any) -> None:
        """A clerk does something to a record."""
        module = "purchases" if record.number.startswith("P") else "members"
        self.twin.edit({"op": op, "module": module, "id": record.number, **more})

    def change(self, record: Record, **values: Any) -> None:
        """A clerk changes a record."""
        self.edit("change", record, values=values)

    @property
    def members(self) -> list[Record]:
        """Those who have not left, in the order of their numbers."""
        return [one for one in self.twin.books.members.values() if not one.closed]


def outcome(report: Report, name: str = "customers") -> Outcome:
    """What a run read of one stream of the club."""
    return site.outcome(report, "club", name)


def ids(pages: list[Page], field: str = "member_no") -> list[str]:
    """The ids of the rows, in order."""
    return [row[field] for page in pages for row in page.rows]


def living(store: Store, name: str = "customers") -> set[str]:
    """The ids of the records that the hub holds of the club, those that are gone left out."""
    return site.living(store, "club", name)


def stand(stage: Stage, clock: FixedClock, population: Population = PEOPLE, **options: Any) -> ClubTwin:
    """A fresh twin on the stage."""
    memory.forget()
    stage.twin = found = ClubTwin(population, clock, options=ClubOptions(**options))
    return found


def declared(
    url: str,
    options: ClubOptions,
    size: int = 100,
    change: Callable[[Declared], None] | None = None,
    create: bool = False,
) -> str:
    """The preset's connection as JSON, turned to the twin and to its ways; `change` may alter it."""
    found = copy.deepcopy(declaration())
    found |= {"type": "rest", "create": create, "page_size": size, "auth": ACCESS[options.auth]}
    for stream in found["streams"]:
        stream["paging"] = dict(PAGINGS[options.paging])
        if options.paging == "last_row" and stream["name"] == "orders":
            stream["paging"]["next_row"] = "no"
        stream["times"] = TIMES[options.times]
        stream["since"] = {**stream["since"], **TIMES[options.times]}
    if options.errors == "status":
        del found["errors"]
    if change is not None:
        change(found)
    return json.dumps(found).replace("{url}", url)


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    """What opens a site: rows a page, what is declared otherwise than in the preset, and options of the twin."""

    def make(
        size: int = 100, change: Callable[[Declared], None] | None = None, create: bool = False, **twin: Any
    ) -> Site:
        found = stand(stage[0], clock, **twin)
        text = declared(stage[1], found.options, size, change, create)
        return Site(tmp_path, clock, found, stage[1], create=create, declared=text)

    return make
