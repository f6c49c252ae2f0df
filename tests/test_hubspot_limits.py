"""HubSpot's credentials, rights, limits and the check, against its twin, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from connectors.hubspot.wire.dialect import code, failed, half_hour_after, pause, remaining
from connectors.hubspot.wire.settings import HubSpotSettings
from connectors.hubspot.wire.versions import served_until
from hub.clock import FixedClock
from hub.connector import Answer
from hub.errors import AuthError, PermissionMissing, QuotaExceeded, SettingsError, Transient
from hub.testing.twin import Stage
from tests.hubspot_site import OAUTH, Site, stand
from tests.site import opener

Open = Callable[..., Site]
NOW = datetime(2026, 3, 1, 8, 17, 5, tzinfo=UTC)


@pytest.fixture
def opened(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Open:
    return opener(Site, stand, stage, tmp_path, clock)


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, orjson.dumps(body))


def bad(site: Site) -> dict[str, str]:
    """What the check finds wrong, and what it says to do."""
    with site.connector() as crm:
        return {finding.subject: finding.remedy for finding in crm.check() if not finding.good}


# -- limits


def test_no_more_than_five_searches_a_second_whoever_searches(opened: Open, clock: FixedClock) -> None:
    site = opened({"search_rows": 1, "settings": "    orders: false"})
    site.sync()
    for record in list(site.rows().values())[:20]:
        clock.advance(timedelta(seconds=1))
        site.change(record, city="Wuxi")
    clock.advance(timedelta(hours=1))
    start = clock.now()
    assert site.outcome().certificate == "bracketed"
    assert site.calls("/search") > 20
    assert clock.now() - start >= timedelta(seconds=4)
    assert site.twin.counts.violations["over_budget"] == 0


@pytest.mark.parametrize("searches", [1, 2])
def test_when_others_search_too_the_hub_waits_a_second_and_goes_on(
    opened: Open, clock: FixedClock, searches: int
) -> None:
    site = opened(searches=searches)
    assert site.sync().errors == {}
    assert site.twin.counts.violations["over_budget"] > 0
    assert clock.now() - datetime(2026, 3, 1, 8, tzinfo=UTC) < timedelta(minutes=1)


def test_a_day_s_calls_that_are_used_up_let_this_system_rest_and_no_other(opened: Open, clock: FixedClock) -> None:
    site = opened(daily=6)
    clock.advance(timedelta(minutes=17))
    report = site.sync()
    fault = report.errors["crm"]
    assert isinstance(fault, QuotaExceeded)
    assert fault.until == datetime(2026, 3, 1, 8, 30, tzinfo=UTC)
    assert set(report.errors) == {"crm"}


def test_what_is_left_of_a_limit_is_learnt_from_the_answers() -> None:
    told = {"x_hubspot_ratelimit_remaining": "9", "x_hubspot_ratelimit_daily_remaining": "0"}
    assert remaining(answer(200, {}, **told)) == ("burst", 9)  # a day is no 24 hours
    assert remaining(answer(200, {})) is None


@pytest.mark.parametrize(
    ("status", "body", "headers", "seconds"),
    [
        (429, {"policyName": "SECONDLY"}, {}, 1.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {}, 10.0),
        (429, {"policyName": "TEN_SECONDLY_ROLLING"}, {"retry_after": "3"}, 3.0),
        (429, {}, {}, None),
        (423, {}, {}, 2.0),
        (423, {}, {"retry_after": "1"}, 2.0),
        (477, {}, {"retry_after": "7200"}, 7200.0),
        (502, {}, {}, None),
    ],
)
def test_how_long_to_wait_is_told_by_the_answer_or_by_its_limit(
    status: int, body: Any, headers: dict[str, str], seconds: float | None
) -> None:
    assert pause(answer(status, body, **headers), NOW) == seconds


def test_a_day_begins_at_a_midnight_somewhere_so_it_is_tried_again_each_half_hour() -> None:
    found = failed(answer(429, {"policyName": "DAILY"}), lambda: NOW)
    assert isinstance(found, QuotaExceeded)
    assert found.until == half_hour_after(NOW) == NOW.replace(minute=30, second=0)
    assert half_hour_after(NOW.replace(minute=30)) == NOW.replace(hour=9, minute=0, second=0)
    for status in (423, 477):
        assert isinstance(failed(answer(status, {}), lambda: NOW), Transient)
    assert failed(answer(400, {"category": "VALIDATION_ERROR"}), lambda: NOW) is None


@pytest.mark.parametrize(
    ("status", "body", "wanted"),
    [
        (400, {"status": "error", "category": "VALIDATION_ERROR"}, "VALIDATION_ERROR"),
        (429, {"status": "error", "errorType": "RATE_LIMIT"}, "RATE_LIMIT"),
        (404, {"status": "error", "category": "OBJECT_NOT_FOUND"}, "OBJECT_NOT_FOUND"),
        (404, {}, "NO_SUCH_PATH"),
        (200, {"status": "error", "message": "x"}, "ERROR_IN_200"),
        (200, {"status": "error", "category": "EXPIRED_AUTHENTICATION"}, "EXPIRED_AUTHENTICATION"),
        (207, {"status": "COMPLETE", "errors": [{"category": "CONFLICT"}]}, ""),
        (200, [], ""),
        (503, None, ""),
    ],
)
def test_an_error_is_known_by_its_category(status: int, body: Any, wanted: str) -> None:
    assert code(answer(status, body)) == wanted


@pytest.mark.parametrize("status", [423, 477])
def test_a_record_that_is_locked_and_a_portal_that_moves_are_waited_for(
    opened: Open, clock: FixedClock, status: int
) -> None:
    from hub.testing.twin import Answer as Said

    site = opened()
    one = site.insert(lastname="A")
    update, calls = site.twin.batch._update, [0]

    def locked(call: Any, kind: Any, row: Any) -> Any:
        from hub.testing.twin import Refusal

        calls[0] += 1
        if calls[0] == 1:
            raise Refusal(Said(status, {"status": "error", "message": "locked"}, {"retry-after": "2"}))
        return update(call, kind, row)

    site.twin.batch._update = locked  # type: ignore[method-assign]
    _, applied = site.sync_and_apply()
    assert applied is not None
    clock.advance(timedelta(hours=1))
    site.sync_and_apply()
    assert one.values["kehub_tier"] == "standard"


# -- who may come in


def test_an_oauth_token_that_died_is_renewed_once_and_the_call_made_again(opened: Open) -> None:
    site = opened({"access": OAUTH})
    site.twin.faults.set({"dead_token": {"skip": 2, "path": "/crm"}})
    assert site.sync().errors == {}
    assert site.calls("/oauth/v3/token") == 2


def test_a_refresh_token_that_is_no_longer_good_asks_for_a_person(opened: Open, clock: FixedClock) -> None:
    site = opened({"access": OAUTH})
    assert site.sync().errors == {}
    site.twin.kill_tokens(for_good=True)
    clock.advance(timedelta(hours=1))
    fault = site.sync().errors["crm"]
    assert isinstance(fault, AuthError)
    assert "kehub login crm" in fault.remedy
    assert list(bad(site)) == ["token"]


def test_a_private_app_s_token_that_was_replaced_stops_this_system_only(opened: Open) -> None:
    site = opened()
    site.twin.kill_tokens(for_good=True)
    report = site.sync()
    assert isinstance(report.errors["crm"], AuthError)
    assert set(report.errors) == {"crm"}
    assert list(bad(site)) == ["token"]
    assert site.calls("/oauth") == 0


def test_a_connection_has_one_way_in() -> None:
    for settings in (
        {},
        {"token": "pat", "client_id": "c", "client_secret": "s"},
        {"client_id": "c"},
        {"token": "pat", "api_version": "2026-04"},
    ):
        with pytest.raises(ValueError, match=r"token|client_secret|pattern"):
            HubSpotSettings.model_validate(settings)
    own = HubSpotSettings.model_validate({"token": "pat", "edition": "enterprise", "calls_per_10s": 50})
    assert (own.burst, own.daily) == (50, 1_000_000)
    public = HubSpotSettings.model_validate({"client_id": "c", "client_secret": "s"})
    assert (public.burst, public.daily, public.signing) == (110, None, "s")


def test_a_scope_that_is_missing_is_named_by_the_error_and_by_the_check(opened: Open) -> None:
    scopes = ("crm.objects.contacts.read", "crm.schemas.contacts.read")
    site = opened({"create": True}, scopes=scopes)
    fault = site.sync().errors["crm"]
    assert isinstance(fault, PermissionMissing)
    assert fault.remedy == "grant the app crm.objects.orders.read"
    found = bad(site)
    assert found == {
        f"scope {scope}": f"grant the app {scope}"
        for scope in ("crm.objects.contacts.write", "crm.objects.orders.read", "crm.schemas.orders.read")
    } | {"scope associations of orders with contacts": "grant the app crm.objects.orders.read"}


@pytest.mark.parametrize("named", ["requiredScopes", ""])
def test_an_error_names_only_scopes_that_the_answer_names(opened: Open, named: str) -> None:
    site = opened(scopes=(), scopes_named=named)
    fault = site.sync().errors["crm"]
    assert isinstance(fault, PermissionMissing)
    assert ("crm.objects.contacts.read" in fault.remedy) is bool(named)


def test_a_place_that_is_no_hubspot_is_a_setting_to_correct(opened: Open) -> None:
    site = opened({"settings": "    api_version: 2031-03"})
    assert isinstance(site.sync().errors["crm"], SettingsError)


# -- the check


def test_a_good_connection_passes_the_check_and_nothing_is_written(opened: Open) -> None:
    site = opened({"create": True})
    with site.connector() as crm:
        findings = list(crm.check())
    assert [finding for finding in findings if not finding.good] == []
    assert len(findings) == 12
    assert site.twin.counts.written == 0


def test_the_check_names_properties_and_options_that_are_missing(opened: Open) -> None:
    site = opened({"create": True}, hub_fields=("kehub_tier",), tiers=("standard", "silver"))
    found = bad(site)
    assert set(found) == {f"property contacts.{name}" for name in ("kehub_id", "kehub_stage", "kehub_tier")}
    assert "unique" in found["property contacts.kehub_id"]
    assert "add gold to its options" in found["property contacts.kehub_tier"]


def test_the_check_wants_the_property_of_creates_to_be_unique(opened: Open) -> None:
    site = opened({"create": True}, unique=False)
    assert list(bad(site)) == ["property contacts.kehub_id"]
    site = opened(unique=False)
    assert bad(site) == {}  # none is created


def test_the_check_says_what_cannot_be_written_or_cannot_hold_what_is_mapped(opened: Open) -> None:
    fields = """
      - {ours: tier, theirs: createdate}
      - {ours: stage, theirs: hs_object_id}
      - {ours: tags, theirs: kehub_stage, of: [tier], prefix: x-}"""
    found = bad(opened({"fields": fields.strip("\n")}))
    assert "write: false" in found["property contacts.hs_object_id"]
    assert {"property contacts.createdate", "property contacts.kehub_stage"} <= set(found)


def test_the_check_tells_how_much_of_the_day_is_used_and_until_when_the_version_is_served(
    opened: Open, clock: FixedClock
) -> None:
    site = opened(daily=1000)
    site.twin.access.used = 950
    (subject,) = bad(site)
    assert subject.startswith("calls of the day: 9")
    site = opened({"access": OAUTH, "settings": "    token_path: /oauth/v1/token"})
    clock.advance(timedelta(days=330))
    assert set(bad(site)) == {
        "API version v3: served until 2027-03-31", "sign-in at /oauth/v1/token: served until 2027-02-16",
    }  # fmt: skip
    site.write(settings="    api_version: 2026-09")
    assert bad(site) == {}


def test_a_dated_version_is_served_for_eighteen_months() -> None:
    assert served_until("2026-03") == datetime(2027, 9, 1, tzinfo=UTC)
    assert served_until("2026-09") == datetime(2028, 3, 1, tzinfo=UTC)
