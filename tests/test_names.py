"""One name in several fields: whole names and their parts, across systems that hold them differently."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from connectors.woocommerce.fields import CUSTOMERS
from connectors.zoho.fields import CONTACTS
from hub.clock import FixedClock
from hub.forms import Place
from hub.names import whole_name
from hub.store.bodies import Body
from hub.store.records import Stored
from sync import mapping
from sync.golden import Survivorship
from sync.reading import Reader
from tests.scene import PHONE, Scene


def in_parts(whole: str) -> str:
    """A system that knows no whole name, as Zoho and WooCommerce; where only that is known it goes into `whole`."""
    places = {"phone": "phone", "given_name": "first", "family_name": "last"}
    entries = [f"{{{{ours: {ours}, theirs: {theirs}}}}}" for ours, theirs in places.items()]
    return f"fields: [{{{{ours: name, theirs: {whole}, fill_empty: true}}}}, {', '.join(entries)}]"


TWO = """
brand: {{name: Test brand}}
store: "{store}"
brakes: {{share: 1, from_rows: 10}}
rules: {{tiers: {{main: [{{tier: member}}]}}}}
connections:
  crm: {{type: memory, system: crm, create: true, CRM}}
  shop: {{type: memory, system: shop, create: true, SHOP}}
  till: {{type: memory, system: till, writable: false}}
"""


def record(connection: str, since: int, **values: Any) -> Stored:
    return Stored(1, connection, "customers", connection, "C", False, False, Body(values, dict.fromkeys(values, since)))


def golden(*records: Stored, owners: Any = None) -> dict[str, Any]:
    return Survivorship(owners or {}, {}).golden(records)


@pytest.mark.parametrize(
    ("family", "given", "whole"),
    [("吴", "静", "吴静"), ("Müller", "Anna", "Anna Müller"), ("赵", "", "赵"), ("", "Lin", "Lin")],
)
def test_a_whole_name_follows_its_script(family: str, given: str, whole: str) -> None:
    assert whole_name(family, given) == whole


@pytest.mark.parametrize("table", [CONTACTS, CUSTOMERS])
def test_a_system_of_parts_tells_the_whole_name(table: Any) -> None:
    row = {
        "id": "1",
        "Last_Name": "吴",
        "First_Name": "静",
        "last_name": "吴",
        "first_name": "静",
        "email": "a@shop.cn",
    }
    values, flaws = Reader(table, Place())(row)
    assert (values["name"], values["family_name"], values["given_name"], flaws) == ("吴静", "吴", "静", [])


def test_the_parts_come_from_a_record_that_spells_the_believed_name() -> None:
    crm = record("crm", 1, name="吴静", family_name="吴", given_name="静")
    assert golden(crm, record("till", 2, name="静 吴"))["family_name"] == "吴"
    assert "family_name" not in golden(crm, record("till", 2, name="吴晶"))


def test_parts_of_two_records_are_nobodys_name() -> None:
    one, other = record("crm", 1, name="赵", family_name="赵"), record("shop", 2, name="娜", given_name="娜")
    assert golden(one, other) == {"name": "娜"}


def test_a_part_that_a_person_corrected_or_whose_owner_is_declared_stands() -> None:
    crm, till = record("crm", 1, name="吴静", family_name="吴", given_name="静"), record("till", 2, name="吴晶")
    assert golden(crm, till, record("staff", 3, family_name="武"))["family_name"] == "武"
    assert golden(crm, till, owners={"family_name": ("crm",)})["family_name"] == "吴"


@pytest.mark.parametrize(("written", "moved"), [
    ({"name"}, {"name", "given_name"}), ({"family_name"}, {"family_name", "name"}), ({"phone"}, {"phone"}),
])  # fmt: skip
def test_a_write_moves_all_that_is_read_from_the_same_place(written: set[str], moved: set[str]) -> None:
    assert mapping.touched(CUSTOMERS, written) == moved


def test_a_whole_name_that_we_wrote_into_a_part_is_no_evidence_of_that_part(tmp_path: Path, clock: FixedClock) -> None:
    yaml = TWO.replace("CRM", in_parts("last")).replace("SHOP", in_parts("first"))
    scene = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=yaml)
    scene.customer("till", "1", phone=PHONE, name="李娜")
    scene.rounds(1)
    ((in_shop, row),) = scene.system("shop").customers.items()
    assert (row["first"], row.get("last")) == ("李娜", None)
    own = scene.store.records.by_exts("shop", "customers", [in_shop])[in_shop].body.ours
    assert {"name", "given_name"} <= own.keys()
    scene.customer("shop", in_shop, **{**row, "last": "赵"})
    for _ in range(4):
        scene.advance(1)
        report = scene.rounds(1)
    assert report.plans == {}
    assert scene.system("shop").customers[in_shop]["last"] == "赵"
    ((_, contact),) = scene.crm.customers.items()
    assert contact["last"] in ("李娜", "赵李娜")
    scene.close()
