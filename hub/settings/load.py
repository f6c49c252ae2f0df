"""Loading `kehub.yaml`: read, fill in the environment, check everything, tell all problems at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from hub.errors import SettingsError
from hub.forms import Place
from hub.model import Brand, Customer, StaffMember, StorePlace
from hub.settings.check import Checker
from hub.settings.clear import passwords_in_addresses, secrets_in_the_clear
from hub.settings.configuration import Configuration, Connection
from hub.settings.connections import Catalogue, ConnectionReader
from hub.settings.environment import Environment, read_environment
from hub.settings.folders import folders_of
from hub.settings.problems import Problems, Spot, nearest
from hub.settings.registers import read_register
from hub.settings.rule_shape import Rules, Shape
from hub.settings.rules import read_rules
from hub.settings.shape import BUILT_IN, KehubFile
from hub.settings.tags import check_tags
from hub.settings.tree import Table, parse, walk
from rules.ruleset import RuleSet


def load(path: Path, plugins: Catalogue, environ: Mapping[str, str] | None = None) -> Configuration:
    """The configuration at `path` (a file, or the folder of a `kehub.yaml`).

    `environ` stands for the process's environment. Raises one SettingsError that tells everything wrong with the file,
    a line for each problem: `file:line:column: what; did you mean "..."?; what to do`.
    """
    path = path / "kehub.yaml" if path.is_dir() else path
    problems = Problems(str(path))
    raw = read_source(path)
    tree = parse(raw, problems)
    environment = read_environment(path.parent, environ, problems)
    checker = Checker(environment, problems)
    passwords_in_addresses(tree, problems)
    secrets_in_the_clear(KehubFile, tree.only({"receiver"}), problems)
    file = checker.validated(KehubFile, tree.without({"connections"}), Spot())
    plugins = _with_folders(plugins, path, tree, environment, problems)
    connections = ConnectionReader(plugins, checker, problems).all(tree.entries.get("connections"))
    if file is None:
        problems.settle()
        raise AssertionError("settled")
    rules = read_rules(file.rules, file.brand, problems, tree, raw.decode("utf-8-sig"), plugins)
    loaded = _assembled(path, file, rules, connections, tree, problems)
    problems.settle()
    return loaded


class _RulesFile(Shape):
    """What is read of a file whose rules alone are wanted."""

    brand: Brand = Brand(name="a brand")
    rules: Rules = Rules()


@dataclass(frozen=True)
class LoadedRules:
    """The rules of a file as they are written and what they mean, and the brand whose money and calendar they use."""

    path: Path
    brand: Brand
    place: Place
    written: Rules
    rules: RuleSet

    @classmethod
    def of(cls, config: Configuration) -> LoadedRules:
        """Those of a whole configuration."""
        return cls(config.path, config.brand, config.place, config.written, config.rules)


def load_rules(path: Path, plugins: Catalogue, brand: Brand | None = None) -> LoadedRules:
    """The rules of a file (or of the `kehub.yaml` in a folder), whatever else it holds: no secret, connector or store is
    needed. `brand` serves where the file names none. Raises SettingsError as `load` does."""
    path = path / "kehub.yaml" if path.is_dir() else path
    problems = Problems(str(path))
    raw = read_source(path)
    tree = parse(raw, problems)
    if not {"brand", "rules"} & tree.entries.keys():
        problems.add(tree.spot, "there are no rules in this file", remedy="write them under `rules:`, as in kehub.yaml")
    for name in tree.entries.keys() - KehubFile.model_fields.keys():
        problems.add(tree.keys[name], f'unknown key "{name}"', meant=nearest(name, KehubFile.model_fields))
    environment = read_environment(path.parent, None, problems)
    checker = Checker(environment, problems)
    file = checker.validated(_RulesFile, tree.only({"brand", "rules"}), Spot())
    plugins = _with_folders(plugins, path, tree, environment, problems)
    if file is None:
        problems.settle()
        raise AssertionError("settled")
    named = file.brand if "brand" in tree.entries else brand or file.brand
    rules = read_rules(file.rules, named, problems, tree, raw.decode("utf-8-sig"), plugins)
    loaded = LoadedRules(path, named, _place(named, tree, problems), file.rules, rules)
    problems.settle()
    return loaded


def read_source(path: Path, what: str = "configuration", remedy: str = "`kehub init DIR` writes one") -> bytes:
    """A file's bytes; SettingsError when there are none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        what = f"there is no {what} here"
    except OSError as error:
        what, remedy = f"the {what} cannot be read ({error.strerror})", "check the path and its permissions"
    raise SettingsError(what, where=str(path), remedy=remedy)


def _with_folders(
    plugins: Catalogue, path: Path, tree: Table, environment: Environment, problems: Problems
) -> Catalogue:
    folders = folders_of(tree, path.resolve().parent, environment, problems)
    return plugins.within(folders) if folders else plugins


def _assembled(
    path: Path, file: KehubFile, rules: RuleSet, connections: list[Connection], tree: Table, problems: Problems
) -> Configuration:
    folder = path.resolve().parent
    _check_survivorship(file, tree, problems)
    check_tags(connections, rules, tree, problems)
    return Configuration(
        path=folder / path.name,
        brand=file.brand,
        place=_place(file.brand, tree, problems),
        store=file.store if "://" in file.store else str(folder / Path(file.store).expanduser()),
        key_file=file.key_file,
        retention=file.retention,
        network=file.network,
        identity=file.identity,
        brakes=file.brakes,
        approval_hours=file.approval_hours,
        hold_days=file.hold_days,
        stores=read_register(StorePlace, file.stores, folder, _spot(tree, "stores"), problems),
        staff=read_register(StaffMember, file.staff, folder, _spot(tree, "staff"), problems),
        survivorship=file.survivorship,
        written=file.rules,
        rules=rules,
        connections=tuple(connections),
        receiver=file.receiver,
    )


def _spot(tree: Table, *loc: str) -> Spot:
    steps = walk(tree, loc)
    return steps[-1][1].spot if steps else tree.spot


def _place(brand: Brand, tree: Table, problems: Problems) -> Place:
    try:
        return Place(brand.region, ZoneInfo(brand.time_zone))
    except (KeyError, ValueError, OSError):
        meant = nearest(brand.time_zone, available_timezones())
        what = f'"time_zone": "{brand.time_zone}" is no time zone'
        problems.add(_spot(tree, "brand", "time_zone"), what, meant=meant, remedy="write a name such as Asia/Shanghai")
    return Place()


def _check_survivorship(file: KehubFile, tree: Table, problems: Problems) -> None:
    """Fields must be a customer's, owners must be connections (also those that have problems of their own)."""
    written = tree.entries.get("connections")
    names = [*(written.entries if isinstance(written, Table) else ()), BUILT_IN]
    for name, owners in file.survivorship.items():
        if name not in Customer.model_fields and not name.startswith("custom."):
            meant = nearest(name, Customer.model_fields)
            spot = _spot(tree, "survivorship", name)
            problems.add(spot, f'"{name}" is no field of a customer', meant=meant, remedy="name one of our fields")
        for owner in set(owners) - set(names):
            meant, remedy = nearest(owner, names), "connections: " + ", ".join(names)
            spot = _spot(tree, "survivorship", name)
            problems.add(spot, f'no connection is called "{owner}"', meant=meant, remedy=remedy)
