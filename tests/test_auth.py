"""Tokens: fetched once for all, renewed early, and every refusal told apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import httpx
import pytest
import respx

from hub.clock import FixedClock
from hub.errors import AuthError, HubError, PermissionMissing, QuotaExceeded, SettingsError, Transient
from hub.http.auth import Auth, OAuthRefresh, Outgoing, TokenAuth
from hub.http.dialect import Dialect
from hub.http.door import Door
from hub.http.keyring import Keyring, Token
from hub.store.migrations import migrate
from hub.store.shared import Tokens
from hub.store.sqlite import SqliteDatabase
from hub.vault import Keys, Vault

NOW = datetime(2026, 3, 1, 8, tzinfo=UTC)
TOKEN_URL = "https://accounts.zoho.example/oauth/v2/token"
API = "https://www.zohoapis.example"
GOOD = {"access_token": "1000.aaa", "api_domain": API, "token_type": "Bearer", "expires_in": 3600}


def zoho(refresh_token: str = "1000.rrr", **more: Any) -> OAuthRefresh:
    more = {"scheme": "Zoho-oauthtoken", "base_from": "api_domain"} | more
    return OAuthRefresh(TOKEN_URL, "1000.ABC", "s3cr3t", refresh_token=refresh_token, **more)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def tokens(tmp_path: Any, clock: FixedClock) -> Iterator[Tokens]:
    db = SqliteDatabase(tmp_path / "store.db")
    migrate(db, clock)
    yield Tokens(db, Vault(Keys({1: bytes(32)}, bytes(32), bytes(32))), clock)
    db.close()


@pytest.fixture
def open_door(clock: FixedClock, tokens: Tokens) -> Iterator[Callable[..., Door]]:
    doors: list[Door] = []

    def make(auth: Auth | None = None, **dialect: Any) -> Door:
        doors.append(Door("crm", Dialect(auth=auth or zoho(), **dialect), clock=clock, tokens=tokens))
        return doors[-1]

    yield make
    for door in doors:
        door.close()


@pytest.fixture
def web() -> Iterator[respx.MockRouter]:
    with respx.mock(assert_all_called=False) as router:
        yield router


@pytest.fixture
def token_calls(web: respx.MockRouter) -> respx.Route:
    return web.post(TOKEN_URL).respond(json=GOOD)


@pytest.fixture
def contacts(web: respx.MockRouter) -> respx.Route:
    return web.get(f"{API}/crm/v8/Contacts").respond(json={"data": []})


def ask(door: Door) -> None:
    door.request("GET", "/crm/v8/Contacts")


def test_one_token_serves_all_doors_at_the_address_it_names(
    token_calls: respx.Route, contacts: respx.Route, open_door: Callable[..., Door]
) -> None:
    for _ in range(2):
        door = open_door()
        ask(door)
        ask(door)
    assert (token_calls.call_count, contacts.call_count) == (1, 4)
    assert contacts.calls[3].request.headers["authorization"] == "Zoho-oauthtoken 1000.aaa"
    form = parse_qs(token_calls.calls[0].request.content.decode())
    assert form == {
        "grant_type": ["refresh_token"], "client_id": ["1000.ABC"], "client_secret": ["s3cr3t"],
        "refresh_token": ["1000.rrr"],
    }  # fmt: skip


def test_a_token_is_renewed_five_minutes_early(
    token_calls: respx.Route, contacts: respx.Route, open_door: Callable[..., Door], clock: FixedClock
) -> None:
    door = open_door()
    ask(door)
    clock.advance(timedelta(minutes=54, seconds=59))
    ask(door)
    assert token_calls.call_count == 1
    clock.advance(timedelta(seconds=1))
    ask(door)
    assert token_calls.call_count == 2


@pytest.mark.parametrize("answer", [httpx.Response(500), httpx.Response(200, json={"error": "Access Denied"})])
def test_an_early_renewal_that_fails_leaves_the_old_token_in_use(
    web: respx.MockRouter, contacts: respx.Route, open_door: Callable[..., Door], clock: FixedClock, answer: Any
) -> None:
    calls = web.post(TOKEN_URL)
    calls.side_effect = [httpx.Response(200, json=GOOD), answer]
    door = open_door()
    ask(door)
    clock.advance(timedelta(minutes=56))
    ask(door)
    ask(open_door())
    assert (calls.call_count, contacts.call_count) == (2, 3)


@pytest.mark.parametrize(
    ("life", "seconds"),
    [
        ({"expires_in": 3600}, 3600), ({"expires_in": "3600"}, 3600), ({"expires_in": 3_600_000}, 3600),
        ({"expires_in": 3_600_000, "expires_in_sec": 3600}, 3600), ({"expires_in_sec": 172_800}, 172_800),
        ({}, 3600), ({"expires_in": None}, 3600), ({"expires_in": 86_400}, 86_400),
    ],
)  # fmt: skip
def test_the_life_of_a_token_is_read_in_all_its_spellings(
    web: respx.MockRouter,
    contacts: respx.Route,
    open_door: Callable[..., Door],
    tokens: Tokens,
    life: dict[str, Any],
    seconds: int,
) -> None:
    web.post(TOKEN_URL).respond(json={"access_token": "1000.aaa", "api_domain": API, **life})
    ask(open_door())
    assert tokens.held("crm").expires == int(NOW.timestamp()) + seconds


def test_a_refused_token_is_renewed_once_and_the_request_sent_again(
    web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    calls = web.post(TOKEN_URL)
    calls.side_effect = [httpx.Response(200, json=GOOD), httpx.Response(200, json={**GOOD, "access_token": "1000.bbb"})]
    route = web.post(f"{API}/crm/v8/Contacts")
    route.side_effect = [httpx.Response(401, json={"code": "INVALID_TOKEN"}), httpx.Response(201, json={})]
    door = open_door()
    assert door.request("POST", "/crm/v8/Contacts", json={}, writes=True).status == 201
    sent = [call.request.headers["authorization"] for call in route.calls]
    assert sent == ["Zoho-oauthtoken 1000.aaa", "Zoho-oauthtoken 1000.bbb"]


def test_a_token_that_another_process_renewed_is_taken_instead(
    web: respx.MockRouter, open_door: Callable[..., Door], tokens: Tokens
) -> None:
    calls = web.post(TOKEN_URL).respond(json=GOOD)
    route = web.get(f"{API}/crm/v8/Contacts").respond(json={})
    door = open_door()
    ask(door)
    stored = tokens.held("crm")
    tokens.keep("crm", {**stored.body, "access_token": "1000.ccc"}, stored.expires)
    route.side_effect = [httpx.Response(401), httpx.Response(200, json={})]
    ask(door)
    assert calls.call_count == 1
    assert route.calls[-1].request.headers["authorization"] == "Zoho-oauthtoken 1000.ccc"


def test_a_second_refusal_needs_a_person(
    token_calls: respx.Route, web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    route = web.get(f"{API}/crm/v8/Contacts").respond(401, json={"code": "INVALID_TOKEN"})
    with pytest.raises(AuthError, match=r"\[INVALID_TOKEN\]; kehub login crm"):
        ask(open_door())
    assert (token_calls.call_count, route.call_count) == (2, 2)


def test_a_missing_scope_renews_nothing(
    token_calls: respx.Route, web: respx.MockRouter, open_door: Callable[..., Door]
) -> None:
    web.get(f"{API}/crm/v8/Contacts").respond(401, json={"code": "OAUTH_SCOPE_MISMATCH"})
    with pytest.raises(PermissionMissing):
        ask(open_door(codes={"OAUTH_SCOPE_MISMATCH": "permission"}))
    assert token_calls.call_count == 1


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(
    ("error", "kind", "remedy"),
    [
        ("invalid_code", AuthError, "kehub login crm"), ("invalid_grant", AuthError, "kehub login crm"),
        ("something new", AuthError, "kehub login crm"), ("invalid_client", SettingsError, "client_secret"),
    ],
)  # fmt: skip
def test_errors_of_the_token_endpoint_are_told_apart_whatever_the_status(
    web: respx.MockRouter,
    open_door: Callable[..., Door],
    status: int,
    error: str,
    kind: type[HubError],
    remedy: str,
) -> None:
    calls = web.post(TOKEN_URL).respond(status, json={"error": error})
    with pytest.raises(kind) as failure:
        ask(open_door())
    assert remedy in failure.value.remedy
    assert calls.call_count == 1


def test_access_denied_rests_every_process_for_ten_minutes(
    web: respx.MockRouter, open_door: Callable[..., Door], clock: FixedClock, contacts: respx.Route
) -> None:
    calls = web.post(TOKEN_URL).respond(json={"error": "Access Denied"})
    for _ in range(3):
        with pytest.raises(QuotaExceeded) as failure:
            ask(open_door())
        assert abs(failure.value.until - NOW - timedelta(minutes=10)) <= timedelta(seconds=1)
    assert calls.call_count == 1
    clock.advance(timedelta(minutes=10, seconds=1))
    calls.respond(json=GOOD)
    ask(open_door())
    assert calls.call_count == 2


def test_a_short_rest_of_the_token_endpoint_is_slept_through(
    web: respx.MockRouter, open_door: Callable[..., Door], contacts: respx.Route
) -> None:
    calls = web.post(TOKEN_URL)
    calls.side_effect = [httpx.ReadTimeout("late"), httpx.Response(503), httpx.Response(200, json=GOOD)]
    door = open_door()
    ask(door)
    assert door.counts.waited == pytest.approx(12, abs=1)


def test_a_token_endpoint_that_stays_silent_is_passing(web: respx.MockRouter, open_door: Callable[..., Door]) -> None:
    calls = web.post(TOKEN_URL).respond(200, text="<html>1000.rrr</html>")
    with pytest.raises(Transient, match="crm"):
        ask(open_door())
    assert calls.call_count == 3


def test_a_claimant_that_died_is_taken_over(
    token_calls: respx.Route, contacts: respx.Route, open_door: Callable[..., Door], tokens: Tokens
) -> None:
    assert tokens.claim("crm", "dead", lambda token: False)[0] == "ours"
    door = open_door()
    ask(door)
    assert token_calls.call_count == 1
    assert 59 <= door.counts.waited <= 61


def test_a_claimant_at_work_lets_others_use_the_token_while_it_lives(
    token_calls: respx.Route,
    contacts: respx.Route,
    open_door: Callable[..., Door],
    tokens: Tokens,
    clock: FixedClock,
) -> None:
    door = open_door()
    ask(door)
    clock.advance(timedelta(minutes=56))
    tokens.claim("crm", "other", lambda token: False)
    ask(door)
    assert (token_calls.call_count, door.counts.waited) == (1, 0)


def test_the_first_sign_in_stores_the_refresh_token(
    web: respx.MockRouter, open_door: Callable[..., Door], contacts: respx.Route, clock: FixedClock
) -> None:
    calls = web.post(TOKEN_URL).respond(json={**GOOD, "refresh_token": "1000.first"})
    open_door(zoho("")).login("1000.code", "https://hub.example/back")
    form = parse_qs(calls.calls[0].request.content.decode())
    assert (form["grant_type"], form["code"]) == (["authorization_code"], ["1000.code"])
    calls.respond(json=GOOD)
    for _ in range(2):  # a refresh gives no new refresh token: the stored one is kept
        clock.advance(timedelta(hours=2))
        ask(open_door(zoho("")))
        assert parse_qs(calls.calls[-1].request.content.decode())["refresh_token"] == ["1000.first"]


def test_a_rotated_refresh_token_replaces_the_one_in_the_settings(
    web: respx.MockRouter, open_door: Callable[..., Door], contacts: respx.Route, clock: FixedClock
) -> None:
    calls = web.post(TOKEN_URL).respond(json={**GOOD, "refresh_token": "1000.next"})
    ask(open_door())
    clock.advance(timedelta(hours=2))
    ask(open_door())
    assert parse_qs(calls.calls[-1].request.content.decode())["refresh_token"] == ["1000.next"]


def test_other_settings_make_a_stored_token_worthless(
    token_calls: respx.Route, contacts: respx.Route, open_door: Callable[..., Door]
) -> None:
    ask(open_door())
    ask(open_door(zoho("1000.another-org")))
    assert parse_qs(token_calls.calls[-1].request.content.decode())["refresh_token"] == ["1000.another-org"]


def test_without_a_sign_in_the_remedy_is_to_sign_in(open_door: Callable[..., Door]) -> None:
    with pytest.raises(AuthError, match="nobody has signed in") as failure:
        ask(open_door(zoho("")))
    assert failure.value.remedy == "kehub login crm"


@pytest.mark.parametrize(
    ("answer", "remedy"), [({"error": "invalid_code"}, "make a new code"), (GOOD, "access_type=offline")]
)
def test_a_code_that_gives_no_refresh_token_is_explained(
    web: respx.MockRouter, open_door: Callable[..., Door], answer: dict[str, Any], remedy: str
) -> None:
    web.post(TOKEN_URL).respond(json=answer)
    with pytest.raises(AuthError) as failure:
        open_door(zoho("")).login("1000.code")
    assert remedy in failure.value.remedy


def test_signing_in_by_code_is_for_oauth_only(open_door: Callable[..., Door]) -> None:
    with pytest.raises(SettingsError):
        open_door(Auth(), base_url=API).login("1000.code")


def test_a_token_needs_a_store(clock: FixedClock) -> None:
    with Door("crm", Dialect(auth=zoho()), clock=clock) as door, pytest.raises(SettingsError, match="store"):
        ask(door)


def test_client_credentials_need_no_refresh_token(
    token_calls: respx.Route, contacts: respx.Route, open_door: Callable[..., Door]
) -> None:
    ask(open_door(zoho("", grant="client_credentials", scheme="Bearer", extra={"scope": "api"})))
    form = parse_qs(token_calls.calls[0].request.content.decode())
    assert (form["grant_type"], form["scope"], "refresh_token" in form) == (["client_credentials"], ["api"], False)


def test_a_system_with_a_way_of_its_own_says_how(
    web: respx.MockRouter, open_door: Callable[..., Door], tokens: Tokens
) -> None:
    class QueryToken(TokenAuth):
        origin = "corp-1"

        def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
            answer = keyring.ask("GET", f"{API}/gettoken", params={"corpsecret": "s3cr3t"})
            return answer.json(), 7200

        def place(self, outgoing: Outgoing, token: Token) -> None:
            outgoing.params["access_token"] = token.access

    web.get(f"{API}/gettoken", params={"corpsecret": "s3cr3t"}).respond(json={"access_token": "TOK_1"})
    route = web.get(f"{API}/user/list").respond(json={})
    open_door(QueryToken(), base_url=API).request("GET", "/user/list?cursor=1")
    assert dict(route.calls[0].request.url.params) == {"cursor": "1", "access_token": "TOK_1"}


def test_secrets_are_sealed_and_never_shown(
    token_calls: respx.Route, contacts: respx.Route, open_door: Callable[..., Door], tokens: Tokens, tmp_path: Any
) -> None:
    auth = zoho()
    ask(open_door(auth))
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("store.db*"))
    shown = repr(auth) + repr(tokens.held("crm"))
    for secret in ("1000.aaa", "1000.rrr", "s3cr3t"):
        assert secret.encode() not in stored
        assert secret not in shown
