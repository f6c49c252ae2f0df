"""Webhooks: who is heard, what is kept before it is answered, and that hints end in the store that a full read gives."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors.woocommerce.connector import WooCommerce
from hub.clock import FixedClock
from hub.deliveries import Delivery, Heard, Hint
from hub.errors import QuotaExceeded
from hub.receiver import receiver
from hub.receiver.bodies import Unfit
from hub.receiver.desk import Desk
from hub.store import connect, create_store
from hub.testing.twin import Stage, serving
from tests.conftest import MASTER
from tests.receiving import SECRET, Shop, post
from tests.site import opener
from tests.woocommerce_site import stand

Open = Callable[..., Shop]


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Shop, stand, stage, tmp_path, clock)


@pytest.fixture
def shop(opened: Open) -> Shop:
    """A shop that has been read once."""
    site = opened()
    assert site.sync().errors == {}
    return site


def deliver(shop: Shop, url: str, *events: dict[str, Any], **wish: Any) -> list[int]:
    """The twin posts webhooks over HTTP."""
    return shop.posted(url, **{"secret": SECRET, "events": list(events), **wish})


# -- who is heard


def test_a_signed_delivery_waits_as_a_hint_for_the_order_and_for_its_account(shop: Shop) -> None:
    with shop.listening() as url:
        order = shop.order(customer_id=101)
        assert deliver(shop, url, {"topic": "order.created", "id": order.id}) == [200]
    assert shop.waiting() == [("customers", "101", "changed"), ("orders", str(order.id), "changed")]


def test_a_ping_is_answered_and_hints_at_nothing(shop: Shop) -> None:
    with shop.listening() as url:
        assert deliver(shop, url, {"ping": True}) == [200]
    assert shop.waiting() == []


@pytest.mark.parametrize("topic", ["product.updated", "coupon.created", "action.something", "order.viewed"])
def test_what_nobody_reads_is_genuine_and_hints_at_nothing(shop: Shop, topic: str) -> None:
    with shop.listening() as url:
        assert post(url, {"id": 7}, topic).status_code == 200
    assert shop.waiting() == []


def test_a_forged_delivery_never_lands_and_is_counted(shop: Shop) -> None:
    order = shop.order()
    with shop.listening() as url:
        assert deliver(shop, url, {"topic": "order.created", "id": order.id}, forged=True) == [401]
        assert deliver(shop, url, {"topic": "order.created", "id": order.id}, secret="another secret") == [401]
        assert post(url, {"id": order.id}, x_wc_webhook_signature="").status_code == 401
        assert httpx.get(f"{url}/healthz").json()["refused"] == {"shop": {"forged": 3}}
    assert shop.waiting() == []
    assert shop.look(lambda store: store.hints.refusals()) == {("shop", "forged"): 3}


def test_calls_that_go_nowhere_are_told_so(shop: Shop) -> None:
    with shop.listening() as url:
        assert httpx.post(f"{url}/hooks/nobody", content=b"{}").status_code == 404
        assert httpx.post(f"{url}/hooks/till", content=b"{}").status_code == 404
        assert httpx.get(f"{url}/hooks/shop").status_code == 405
        assert httpx.post(f"{url}/elsewhere").status_code == 404


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'{"id": "x"}', b'{"code": "woocommerce_rest_cannot_view"}', b"[" * 5000]
)
def test_a_signed_body_without_sense_is_refused_as_such(shop: Shop, body: bytes) -> None:
    with shop.listening() as url:
        assert post(url, body).status_code == 422
    assert shop.waiting() == []


def test_a_connection_without_a_secret_hears_nobody(opened: Open) -> None:
    site = opened()
    site.write(settings="")
    with site.listening() as url:
        assert post(url, {"id": 1}).status_code == 401


def test_a_connector_is_told_the_address_as_its_system_knows_it(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Delivery] = []

    def heard(self: object, delivery: Delivery) -> Heard:
        seen.append(delivery)
        return Heard(str(len(seen)))

    monkeypatch.setattr(WooCommerce, "webhook", heard)
    site = opened()
    for block in ("", "  public_url: https://hooks.example.com/in/\n"):
        site.write(receiver=block)
        with site.listening() as url:
            assert httpx.post(f"{url}/hooks/shop?k=%7B1", content=b"\x00raw", headers={"X-Own": "1"}).status_code == 200
    assert seen[0].url.startswith("http://127.0.0.1")
    assert seen[0].url.endswith("/hooks/shop?k=%7B1")
    assert seen[1].url == "https://hooks.example.com/in/hooks/shop?k=%7B1"
    assert {(one.method, one.body, one.headers["x-own"]) for one in seen} == {("POST", b"\x00raw", "1")}


def test_a_receiver_may_be_mounted_in_another_application(shop: Shop) -> None:
    from starlette.applications import Starlette
    from starlette.routing import Mount

    with shop.opened() as setup:
        own = receiver(setup.config, setup.store)
        with serving(Starlette(routes=[Mount("/in", own)])) as url:
            assert post(f"{url}/in", {"id": 5001}).json() == {"heard": "now"}
            assert post(f"{url}/in", {"id": 5001}, x_wc_webhook_signature="").status_code == 401
        own.state.receiver.close()
    assert shop.waiting() == [("orders", "5001", "changed")]
    assert shop.look(lambda store: store.hints.refusals()) == {("shop", "forged"): 1}


# -- once


def test_the_same_delivery_counts_once_however_often_it_comes(shop: Shop, clock: FixedClock) -> None:
    order = shop.order()
    with shop.listening() as url:
        assert deliver(shop, url, {"topic": "order.created", "id": order.id}, times=3) == [200, 200, 200]
        shop.sync(hinted=True)
        assert deliver(shop, url, {"topic": "order.created", "id": order.id}) == [200]
        assert shop.waiting() == []
        clock.advance(timedelta(seconds=1))
        assert deliver(shop, url, {"topic": "order.created", "id": order.id}) == [200]
    assert shop.waiting() == [("orders", str(order.id), "changed")]


def test_repetitions_at_the_same_time_are_heard_once(shop: Shop) -> None:
    with shop.listening(patience=5) as url, ThreadPoolExecutor(8) as many:
        answers = list(many.map(lambda _: post(url, {"id": 5001}).json()["heard"], range(16)))
    assert sorted(answers) == ["before"] * 15 + ["now"]


def test_several_receivers_on_one_store_hear_a_repetition_once(shop: Shop) -> None:
    with shop.listening(patience=5) as one, shop.listening(patience=5) as other, ThreadPoolExecutor(6) as many:
        answers = list(many.map(lambda turn: post((one, other)[turn % 2], {"id": 5001}).json()["heard"], range(12)))
    assert answers.count("now") == 1


def test_two_topics_under_one_delivery_id_are_two_deliveries(shop: Shop) -> None:
    with shop.listening() as url:
        assert post(url, {"id": 101}, "customer.created").json() == {"heard": "now"}
        assert post(url, {"id": 101}, "customer.updated").json() == {"heard": "now"}
    assert shop.waiting() == [("customers", "101", "changed")]


# -- bodies


def test_a_body_that_never_ends_is_cut_off_at_the_limit(opened: Open) -> None:
    site = opened({"receiver": "  max_bytes: 4096\n"})
    sent = 0

    def endless() -> Any:
        nonlocal sent
        while True:
            sent += 1024
            yield b"x" * 1024

    with site.listening() as url:
        with suppress(httpx.HTTPError):  # the line may be closed while more is on its way
            assert httpx.post(f"{url}/hooks/shop", content=endless()).status_code == 413
        told = httpx.post(f"{url}/hooks/shop", content=b"x" * 5000)
        assert (told.status_code, told.headers["connection"]) == (413, "close")
        assert httpx.get(f"{url}/healthz").json()["refused"]["shop"]["too_large"] == 2
    assert sent < 4_000_000


def test_slow_callers_keep_nobody_else_waiting_and_are_hung_up_on(opened: Open) -> None:
    import socket

    site = opened({"receiver": "  body_seconds: 0.4\n  connections: 20\n"})
    with site.listening() as url:
        host, port = url.removeprefix("http://").split(":")
        slow = [socket.create_connection((host, int(port)), timeout=5) for _ in range(8)]
        for number, line in enumerate(slow):
            line.sendall(
                b"POST /hooks/shop HTTP/1.1\r\nhost: x\r\n"
                + (b"content-length: 9\r\n\r\n{" if number % 2 else b"x-a: ")
            )
        assert post(url, {"id": 5001}).status_code == 200
        ends = [line.recv(1000) for line in slow]
        for line in slow:
            line.close()
    assert [end[:12] for end in ends[1::2]] == [b"HTTP/1.1 408"] * 4
    assert ends[::2] == [b""] * 4


# -- kept, or not answered as if it were


def test_a_locked_store_is_answered_503_and_nothing_is_lost(shop: Shop) -> None:
    locked, free = threading.Event(), threading.Event()

    def lock() -> None:
        db = connect(str(shop.folder / shop.store))
        with db.writing("test"):
            locked.set()
            free.wait(20)
        db.close()

    holder = threading.Thread(target=lock)
    holder.start()
    assert locked.wait(5)
    with shop.listening(patience=0.05) as url:
        answer = post(url, {"id": 5001})
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert shop.waiting() == []
        free.set()
        holder.join()
        assert post(url, {"id": 5001}).json() == {"heard": "now"}
    assert shop.waiting() == [("orders", "5001", "changed")]


def test_too_many_waiting_hints_are_answered_429_until_a_run_has_read_them(opened: Open) -> None:
    site = opened({"receiver": "  backlog: 2\n"})
    site.sync()
    with site.listening() as url:
        assert [post(url, {"id": 5001 + turn}).status_code for turn in range(3)] == [200, 200, 429]
        assert post(url, {"id": 5009}).headers["retry-after"] == "60"
        assert site.sync(hinted=True).errors == {}
        assert post(url, {"id": 5003}).json() == {"heard": "now"}


# -- what hints lead to


def test_hints_end_in_the_store_that_a_full_read_gives(opened: Open, clock: FixedClock) -> None:
    site = opened()
    site.sync()
    clock.advance(timedelta(minutes=10))
    first, new = next(iter(site.twin.books.customers.values())), site.account("new@shop.example.net", first_name="新")
    site.change(first, billing={"phone": "13812345699"})
    bought = site.order(customer_id=new.id, billing={"email": "new@shop.example.net"})
    events = (
        {"topic": "customer.updated", "id": first.id},
        {"topic": "customer.created", "id": new.id},
        {"topic": "order.created", "id": bought.id},
    )
    mark = site.watermark("orders")
    with site.listening() as url:
        assert set(deliver(site, url, *events, times=2, reversed=True)) == {200}
    report = site.sync(hinted=True)
    assert report.errors == {}
    assert site.watermark("orders") == mark
    assert site.waiting() == []
    held = {name: site.held_records(name) for name in ("customers", "orders")}
    assert str(bought.id) in held["orders"]
    assert str(new.id) in held["customers"]
    site.write(store="whole.db")
    from hub.testing.site import fixed_keys

    fixed_keys(str(site.folder / "whole.db"), clock)
    site.sync()
    assert {name: site.held_records(name) for name in held} == held


def test_a_light_run_asks_for_the_hinted_records_alone(shop: Shop) -> None:
    order = shop.order()
    with shop.listening() as url:
        deliver(shop, url, {"topic": "order.created", "id": order.id})
    shop.twin.counts.reset()
    report = shop.sync(hinted=True)
    assert shop.calls() == shop.calls("/orders") == 1
    assert [(lane.name, lane.by_id) for lane in report.lanes] == [("shop", {"orders": 1})]
    assert shop.sync(hinted=True).lanes == []


def test_a_full_run_takes_hints_along(shop: Shop) -> None:
    order = shop.order()
    with shop.listening() as url:
        deliver(shop, url, {"topic": "order.created", "id": order.id})
    shop.read("orders")
    assert shop.waiting() == []
    assert str(order.id) in shop.held_records("orders")  # it lies behind the window's end still


def test_a_record_said_to_be_gone_is_not_taken_away_by_that(shop: Shop) -> None:
    there, gone = list(shop.twin.books.orders.values())[:2]
    shop.edit("delete", gone, permanent=True)
    with shop.listening() as url:
        told = [{"topic": "order.deleted", "id": one.id} for one in (there, gone)]
        assert deliver(shop, url, *told) == [200, 200]
    before = shop.held_records("orders")
    assert shop.sync(hinted=True).errors == {}
    assert shop.held_records("orders") == before
    assert shop.waiting() == []


def test_orders_in_the_trash_and_drafts_do_not_land_by_a_hint(shop: Shop) -> None:
    draft, trashed = shop.order(status="checkout-draft"), shop.order(status="completed")
    shop.edit("delete", trashed)
    with shop.listening() as url:
        deliver(shop, url, *({"topic": "order.updated", "id": one.id} for one in (draft, trashed)))
    shop.sync(hinted=True)
    assert not {str(draft.id), str(trashed.id)} & shop.held_records("orders").keys()


def test_a_targeted_read_that_fails_keeps_its_hints(shop: Shop) -> None:
    order = shop.order()
    with shop.listening() as url:
        deliver(shop, url, {"topic": "order.created", "id": order.id})
    shop.twin.faults.set({"500": {"path": "/orders", "times": None}})
    assert "shop" in shop.sync(hinted=True).errors
    shop.twin.faults.clear()
    assert shop.waiting() == [("orders", str(order.id), "changed")]
    assert shop.sync(hinted=True).errors == {}
    assert (shop.waiting(), str(order.id) in shop.held_records("orders")) == ([], True)


# -- what goes wrong on our side


def test_nothing_of_a_bug_but_its_kind_is_logged(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(self: object, delivery: Delivery) -> Heard:
        raise RuntimeError("13812345678 of Li Na")

    monkeypatch.setattr(WooCommerce, "webhook", broken)
    with shop.listening() as url:
        assert post(url, {"id": 5001, "billing": {"phone": "13812345678"}}).status_code == 500
    assert [record.getMessage() for record in caplog.records] == ["shop: a bug, RuntimeError", "shop: refused, bug"]


def test_a_flood_of_forged_deliveries_does_not_flood_the_log(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with shop.listening() as url:
        for _ in range(5):
            post(url, {"id": 5001, "billing": {"phone": "13812345678"}}, x_wc_webhook_signature="x")
    assert [record.getMessage() for record in caplog.records] == ["shop: refused, forged"]


def test_a_lost_connection_to_the_database_is_renewed(schema_url: str, clock: FixedClock) -> None:
    store = create_store(schema_url, MASTER, clock)
    desk = Desk(2, 30, store.db.leave)

    async def play() -> list[bool]:
        def hear() -> bool:
            return store.hints.hear("shop", "a", [Hint("orders", "1")], 9)

        def cut() -> None:
            store.db.connection.close()  # type: ignore[attr-defined]

        await desk.turn(cut)
        with pytest.raises(Unfit) as refused:
            await desk.turn(hear)
        return [refused.value.status == 503, await desk.turn(hear)]

    assert asyncio.run(play()) == [True, True]
    desk.close()
    store.close()


# -- the table, on both databases


def test_a_hint_told_again_while_it_is_read_stays(location: str, clock: FixedClock) -> None:
    store = create_store(location, MASTER, clock)
    assert store.hints.hear("shop", "a", [Hint("orders", "1"), Hint("orders", "+8613812345678", "gone")], 9)
    taken = store.hints.waiting("shop")["orders"]
    assert {(one.ext, one.event, one.told) for one in taken} == {("1", "changed", 1), ("+8613812345678", "gone", 1)}
    assert not store.hints.hear("shop", "a", [Hint("orders", "2")], 9)
    assert store.hints.hear("shop", "b", [Hint("orders", "1")], 9)
    with store.db.writing("test"):
        store.hints.done(taken)
    assert [(one.ext, one.told) for one in store.hints.waiting("shop")["orders"]] == [("1", 2)]
    store.close()


def test_requests_to_erase_wait_for_a_person_and_are_never_read(location: str, clock: FixedClock) -> None:
    store = create_store(location, MASTER, clock)
    store.hints.hear("shop", "a", [Hint("customers", "7", "erase")], 9)
    assert store.hints.waiting("shop") == {}
    assert [(one.connection, one.ext) for one in store.hints.requests()] == [("shop", "7")]
    store.close()


def test_a_full_backlog_keeps_neither_the_hint_nor_the_delivery(location: str, clock: FixedClock) -> None:
    store = create_store(location, MASTER, clock)
    store.hints.hear("shop", "a", [Hint("orders", "1")], 1)
    with pytest.raises(QuotaExceeded):
        store.hints.hear("shop", "b", [Hint("orders", "2")], 1)
    assert store.hints.hear("shop", "b", [Hint("orders", "2")], 2)
    store.close()


def test_a_delivery_heard_long_ago_is_forgotten(location: str, clock: FixedClock) -> None:
    store = create_store(location, MASTER, clock)
    store.hints.hear("shop", "a", [], 1)
    clock.advance(timedelta(days=15))
    assert store.hints.forget_before(int(clock.now().timestamp()) - 14 * 86400) == 1
    assert store.hints.hear("shop", "a", [], 1)
    store.close()
