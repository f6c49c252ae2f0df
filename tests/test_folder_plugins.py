"""Plugins that lie in a folder beside the configuration: found, loaded in private, told where they are broken."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from hub.errors import SettingsError
from hub.plugins import OURS, load_plugins
from hub.settings import Configuration, load
from hub.settings.folders import plugin_folders
from hub.testing.found import beside, stand_of, twin_module
from hub.testing.standin import ask, start, stop
from tests.command import kehub

HEAD = '''
from hub.connector import Connector, ConnectorSettings, hookimpl
class Settings(ConnectorSettings):
    url: str = ""
class Shop(Connector):
    """A shop."""
    type = "TYPE"
    Settings = Settings
    uses_http = False
    def streams(self): return ()
'''
HOOK = """
@hookimpl
def kehub_connectors():
    return [Shop]
"""
TWIN = """
from hub.testing.stand import Stand
from hub.testing.twin import Answer, Endpoint, Twin
from dataclasses import dataclass
@dataclass(frozen=True)
class Options:
    pass
class ShopTwin(Twin):
    name = "till"
    Options = Options
    def __init__(self, population=None, clock=None, latency=0.0, options=None):
        super().__init__(population, clock, latency)
    def endpoints(self): return [Endpoint("GET", "/hello", lambda call: Answer(200, {"hello": "shop"}))]
TWIN = ShopTwin
STAND = Stand("till", ShopTwin, {"url": "{url}"}, {}, {})
"""
YAML = "brand: {name: A brand}\nplugins: PLUGINS\nconnections:\n  one: {type: TYPE}\n"


class Brand:
    """A configuration with a folder of plugins beside it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.folder = home / "plugins"
        self.folder.mkdir()

    def put(self, name: str, source: str, type: str = "till") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.replace("TYPE", type), encoding="utf-8")
        return path

    def load(self, type: str = "till", plugins: str = "plugins") -> Configuration:
        (self.home / "kehub.yaml").write_text(YAML.replace("PLUGINS", plugins).replace("TYPE", type))
        return load(self.home / "kehub.yaml", load_plugins(), {})

    def faults(self) -> dict[str, str]:
        return {fault.plugin: fault.reason for fault in load_plugins(folders=[self.folder]).faults()}


@pytest.fixture
def brand(tmp_path: Path) -> Brand:
    return Brand(tmp_path)


@pytest.mark.parametrize("name", ["till.py", "till/__init__.py"])
@pytest.mark.parametrize("plugins", ["plugins", "[plugins]", "./plugins/"])
def test_a_file_or_a_package_in_the_folder_brings_its_connector(brand: Brand, name: str, plugins: str) -> None:
    brand.put(name, HEAD + HOOK)
    path = list(sys.path)
    (found,) = brand.load(plugins=plugins).connections
    assert found.connector_class.type == "till"
    assert found.connector_class.__module__.startswith("kehub_folder_")
    assert sys.path == path
    assert "till" not in sys.modules


def test_modules_of_a_package_reach_each_other_relatively(brand: Brand) -> None:
    brand.put("till/__init__.py", "from .wire.connector import Shop\nfrom hub.connector import hookimpl\n" + HOOK)
    brand.put("till/wire/__init__.py", "")
    brand.put("till/wire/connector.py", HEAD)
    assert brand.load().connections[0].connector_class.__name__ == "Shop"


def test_two_folders_may_hold_files_of_one_name(brand: Brand, tmp_path: Path) -> None:
    brand.put("shop.py", HEAD + HOOK, "red")
    brand.put("../more/shop.py", HEAD + HOOK, "blue")
    found = load_plugins(folders=[brand.folder, tmp_path / "more"])
    assert {"red", "blue"} <= found.connectors().keys()
    assert found.faults() == ()
    assert (found.origin("red"), found.origin("blue")) == ("plugins/shop.py", "more/shop.py")
    assert found.origin("zoho").startswith("kehub ")


def test_a_file_named_like_one_of_pythons_takes_its_place_nowhere(brand: Brand) -> None:
    brand.put("json.py", "CHEAT = 1\n" + HEAD + HOOK)
    brand.put("telnetlib3x.py", "import json\nassert not hasattr(json, 'CHEAT')\n" + HEAD + HOOK, "other")
    assert {"till", "other"} <= load_plugins(folders=[brand.folder]).connectors().keys()
    assert not hasattr(sys.modules["json"], "CHEAT")


def test_a_file_without_a_hook_and_a_hidden_one_are_left_alone(brand: Brand) -> None:
    for name in ("tool.py", "_private.py", ".hidden.py", "assets/logo.py"):
        brand.put(name, "raise SystemExit('was imported')\n# no hook" + (" hookimpl" if name[0] in "_." else ""))
    brand.put("readme.txt", "hookimpl")
    assert brand.faults() == {}


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("# hookimpl\n\nimport does_not_exist\n", 3, "ModuleNotFoundError: No module named 'does_not_exist'"),
        ("# hookimpl\ndef broken(:\n", 2, "SyntaxError: "),
        (HEAD + HOOK.replace("[Shop]", "1 / 0"), 14, "ZeroDivisionError: division by zero"),
    ],
)
def test_a_broken_one_is_told_with_file_line_and_error_and_the_others_work(
    brand: Brand, source: str, line: int, reason: str
) -> None:
    path = brand.put("bad.py", source)
    brand.put("good.py", HEAD + HOOK)
    assert brand.load().connections[0].type == "till"
    assert brand.faults()["bad"].startswith(f"{path}:{line}: {reason}")


def test_a_connection_that_needs_a_broken_one_is_told_why_also_by_the_type_in_its_source(brand: Brand) -> None:
    path = brand.put("my_plugin.py", HEAD + HOOK + "\nimport does_not_exist\n")
    with pytest.raises(SettingsError) as told:
        brand.load()
    assert f'the connector "till" cannot be used: {path}:16: ModuleNotFoundError' in str(told.value)
    assert "kehub.yaml:4:" in str(told.value)


def test_a_fault_of_another_plugin_is_not_told_to_a_connection(brand: Brand) -> None:
    brand.put("bad.py", "# hookimpl\nimport does_not_exist\n")
    with pytest.raises(SettingsError, match='unknown connector type "tull"'):
        brand.load("tull")


@pytest.mark.parametrize("name", ["zoho.py", "other.py"])
def test_a_type_that_is_installed_stays_the_installed_one(brand: Brand, name: str) -> None:
    brand.put(name, HEAD + HOOK, "zoho")
    plugins = load_plugins(folders=[brand.folder])
    kind = plugins.connector("zoho")
    assert kind is not None
    assert kind.__module__ == "connectors.zoho.connector"
    reason = 'the connector type "zoho" is already brought by kehub:zoho'
    assert reason in [fault.reason for fault in plugins.faults()]


@pytest.mark.parametrize("name", OURS)
def test_our_own_names_are_refused_and_not_imported(brand: Brand, name: str) -> None:
    brand.put(f"{name}/__init__.py", "raise SystemExit('was imported')")
    assert "is the name of a package of KeHub's own: rename it" in brand.faults()[name]


def test_what_leads_out_of_the_folder_is_refused(brand: Brand, tmp_path: Path) -> None:
    (tmp_path / "outside.py").write_text("raise SystemExit('was imported')  # hookimpl")
    (brand.folder / "inside.py").symlink_to(tmp_path / "outside.py")
    assert "it leads out of the folder" in brand.faults()["inside"]
    brand.put("my-shop.py", HEAD + HOOK)
    assert "its name must be letters" in brand.faults()["my-shop"]


def test_a_folder_that_is_not_there_is_a_problem_with_its_place(brand: Brand) -> None:
    brand.put("till.py", HEAD + HOOK)
    with pytest.raises(SettingsError, match=r'kehub.yaml:2:20: "plugins": there is no folder "elsewhere"'):
        brand.load(plugins="[plugins, elsewhere]")
    with pytest.raises(SettingsError, match=r'kehub.yaml:2:10: "plugins": a list is wanted'):
        brand.load(plugins="{a: b}")


def test_the_folders_are_known_although_the_rest_of_the_file_is_wrong(brand: Brand) -> None:
    (brand.home / "kehub.yaml").write_text("brand: 7\nplugins: plugins\nconnections: nonsense\n")
    assert plugin_folders(brand.home) == (brand.folder.resolve(),)
    assert plugin_folders(brand.home / "nowhere.yaml") == ()


def test_facts_of_a_folder_are_named_by_its_plugin(brand: Brand) -> None:
    source = "from hub.connector import FactMaker, hookimpl\n@hookimpl\ndef kehub_facts():\n    return []\n"
    brand.put("facts.py", source)
    assert load_plugins(folders=[brand.folder]).fact_makers("facts") == {}
    assert load_plugins().fact_makers("facts") is None


# Twins


def test_the_twin_of_a_package_and_of_a_single_file_are_found(brand: Brand) -> None:
    brand.put("till/__init__.py", HEAD + HOOK)
    brand.put("till/twin.py", TWIN)
    brand.put("kiosk.py", HEAD + HOOK, "kiosk")
    brand.put("kiosk_twin.py", TWIN)
    brand.put("bare.py", HEAD + HOOK, "bare")
    assert twin_module("till", [brand.folder]).TWIN.name == "till"
    assert stand_of("kiosk", [brand.folder]).type == "till"
    assert twin_module("zoho").TWIN.name == "zoho"
    with pytest.raises(SettingsError, match='the connector "bare" brings no twin'):
        stand_of("bare", [brand.folder])
    with pytest.raises(ModuleNotFoundError, match="no package and no folder of plugins brings this type"):
        twin_module("nothing", [brand.folder])


def test_the_twin_beside_our_own_connectors_is_the_same_one() -> None:
    for name, kind in load_plugins().connectors().items():
        if name not in ("csv_file", "memory"):
            assert beside(kind) is twin_module(name)


def test_the_twin_of_a_folder_is_served_in_a_process_of_its_own(brand: Brand, tmp_path: Path) -> None:
    brand.put("till/__init__.py", HEAD + HOOK)
    brand.put("till/twin.py", TWIN)
    (served,) = start([("till", ["--plugins", str(brand.folder), "--people", "3"])], tmp_path / "log")
    try:
        assert "now" in ask(served.url, "GET", "clock")
    finally:
        stop(served.pid)


# The command


def test_the_commands_show_where_each_comes_from_and_what_is_broken(brand: Brand) -> None:
    bad = brand.put("bad.py", "# hookimpl\nimport does_not_exist\n")
    brand.put("till.py", HEAD + HOOK)
    brand.load()
    listed = kehub(brand.home, "connectors", "list", "--json")
    assert listed.code == 2
    (till,) = [one for one in listed.facts["connectors"] if one["type"] == "till"]
    assert (till["distribution"], till["summary"]) == ("plugins/till.py", "A shop.")
    (fault,) = listed.facts["faults"]
    assert fault["reason"].startswith(f"{bad}:2: ModuleNotFoundError")
    told = kehub(brand.home, "doctor", "--json")
    assert told.code == 2
    plugin = next(row for row in told.facts if row["area"] == "plugin")
    assert plugin["subject"] == "bad (plugins/bad.py)"
    assert plugin["note"].startswith(f"{bad}:2: ")
    assert next(row for row in told.facts if row["area"] == "configuration")["good"]
    assert '"till"' in kehub(brand.home, "schema").out
