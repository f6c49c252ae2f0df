"""Events: who may send them, what is taken of each row, and whose they are."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from hub.clock import FixedClock
from hub.receiver.events import signature
from hub.store import create_store
from hub.store.check import canonical, check
from hub.store.events import Event
from hub.testing.twin import Stage
from tests.conftest import MASTER, NOW
from tests.receiving import KEY, KEY_SECRET, Shop, tell
from tests.site import opener
from tests.woocommerce_site import stand

Open = Callable[..., Shop]
AT = NOW.timestamp()
PAGE = (Path(__file__).parent.parent / "docs" / "webhooks.md").read_text(encoding="utf-8")


@pytest.fixture
def shop(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Shop:
    make: Open = opener(Shop, stand, stage, tmp_path, clock)
    return make()


def visit(number: int = 1, **more: Any) -> dict[str, Any]:
    """Somebody visits a store."""
    return {
        "id": f"v-{number}", "kind": "store_visit", "at": "2026-03-01T15:30:00+08:00",
        "who": {"phone": "138 1234 5678"}, "store": "SH01", **more,
    }  # fmt: skip


def counts(shop: Shop) -> dict[tuple[str, str], int]:
    return shop.look(lambda store: store.events.counts())


def test_an_event_is_taken_once_and_its_repetition_told_as_one(shop: Shop) -> None:
    with shop.listening() as url:
        first = tell(url, visit(), AT)
        assert (first.status_code, first.json()) == (
            200,
            {"taken": 1, "duplicate": 0, "refused": 0, "rows": [{"id": "v-1", "result": "taken"}]},
        )
        again = tell(url, [visit(), visit(2), visit(2)], AT).json()
    assert [row["result"] for row in again["rows"]] == ["duplicate", "taken", "duplicate"]
    assert counts(shop) == {(KEY, "store_visit"): 2}


WRONG: list[tuple[Any, str]] = [
    (visit(kind="dance"), "kind"),
    (visit(at="2026-03-01T15:30:00"), "at"),
    (visit(at=1772352000), "at"),
    (visit(at="2026-03-03T15:30:00+08:00"), "at"),
    (visit(at="1960-03-03T15:30:00+08:00"), "at"),
    (visit(who={}), "who"),
    (visit(who={"phone": "12"}), "who.phone"),
    (visit(who={"email": "nobody"}), "who.email"),
    (visit(who={"name": "Li Na"}), "who...."),
    (visit(**{"Li Na": 1}), "..."),
    (visit(id=""), "id"),
    (visit(id=7), "id"),
    (visit(store=5), "store"),
    (visit(facts={str(n): n for n in range(21)}), "facts"),
    ({name: value for name, value in visit().items() if name != "at"}, "at"),
    ("text", ""),
    (None, ""),
]


@pytest.mark.parametrize(("row", "field"), WRONG)
def test_a_row_that_cannot_be_taken_is_told_by_its_field_and_costs_no_other_row(
    shop: Shop, row: Any, field: str
) -> None:
    with shop.listening() as url:
        answer = tell(url, [row, visit(9)], AT)
        alone = tell(url, [row], AT)
    assert answer.status_code == 200
    told = answer.json()["rows"]
    assert (told[0]["result"], told[0].get("field", "")) == ("refused", field)
    assert told[1] == {"id": "v-9", "result": "taken"}
    assert "Li Na" not in answer.text
    assert alone.status_code == 422
    assert counts(shop) == {(KEY, "store_visit"): 1}


def test_only_a_key_of_ours_signs_and_only_what_was_sent(shop: Shop) -> None:
    raw = orjson.dumps(visit())
    with shop.listening() as url:
        assert tell(url, raw, AT, kehub_key="site-2").status_code == 401
        assert tell(url, raw, AT, kehub_key="").status_code == 401
        assert tell(url, raw, AT, kehub_timestamp=str(int(AT) + 1)).status_code == 401
        assert tell(url, raw, AT, kehub_signature=signature("", str(int(AT)), raw)).status_code == 401
        unknown = {"kehub_key": "x", "kehub_signature": signature("", str(int(AT)), raw)}
        assert tell(url, raw, AT, **unknown).status_code == 401
        assert httpx.post(f"{url}/events", content=raw).status_code == 401
        assert httpx.get(f"{url}/healthz").json()["refused"] == {"/events": {"forged": 6}}
    assert counts(shop) == {}


def test_what_was_sent_too_long_ago_or_lies_ahead_is_refused(shop: Shop) -> None:
    with shop.listening() as url:
        answers = [tell(url, visit(), AT + seconds) for seconds in (-301, 301, -300, 300)]
    assert [answer.status_code for answer in answers] == [401, 401, 200, 200]
    assert [answer.json().get("refused") for answer in answers[:2]] == ["stale", "early"]


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"", 400), (b"7", 422), (b"[]", 422), (b'"a"', 422), (b'["\\ud800"]', 400)]
)
def test_a_body_that_is_no_list_of_events_is_refused_whole(shop: Shop, body: bytes, status: int) -> None:
    with shop.listening() as url:
        assert tell(url, body, AT).status_code == status


def test_more_rows_than_allowed_are_refused_whole(shop: Shop) -> None:
    shop.write(receiver="  max_rows: 2\n")
    with shop.listening() as url:
        assert tell(url, [visit(1), visit(2)], AT).status_code == 200
        assert tell(url, [visit(3), visit(4), visit(5)], AT).status_code == 413
    assert counts(shop) == {(KEY, "store_visit"): 2}


def test_many_senders_at_once_keep_each_event_once(shop: Shop) -> None:
    with shop.listening(patience=5) as url, ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda turn: tell(url, [visit(turn % 4), visit(turn + 10)], AT).json(), range(12)))
    assert sum(answer["taken"] for answer in answers) == 16
    assert counts(shop) == {(KEY, "store_visit"): 16}


def test_an_event_belongs_to_whoever_holds_its_key_and_lies_sealed(shop: Shop) -> None:
    account = shop.account("wei@shop.example.net", billing={"phone": "13812345678"})
    shop.sync()
    with shop.listening() as url:
        tell(url, [visit(1), visit(2, who={"email": " WEI@shop.example.net"}, kind="page_view", page="/tea")], AT)
        tell(url, visit(3, who={"member_card": "77"}), AT)
    record = shop.look(lambda store: store.records.by_exts("shop", "customers", [str(account.id)])[str(account.id)])
    assert record.customer is not None
    found = shop.look(lambda store: store.events.of_customer(str(record.customer)))
    assert [(one["kind"], one["who"], one["source"]) for one in found] == [
        ("page_view", {"email": "wei@shop.example.net"}, KEY),
        ("store_visit", {"phone": "+8613812345678"}, KEY),
    ]
    assert shop.look(check) == []
    stored = (shop.folder / shop.store).read_bytes()
    assert b"13812345678" not in stored


def test_both_databases_keep_the_same_of_the_same_events(location: str, clock: FixedClock) -> None:
    store = create_store(location, MASTER, clock)
    events = [Event(f"e{n}", "page_view", 10 + n, {"id": f"e{n}"}, [("phone", "+8613812345678")] * 2) for n in range(3)]
    assert store.events.take("site", events) == [True, True, True]
    assert store.events.take("site", [events[0], Event("e9", "visit", 1, {})]) == [False, True]
    assert store.events.take("till", events[:1]) == [True]
    assert store.events.counts() == {("site", "page_view"): 3, ("site", "visit"): 1, ("till", "page_view"): 1}
    assert check(store) == []
    assert sum(line.startswith("touch_event ") for line in canonical(store)) == 5
    store.close()


def test_the_test_vector_of_the_page_is_what_the_receiver_reckons() -> None:
    (body,) = re.findall(r'^    (\{"id":"visit-4711".*\})$', PAGE, re.MULTILINE)
    (wanted,) = re.findall(r"`(v1=[0-9a-f]{64})`", PAGE)
    assert signature("an-event-key-of-the-site", "1772352000", body.encode()) == wanted


def _block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_pages_python_is_taken(shop: Shop, clock: FixedClock) -> None:
    clock.advance(datetime.now(UTC) - NOW + timedelta(seconds=1))
    assert len(_block("python").strip().splitlines()) <= 15
    space: dict[str, Any] = {}
    exec(_block("python"), space)
    with shop.listening() as url:
        assert space["tell"](url, KEY, KEY_SECRET, [visit()])["taken"] == 1


def test_the_pages_shell_is_taken(shop: Shop, clock: FixedClock) -> None:
    clock.advance(datetime.now(UTC) - NOW + timedelta(seconds=1))
    with shop.listening() as url:
        env = {**os.environ, "URL": url, "EVENT_KEY": KEY_SECRET}
        done = subprocess.run(["sh", "-c", _block("sh")], env=env, capture_output=True, timeout=60, check=True)
    assert orjson.loads(done.stdout)["taken"] == 1
