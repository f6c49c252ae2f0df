"""`kehub.yaml`: what it may say, what comes out, and how it tells what is wrong."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from pydantic import BaseModel, SecretStr, model_validator
from pydantic import Field as PydanticField

from hub.connector import PHONE, Connector, ConnectorSettings, Field, Mapping, Stream
from hub.errors import SettingsError
from hub.forms import FORMS, Place
from hub.plugins import load_plugins
from hub.settings import Configuration, json_schema, load, presets, starter
from hub.settings.fields import FormName
from hub.settings.shape import KehubFile


class Login(BaseModel):
    user: str = ""
    password: SecretStr = SecretStr("")


class ShopSettings(ConnectorSettings):
    """A shop platform."""

    domain: str
    token: SecretStr = SecretStr("")
    version: Literal["2024.10", "2025.1"] = "2025.1"
    page_size: int = 250
    logins: tuple[Login, ...] = ()
    headers: dict[str, SecretStr] = PydanticField(default_factory=dict)
    body: dict[str, Any] = PydanticField(default_factory=dict)


class Shop(Connector[ShopSettings]):
    type = "shop"
    Settings = ShopSettings


class FolderSettings(ConnectorSettings):
    folder: str = "."
    logins: Login = Login()


class Folder(Connector[FolderSettings]):
    type = "folder"
    Settings = FolderSettings


class Catalogue:
    def __init__(self, **known: type[Connector[Any]]) -> None:
        self.known = known or {"shop": Shop, "folder": Folder}

    def connector(self, type: str) -> type[Connector[Any]] | None:
        return self.known.get(type)

    def connectors(self) -> dict[str, type[Connector[Any]]]:
        return self.known

    def fact_makers(self, plugin: str) -> None:
        return None

    def why_missing(self, type: str) -> str:
        return "ImportError: no module named frobnicate" if type == "broken" else ""


FULL = """\
brand: {name: 乐家, time_zone: Europe/Zurich, currency: CHF, region: NO}
store: stores/lejia.db
key_file: ~/keys/lejia.key
retention: {runs_days: 100, quarantine_days: 30}
network: {proxy: "http://kehub:${PROXY_PASSWORD}@proxy:3128", ca_bundle: ca.pem, timeout_seconds: 12.5}
identity: {max_records_per_key: 6}
brakes: {share: 0.2, from_rows: 5}
approval_hours: 24
hold_days: 3
stores:
  - {code: 001, name: 南京路, type: franchise}
  - {code: 2, name: 淮海路}
staff:
  - {code: 0042, name: 王芳, store: 001, role: clerk}
survivorship:
  phone: [crm, web]
  custom.shoe: [web]
rules:
  tiers:
    vip:
      - {tier: gold, spend_365d: 3000, orders_365d: 6}
      - {tier: silver, spend_365d: 1000}
      - {tier: member}
  lifecycle: {at_risk_days: 90, lost_days: 200}
connections:
  crm:
    type: shop
    apply: auto
    create: true
    domain: "crm.${REGION}.example"
    token: ${CRM_TOKEN}
    version: 2024.10
    fields:
      - {ours: phone, theirs: Mobile}
      - {ours: custom.shoe, theirs: ShoeSize, owner: shared, values: {41: large}}
      - {ours: tier, theirs: VIP_Level, max_length: 20}
  web:
    type: folder
    paused: true
"""
ENVIRON = {"PROXY_PASSWORD": "pw", "REGION": "cn", "CRM_TOKEN": "123456"}
BRAND = "brand: {name: 乐家}\n"


def loaded(folder: Path, text: str, **environ: str) -> Configuration:
    path = folder / "kehub.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, Catalogue(), environ)


def problems(folder: Path, text: str, **environ: str) -> list[str]:
    """The lines of the error, without the folder."""
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, **environ)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def problem(folder: Path, text: str, **environ: str) -> str:
    lines = problems(folder, text, **environ)
    assert len(lines) == 1, lines
    return lines[0]


# What comes out


def test_everything_that_is_written_arrives(tmp_path: Path) -> None:
    config = loaded(tmp_path, FULL, **ENVIRON)
    assert (config.brand.name, config.brand.region, config.place.zone.key) == ("乐家", "NO", "Europe/Zurich")
    assert (config.folder, config.store) == (tmp_path, str(tmp_path / "stores/lejia.db"))
    assert (config.retention.runs_days, config.retention.receipts_days, config.identity.max_cluster) == (100, 400, 50)
    assert (config.network.proxy, config.network.timeout_seconds) == ("http://kehub:pw@proxy:3128", 12.5)
    assert (config.brakes.share, config.approval_hours, config.hold_days) == (0.2, 24, 3)
    assert config.survivorship == {"phone": ("crm", "web"), "custom.shoe": ("web",)}
    assert [row.spend_365d for row in config.written.tiers["vip"].ladder] == [Decimal(3000), Decimal(1000), None]
    assert (config.written.lifecycle.at_risk_days, config.written.lifecycle.loyal_orders) == (90, 5)


def test_codes_keep_their_zeros(tmp_path: Path) -> None:
    config = loaded(tmp_path, FULL, **ENVIRON)
    assert [row.code for row in config.stores] == ["001", "2"]
    assert (config.staff[0].code, config.staff[0].store) == ("0042", "001")


def test_connections_come_in_the_order_of_writing_with_their_own_settings(tmp_path: Path) -> None:
    crm, web = loaded(tmp_path, FULL, **ENVIRON).connections
    assert (crm.name, crm.rank, crm.type, crm.connector_class, crm.apply, crm.create) == (
        "crm",
        1,
        "shop",
        Shop,
        "auto",
        True,
    )
    assert (web.name, web.rank, web.apply, web.paused, web.create) == ("web", 2, "ask", True, False)
    assert isinstance(crm.settings, ShopSettings)
    assert (crm.settings.domain, crm.settings.version) == ("crm.cn.example", "2024.10")
    assert crm.settings.token.get_secret_value() == "123456"


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    config = loaded(tmp_path, "brand:\n  name: 乐家\nretention:\nconnections:\n")
    assert (config.brand.currency, config.place) == ("CNY", Place())
    assert (config.store, config.key_file) == (str(tmp_path / "kehub.db"), "kehub.key")
    assert (config.retention.receipts_days, config.hold_days, config.connections) == (400, 7, ())


def test_a_postgresql_address_is_left_as_it_is_and_never_shown(tmp_path: Path) -> None:
    config = loaded(tmp_path, BRAND + "store: postgresql://hub:${PW}@db/lejia\n", PW="hush")
    assert config.store == "postgresql://hub:hush@db/lejia"
    assert "hush" not in repr(config)


def test_a_folder_stands_for_its_kehub_yaml(tmp_path: Path) -> None:
    (tmp_path / "kehub.yaml").write_text(BRAND, encoding="utf-8-sig")
    assert load(tmp_path, Catalogue(), {}).brand.name == "乐家"


def test_words_are_text_unless_they_are_plainly_more(tmp_path: Path) -> None:
    body = "body: {no: no, time: 12:30, octal: 010, n: 5, x: 0.5, yes: true, off: null, q: '5', day: 2025-01-01}"
    text = BRAND + "connections: {web: {type: shop, domain: x, " + body + "}}\n"
    settings = loaded(tmp_path, text).connections[0].settings
    assert isinstance(settings, ShopSettings)
    assert settings.body == {
        "no": "no", "time": "12:30", "octal": "010", "n": 5, "x": 0.5, "yes": True, "off": None, "q": "5",
        "day": "2025-01-01",
    }  # fmt: skip


def test_an_alias_repeats_a_value(tmp_path: Path) -> None:
    shops = "{a: {type: shop, domain: x, body: &b {k: [1]}}, b: {type: shop, domain: y, body: *b}}"
    first, second = loaded(tmp_path, BRAND + f"connections: {shops}\n").connections
    assert first.settings.model_dump()["body"] == second.settings.model_dump()["body"] == {"k": [1]}


def test_a_connection_is_found_by_name_or_guessed(tmp_path: Path) -> None:
    config = loaded(tmp_path, FULL, **ENVIRON)
    assert config.connection("web").type == "folder"
    with pytest.raises(SettingsError, match='no connection is called "wbe"; did you mean "web"'):
        config.connection("wbe")


# The environment


def test_the_environment_file_helps_and_the_environment_wins(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# ours\nexport A='x # y'\nB = two # a comment\nC=file\n\n", encoding="utf-8")
    file.chmod(0o600)
    shop = "connections: {web: {type: shop, domain: '${A}|${B}|${C}|$${D}'}}\n"
    assert loaded(tmp_path, BRAND + shop, C="process").connections[0].settings.model_dump()["domain"] == (
        "x # y|two|process|${D}"
    )


def test_an_environment_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n", encoding="utf-8")
    (tmp_path / ".env").chmod(0o640)
    assert "readable by others; chmod 600" in problem(tmp_path, BRAND)


def test_a_bad_line_in_the_environment_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\nsecret-thing\n", encoding="utf-8")
    (tmp_path / ".env").chmod(0o600)
    assert problem(tmp_path, BRAND) == ".env:2:1: not a line of the form NAME=VALUE; mend or delete it"


def test_a_missing_variable_is_named_with_its_place(tmp_path: Path) -> None:
    text = BRAND + "connections:\n  web:\n    type: shop\n    domain: x.${REGOIN}\n    page_size: ${N}\n"
    first, second = problems(tmp_path, text, REGION="cn")
    assert first == (
        'kehub.yaml:5:13: the environment variable REGOIN is not set; did you mean "REGION"?; '
        "set REGOIN in the environment or in the .env file beside the configuration"
    )
    assert second.startswith("kehub.yaml:6:16: the environment variable N is not set")


def test_a_number_may_come_from_the_environment(tmp_path: Path) -> None:
    assert loaded(tmp_path, BRAND + "hold_days: ${DAYS}\n", DAYS="9").hold_days == 9
    assert "a whole number is wanted" in problem(tmp_path, BRAND + "hold_days: ${DAYS}\n", DAYS="hush")
    assert "hush" not in problem(tmp_path, BRAND + "hold_days: ${DAYS}\n", DAYS="hush")


@pytest.mark.parametrize(
    "settings",
    [
        "token: hush",
        "logins: [{user: a, password: hush}]",
        "headers: {X-Key: hush}",
        "headers: {X-Key: '$${hush}'}",
    ],
)
def test_a_secret_in_the_clear_is_refused_and_not_repeated(tmp_path: Path, settings: str) -> None:
    line = problem(tmp_path, BRAND + "connections: {web: {type: shop, domain: x, " + settings + "}}\n")
    assert "a secret in the clear; write ${NAME} and set it in the environment (or .env file beside the" in line
    assert "hush" not in line


def test_a_secret_is_refused_even_where_the_rest_is_wrong_too(tmp_path: Path) -> None:
    lines = problems(tmp_path, BRAND + "connections:\n  web:\n    type: folder\n    logins: {password: x}\n    z: 1\n")
    assert [line.split(":")[1] for line in lines] == ["5", "6"]


@pytest.mark.parametrize("line", ["store: postgresql://hub:hush@db/x", "network: {proxy: 'http://u:hush@p:1'}"])
def test_a_password_within_an_address_is_refused_too(tmp_path: Path, line: str) -> None:
    told = problem(tmp_path, BRAND + line + "\n")
    assert "a password in the clear" in told
    assert "hush" not in told


# What is wrong, and where


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
brnad: {name: 乐家}
brakes: {share: lots}
conections: {}
connections:
  web: {type: shopp}
  crm:
    type: shop
    aply: auto
    apply: maybe
    page_size: many
"""
    top = ", ".join(KehubFile.model_fields)
    assert problems(tmp_path, text) == [
        f'kehub.yaml:1:1: unknown key "brnad"; did you mean "brand"?; known here: {top}',
        'kehub.yaml:2:17: "share": a number is wanted here',
        f'kehub.yaml:3:1: unknown key "conections"; did you mean "connections"?; known here: {top}',
        'kehub.yaml:5:15: unknown connector type "shopp"; did you mean "shop"?; known types: folder, shop',
        'kehub.yaml:6:3: "domain" is missing; add `domain:`',
        'kehub.yaml:8:5: unknown key "aply"; did you mean "apply"?; known here: domain, token, version, page_size, '
        "logins, headers, body, type, apply, paused, create, fields, hook_window_seconds",
        'kehub.yaml:9:12: "apply": "maybe" is none of the choices; choose from: ask, auto',
        'kehub.yaml:10:16: "page_size": a whole number is wanted here',
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "1:1: the file is empty; `kehub init` writes one"),
        ("# only a comment\n", "1:1: the file is empty"),
        ("- a\n", "1:1: the file is not a mapping"),
        ("brand:\n\tname: x\n", "2:1: a tab where YAML wants spaces; indent with spaces"),
        ("brand: [1\nstore: x\n", "2:6: not YAML: did not find expected ',' or ']'; put the text in quotes"),
        ("brand: {name: 乐家}: x\n", "1:18: not YAML: mapping values are not allowed"),
        ("brand: {name: 乐\x07家}\n", "1:16: control characters are not allowed; delete the character"),
        (BRAND + "hold_days: 3\nhold_days: 4\n", '3:1: "hold_days" is written twice (first in line 2); keep one'),
        (BRAND + "? [a]\n: 1\n", "2:3: a key that is not text"),
        (BRAND + "store: !secret x\n", "2:8: a tag or an alias that cannot be used here"),
        (BRAND + "rules: &r {tiers: *r}\n", "2:8: a tag or an alias that cannot be used here"),
        ("store: x.db\n", '1:1: "brand" is missing; add `brand:`'),
        ("brand: {currency: EUR}\n", '1:1: "name" is missing'),
        ("brand: 乐家\n", '1:8: "brand": a mapping (key: value) is wanted here'),
        ("brand: {name: x, currency: euro}\n", '1:28: "currency": not in the form wanted; it must match ^[A-Z]{3}$'),
        (
            "brand: {name: x, time_zone: Asia/Shanghia}\n",
            '1:29: "time_zone": "Asia/Shanghia" is no time zone; did you mean "Asia/Shanghai"?',
        ),
        (BRAND + "store: mysql://x/y\n", '2:8: "store": neither a file nor a postgresql:// address'),
        (BRAND + "hold_days: 0\n", '2:12: "hold_days": input should be greater than 0'),
        (BRAND + "store: ${a-b}\n", '2:8: "a-b" is no name of a variable; write ${NAME}'),
        (BRAND + "stores: [{code: 1, name: a}, {code: 1, name: b}]\n", '2:9: the code "1" belongs to two rows'),
        (BRAND + "stores: [{code: 1, nmae: a}]\n", '2:20: unknown key "nmae"; did you mean "name"?; known here: code'),
        (BRAND + "stores: nowhere.csv\n", '2:9: the file "nowhere.csv" cannot be read'),
        (BRAND + "survivorship: {phon: []}\n", '2:22: "phon" is no field of a customer; did you mean "phone"?'),
        (BRAND + "survivorship: {phone: [crm]}\n", '2:23: no connection is called "crm"; connections: staff'),
        (BRAND + "connections: [a]\n", '2:14: "connections": a mapping (key: value) is wanted here'),
        (BRAND + "connections: {web: }\n", '2:15: the connection "web" is empty; write `type: ...` below it'),
        (BRAND + "connections: {web: {paused: true}}\n", '2:15: "type" is missing'),
        (BRAND + "connections: {staff: {type: folder}}\n", '2:15: "staff" is the built-in connection'),
        (BRAND + "connections: {Web: {type: folder}}\n", '2:15: "Web" cannot be the name of a connection'),
        (BRAND + "connections: {web: {type: staff}}\n", '2:27: unknown connector type "staff"; known types: folder'),
        (
            BRAND + "connections: {web: {type: broken}}\n",
            '2:27: the connector "broken" cannot be used: ImportError: no module named frobnicate; `kehub doctor`',
        ),
    ],
)
def test_a_mistake_is_told_with_its_place_and_its_remedy(tmp_path: Path, text: str, told: str) -> None:
    assert problem(tmp_path, text).startswith(f"kehub.yaml:{told}")


def test_a_choice_that_the_connector_made_is_told_where_it_made_it(tmp_path: Path) -> None:
    class Guessing(ShopSettings):
        @model_validator(mode="before")
        @classmethod
        def _guess(cls, given: dict[str, Any]) -> dict[str, Any]:
            return {"version": given["domain"], **given}

    class Guess(Connector[Guessing]):
        type = "guess"
        Settings = Guessing

    (tmp_path / "kehub.yaml").write_text(BRAND + "connections: {web: {type: guess, domain: x}}\n", encoding="utf-8")
    with pytest.raises(SettingsError, match=r'2:15: "version": none of the choices; choose from: 2024\.10, 2025\.1'):
        load(tmp_path, Catalogue(guess=Guess), {})


def test_a_missing_file_points_to_init(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="there is no configuration here; `kehub init DIR` writes one") as caught:
        load(tmp_path / "kehub.yaml", Catalogue(), {})
    assert (caught.value.exit_code, caught.value.where) == (2, str(tmp_path / "kehub.yaml"))


def test_a_file_in_another_encoding_is_told_with_the_place(tmp_path: Path) -> None:
    (tmp_path / "kehub.yaml").write_bytes("brand:\n  name: 乐家\n".encode("gb18030"))
    with pytest.raises(SettingsError, match=r"kehub\.yaml:2:9: not UTF-8 text; save the file as UTF-8"):
        load(tmp_path, Catalogue(), {})


@pytest.mark.parametrize(
    ("tiers", "told"),
    [
        ("[]", "the last tier must be the floor"),
        ("[{tier: gold, orders_365d: 6}]", "the last tier must be the floor"),
        ("[{tier: a, orders_365d: 6}, {tier: a}]", '"a" is written twice'),
        (
            "[{tier: a, spend_365d: 10}, {tier: b, spend_365d: 20}, {tier: c}]",
            'nobody can be "b": who reaches it is "a"',
        ),
        ("[{tier: a}, {tier: b}]", 'nobody can be "b"'),
        ("[{tier: a, spend_365d: -1}, {tier: b}]", "greater than or equal to 0"),
    ],
)
def test_tiers_that_make_no_sense_are_refused(tmp_path: Path, tiers: str, told: str) -> None:
    assert told in problem(tmp_path, BRAND + f"rules: {{tiers: {{vip: {tiers}}}}}\n")


def test_a_lifecycle_out_of_order_is_refused(tmp_path: Path) -> None:
    assert "at_risk_days must be less" in problem(tmp_path, BRAND + "rules: {lifecycle: {at_risk_days: 400}}\n")
    assert "repeat_orders must be less" in problem(tmp_path, BRAND + "rules: {lifecycle: {loyal_orders: 2}}\n")


# Registers


def test_a_register_may_be_a_file(tmp_path: Path) -> None:
    (tmp_path / "stores.csv").write_text("code,name,type,region\n001,南京路,owned,华东\n", encoding="utf-8-sig")
    (store,) = loaded(tmp_path, BRAND + "stores: stores.csv\n").stores
    assert (store.code, store.name, store.region, store.parent) == ("001", "南京路", "华东", None)


def test_a_mistake_in_a_register_is_told_with_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "staff.csv").write_text("code,name,roll\n1,A,x\n1,B,x\n,C,x\n", encoding="utf-8")
    (tmp_path / "stores.csv").write_bytes("code,name\n1,南京\n".encode("gb18030"))
    assert problems(tmp_path, BRAND + "staff: staff.csv\nstores: stores.csv\n") == [
        'kehub.yaml:3:9: the file "stores.csv" is not UTF-8 text; save it as CSV UTF-8',
        'staff.csv:1:1: unknown column "roll"; did you mean "role"?; known columns: code, name, store, role',
        'staff.csv:3:1: the code "1" belongs to two rows; give each a code of its own',
        'staff.csv:4:1: "code" is empty; correct the row',
    ]


# The site's field map

PEOPLE = Stream(
    "customers", "customers", Mapping("id", (Field("phone", "Phone", PHONE, "shared"), Field("name", "Name")))
)


def test_the_field_map_replaces_and_extends_the_connectors_own(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, FULL, **ENVIRON).connection("crm").mapping(PEOPLE)
    name, phone, shoe, tier = mapping.fields
    assert (name.ours, mapping.id) == ("name", "id")
    assert (phone.theirs, phone.form, phone.owner) == ("Mobile", PHONE, "shared")
    assert (shoe.theirs, shoe.owner, dict(shoe.values)) == ("ShoeSize", "shared", {"41": "large"})
    assert (tier.theirs, tier.owner, tier.form.name, tier.max_length) == ("VIP_Level", "hub", "code", 20)


def test_the_field_map_leaves_other_streams_alone(tmp_path: Path) -> None:
    other = Stream("leads", "customers", PEOPLE.mapping)
    assert loaded(tmp_path, FULL, **ENVIRON).connection("crm").mapping(other) == PEOPLE.mapping


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ("{ours: phoen, theirs: P}", '"phoen" is no field of customers; did you mean "phone"?'),
        (
            "{ours: shoe_size, theirs: P}",
            '"shoe_size" is no field of customers; did you mean "home_store"?; your own are written custom.NAME',
        ),
        ("{ours: phone}", '"theirs" is missing'),
        ("{ours: phone, theirs: P, form: fone}", '"form": "fone" is none of the choices; did you mean "phone"?'),
        ("{ours: tier, theirs: T, owner: theirs}", '"tier" is decided by the hub: its owner is always `hub`'),
        ("{ours: phone, theirs: P}, {ours: phone, theirs: P}", '"phone" is mapped to "P" twice'),
        ("{ours: buyer.phne, theirs: P, stream: orders}", 'no field of orders; did you mean "buyer.phone"?'),
    ],
)
def test_a_field_map_that_makes_no_sense_is_refused(tmp_path: Path, entry: str, told: str) -> None:
    assert told in problem(tmp_path, BRAND + f"connections: {{web: {{type: folder, fields: [{entry}]}}}}\n")


def test_every_form_can_be_named() -> None:
    assert set(get_args(FormName)) == set(FORMS)


# Digests


def test_the_rules_digest_ignores_formatting_and_written_out_defaults(tmp_path: Path) -> None:
    tiers = "rules: {tiers: {vip: [{tier: gold, spend_365d: 3000}, {tier: member}]}}\n"
    same = (
        "rules:\n  lifecycle: {lost_days: 365}\n  tiers:\n    vip: [{spend_365d: 3000.0, tier: gold}, {tier: member}]\n"
    )
    other = tiers.replace("3000", "3001")
    digests = [loaded(tmp_path, BRAND + text).rules_digest for text in (tiers, same, other)]
    assert digests[0] == digests[1] != digests[2]


def test_the_rules_digest_follows_survivorship_and_time_zone(tmp_path: Path) -> None:
    zone = "brand: {name: 乐家, time_zone: Asia/Urumqi}\n"
    texts = (BRAND, zone, BRAND + "survivorship: {phone: [staff]}\n", BRAND + "hold_days: 3\n")
    plain, zoned, owned, held = (loaded(tmp_path, text).rules_digest for text in texts)
    assert len({plain, zoned, owned}) == 3
    assert plain == held


def test_the_mapping_digest_follows_what_is_read_only(tmp_path: Path) -> None:
    def digest(old: str, new: str, region: str = "CN") -> str:
        crm = loaded(tmp_path, FULL.replace(old, new), **ENVIRON).connection("crm")
        return crm.mapping_digest(PEOPLE, Place(region))

    plain = digest("", "")
    assert plain == digest("max_length: 20", "write: false")
    assert len({plain, digest("Mobile", "Mobile2"), digest("41: large", "42: large"), digest("", "", "HK")}) == 4


# Schema and starting points


def references(node: object) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for below in node.values() for found in references(below)]
    return [found for below in node for found in references(below)] if isinstance(node, list) else []


def test_the_schema_knows_each_connectors_keys() -> None:
    schema = json_schema(Catalogue())
    entry = schema["properties"]["connections"]["additionalProperties"]
    assert entry["properties"]["type"]["enum"] == ["folder", "shop"]
    shop = schema["$defs"]["shop"]
    assert {"type", "apply", "fields", "domain", "token"} <= set(shop["properties"])
    assert shop["required"] == ["type", "domain"]
    assert shop["additionalProperties"] is False
    assert shop["properties"]["token"]["writeOnly"] is True


def test_every_reference_of_the_schema_leads_somewhere() -> None:
    schema = json_schema(Catalogue())
    assert json.loads(json.dumps(schema)) == schema
    found = references(schema)
    assert "#/$defs/shop" in found
    assert all(name.removeprefix("#/$defs/") in schema["$defs"] for name in found)


@pytest.mark.parametrize("preset", sorted(presets()))
def test_every_preset_loads(tmp_path: Path, preset: str) -> None:
    path = tmp_path / "kehub.yaml"
    path.write_text(starter('Tüll & "Co"', preset, currency="EUR", region="DE"), encoding="utf-8")
    environ = dict.fromkeys(re.findall(r"\$\{(\w+)\}", path.read_text(encoding="utf-8")), "x")
    config = load(path, load_plugins(), environ)
    assert (config.brand.name, config.brand.currency, config.brand.region) == ('Tüll & "Co"', "EUR", "DE")


def test_presets_tell_what_they_are_for() -> None:
    assert all(purpose and len(purpose) < 120 for purpose in presets().values())
    assert "starter" in presets()


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(SettingsError, match='unknown preset "startr"; did you mean "starter"'):
        starter("x", "startr")
