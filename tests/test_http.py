"""The door to the network: what is repeated, what is not, and what each answer means."""

from __future__ import annotations

import logging
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import orjson
import pytest
import respx

from hub import failpoints
from hub.clock import FixedClock
from hub.errors import (
    AuthError,
    Conflict,
    HubError,
    PermissionMissing,
    QuotaExceeded,
    Rejected,
    SettingsError,
    Transient,
)
from hub.http import transport
from hub.http.answer import Answer
from hub.http.auth import Basic, StaticHeader
from hub.http.budget import Limit
from hub.http.dialect import Dialect
from hub.http.door import Door
from hub.http.transport import Fault, Line, _fault, _untrusted, ssl_context
from hub.store.migrations import migrate
from hub.store.shared import Budgets
from hub.store.sqlite import SqliteDatabase

BASE = "https://shop.example/api"
NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def budgets(tmp_path: Any, clock: FixedClock) -> Iterator[Budgets]:
    db = SqliteDatabase(tmp_path / "store.db")
    migrate(db, clock)
    yield Budgets(db, clock)
    db.close()


@pytest.fixture
def web() -> Iterator[respx.MockRouter]:
    with respx.mock(base_url=BASE) as router:
        yield router


@pytest.fixture
def open_door(clock: FixedClock) -> Iterator[Callable[..., Door]]:
    doors: list[Door] = []

    def make(budgets: Budgets | None = None, **dialect: Any) -> Door:
        doors.append(Door("shop", Dialect(base_url=BASE, **dialect), clock=clock, budgets=budgets))
        return doors[-1]

    yield make
    for door in doors:
        door.close()


def test_a_good_answer_is_returned_with_its_rows(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    route = web.get("/contacts", params={"page": "1"}).respond(json={"data": [{"id": "7"}]})
    answer = open_door().request("GET", "/contacts", params={"page": 1, "until": None})
    assert answer.rows("data") == [{"id": "7"}]
    assert "until" not in str(route.calls[0].request.url)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, SettingsError), (400, Rejected), (401, AuthError), (403, PermissionMissing), (404, Rejected),
        (408, Transient), (409, Conflict), (412, Conflict), (413, Rejected), (422, Rejected),
        (429, QuotaExceeded), (500, Transient), (502, Transient), (503, Transient),
    ],
)  # fmt: skip
def test_every_status_has_one_consequence(
    web: respx.MockRouter, open_door: Callable[..., Door], status: int, kind: type[HubError]
) -> None:
    web.get("/contacts").respond(status, text="Zhang San 13800000000")
    with pytest.raises(kind) as failure:
        open_door().request("GET", "/contacts")
    assert type(failure.value) is kind
    assert "Zhang" not in str(failure.value)


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_without_a_body_holds_no_rows(
    web: respx.MockRouter, open_door: Callable[..., Door], status: int
) -> None:
    web.get("/contacts").respond(status)
    assert open_door().request("GET", "/contacts").rows("data") == []


def test_codes_of_the_system_go_before_the_status_also_in_a_200(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    door = open_door(codes={"SCOPE": "permission", "LIMIT": "quota"}, rest=timedelta(minutes=30))
    web.get("/a").respond(401, json={"code": "SCOPE", "message": "Zhang San"})
    web.get("/b").respond(200, json={"errors": [{"extensions": {"code": "LIMIT"}}]})
    with pytest.raises(PermissionMissing) as denied:
        door.request("GET", "/a")
    assert (denied.value.code, "Zhang" in str(denied.value)) == ("SCOPE", False)
    with pytest.raises(QuotaExceeded) as used_up:
        door.request("GET", "/b")
    assert used_up.value.until == NOW + timedelta(minutes=30)


def test_the_connector_may_find_the_error_in_a_200(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    def failed(answer: Answer) -> HubError | None:
        return Rejected("no", code="40003") if answer.json()["errcode"] else None

    web.get("/user").respond(json={"errcode": 40003, "errmsg": "zhangsan"})
    with pytest.raises(Rejected, match=r"shop GET /user: no \[40003\]"):
        open_door(failed=failed).request("GET", "/user")


def test_an_error_page_that_the_connector_cannot_read_is_judged_by_its_status(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    web.get("/user").respond(403, text="<html>blocked</html>")
    with pytest.raises(PermissionMissing):
        open_door(failed=lambda answer: Rejected("no") if answer.json()["errcode"] else None).request("GET", "/user")


def test_a_row_of_a_good_list_is_not_taken_for_an_error(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    web.get("/coupons").respond(json=[{"code": "LIMIT"}])
    assert open_door(codes={"LIMIT": "quota"}).request("GET", "/coupons").rows() == [{"code": "LIMIT"}]


def test_a_read_is_repeated_until_it_succeeds(
    web: respx.MockRouter, open_door: Callable[..., Door], clock: FixedClock
) -> None:
    good = httpx.Response(200, json={"data": []})
    web.get("/contacts").side_effect = [httpx.Response(500), httpx.ReadTimeout("late"), httpx.Response(429), good]
    door = open_door()
    assert door.request("GET", "/contacts").rows("data") == []
    assert (door.counts.calls, door.counts.retries, door.counts.writes) == (4, 3, 0)
    assert 7 <= door.counts.waited <= 10  # 1 + 2 + 4 seconds and up to one of jitter each
    assert (clock.now() - NOW).total_seconds() == pytest.approx(door.counts.waited)


@pytest.mark.parametrize(
    ("said", "least", "most"),
    [
        ("", 1, 2), ("0", 1, 2), ("-5", 1, 2), ("soon", 1, 2), ("nan", 1, 2), ("7", 7, 7), ("1.5", 1.5, 1.5),
        ("Sat, 01 Jan 2022 00:00:30 GMT", 30, 30), ("Fri, 31 Dec 2021 00:00:00 GMT", 1, 2),
    ],
)  # fmt: skip
def test_retry_after_is_believed_only_where_it_makes_sense(
    web: respx.MockRouter, open_door: Callable[..., Door], said: str, least: float, most: float
) -> None:
    date = "Sat, 01 Jan 2022 00:00:00 GMT"  # a clock that is years slow: the date counts from there
    busy = httpx.Response(429, headers={"Retry-After": said, "Date": date})
    web.get("/contacts").side_effect = [busy, httpx.Response(200, json=[])]
    door = open_door()
    door.request("GET", "/contacts")
    assert least <= door.counts.waited <= most


@pytest.mark.parametrize(("said", "seconds"), [("3600", 3600), ("1e12", 86400), ("inf", 86400)])
def test_a_long_retry_after_rests_every_process_and_waits_for_nobody(
    web: respx.MockRouter, open_door: Callable[..., Door], budgets: Budgets, said: str, seconds: int
) -> None:
    route = web.get("/contacts").respond(429, headers={"Retry-After": said})
    for door in (open_door(budgets), open_door(budgets)):
        with pytest.raises(QuotaExceeded) as failure:
            door.request("GET", "/contacts")
        assert failure.value.until == NOW + timedelta(seconds=seconds)
        assert door.counts.waited == 0
    assert route.call_count == 1  # the second door did not even ask


def test_a_system_that_stays_busy_is_left_alone(
    web: respx.MockRouter, open_door: Callable[..., Door], budgets: Budgets, clock: FixedClock
) -> None:
    route = web.get("/contacts").respond(429)
    with pytest.raises(QuotaExceeded) as failure:
        open_door(budgets, tries=3).request("GET", "/contacts")
    assert failure.value.until == clock.now() + timedelta(minutes=15)
    assert route.call_count == 3
    with pytest.raises(QuotaExceeded):
        open_door(budgets).request("GET", "/contacts")
    assert route.call_count == 3


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("late"), httpx.ReadError("reset"), httpx.WriteError("reset"),
        httpx.RemoteProtocolError("closed"), httpx.Response(500), httpx.Response(504, text="<html>"),
        httpx.Response(200, text="<html>maintenance</html>"), httpx.Response(200, text='{"data": [{"id'),
    ],
)  # fmt: skip
def test_a_write_without_a_clear_answer_is_sent_once_and_is_unclear(
    web: respx.MockRouter, open_door: Callable[..., Door], answer: Any
) -> None:
    route = web.post("/contacts").mock(side_effect=[answer])
    with pytest.raises(Transient) as failure:
        open_door().request("POST", "/contacts", json={"a": 1}, writes=True)
    assert failure.value.unclear
    assert route.call_count == 1


def test_a_write_that_never_left_or_was_refused_as_busy_is_sent_again(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    good = httpx.Response(201, json={})
    web.post("/contacts").side_effect = [httpx.ConnectError("refused"), httpx.Response(429), good]
    assert open_door().request("POST", "/contacts", json={}, writes=True).status == 201


def test_a_write_that_never_leaves_is_not_unclear(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    web.post("/contacts").side_effect = httpx.ConnectTimeout("no way")
    with pytest.raises(Transient) as failure:
        open_door(tries=2).request("POST", "/contacts", json={}, writes=True)
    assert not failure.value.unclear


def test_one_unclear_attempt_keeps_a_repeatable_write_unclear(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    web.put("/contacts").side_effect = [httpx.ReadTimeout("late"), *[httpx.ConnectError("gone")] * 5]
    with pytest.raises(Transient) as failure:
        open_door().request("PUT", "/contacts", json={}, writes=True, repeatable=True)
    assert failure.value.unclear


def test_a_definite_no_after_an_unclear_attempt_is_definite(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    web.put("/contacts").side_effect = [httpx.ReadTimeout("late"), httpx.Response(400, json={"code": "INVALID_DATA"})]
    with pytest.raises(Rejected, match="INVALID_DATA"):
        open_door().request("PUT", "/contacts", json={}, writes=True, repeatable=True)


def test_a_post_that_only_reads_is_repeated_when_it_says_so(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    web.post("/coql").side_effect = [httpx.Response(502), httpx.Response(200, json={})]
    with pytest.raises(Transient) as failure:
        open_door().request("POST", "/coql", json={})
    assert not failure.value.unclear
    assert open_door().request("POST", "/coql", json={}, repeatable=True).status == 200


def test_failpoints_surround_the_write_and_nothing_else(
    web: respx.MockRouter, open_door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    passed: list[str] = []
    monkeypatch.setattr(failpoints, "hit", passed.append)
    web.get("/contacts").respond(json={})
    web.post("/contacts").side_effect = [httpx.Response(201, text="cut {"), httpx.ReadTimeout("late")]
    door = open_door()
    door.request("GET", "/contacts")
    for _ in range(2):
        with pytest.raises(Transient):
            door.request("POST", "/contacts", writes=True)
    assert passed == ["write:before", "write:after", "write:before"]
    assert door.counts.writes == 2


@pytest.mark.parametrize("body", [b'{"data": [{"id": "1"', b"<html>ok</html>", b"", b"[" * 100_000])
def test_a_read_whose_body_is_cut_off_or_not_json_is_read_again(
    web: respx.MockRouter, open_door: Callable[..., Door], body: bytes
) -> None:
    web.get("/contacts").side_effect = [httpx.Response(200, content=body), httpx.Response(200, json={"data": []})]
    door = open_door()
    assert door.request("GET", "/contacts").rows("data") == []
    assert door.counts.retries == 1


@pytest.mark.parametrize("bad", [rb'"\ud800"', b'"\xff\xfe"'])
def test_one_undecodable_row_spoils_itself_only(bad: bytes) -> None:
    rows = Answer(200, {}, b'{"data": [{"name": "\xe5\xae\xa2"}, {"name": ' + bad + b"}]}").rows("data")
    assert orjson.dumps(rows[0]) == '{"name":"客"}'.encode()
    with pytest.raises(TypeError):
        orjson.dumps(rows[1])


def test_numbers_that_are_none_stay_visible_and_a_byte_order_mark_is_no_fault() -> None:
    assert Answer(200, {}, b'\xef\xbb\xbf{"total": NaN}').json() == {"total": "NaN"}


def test_rows_that_are_not_where_they_belong_are_no_empty_page() -> None:
    with pytest.raises(Transient):
        Answer(200, {}, b'{"info": {}}').rows("data.items")


def test_an_answer_that_drips_for_ever_or_cannot_be_unpacked_is_none(
    web: respx.MockRouter, open_door: Callable[..., Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = httpx.Response(200, stream=httpx.ByteStream(b"no gzip"), headers={"Content-Encoding": "gzip"})
    web.post("/packed").mock(return_value=packed)
    web.post("/dripping").respond(200, json={})
    monkeypatch.setattr("hub.http.transport.WHOLE_TIMEOUT", -1.0)
    for path in ("/packed", "/dripping"):
        with pytest.raises(Transient) as failure:
            open_door().request("POST", path, writes=True)
        assert failure.value.unclear


def test_forms_raw_bytes_and_files_are_sent_as_they_are(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    route = web.post("/in").respond(204)
    door = open_door()
    door.request("POST", "/in", data={"a": "1 2"}, writes=True)
    door.request("POST", "/in", data=b"raw", headers={"Content-Type": "text/csv"}, writes=True)
    door.request("POST", "/in", files={"file": ("a.csv", b"x,y")}, writes=True)
    sent = [(call.request.content, call.request.headers["content-type"]) for call in route.calls]
    assert sent[:2] == [(b"a=1+2", "application/x-www-form-urlencoded"), (b"raw", "text/csv")]
    assert b"x,y" in sent[2][0]


def test_an_archive_must_have_its_end(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        archive.writestr("a.csv", "id\n1\n" * 100)
    whole = made.getvalue()
    for spoilt in (whole[:50], b"<html>", b'{"code": "INTERNAL_ERROR"}', b""):
        route = web.get("/file").mock(
            side_effect=[httpx.Response(200, content=spoilt), httpx.Response(200, content=whole)]
        )
        assert open_door().request("GET", "/file", expects="zip").content == whole
        assert route.call_count == 2
        route.reset()
    web.get("/file").mock(side_effect=[httpx.Response(204)])
    assert open_door().request("GET", "/file", expects="zip").empty


def test_a_download_is_not_taken_for_text() -> None:
    with pytest.raises(Transient, match="not JSON"):
        Answer(200, {}, b"PK\x03\x04\x14\x00" + b" " * 100).json()
    assert Answer(200, {}, b'{"name": "' + b" " * 100 + b'\\u0000"}').json()["name"].endswith("\0")


def test_a_download_is_not_looked_at(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    web.get("/file").respond(content=b"PK\x03\x04")
    assert open_door().request("GET", "/file", expects="bytes").content == b"PK\x03\x04"


def test_errors_name_the_place_and_hold_nothing_personal(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    web.get(path__startswith="/").respond(404, json={"message": "13800000000", "code": "not there, Zhang San"})
    door = open_door(auth=StaticHeader("X-Token", "s3cret"))
    with pytest.raises(Rejected) as failure:
        door.request("GET", "/crm/v8/Contacts/4400123/zhang@shop.example", params={"q": "13800000000"})
    assert str(failure.value) == "shop GET /crm/v8/Contacts/{id}/{id}: the system refuses this request [404]"
    with pytest.raises(Rejected, match=r"GET /users/\{name\}: "):
        door.request("GET", "/users/{name}", parts={"name": "zhangsan"})
    assert "s3cret" not in repr(door._dialect)


def test_parts_of_a_path_are_quoted_and_never_climb(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    route = web.delete("/users/a%2Fb%3Fc").respond(204)
    door = open_door()
    door.request("DELETE", "/users/{id}", parts={"id": "a/b?c"}, writes=True)
    assert route.called
    for climbing in ("", ".", ".."):
        with pytest.raises(Rejected, match="not an id"):
            door.request("DELETE", "/users/{id}", parts={"id": climbing}, writes=True)


def test_credentials_go_to_the_system_and_its_named_hosts_only(open_door: Callable[..., Door]) -> None:
    door = open_door(auth=Basic("key", "s3cret"), hosts=("upload.example",))
    with respx.mock() as web:
        routes = [web.get(url).respond(json={}) for url in (
            f"{BASE}/own", "https://shop.example/elsewhere", "https://upload.example/up", "https://cdn.example/f?sig=1",
        )]  # fmt: skip
        for address in ("/own", "https://shop.example/elsewhere", "https://upload.example/up", "https://cdn.example/f"):
            door.request("GET", address, params={"sig": 1} if "cdn" in address else None)
    signed = ["authorization" in route.calls[0].request.headers for route in routes]
    assert signed == [True, True, True, False]
    assert routes[0].calls[0].request.headers["authorization"] == "Basic a2V5OnMzY3JldA=="


def test_a_query_in_the_path_and_parameters_are_both_sent(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    route = web.get("/next").respond(json={})
    open_door().request("GET", "/next?cursor=a%2Bb&id=1&id=2", params={"limit": 5})
    assert route.calls[0].request.url.params.multi_items() == [
        ("cursor", "a+b"), ("id", "1"), ("id", "2"), ("limit", "5"),
    ]  # fmt: skip


def test_redirects_are_not_followed_and_cookies_not_kept(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    web.get("/moved").respond(302, headers={"Location": "https://evil.example/"})
    route = web.get("/cookie").respond(json={}, headers={"Set-Cookie": "session=1"})
    door = open_door()
    with pytest.raises(SettingsError, match="not at this address"):
        door.request("GET", "/moved")
    for _ in range(2):
        door.request("GET", "/cookie")
    assert "cookie" not in route.calls[1].request.headers


def test_the_systems_time_comes_from_its_answers(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    head = web.head("/").respond(405, headers={"Date": "Sun, 01 Mar 2026 08:02:00 GMT"})
    web.get("/a").respond(json={}, headers={"Date": "Sun, 01 Mar 2026 08:03:00 GMT"})
    web.get("/cached").respond(json={}, headers={"Date": "Sun, 01 Mar 2026 06:00:00 GMT", "Age": "7200"})
    door = open_door()
    assert door.server_now() == NOW + timedelta(minutes=2)
    door.request("GET", "/a")
    door.request("GET", "/cached")
    assert door.server_now() == NOW + timedelta(minutes=3)
    assert head.call_count == 1


def test_a_system_that_tells_no_time_gets_ours(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    web.head("/").side_effect = httpx.ConnectError("down")
    assert open_door().server_now() == NOW


def test_the_budget_of_a_request_is_taken_before_it_is_sent(
    web: respx.MockRouter, open_door: Callable[..., Door], budgets: Budgets
) -> None:
    web.get("/contacts").respond(json={})
    door = open_door(budgets, limits=(Limit("burst", 2, 8),))
    for _ in range(3):
        door.request("GET", "/contacts")
    assert 8 <= door.counts.waited <= 9


def test_what_the_system_says_is_left_counts(
    web: respx.MockRouter, open_door: Callable[..., Door], budgets: Budgets
) -> None:
    def remaining(answer: Answer) -> tuple[str, int] | None:
        return "daily", int(answer.header("X-Left"))

    web.get("/contacts").side_effect = [
        httpx.Response(200, json={}, headers={"X-Left": left}) for left in ("odd", "0")
    ]  # fmt: skip
    limits = (Limit("daily", 1000, 86_400),)
    door = open_door(budgets, limits=limits, remaining=remaining)
    door.request("GET", "/contacts")
    door.request("GET", "/contacts")
    with pytest.raises(QuotaExceeded):
        open_door(budgets, limits=limits).request("GET", "/contacts")


def test_nothing_of_a_request_is_logged(
    web: respx.MockRouter, open_door: Callable[..., Door], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web.get("/contacts").respond(json={})
    open_door().request("GET", "/contacts", params={"phone": "13800000000"})
    logging.getLogger("httpcore.http11").info("13800000000")
    assert "13800000000" not in caplog.text


def test_addresses_and_secrets_that_cannot_be_sent_are_settings(open_door: Callable[..., Door]) -> None:
    with pytest.raises(SettingsError, match="cannot be sent"):
        open_door(auth=StaticHeader("X-Token", "密码")).request("GET", "/contacts")
    for error in (httpx.LocalProtocolError("two lines"), httpx.UnsupportedProtocol("ftp")):
        assert isinstance(_fault(error).error("shop", writes=True), SettingsError)
    homeless = Door("shop", Dialect(), clock=FixedClock(NOW))
    with pytest.raises(SettingsError, match="address is missing"):
        homeless.request("GET", "/contacts")


def test_proxy_and_authorities_are_checked(tmp_path: Any) -> None:
    with pytest.raises(SettingsError, match="CA bundle"):
        ssl_context(str(tmp_path / "none.pem"))
    with pytest.raises(SettingsError, match="not a proxy"):
        Line(proxy="ftp//nowhere")._opened()
    line = Line(proxy="http://proxy.example:3128")
    assert line._opened() is not None
    assert ssl_context() is ssl_context()
    line.close()


def test_lines_that_are_opened_together_share_one_context(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[None] = []
    whole = transport.ssl.create_default_context

    def slow(**arguments: Any) -> Any:
        made.append(None)
        time.sleep(0.05)
        return whole(**arguments)

    monkeypatch.setattr(transport.ssl, "create_default_context", slow)
    transport._ssl_context.cache_clear()
    with ThreadPoolExecutor(4) as pool:
        contexts = list(pool.map(lambda _: ssl_context(), range(4)))
    assert len(made) == len(set(map(id, contexts))) == 1


def test_an_untrusted_certificate_is_told_apart() -> None:
    error = httpx.ConnectError("failed")
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate")
    assert _untrusted(error)
    assert isinstance(Fault("x", sent=False, remedy="set it").error("shop", writes=True), SettingsError)


def test_httpx_is_not_imported_before_it_is_needed() -> None:
    code = "import sys, hub.http.door, hub.http.dialect; sys.exit(bool({'httpx', 'tenacity', 'certifi'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
