"""Sheet section 3: signing in to the twin."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Zoho, code

Open = Callable[..., Zoho]


def test_sheet_3_a_refresh_answers_with_the_api_domain_and_without_a_new_refresh_token(zoho: Open) -> None:
    answer = zoho().token()
    assert set(answer) == {"access_token", "scope", "api_domain", "token_type", "expires_in"}
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert answer["api_domain"].startswith("http://127.0.0.1:")


def test_sheet_3_errors_come_with_status_200(zoho: Open) -> None:
    desk = zoho()
    assert desk.token(refresh_token="1000.other.dc") == {"error": "invalid_code"}
    assert desk.token(client_secret="wrong") == {"error": "invalid_client"}


def test_sheet_3_the_eleventh_access_token_in_ten_minutes_is_denied(zoho: Open) -> None:
    desk = zoho()
    assert all("access_token" in desk.token() for _ in range(9))
    assert desk.token() == {"error": "Access Denied"}
    assert desk.control("counters")["violations"] == {"refresh_refused": 1}
    desk.wait(600)
    assert "access_token" in desk.token()


def test_sheet_3_the_sixteenth_live_token_kills_the_oldest(zoho: Open) -> None:
    desk = zoho(refreshes=100)
    assert desk.get("Contacts/actions/count").status_code == 200
    for _ in range(14):
        desk.token()
    assert desk.get("Contacts/actions/count").status_code == 200
    desk.token()
    assert code(desk.get("Contacts/actions/count")) == (401, "INVALID_TOKEN")


def test_sheet_3_an_access_token_lives_for_an_hour(zoho: Open) -> None:
    desk = zoho()
    desk.wait(3599)
    assert desk.get("Contacts/actions/count").status_code == 200
    desk.wait(1)
    answer = desk.get("Contacts/actions/count")
    assert code(answer) == (401, "INVALID_TOKEN")
    assert answer.json() == {
        "code": "INVALID_TOKEN",
        "details": {},
        "message": "invalid oauth token",
        "status": "error",
    }


def test_sheet_3_only_the_documented_scheme_is_taken(zoho: Open) -> None:
    desk = zoho(dead_token_code="AUTHENTICATION_FAILURE")
    desk.client.headers["Authorization"] = f"Bearer {desk.token()['access_token']}"
    assert code(desk.get("Contacts/actions/count")) == (401, "AUTHENTICATION_FAILURE")


def test_sheet_3_a_missing_scope_is_named_as_such(zoho: Open) -> None:
    desk = zoho(scopes=("ZohoCRM.modules.contacts.READ",))
    assert desk.get("Contacts/actions/count").status_code == 200
    for refused in (
        desk.get("Sales_Orders/actions/count"),
        desk.send("PUT", "Contacts", {"id": desk.ids()[0]}),
        desk.get("settings/fields", module="Contacts"),
        desk.coql("select id from Contacts where id is not null"),
    ):
        assert code(refused) == (401, "OAUTH_SCOPE_MISMATCH")


def test_sheet_3_upsert_needs_the_right_to_create_and_to_update(zoho: Open) -> None:
    desk = zoho(scopes=("ZohoCRM.modules.contacts.UPDATE",))
    assert desk.send("PUT", "Contacts", {"id": desk.ids()[0]}).status_code == 200
    assert code(desk.send("POST", "Contacts/upsert", {"Last_Name": "x"})) == (401, "OAUTH_SCOPE_MISMATCH")


def test_sheet_3_a_grant_code_works_once_and_for_three_minutes(zoho: Open) -> None:
    desk = zoho()
    first = desk.token(grant_type="authorization_code", code=desk.twin.options.grant_code)
    assert "access_token" in desk.token(refresh_token=first["refresh_token"])
    assert desk.token(grant_type="authorization_code", code=desk.twin.options.grant_code) == {"error": "invalid_code"}
    late = zoho()
    late.wait(180)
    assert late.token(grant_type="authorization_code", code=late.twin.options.grant_code) == {"error": "invalid_code"}


def test_sheet_3_signing_in_by_browser_ends_at_the_redirect_uri_with_a_code(zoho: Open) -> None:
    desk = zoho()
    params = {"client_id": desk.twin.options.client_id, "redirect_uri": "http://127.0.0.1:9/back", "state": "s"}
    answer = desk.client.get("/oauth/v2/auth", params=params)
    assert answer.status_code == 302
    back = dict(part.split("=") for part in answer.headers["location"].partition("?")[2].split("&"))
    assert back["state"] == "s"
    assert "refresh_token" in desk.token(grant_type="authorization_code", code=back["code"])


def test_sheet_3_the_historic_answer_gives_milliseconds(zoho: Open) -> None:
    answer = zoho(expiry_in_ms=True).token()
    assert (answer["expires_in"], answer["expires_in_sec"]) == (3_600_000, 3600)


def test_sheet_3_a_revoked_refresh_token_takes_its_access_tokens_along(zoho: Open) -> None:
    desk = zoho()
    desk.client.post("/oauth/v2/token/revoke", data={"token": desk.twin.options.refresh_token})
    assert code(desk.get("Contacts/actions/count")) == (401, "INVALID_TOKEN")
    assert desk.token() == {"error": "invalid_code"}
