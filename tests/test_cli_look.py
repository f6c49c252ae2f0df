"""Looking at customers, mappings and the installation through the command line."""

from __future__ import annotations

import pytest

from tests.test_cli_site import YAML, Site, site

__all__ = ["site"]


def test_why_answers_by_any_key_and_names_every_source(site: Site) -> None:
    site.settled()
    facts = site.facts("why", "crm:a0")
    customer = facts["customer"]
    for key in ("till:t0", "13812345600", "Wei0@shop.cn", customer.lower()):
        assert site.facts("why", key)["customer"] == customer
    assert set(facts) == {
        "customer", "aliases", "as_of", "fields", "records", "parted", "verdicts", "decisions", "tags", "held", "bought",
        "orders", "planned", "questions", "receipts", "drift", "corrections", "facts", "segments",
    }  # fmt: skip
    fields = {entry["field"]: entry for entry in facts["fields"]}
    assert fields["city"]["connection"] == "till"
    assert {said["connection"] for said in (fields["phone"], *fields["phone"]["others"])} == {"crm", "till"}
    assert [(r["connection"], r["ext"], r["state"]) for r in facts["records"]] == [
        ("crm", "a0", "living"), ("till", "t0", "living"),
    ]  # fmt: skip
    main = facts["decisions"][0]
    assert (main["value"], main["next"]["value"]) == ("silver", "gold")
    assert main["next"]["missing"] == [
        {"fact": "spend_365d", "missing": 85_000},
        {"fact": "orders_365d", "missing": 1},
    ]
    assert facts["receipts"][0]["fields"]["tier"] == "silver"
    assert facts["orders"][0]["number"] == "o0"


def test_why_is_one_screen_for_a_shop(site: Site) -> None:
    site.settled()
    text = site.kehub("why", "crm:a0")
    for told in ("张伟0", "missing to gold: CNY 850.00", "till:t0", "shared key", "CNY 150.00", "ack", "nothing"):
        assert told in text
    assert "crm:a1" not in text


def test_nobody_and_several_are_told_apart(site: Site) -> None:
    site.till.put("customers", {"id": "t1", "name": "张伟", "phone": "+8613812345678"})
    site.till.put("customers", {"id": "t2", "name": "李娜", "phone": "+8613812345678"})
    site.kehub("sync", code=3)
    site.kehub("why", "+86 138 1234 5678", code=2)
    assert "2 customers are known by this" in site.err
    assert "138" not in site.err
    site.kehub("why", "crm:nothing", code=2)
    assert "nobody is known by this" in site.err


def test_customers_are_found_by_key_or_a_part_of_the_name(site: Site) -> None:
    site.people(3)
    site.planned()
    assert [found["name"] for found in site.facts("customers", "find", "13812345601")] == ["张伟1"]
    assert len(site.facts("customers", "find", "张伟")) == 3
    assert len(site.facts("customers", "find", "张伟", "--most", "2")) == 2
    assert "Nobody is known by this" in site.kehub("customers", "find", "王芳")
    assert "crm, till" in site.kehub("customers", "find", "张伟1")


def test_a_correction_is_made_shown_and_taken_back(site: Site) -> None:
    site.settled()
    made = site.facts(
        "customers", "edit", "crm:a0", "city=杭州", "--reason", "told us", "--expires", "2026-12-31", "--as", "anna"
    )
    shown = site.facts("customers", "show", made["customer"])
    (correction,) = shown["corrections"]
    assert correction == {
        "id": made["correction"], "fields": {"city": "杭州"}, "author": "anna", "reason": "told us",
        "expires": "2026-12-31", "in_force": True,
    }  # fmt: skip
    assert {entry["field"]: entry["value"] for entry in shown["fields"]}["city"] == "杭州"
    assert "told us" in site.kehub("customers", "show", "crm:a0")
    assert "city" in site.facts("plan", "show", site.planned())["items"][0]["fields"]
    site.kehub("customers", "edit", "--take-back", made["correction"])
    site.kehub("sync")
    assert site.facts("why", "crm:a0")["corrections"][0]["in_force"] is False
    site.kehub("customers", "edit", "--take-back", made["correction"], code=2)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("crm:a0", "phone=12", "--reason", "x"), "not a phone number"),
        (("crm:a0", "phne=12", "--reason", "x"), "no field"),
        (("crm:a0", "city=杭州"), "needs a reason"),
        (("crm:a0", "杭州", "--reason", "x"), "not of the form FIELD=VALUE"),
        (("crm:a0", "--reason", "x"), "who is to be corrected"),
        ((), "who is to be corrected"),
    ],
)
def test_a_wrong_correction_is_refused(site: Site, arguments: tuple[str, ...], told: str) -> None:
    site.settled()
    site.kehub("customers", "edit", *arguments, code=2)
    assert told in site.err


def test_a_mapping_is_shown_field_by_field(site: Site) -> None:
    site.crm.put("customers", {"id": "a", "name": "Wei", "phone": "138 1234 5678", "registered": "nonsense"})
    facts = site.facts("map", "test", "crm", "a")
    fields = {entry["ours"]: entry for entry in facts["fields"]}
    assert (fields["phone"]["raw"], fields["phone"]["value"]) == ("138 1234 5678", "+8613812345678")
    assert fields["phone"]["back"] == "+8613812345678"
    assert fields["registered_at"]["flaw"].startswith("left empty: not a time")
    assert facts["rejected"] == ""
    assert "This row is taken" in site.kehub("map", "test", "crm", "a")
    site.kehub("map", "test", "crm", "b", code=2)
    site.kehub("map", "test", "nowhere", "b", code=2)


def test_a_row_of_a_file_is_found_by_reading_the_file(site: Site) -> None:
    (site.folder / "members.csv").write_text("Member ID,Name,Mobile\n7,Wei,13812345678\n", encoding="utf-8")
    stream = "{path: members.csv, mode: snapshot, key: [Member ID], settle_seconds: 0}"
    site.write(YAML + f"  pos: {{type: csv_file, streams: {{customers: {stream}}}}}\n")
    fields = {entry["ours"]: entry for entry in site.facts("map", "test", "pos", "7")["fields"]}
    assert fields["phone"]["value"] == "+8613812345678"
    assert fields["phone"]["back"] is None


def test_doctor_finds_all_well(site: Site) -> None:
    found = site.facts("doctor")
    assert all(check["good"] for check in found)
    assert {check["area"] for check in found} >= {"configuration", "key", "store", "network", "connection"}
    assert "all is well" in site.kehub("doctor")


def test_doctor_tells_a_failing_connection_from_a_wrong_configuration(site: Site) -> None:
    stream = "{path: missing.csv, mode: snapshot, key: [Member ID]}"
    site.write(YAML + f"  pos: {{type: csv_file, streams: {{customers: {stream}}}}}\n")
    bad = [check["subject"] for check in site.facts("doctor", code=4) if not check["good"]]
    assert bad == ["pos: stream customers"]
    site.write(YAML.replace("kehub.db", "elsewhere.db"))
    bad = [check["area"] for check in site.facts("doctor", code=2) if not check["good"]]
    assert bad == ["store"]


def test_connectors_are_listed_with_what_they_do(site: Site) -> None:
    facts = site.facts("connectors", "list")
    memory = next(found for found in facts["connectors"] if found["type"] == "memory")
    assert memory["reads"] == ["customers", "orders"]
    assert memory["writes"] is True
    assert memory["distribution"].startswith("kehub ")
    assert facts["faults"] == []


def test_login_is_for_systems_that_have_a_sign_in(site: Site) -> None:
    site.kehub("login", "crm", "--code", "secret-code", code=2)
    assert "needs no sign-in" in site.err
    assert "secret-code" not in site.err
