"""Zoho's notifications: proven by the channel's token, in their window, and read again by id."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.listening import Listening
from tests.site import opener
from tests.zoho_site import Site, stand

TOKEN = "a channel's token"


@dataclass
class Crm(Listening, Site):
    """A Zoho whose notifications come to a receiver of ours."""

    def __post_init__(self) -> None:
        os.environ["ZOHO_TOKEN"] = TOKEN
        self.settings = "    notification_token: ${ZOHO_TOKEN}\n" + self.settings
        super().__post_init__()

    def deliver(self, url: str, *events: dict[str, Any], **wish: Any) -> list[int]:
        return self.posted(url, **{"secret": TOKEN, "events": list(events), **wish})


@pytest.fixture
def crm(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Crm:
    make: Callable[..., Crm] = opener(Crm, stand, stage, tmp_path, clock)
    site = make()
    assert site.sync().errors == {}
    return site


def event(module: str, id_: str, operation: str = "update") -> dict[str, Any]:
    return {"module": module, "ids": [id_], "operation": operation}


def test_records_that_notifications_name_are_read_again_as_a_window_would_read_them(
    crm: Crm, clock: FixedClock
) -> None:
    clock.advance(timedelta(minutes=10))
    contact = next(iter(crm.held_records("customers")))
    order = next(iter(crm.held_records("orders")))
    crm.twin.edit({"op": "change", "module": "Contacts", "id": contact, "values": {"Mailing_City": "苏州"}})
    crm.twin.edit({"op": "change", "module": "Sales_Orders", "id": order, "values": {"Status": "Cancelled"}})
    before = {name: crm.held_records(name) for name in ("customers", "orders")}
    with crm.listening() as url:
        assert crm.deliver(url, event("Contacts", contact), event("Sales_Orders", order), times=2) == [200] * 4
    report = crm.sync(hinted=True)
    assert report.errors == {}
    assert report.lanes[0].by_id == {"customers": 1, "orders": 1}
    hinted = {name: crm.held_records(name) for name in before}
    assert hinted["customers"][contact] != before["customers"][contact]
    clock.advance(timedelta(minutes=10))
    crm.sync(full=True)
    assert {name: crm.held_records(name) for name in before} == hinted


def test_another_token_is_refused_and_so_is_what_was_sent_at_another_time(crm: Crm) -> None:
    with crm.listening() as url:
        assert crm.deliver(url, event("Contacts", "1"), secret="x") == [401]
        assert crm.deliver(url, event("Contacts", "1"), age=301) == [401]
        assert crm.deliver(url, event("Contacts", "1"), age=-301) == [401]
        assert crm.deliver(url, event("Contacts", "1"), age=299) == [200]
        assert httpx.get(f"{url}/healthz").json() == {
            "ok": True, "waiting": {"crm": 1}, "refused": {"crm": {"early": 1, "forged": 1, "stale": 1}},
        }  # fmt: skip


def test_a_connection_may_have_a_window_of_its_own(crm: Crm) -> None:
    crm.write(settings=crm.settings + "    hook_window_seconds: 60\n")
    with crm.listening() as url:
        assert crm.deliver(url, event("Contacts", "1"), age=61) == [401]
        assert crm.deliver(url, event("Contacts", "1"), age=59) == [200]


@pytest.mark.parametrize("ids", [["x"], "1", [{}], [1]])
def test_a_notification_without_ids_makes_no_sense(crm: Crm, ids: Any) -> None:
    with crm.listening() as url:
        assert crm.deliver(url, {"module": "Contacts", "ids": ids, "operation": "update"}) == [422]
        assert crm.deliver(url, {"module": "Deals", "ids": ids, "operation": "update"}) == [200]
