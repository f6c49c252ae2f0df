"""Plugins: what is found, what is loaded when, and how a broken one is told."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path

import pytest

from hub.errors import SettingsError
from hub.plugins import OURS, Fault, Foreign, Plugins, foreign_packages, load_plugins, refuse_foreign

HEAD = """
from hub.connector import Connector, ConnectorSettings, hookimpl
class Settings(ConnectorSettings):
    url: str = ""
class Shop(Connector):
    type = "{type}"
    Settings = Settings
"""
HOOK = """
@hookimpl
def kehub_connectors():
    return [Shop]
"""


class Site:
    """A folder of installed distributions, each with one module and one entry point."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.modules: list[str] = []

    def install(self, dist: str, entry: str, source: str, *, type: str = "", record: str = "") -> None:
        module = f"plug_{dist}_{entry}"
        self.modules.append(module)
        (self.folder / f"{module}.py").write_text(source.replace("{type}", type or entry))
        info = self.folder / f"{dist}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
        (info / "RECORD").write_text(record or f"{module}.py,,\n")
        points = info / "entry_points.txt"
        old = points.read_text() if points.exists() else "[kehub]\n"
        points.write_text(f"{old}{entry} = {module}\n")

    def distributions(self) -> list[Distribution]:
        return list(distributions(path=[str(self.folder)]))

    def plugins(self, *block: str) -> Plugins:
        return Plugins([entry for dist in self.distributions() for entry in dist.entry_points], block)

    def loaded(self) -> list[str]:
        return [module for module in self.modules if module in sys.modules]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    monkeypatch.syspath_prepend(str(tmp_path))
    found = Site(tmp_path)
    yield found
    for module in found.loaded():
        del sys.modules[module]


def test_a_connector_comes_through_its_entry_point(site: Site) -> None:
    site.install("acme", "acme_shop", HEAD + HOOK)
    plugins = site.plugins()
    connector = plugins.connector("acme_shop")
    assert connector is not None
    assert connector.type == "acme_shop"
    assert plugins.connectors() == {"acme_shop": connector}
    assert plugins.faults() == ()


def test_only_the_entry_point_of_the_wanted_type_is_loaded(site: Site) -> None:
    site.install("acme", "one", HEAD + HOOK)
    site.install("acme", "two", HEAD + HOOK)
    plugins = site.plugins()
    assert site.loaded() == []
    assert plugins.connector("one") is not None
    assert site.loaded() == ["plug_acme_one"]
    assert sorted(plugins.connectors()) == ["one", "two"]
    assert plugins.connector("three") is None


def test_a_type_under_another_name_is_found_all_the_same(site: Site) -> None:
    site.install("acme", "bundle", HEAD + HOOK, type="till")
    found = site.plugins().connector("till")
    assert found is not None
    assert found.type == "till"


def test_a_blocked_entry_point_is_not_loaded(site: Site) -> None:
    site.install("acme", "one", HEAD + HOOK)
    assert site.plugins("one").connectors() == {}
    assert site.loaded() == []


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import does_not_exist", "ModuleNotFoundError: No module named 'does_not_exist'"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("def broken(:", "SyntaxError: "),
        (HEAD + HOOK.replace("kehub_connectors", "kehub_conectors"), "PluginValidationError: unknown hook"),
        (HEAD + HOOK.replace("()", "(colour)"), "PluginValidationError: Plugin 'acme:bad'"),
        (HEAD, "TypeError: it implements no hook of KeHub"),
        (HEAD + HOOK.replace("[Shop]", "1 / 0"), "ZeroDivisionError: "),
        (HEAD + HOOK.replace("[Shop]", "Shop"), "TypeError: "),
        (HEAD + HOOK.replace("[Shop]", "[Settings]"), "Settings: not a subclass of hub.connector.Connector"),
        (HEAD.replace('type = "{type}"', "pass") + HOOK, "Shop: its `type` must be lower-case letters"),
        (HEAD.replace("{type}", "My Shop") + HOOK, "Shop: its `type` must be lower-case letters"),
        (HEAD.replace("Settings = Settings", "pass") + HOOK, "Shop: its `Settings` must be a subclass of"),
        (HEAD.replace("url:", "apply:") + HOOK, "Shop: its `Settings` use a key that every connection has: apply"),
    ],
)
def test_a_broken_plugin_is_a_fault_and_the_others_work(site: Site, source: str, reason: str) -> None:
    site.install("acme", "bad", source)
    site.install("zeta", "good", HEAD + HOOK)
    plugins = site.plugins()
    assert list(plugins.connectors()) == ["good"]
    (fault,) = plugins.faults()
    assert (fault.plugin, fault.distribution) == ("bad", "acme")
    assert fault.reason.startswith(reason)
    assert plugins.connector("bad") is None
    assert plugins.why_missing("bad") == fault.reason
    assert plugins.why_missing("good") == ""


def test_two_plugins_of_one_type_are_told_and_the_one_named_so_counts(site: Site) -> None:
    site.install("acme", "bundle", HEAD + HOOK, type="till")
    site.install("zeta", "till", HEAD + HOOK)
    plugins = site.plugins()
    connector = plugins.connector("till")
    assert connector is not None
    assert connector.__module__ == "plug_zeta_till"
    assert plugins.connectors() == {"till": connector}
    reason = 'the connector type "till" is already brought by zeta:till'
    assert plugins.faults() == (Fault("bundle", "acme", reason),)


def test_two_distributions_may_use_one_entry_point_name(site: Site) -> None:
    site.install("acme", "shop", HEAD + HOOK, type="red")
    site.install("zeta", "shop", HEAD + HOOK, type="blue")
    assert list(site.plugins().connectors()) == ["blue", "red"]


def test_an_entry_point_without_a_distribution_is_enough(site: Site) -> None:
    site.install("acme", "one", HEAD + HOOK)
    assert list(Plugins([EntryPoint("one", "plug_acme_one", "kehub")]).connectors()) == ["one"]


def test_our_own_connectors_come_through_the_same_door() -> None:
    plugins = load_plugins()
    assert plugins.connector("no_such_system") is None
    missing = {fault.plugin for fault in plugins.faults()}
    assert {"csv_file", "memory", "zoho"} <= {*plugins.connectors(), *missing}


# Our names


def test_no_installed_package_ships_one_of_our_names() -> None:
    assert foreign_packages() == ()
    refuse_foreign()


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("record", ["{}/__init__.py,sha256=x,0\n", "other.py,,\n{}.py,sha256=x,0\n"])
def test_a_foreign_package_is_named_with_its_distribution(site: Site, name: str, record: str) -> None:
    site.install("hubspot_tools", "x", "", record=record.format(name))
    assert foreign_packages(site.distributions()) == (Foreign(name, "hubspot_tools", str(site.folder / name)),)


def test_a_name_that_only_begins_like_ours_is_no_matter(site: Site) -> None:
    site.install("hubble", "x", "", record="hubble/__init__.py,,\nlib/hub/x.py,,\nconfigs.py,,\n")
    assert foreign_packages(site.distributions()) == ()


def test_a_plain_folder_that_python_finds_first_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "config", raising=False)
    assert foreign_packages([]) == (Foreign("config", "", str(tmp_path / "config")),)


def test_start_up_refuses_a_foreign_package(site: Site) -> None:
    site.install("hubspot_tools", "x", "", record="hub/__init__.py,,\n")
    with pytest.raises(SettingsError, match='"hub" of hubspot_tools; install kehub in an environment of its own'):
        refuse_foreign()
