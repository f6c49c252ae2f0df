"""Sheet sections 1 and 2: envelope, trace id, both styles of signing in."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from .conftest import Fxiaoke

Open = Callable[..., Fxiaoke]
TOKEN = "/cgi/corpAccessToken/get/V2"


def test_sheet_1_every_answer_is_an_envelope_under_status_200(fxiaoke: Open) -> None:
    desk = fxiaoke()
    good = desk.query()
    bad = desk.query(name="NoSuchObj")
    assert (good["errorCode"], good["errorMessage"]) == (0, "OK")
    assert bad["errorCode"] == 32000
    assert {"errorCode", "errorMessage", "traceId"} <= good.keys() & bad.keys()


def test_sheet_1_a_call_without_a_trace_id_passes_and_is_noted(fxiaoke: Open) -> None:
    desk = fxiaoke()
    answer = desk.post("/cgi/crm/v2/object/list", {"data": {}}, trace="")
    assert answer["errorCode"] == 0
    assert desk.control("counters")["violations"] == {"no_trace_id": 1}


def test_sheet_1_what_is_no_interface_answers_with_a_web_page(fxiaoke: Open) -> None:
    desk = fxiaoke()
    for method, path in (("GET", "/cgi/crm/v2/data/query"), ("POST", "/nowhere")):
        answer = desk.client.request(method, path)
        assert answer.headers["content-type"].startswith("text/html")
        assert "date" in answer.headers


def test_sheet_2a_the_same_token_is_given_until_its_last_ten_minutes(fxiaoke: Open) -> None:
    desk = fxiaoke()
    first = desk.body["corpAccessToken"]
    desk.wait(6000)
    again = desk.post(TOKEN, desk.app())
    assert (again["corpAccessToken"], again["expiresIn"]) == (first, 1200)
    desk.wait(700)
    new = desk.post(TOKEN, desk.app())
    assert new["corpAccessToken"] != first
    assert new["expiresIn"] == 7200
    assert desk.query()["errorCode"] == 0  # both work
    desk.wait(500)
    assert desk.query()["errorCode"] == 20016
    desk.sign_in()
    assert desk.query()["errorCode"] == 0


def test_sheet_2a_the_acting_user_is_found_by_phone(fxiaoke: Open) -> None:
    desk = fxiaoke()
    (found,) = desk.post("/cgi/user/getByMobile", {"mobile": "13800000000"})["empList"]
    assert found["openUserId"] == "FSUID_77AA"
    assert desk.post("/cgi/user/getByMobile", {"mobile": "13900000000"})["empList"] == []


def test_sheet_2b_headers_name_token_company_and_employee(fxiaoke: Open) -> None:
    desk = fxiaoke(style="header")
    assert desk.rows()[0]["owner"] == ["1001"]
    assert desk.rows(flags={"convertUserId": True})[0]["owner"] == ["FSUID_77AB"]
    assert fxiaoke().rows()[0]["owner"] == ["FSUID_77AB"]
    told = desk.post("/oauth2.0/token", desk.app(grantType="app_secret"))
    assert told["openUserId"] == told["openUserId"].replace("FSUID", "FSCID")  # a company's id, not an employee's
    assert desk.post("/oauth2.0/token", desk.app(grantType="implicit"))["errorCode"] == 32000


def test_sheet_2_the_two_styles_do_not_mix(fxiaoke: Open) -> None:
    desk = fxiaoke()
    assert desk.post("/cgi/crm/v2/object/list", {}, authorization="Bearer x")["errorCode"] == 32000
    assert desk.control("counters")["violations"] == {"mixed_credentials": 1}


@pytest.mark.parametrize(
    ("style", "change", "code"),
    [
        ("body", {"corpAccessToken": ""}, 20017), ("body", {"corpAccessToken": "TOKEN_X"}, 20016),
        ("body", {"corpId": "FSCID_X"}, 20016), ("body", {"currentOpenUserId": "FSUID_X"}, 30027),
        ("header", {"authorization": "Bearer TOKEN_X"}, 20016), ("header", {"x-fs-ea": "x"}, 20016),
        ("header", {"x-fs-userid": "7"}, 30027),
    ],
)  # fmt: skip
def test_sheet_9_bad_credentials_are_told_apart(fxiaoke: Open, style: str, change: dict[str, str], code: int) -> None:
    desk = fxiaoke(style=style)
    (desk.body if style == "body" else desk.headers).update(change)
    assert desk.query()["errorCode"] == code


def test_sheet_9_a_wrong_secret_and_a_stopped_app_give_no_token(fxiaoke: Open) -> None:
    desk = fxiaoke(dead_token_code=11014)
    assert desk.post(TOKEN, desk.app(appSecret="x"))["errorCode"] == 10006
    desk.twin.kill_tokens(for_good=False)
    assert desk.query()["errorCode"] == 11014
    desk.sign_in()
    desk.twin.kill_tokens(for_good=True)
    assert desk.post(TOKEN, desk.app())["errorCode"] == 20005


def test_sheet_8_ten_tokens_a_minute(fxiaoke: Open) -> None:
    desk = fxiaoke()
    codes = [desk.post(TOKEN, desk.app())["errorCode"] for _ in range(10)]
    assert codes == [0] * 9 + [14001]
    assert desk.control("counters")["violations"] == {"token_calls": 1}
    desk.wait(60)
    assert desk.post(TOKEN, desk.app())["errorCode"] == 0


def test_sheet_2a_no_two_sign_ins_at_once(fxiaoke: Open) -> None:
    from concurrent.futures import ThreadPoolExecutor

    desk = fxiaoke(latency=0.2)
    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(lambda _: desk.post(TOKEN, desk.app())["errorCode"], range(2)))
    assert sorted(codes) == [0, 14001]
    assert desk.control("counters")["violations"] == {"token_concurrency": 1}
