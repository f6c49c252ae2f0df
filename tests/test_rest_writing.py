"""A declared REST system against its twin, over HTTP, through the engine: writing, credentials, the check, one record."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from hub.cli import main
from hub.clock import FixedClock
from hub.connector import RowResult, Write
from hub.errors import (
    AuthError,
    Conflict,
    PermissionMissing,
    QuotaExceeded,
    Rejected,
    SettingsError,
    Transient,
)
from tests.conftest import NOW
from tests.rest_site import Declared, Open, Site, living, opened

__all__ = ["opened"]

SINGLE = {
    "update": {"method": "PATCH", "path": "/members/{id}", "wrap": "member"},
    "create": {"method": "POST", "path": "/members", "wrap": "member"},
    "answer_id": "result.member_no",
    "read": {"path": "/members/{id}", "records": "result", "absent": [2404]},
    "lookup": {"path": "/members", "param": "ref", "records": "result.members"},
    "create_key": "ref",
    "idempotency_header": "Idempotency-Key",
}


def batched(own: Declared) -> None:
    """Members only, many in a call, as the preset has it."""
    own["streams"] = own["streams"][:1]


def single(own: Declared) -> None:
    """Members only, a call for each."""
    batched(own)
    own["write"] = dict(SINGLE)


FORMS = {"batch": batched, "single": single}
each_form = pytest.mark.parametrize("form", FORMS)


def told(results: Any) -> list[tuple[str, str, str, str]]:
    return [(one.key, one.outcome, one.code, one.field) for one in results]


def knows(site: Site, clock: FixedClock, ext: str, **values: Any) -> None:
    """The till learns something, a moment ago."""
    site.till.now = int(clock.now().timestamp()) - 60
    site.till.put("customers", {"id": ext, **values})


# -- updates


@each_form
@pytest.mark.parametrize("errors", ["in_200", "status"])
def test_tier_and_stage_are_written_once_and_nothing_else_moves(opened: Open, form: str, errors: str) -> None:
    site = opened(change=FORMS[form], errors=errors)
    one = site.join(name="Anna", email="anna@club.cn", labels=["vip"], address={"city": "Wuxi"})
    left = next((one for one in site.twin.books.members.values() if one.closed), None)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert applied.applied["club"].error is None
    assert (one.values["level"], one.values["stage"], one.values["labels"]) == ("standard", "prospect", ["vip"])
    assert one.values["address"]["city"] == "Wuxi"
    assert left is None or left.values["level"] is None
    assert {tuple(write["fields"]) for write in site.twin.counts.writes} == {("level", "stage")}
    site.twin.counts.reset()
    again, _ = site.sync_and_apply()
    assert again.plans == {}
    assert site.twin.counts.writes == []


@each_form
def test_a_known_change_goes_into_an_object_of_theirs(opened: Open, clock: FixedClock, form: str) -> None:
    def change(own: Declared) -> None:
        FORMS[form](own)
        next(one for one in own["streams"][0]["fields"] if one["ours"] == "city")["owner"] = "shared"

    site = opened(change=change)
    one = site.join(name="Zhou", mobile="13912345678", address={"city": "Wuxi", "street": "Lane 7"})
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    knows(site, clock, "7", name="Zhou", phone="139 1234 5678", city="Suzhou")
    site.sync_and_apply()
    assert one.values["address"] == {"city": "Suzhou", "street": "Lane 7", "province": "", "postcode": ""}


@each_form
@pytest.mark.parametrize(("clear", "kept"), [("null", None), ("empty", "")])
def test_an_emptied_field_goes_out_as_declared(opened: Open, form: str, clear: str, kept: Any) -> None:
    def change(own: Declared) -> None:
        FORMS[form](own)
        own["write"]["clear"] = clear

    site = opened(change=change)
    one = site.join(name="Anna", level="gold")
    with site.connector() as club:
        assert told(club.write([Write("a", {"level": None}, one.number)])) == [("a", "ok", "", "")]
    assert one.values["level"] == kept


@pytest.mark.parametrize("times", ["epoch", "local"])
def test_a_time_is_written_as_the_system_writes_its_own(opened: Open, times: str) -> None:
    def change(own: Declared) -> None:
        single(own)
        own["streams"][0]["fields"].append(
            {"ours": "custom.seen", "theirs": "birthday", "form": "moment", "owner": "hub"}
        )

    site = opened(change=change, times=times)
    one = site.join(name="Anna")
    with site.connector() as club:
        club.write([Write("a", {"birthday": "2026-03-01T08:00:00Z"}, one.number)])
    assert one.values["birthday"] == {"epoch": 1772352000, "local": "2026-03-01 16:00:00"}[times]


@each_form
def test_consents_are_never_written_whatever_a_mapping_says(opened: Open, clock: FixedClock, form: str) -> None:
    def change(own: Declared) -> None:
        FORMS[form](own)
        own["fields"] = [{"ours": "consents.email", "theirs": "no_mail", "form": "flag", "write": True}]

    site = opened(change=change)
    one = site.join(name="Anna", email="anna@club.cn", no_mail=True)
    with site.connector() as club:
        club.write([Write("a", {"no_mail": False, "level": "gold"}, one.number)])
    assert (one.values["no_mail"], one.values["level"]) == (True, "gold")
    site.sync_and_apply()
    assert all("no_mail" not in write["fields"] for write in site.twin.counts.writes)


def test_tags_of_the_staff_stay_and_the_hub_s_are_added(opened: Open) -> None:
    def change(own: Declared) -> None:
        batched(own)
        own["fields"] = [{"ours": "tags", "theirs": "labels", "of": ["tier"], "prefix": "kehub-"}]

    site = opened(change=change)
    one = site.join(name="Anna", labels=["vip", "kehub-gold"])
    site.sync_and_apply()
    assert one.values["labels"] == ["vip", "kehub-standard"]


# -- what becomes of rows


@pytest.mark.parametrize("status", [200, 207, 422])
@pytest.mark.parametrize("join", ["order", "id"])
def test_each_row_of_a_batch_has_its_own_result(opened: Open, join: str, status: int) -> None:
    def change(own: Declared) -> None:
        batched(own)
        own["write"]["batch"]["join"] = join

    site = opened(change=change, batch_status=status)
    good, other = site.join(name="Good"), site.join(name="Other")
    left = site.join(name="Left", status="closed")
    with site.connector() as club:
        found = club.write(
            [
                Write("a", {"level": "gold"}, good.number),
                Write("b", {"email": "no address"}, other.number),
                Write("c", {"level": "gold"}, "M999999"),
                Write("d", {"level": "gold"}, left.number),
                Write("e", {"level": "gold"}, other.number),
                Write("f", {"name": "New"}, create_key="k1"),
                Write("g", {"name": "N" * 80}, create_key="k2"),
                Write("h", {"name": "No key"}),
            ]
        )
    nameless = ("g", "rejected", "2422", "name") if join == "order" else ("g", "unknown", "", "")  # it has no id
    assert sorted(told(found)) == [
        ("a", "ok", "", ""), ("b", "rejected", "2422", "email"), ("c", "rejected", "2404", ""), ("d", "refused", "1003", ""),
        ("e", "ok", "", ""), ("f", "ok", "", ""), nameless, ("h", "refused", "NO_CREATE_KEY", ""),
    ]  # fmt: skip
    made = next(one for one in found if one.key == "f")
    assert site.twin.books.members[made.external_id].values["ref"] == "k1"
    assert (good.values["level"], other.values["level"]) == ("gold", "gold")


@pytest.mark.parametrize("errors", ["in_200", "status"])
def test_a_row_that_is_refused_does_not_stop_the_others_where_each_is_a_call(opened: Open, errors: str) -> None:
    site = opened(change=single, errors=errors)
    good, other = site.join(name="Good"), site.join(name="Other")
    with site.connector() as club:
        found = club.write(
            [
                Write("a", {"email": "no address"}, good.number),
                Write("b", {"level": "gold"}, other.number),
                Write("c", {"name": "New"}, create_key="k1"),
                Write("d", {"level": "gold"}, "M999999"),
            ]
        )
    assert {one.key: one.outcome for one in found} == {"a": "rejected", "b": "ok", "c": "ok", "d": "rejected"}
    assert other.values["level"] == "gold"


def test_a_batch_with_one_bad_row_leaves_the_others_written_and_tells_which(opened: Open, clock: FixedClock) -> None:
    site = opened(change=batched)
    good, left = site.join(name="Good"), site.join(name="Leaving")
    report = site.sync()
    left.values["status"] = "closed"  # in the moment before the write
    applied = site.apply(report.plans["club"].digest)
    assert good.values["level"] == "standard"
    assert left.values["level"] is None
    assert applied.applied["club"].error is None


@pytest.mark.parametrize("answers", [None, [], [{}], "text", [{"state": "saved", "member_no": "M1"}] * 2])
def test_an_answer_that_does_not_tell_of_each_row_leaves_them_unclear(opened: Open, answers: Any) -> None:
    site = opened(change=batched)
    one = site.join(name="Anna")
    from connectors.rest.wire.outcomes import by_row

    with site.connector() as club:
        (found,) = by_row(
            club.settings.write, club.settings.errors, [Write("a", {}, one.number)], {"result": {"rows": answers}}
        )
    assert found == RowResult("a", "unknown")


@each_form
@pytest.mark.parametrize("fault", ["drop_after", "html_in_200"])
def test_a_write_without_a_clear_answer_is_settled_by_reading_back(
    opened: Open, clock: FixedClock, form: str, fault: str
) -> None:
    site = opened(change=FORMS[form])
    one = site.join(name="Anna", email="anna@club.cn")
    report = site.sync()
    site.twin.faults.set({fault: {"on": "write", "times": 1}})
    site.apply(report.plans["club"].digest)
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        site.sync_and_apply()
    assert one.values["level"] == "standard"
    assert set(site.tally()) == {"ack"}
    assert site.sync().plans == {}


@each_form
def test_a_create_whose_answer_gets_lost_is_made_once(opened: Open, clock: FixedClock, form: str) -> None:
    site = opened(change=FORMS[form], create=True)
    site.sync_and_apply()
    clock.advance(timedelta(hours=1))
    knows(site, clock, "7", name="Zhou", email="zhou@club.cn", phone="139 8765 4321")
    report = site.sync()
    site.twin.faults.set({"drop_after": {"on": "write", "times": 1}})
    site.apply(report.plans["club"].digest)
    for _ in range(3):
        clock.advance(timedelta(hours=1))
        site.sync_and_apply()
    made = [one for one in site.members if one.values["email"] == "zhou@club.cn"]
    assert len(made) == 1
    assert made[0].values["ref"]
    assert made[0].values["level"] == "standard"
    assert set(site.tally()) == {"ack"}


@each_form
@pytest.mark.parametrize("errors", ["in_200", "status"])
def test_a_create_that_is_refused_because_it_was_made_before_is_done(opened: Open, form: str, errors: str) -> None:
    def change(own: Declared) -> None:
        FORMS[form](own)
        own["write"].pop("idempotency_header", None)

    site = opened(change=change, errors=errors)
    one = site.join(name="Anna", ref="k1")
    with site.connector() as club:
        found = club.write([Write("a", {"name": "Anna"}, create_key="k1"), Write("b", {"email": "x"}, create_key="k2")])
    assert [(each.key, each.outcome, each.external_id) for each in found] == [
        ("a", "ok", one.number), ("b", "rejected", None)
    ]  # fmt: skip
    assert sum(each.values["ref"] == "k1" for each in site.members) == 1


@pytest.mark.parametrize("errors", ["in_200", "status"])
def test_a_key_may_be_looked_up_by_an_address(opened: Open, errors: str) -> None:
    def change(own: Declared) -> None:
        single(own)
        own["write"] |= {"lookup": {"path": "/members/{key}", "records": "result"}, "create_key": "member_no"}

    site = opened(change=change, errors=errors)
    one = site.join(name="Anna")
    with site.connector() as club:
        assert club.lookup([one.number, "M999999"]) == {one.number: one.number}


def test_a_batch_too_large_for_this_system_is_halved(opened: Open) -> None:
    site = opened(change=batched, batch=9)
    _, applied = site.sync_and_apply()
    assert applied is not None
    assert dict(applied.applied["club"].rows) == {"ack": len(site.members)}


@each_form
def test_what_a_create_has_made_is_found_by_its_key(opened: Open, form: str) -> None:
    site = opened(change=FORMS[form])
    one = site.join(name="Anna", ref="k1")
    with site.connector() as club:
        assert club.lookup(["k1", "k2"]) == {"k1": one.number}


def test_the_same_create_twice_is_one_where_the_system_honours_the_header(opened: Open) -> None:
    site = opened(change=single)
    with site.connector() as club:
        assert club.target().native_idempotency
        first, again = (club.write([Write("a", {"name": "New"}, create_key="k1")])[0] for _ in range(2))
    assert first == again
    assert sum(one.values["ref"] == "k1" for one in site.members) == 1


@each_form
def test_rows_that_are_not_there_or_have_left_are_left_out_when_read_by_id(opened: Open, form: str) -> None:
    site = opened(change=FORMS[form])
    one, left = site.join(name="Anna"), site.join(name="Left", status="closed")
    with site.connector() as club:
        assert set(club.fetch([one.number, left.number, "M999999"])) == {one.number}
        assert club.fetch([]) == {}


def test_rows_are_read_side_by_side_where_the_budget_lets_them(opened: Open) -> None:
    def change(own: Declared) -> None:
        single(own)
        own["budget"]["parallel"] = 3

    site = opened(change=change)
    numbers = [site.join(name=f"N{number}").number for number in range(9)]
    site.twin.latency = 0.02
    with site.connector() as club:
        assert list(club.fetch(numbers)) == numbers
    assert 2 <= site.twin.counts.peak <= 3


# -- credentials, budget, words


@pytest.mark.parametrize("auth", ["oauth", "oauth_refresh"])
@pytest.mark.parametrize("fault", ["dead_token", "racing_token"])
def test_a_token_that_dies_is_renewed(opened: Open, auth: str, fault: str) -> None:
    site = opened(7, change=batched, auth=auth)
    site.twin.faults.set({fault: {"skip": 2}})
    assert site.read().certificate == "swept"
    assert site.calls("POST /oauth/token") == 2


@pytest.mark.parametrize("auth", ["bearer", "basic", "key_header", "key_query", "oauth", "oauth_refresh"])
@pytest.mark.parametrize("errors", ["in_200", "status"])
def test_credentials_that_are_refused_stop_the_system_and_the_check_says_so(
    opened: Open, auth: str, errors: str
) -> None:
    site = opened(change=batched, auth=auth, errors=errors)
    object.__setattr__(site.twin.options, "secret", "another")
    report = site.sync()
    assert report.errors["club"].exit_code in (2, 4)
    assert auth.startswith("oauth") or isinstance(report.errors["club"], AuthError)
    assert "another" not in str(report.errors["club"])
    with site.connector() as club:
        assert not any(one.good for one in club.check())


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ("auth", AuthError), ("permission", PermissionMissing), ("quota", QuotaExceeded), ("busy", QuotaExceeded),
        ("transient", Transient), ("rejected", Rejected), ("settings", SettingsError), ("conflict", Conflict),
    ],
)  # fmt: skip
@pytest.mark.parametrize("listed", [True, False])
def test_each_word_inside_a_good_answer_has_its_consequence(
    opened: Open, named: str, kind: type[Exception], listed: bool
) -> None:
    def change(own: Declared) -> None:
        batched(own)
        errors = own["errors"] = {"path": "code", "ok": [0]}
        errors.update({named: [1050]} if listed else {"otherwise": named})

    site = opened(change=change)
    site.twin.faults.set({"error_in_200": {"times": None}})
    fault = site.sync().errors["club"]
    assert type(fault) is kind
    assert fault.code in ("1050", "")


def test_a_budget_is_kept(opened: Open) -> None:
    def change(own: Declared) -> None:
        batched(own)
        own["budget"] = {"calls": 5, "seconds": 10}

    site = opened(2, change, calls=5, call_window=10)
    assert site.read().certificate == "swept"
    assert site.twin.counts.violations == {}


@pytest.mark.parametrize(("after", "kind"), [("20", None), ("3600", QuotaExceeded)])
def test_retry_after_is_obeyed(opened: Open, after: str, kind: type[Exception] | None) -> None:
    site = opened(change=batched)
    site.twin.faults.set({"429": {"times": 1, "retry_after": after, "path": "/members"}})
    found = site.sync().errors.get("club")
    assert found is None if kind is None else isinstance(found, kind)


def test_no_word_of_the_system_gets_into_an_error(opened: Open) -> None:
    site = opened(change=single)
    with site.connector() as club, pytest.raises(Rejected) as fault:
        club.tools.http.request("GET", "/members", params={"since": "nonsense"})
    assert fault.value.code == "2422"
    assert "Wang" not in str(fault.value)
    assert "13800000000" not in str(fault.value)


# -- the check, and one record


def test_the_check_finds_all_good_where_all_is_declared_well(opened: Open) -> None:
    site = opened()
    site.join(name="Anna")
    with site.connector() as club:
        found = list(club.check())
    assert [one.subject for one in found if not one.good] == []
    assert {"credentials", "changes of customers", "reading by id", "ids of orders"} <= {one.subject for one in found}


def test_the_check_names_what_does_not_fit(opened: Open) -> None:
    def change(own: Declared) -> None:
        members, orders = own["streams"]
        members["since"] |= {"param": "changed_after"}
        members["fields"].append({"ours": "member_card", "theirs": "card.number"})
        orders["id"] = "number"
        own["write"]["read"]["param"] = "ids"

    site = opened(change=change)
    with site.connector() as club:
        bad = {one.subject: one.remedy for one in club.check() if not one.good}
    assert set(bad) == {"changes of customers", "fields of customers", "ids of orders"}
    assert "card.number" in bad["fields of customers"]
    assert "`id: number`" in bad["ids of orders"]


def shown(site: Site, capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(site.file), "map", "test", *arguments])
    out, err = capsys.readouterr()
    assert ended.value.code == code, out + err
    return out


@pytest.mark.parametrize("form", ["batch", "single", "read only", "orders too"])
def test_one_record_is_shown_as_it_is_there_as_we_read_it_and_as_it_would_be_sent(
    opened: Open, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    def change(own: Declared) -> None:
        if form != "orders too":
            FORMS.get(form, batched)(own)
        if form == "read only":
            del own["write"]

    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    monkeypatch.setenv("COLUMNS", "160")
    site = opened(5, change, times="local")
    one = site.join(name="王芳", mobile="138 1234 5678", gender="F", no_mail=True, level="gold")
    facts = json.loads(shown(site, capsys, "club", one.number, "--json"))
    fields = {entry["ours"]: entry for entry in facts["fields"]}
    assert (facts["rejected"], facts["stream"]) == ("", "customers")
    assert (fields["phone"]["raw"], fields["phone"]["value"]) == ("138 1234 5678", "+8613812345678")
    assert (fields["gender"]["raw"], fields["gender"]["value"]) == ("F", "female")
    assert fields["registered_at"]["value"] == "2026-03-01T08:00:00Z"
    assert (fields["consents.email"]["value"], fields["consents.email"]["back"]) == ("true", None)
    back = None if form == "read only" else "F"
    assert fields["gender"]["back"] == back
    assert fields["tier"]["back"] == (None if form == "read only" else "gold")
    assert "address.city" in shown(site, capsys, "club", one.number)
    shown(site, capsys, "club", "M999999", code=2)
    assert site.twin.counts.writes == []
    assert not site.look(living)
