"""Recordings of a system's answers: nobody is in them, references hold, and the connector reads them as it did before."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.cli import main
from hub.clock import FixedClock
from hub.connector import Field, Mapping, Place, Stream, Tools, Window
from hub.errors import HubError, SettingsError, UnsafePlan
from hub.forms import CODE, DATE, EMAIL, LINE, MOMENT, PHONE
from hub.http.answer import Answer
from hub.testing import replayed
from hub.testing.leaks import found_under
from hub.testing.people import Population
from hub.testing.recording.fixture import exchanges_in, seed_in
from hub.testing.recording.invented import Invented
from hub.testing.recording.kinds import Kinds, by_name
from hub.testing.recording.leaks import leaks, refuse_leaks
from hub.testing.recording.scrub import Scrubber
from hub.testing.recording.seed import plant
from hub.testing.recording.session import InMemory, Session
from hub.testing.recording.tape import Heard, ReadingDoor
from hub.testing.stand import Stand
from hub.testing.twin import Stage, serving
from tests import zoho_site
from tests.reads import KINDS, sites

PEOPLE = Population(60, 5)
SYSTEMS = tuple(KINDS)


@dataclass
class Recorded:
    """A connection of a site, and a recording of it."""

    site: Any
    clock: FixedClock
    folder: Path

    def session(self, **options: Any) -> Session:
        return Session(self.connector, self.clock, self.tokens, **options)

    def connector(self) -> Any:
        with self.site.opened() as setup:
            own = setup.config.connection(self.site.connection)
            decides = setup.decides
        tools = Tools(own.name, self.clock, Place(), str(self.site.folder), mapping=own.mapping, decides=decides)
        return own.connector_class(own.settings, tools)

    @property
    def tokens(self) -> InMemory:
        return InMemory()

    def record(self, **options: Any) -> dict[str, Any]:
        return self.session(**options).record(self.folder)

    def answers(self, part: str = "") -> list[Any]:
        return [one.answer for one in exchanges_in(self.folder) if part in one.path and one.holds == "json"]


Make = Callable[..., Recorded]


@pytest.fixture
def recorded(stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Make:
    def make(kind: str, size: int = 7, **twin: Any) -> Recorded:
        site = sites(stage, tmp_path, clock)(kind, size=size, population=PEOPLE, **twin)
        return Recorded(site, clock, tmp_path / "recorded")

    return make


def everybody() -> dict[str, set[str]]:
    """What may be met of nobody: names of two signs or more, phones in all forms, addresses of both kinds."""
    found: dict[str, set[str]] = {"name": set(), "phone": set(), "email": set(), "street": set()}
    for person in PEOPLE.people:
        found["name"] |= {person.name}
        if person.phone:
            bare = person.phone.removeprefix("+86")
            found["phone"] |= {
                person.phone,
                bare,
                f"{bare[:3]} {bare[3:7]} {bare[7:]}",
                f"{bare[:3]}-{bare[3:7]}-{bare[7:]}",
            }
        if person.email:
            found["email"] |= {person.email, person.email.upper(), person.email.capitalize()}
        if person.street:
            found["street"] |= {person.street}
    return found


# Against the twins


@pytest.mark.parametrize("system", SYSTEMS)
def test_nobody_of_the_population_is_in_any_file(recorded: Make, system: str) -> None:
    made = recorded(system)
    facts = made.record()
    assert sum(facts["rows"].values()) > 30
    assert found_under(made.folder, everybody()) == []
    digits = re.sub(r"\D", "", "".join(path.read_text() for path in sorted(made.folder.iterdir())))
    assert [phone for phone in everybody()["phone"] if phone.isdecimal() and phone in digits] == []
    for secret in made.site.secrets().values():
        assert found_under(made.folder, {"secret": {secret}}) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_connector_reads_the_recording_over_http_and_gets_as_many_rows(recorded: Make, system: str) -> None:
    made = recorded(system)
    rows = made.record()["rows"]
    replay = replayed(made.folder)
    made.site.twin = None
    with serving(replay) as url:
        made.site.write(url=url)
        connector = made.connector()
        with ReadingDoor(made.site.connection, connector.dialect(), clock=made.clock, tokens=InMemory()) as door:
            connector.tools = replace(connector.tools, http=door)
            assert all(finding.good for finding in connector.check())
            for stream in connector.streams():
                stream = replace(stream, mapping=connector.tools.mapping(stream))
                pages = list(connector.read(stream, Window(None, connector.server_time()), None))
                assert sum(len(page.rows) for page in pages) == rows[stream.name]
                assert pages[-1].end is not None
    assert replay.unanswered == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_references_between_exchanges_hold(recorded: Make, system: str) -> None:
    made = recorded(system)
    made.record()
    seed = seed_in(made.folder)
    known = {row["id"] for row in seed["customers"]["rows"]}
    buyers = [row["fields"].get("buyer.external_id", "0") for row in seed["orders"]["rows"]]
    assert len(set(buyers) & known) > 2
    assert set(buyers) <= known | {"0"}
    before = {str(one) for one in made.site.twin.truth()}
    assert not {one for one in known if len(one) > 6} & before


def test_spellings_of_phones_and_addresses_keep_their_form(recorded: Make) -> None:
    made = recorded("zoho")
    made.record()
    rows = [row for answer in made.answers("/Contacts") for row in answer.get("data", ()) if row.get("Mobile")]
    assert all(re.fullmatch(r"[+\d０-９＋\- －]+", row["Mobile"]) for row in rows)
    assert {row["Mobile"][0] for row in rows} >= {"1", "+"}
    assert all(
        re.search(r"@([a-z0-9]+\.)?example\.(com|net|org)\s*$", row["Email"].lower()) for row in rows if row["Email"]
    )
    assert {row["Salutation"] for row in rows} <= {"Mr.", "Ms.", None}
    seed = seed_in(made.folder)["customers"]["rows"]
    assert sum("phone" in row["fields"] for row in seed) > len(seed) / 2


def test_the_report_tells_per_field_what_stayed(recorded: Make) -> None:
    made = recorded("woocommerce")
    facts = made.record()
    told = {one["field"]: one for one in facts["fields"]}
    assert (told["billing.phone"]["as"], told["billing.phone"]["kept"]) == ("phone", 0)
    assert told["billing.first_name"]["kept"] == told["line_items.name"]["kept"] == 0
    assert (
        told["status"]["replaced"] == told["line_items.price"]["replaced"] == told["date_created_gmt"]["replaced"] == 0
    )
    assert facts["checks"] == {"good": 5, "bad": 0}


def test_tokens_and_signatures_are_dropped(recorded: Make) -> None:
    made = recorded("zoho")
    made.record()
    (sign_in,) = [one for one in exchanges_in(made.folder) if one.path.endswith("/token")]
    assert sign_in.body == {"grant_type": "refresh_token"}
    assert re.fullmatch(r"invented-\d+", sign_in.answer["access_token"])
    assert all(set(one.headers) <= {"content-type", "date"} for one in exchanges_in(made.folder))


def test_the_sign_in_is_in_the_recording_although_the_store_has_a_token(recorded: Make) -> None:
    made = recorded("zoho")
    assert made.site.sync(only=["crm"]).errors == {}
    with made.site.opened() as setup:
        before = setup.store.tokens.held("crm").access
        Session(made.connector, made.clock, setup.store.tokens).record(made.folder)
        after = setup.store.tokens.held("crm").access
    assert "/oauth/v2/token" in {one.path for one in exchanges_in(made.folder)}
    assert found_under(made.folder, {"token": {before, after}}) == []
    assert made.site.sync(only=["crm"]).errors == {}


def test_a_read_that_needs_an_archive_is_refused(recorded: Make) -> None:
    made = recorded("zoho")
    made.site.write(settings="    bulk_from: 1")
    with pytest.raises(UnsafePlan, match="is no JSON and cannot be kept"):
        made.record()
    assert not made.folder.exists()


def test_a_few_pages_of_one_stream_are_enough(recorded: Make) -> None:
    made = recorded("woocommerce", size=4)
    facts = made.record(only=["orders"], most=2)
    assert facts["rows"] == {"orders": 7}
    assert facts["whole"] is False
    assert seed_in(made.folder).keys() == {"orders"}


# What goes wrong


def test_a_recording_that_breaks_off_leaves_nothing(recorded: Make) -> None:
    made = recorded("woocommerce")
    made.site.twin.faults.set({"500": {"path": "/orders", "skip": 2, "times": 99}})
    with pytest.raises(HubError):
        made.record()
    assert not made.folder.exists()
    assert list(made.folder.parent.glob(".recorded*")) == []


def test_a_failure_while_the_files_are_written_leaves_nothing(recorded: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made = recorded("woocommerce")

    def full(*_: object) -> None:
        raise OSError(28, "no space left")

    monkeypatch.setattr("hub.testing.recording.fixture.os.replace", full)
    with pytest.raises(OSError, match="no space"):
        made.record()
    assert not made.folder.exists()
    assert list(made.folder.parent.glob(".recorded*")) == []


def test_what_is_there_already_is_not_overwritten(recorded: Make) -> None:
    made = recorded("woocommerce")
    made.folder.mkdir()
    (made.folder / "mine.txt").touch()
    with pytest.raises(SettingsError, match="there is something here already"):
        made.record()
    assert made.site.calls() == 0


def test_an_unknown_stream_is_told_with_those_there_are(recorded: Make) -> None:
    made = recorded("woocommerce")
    with pytest.raises(SettingsError, match="has no stream 'cases'; streams: customers, orders"):
        made.record(only=["cases"])


def test_a_leak_is_refused_with_its_place_and_nothing_is_written(
    recorded: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recorded("woocommerce")
    monkeypatch.setattr(Invented, "phone", lambda self, value: value)
    with pytest.raises(
        UnsafePlan, match=r"\d{4}\.json answer\S*phone: a value \(phone\) would be written as it was"
    ) as told:
        made.record()
    assert not re.search(r"\d{7}", str(told.value))
    assert not made.folder.exists()


def test_a_write_is_not_let_through(recorded: Make) -> None:
    made = recorded("woocommerce")
    connector = made.connector()
    with ReadingDoor("shop", connector.dialect(), clock=made.clock) as door, pytest.raises(UnsafePlan):
        door.request("POST", "/wp-json/wc/v3/customers", json={}, writes=True)
    assert made.site.calls() == 0


# The parts

_STREAM = Stream(
    "people",
    "customers",
    Mapping(
        "id",
        (
            Field("name", "Name", LINE),
            Field("phone", "Tel", PHONE),
            Field("email", "Mail", EMAIL),
            Field("birthday", "Born", DATE),
            Field("tier", "Level", CODE, values={"gold": "G1"}),
            Field("registered_at", "Since", MOMENT),
        ),
        "Changed",
    ),
)


def scrubbed(*answers: Any, path: str = "/people") -> tuple[list[Any], Scrubber]:
    """What becomes of some answers."""
    scrubber = Scrubber(Kinds((_STREAM,)), Invented(Place()))
    heard = [
        Heard("people", "GET", "https://api.shop.cn", path, (), None, Answer(200, {}, orjson.dumps(one)))
        for one in answers
    ]
    return [one.answer for one in scrubber.all(heard)], scrubber


@pytest.mark.parametrize(
    "entry",
    [
        {"secret_hobby": "plays the cello"},
        {"x": "王小明"},
        {"x": "Anna Smith"},
        {"x": "13812345678"},
        {"x": 13812345678},
        {"count": 13812345678},
        {"status": "13812345678"},
        {"account_name": "13812345678"},
        {"x": "wang@shop.cn"},
        {"x": "1990-03-01"},
        {"birth_year": 1990},
        {"x": 636217200000},
        {"x": "1990-03-01T00:00:00"},
        {"x": 13812345678.0},
        {"latitude": 31.2304},
        {"ip_address": "203.0.113.7"},
        {"avatar": "https://www.gravatar.com/avatar/0a1b2c3d4e5f"},
        {"owner": {"name": "Anna"}},
        {"x": '{"name":"Anna"}'},
        {"access_token": "1000.abcdef"},
        {"13812345678": True},
        {"custom": [{"key": "nickname", "value": "Bunny"}]},
    ],
)
def test_what_is_not_known_to_be_harmless_is_replaced(entry: dict[str, Any]) -> None:
    (found,), _ = scrubbed(entry)
    assert orjson.dumps(found) != orjson.dumps(entry)


@pytest.mark.parametrize(
    "entry",
    [
        {"Level": "G1"},
        {"Since": "2025-03-01", "Changed": "2026-03-01T10:00:00+08:00"},
        {"at": 1772323200123, "seen": "2026-03-01 10:00:00"},
        {"status": "on-hold", "currency": "CNY", "api_name": "Last_Name", "code": "SUCCESS"},
        {"total": "1290.50", "quantity": 3, "price": 9.9, "x": 12, "flag": True, "none": None, "empty": ""},
        {"customer_id": 0, "parent_id": "0"},
        {"custom": [{"key": "newsletter_optout", "value": "yes"}]},
    ],
)
def test_what_is_harmless_stays(entry: dict[str, Any]) -> None:
    (found,), _ = scrubbed(entry)
    assert found == entry


def test_one_value_becomes_the_same_everywhere_in_each_of_its_spellings() -> None:
    (first, second), _ = scrubbed(
        {"id": 4711, "Tel": "13812345678", "Mail": "Wang@shop.cn ", "Name": "王芳"},
        {
            "person_id": "4711",
            "Tel": "+86 138 1234 5678",
            "Mail": "wang@shop.cn",
            "link": "https://api.shop.cn/people/4711",
        },
    )
    assert str(first["id"]) == second["person_id"]
    assert second["link"] == f"{{url}}/people/{first['id']}"
    assert PHONE.canonical(first["Tel"], Place()) == PHONE.canonical(second["Tel"], Place())
    assert re.fullmatch(r"\+86 138 \d{4} \d{4}", second["Tel"]) or second["Tel"].startswith("+86 1")
    assert first["Mail"].strip().lower() == second["Mail"]
    assert first["Mail"].endswith(" ")
    assert len(first["Name"]) == 2


def test_links_to_the_next_page_lead_to_the_next_request() -> None:
    scrubber = Scrubber(Kinds((_STREAM,)), Invented(Place()))
    link = '<https://api.shop.cn/people/c-77aa?cursor=eyJ9xyz&size=2>; rel="next"'
    body = orjson.dumps({"nextUrl": "/people/c-77aa", "self": "https://api.shop.cn/people?email=wang%40shop.cn"})
    first = Heard("people", "GET", "https://api.shop.cn", "/people", (), None, Answer(200, {"link": link}, body))
    query = (("cursor", "eyJ9xyz"), ("size", "2"))
    then = Heard("people", "GET", "https://api.shop.cn", "/people/c-77aa", query, None, Answer(200, {}, b"[]"))
    told, followed = scrubber.all([first, then])
    assert told.answer["nextUrl"] == followed.path
    assert told.headers["link"].startswith(f"<{{url}}{followed.path}?cursor={followed.query[0][1]}&size=2>")
    assert "77aa" not in followed.path
    assert "wang" not in told.answer["self"]


def test_ids_keep_their_order_and_their_form() -> None:
    ids = [f"{place:024x}" for place in (17, 0xFF, 0xA000, 0xB0000, 70000 << 8)]
    (found,), _ = scrubbed([{"id": one} for one in ids])
    new = [row["id"] for row in found]
    assert new == sorted(new)
    assert all(re.fullmatch(r"[0-9a-f]{24}", one) for one in new)
    (numbers,), _ = scrubbed([{"id": one} for one in (3, 17, 20, 1001)])
    assert [len(str(row["id"])) for row in numbers] == [1, 2, 2, 4]
    assert [row["id"] for row in numbers] == sorted(row["id"] for row in numbers)


@pytest.mark.parametrize("born", ["1990-03-01", "1990/3/1", "1990年3月1日", "19900301", "--03-01", "03-01"])
def test_a_birthday_is_moved_and_keeps_its_spelling(born: str) -> None:
    (found,), _ = scrubbed({"Born": born})
    old, new = DATE.canonical(born, Place()), DATE.canonical(found["Born"], Place())
    assert new is not None
    assert new != old
    assert re.sub(r"\d+", "", found["Born"]) == re.sub(r"\d+", "", born)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("phone", "+8613812345678", "call 138-1234-5678"),
        ("phone", "13812345678", "１３８ １２３４ ５６７８"),
        ("email", "wang@shop.cn", "mailto:WANG@shop.cn"),
        ("name", "王小明", "王 小明 说"),
        ("name", "Anna Smith", "dear anna  smith".replace("  ", " ")),
        ("address", "人民路 12 号", "人民路12号"),
        ("secret", "s3cr3t-key", "key=S3CR3T-KEY"),
    ],
)
def test_the_last_look_finds_a_value_however_it_is_spelled(kind: str, value: str, text: str) -> None:
    originals = {} if kind == "secret" else {kind: {value}}
    secrets = {value} if kind == "secret" else set()
    written = {"0001.json": {"answer": [{"a": "x"}, {"b": text}]}}
    assert list(leaks(written, originals, secrets, Place())) == [(kind, "0001.json answer.b")]
    with pytest.raises(UnsafePlan, match=r"0001\.json answer\.b"):
        refuse_leaks(written, originals, secrets, Place())


def test_a_short_name_within_a_word_is_none() -> None:
    written = {"0001.json": {"status": "Listing", "note": "annals", "city": "a"}}
    assert list(leaks(written, {"name": {"Li", "Anna", "王"}}, (), Place())) == []


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("billing_phone", "phone"), ("telephone", "phone"), ("mobile1", "phone"), ("hotel", ""), ("userEmail", "email"),
        ("accountId", "id"), ("dataObjectApiName", "code"), ("token_type", "code"), ("refresh_token", "secret"),
        ("account_source", ""), ("display_name", "name"), ("dateOfBirth", "birthday"),
    ],
)  # fmt: skip
def test_a_name_tells_what_a_field_is(key: str, kind: str) -> None:
    assert by_name(key) == kind


# As a seed


def test_a_twin_is_filled_from_a_recording_and_read_like_the_system(
    recorded: Make, stage: tuple[Stage, str], clock: FixedClock
) -> None:
    made = recorded("zoho")
    made.record()
    seed = seed_in(made.folder)
    twin = zoho_site.stand(stage[0], clock, Population(0, 1))
    stand = Stand("zoho", type(twin), {}, {}, {"customers": "Contacts", "orders": "Sales_Orders"})
    connector = made.connector()
    streams = [replace(one, mapping=connector.tools.mapping(one)) for one in connector.streams()]
    ids = plant(twin, stand, streams, seed)
    assert len(ids["customers"]) == len(seed["customers"]["rows"]) > 20
    assert made.site.sync(only=["crm"]).errors == {}
    wanted = {row["fields"].get("phone") for row in seed["customers"]["rows"]} - {None}
    held = {
        module: [twin.books.modules[module].rows[one].values for one in ids[name].values()]
        for name, module in stand.modules.items()
    }
    assert {PHONE.canonical(row.get("Mobile"), Place()) for row in held["Contacts"]} - {None} == wanted
    buyers = {row["fields"]["buyer.external_id"] for row in seed["orders"]["rows"]}
    planted = {row["Contact_Name"]["id"] for row in held["Sales_Orders"]}
    assert planted == {ids["customers"][buyer] for buyer in buyers}


# The command


def test_the_command_records_and_tells_what_it_kept(
    recorded: Make, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = recorded("woocommerce")
    monkeypatch.setenv("KEHUB_CLOCK", made.clock.now().isoformat())
    monkeypatch.setenv("COLUMNS", "160")
    base = ("--config", str(made.site.file), "connectors", "record")

    def run(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([*base, *arguments])
        told = capsys.readouterr()
        return int(ended.value.code or 0), told.out, told.err

    code, out, _ = run("shop", "--to", str(made.folder), "--json")
    facts = orjson.loads(out)
    assert code == 0
    assert facts["folder"] == str(made.folder)
    assert facts["exchanges"] == len(exchanges_in(made.folder))
    code, out, _ = run("shop", "--stream", "orders", "--pages", "1", "--to", str(made.folder.parent / "few"))
    assert code == 0
    assert "billing.phone" in out
    assert "7 orders are in" in out
    code, _, err = run("shopp", "--to", str(made.folder.parent / "none"))
    assert code == 2
    assert 'no connection is called "shopp"; did you mean "shop"?' in err
    code, _, err = run("shop", "--stream", "cases", "--to", str(made.folder.parent / "none"))
    assert code == 2
    assert "streams: customers, orders" in err
    code, _, err = run("till", "--to", str(made.folder.parent / "none"))
    assert code == 2
    assert "this connection uses no network" in err
    assert not (made.folder.parent / "none").exists()


def test_a_folder_without_a_recording_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no recording here"):
        replayed(tmp_path)
