"""What must be true in the demo: its own counts, compared with the population and with what the stand-ins counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from hub.testing.people import Population
from hub.testing.sandbox import Sandbox
from hub.testing.sandbox_yaml import CONNECTIONS
from hub.testing.standin import ask

FXIAOKE_MOST = 300
_SYSTEMS = {"crm": "zoho", "fxiaoke": "fxiaoke", "shop": "shop", "shop_a": "pos:A", "shop_b": "pos:B"}
"""Each connection with the population's word for its system."""


def check(what: str, found: object, wanted: object) -> None:
    """Print whether it is as wanted, and end the demo when it is not."""
    print(f"  {'ok' if found == wanted else 'NO'}  {what}: {found if found != {} else 'nothing'}")
    if found != wanted:
        raise SystemExit(f"the demo failed: {what}: wanted {wanted}")


def known(population: Population, connection: str) -> int:
    """How many records of people a connection's system holds at first."""
    held = len(population.sightings(_SYSTEMS[connection]))
    return min(held, FXIAOKE_MOST) if connection == "fxiaoke" else held


def population_of(found: Sandbox) -> Population:
    """The people of a sandbox."""
    return Population(found.people, found.seed, date.fromisoformat(found.today))


def everywhere(found: Sandbox) -> Iterator[str]:
    """Members of shop A whom every system knows, with a phone of their own; who bought most comes first."""
    population = population_of(found)
    both = frozenset.intersection(*(population.known(system) for system in _SYSTEMS.values()))
    phones = Counter(person.phone for person in population.people)
    bought = Counter(order.person for order in population.orders)
    members = {one.person: one.key for one in population.sightings("pos:A")}
    capped = [one.person for one in population.sightings("fxiaoke")][:FXIAOKE_MOST]
    plain = (population.person(number) for number in both.intersection(capped))
    chosen = [person.number for person in plain if not person.canary and phones[person.phone] == 1]
    yield from (f"shop_a:{members[number]}" for number in sorted(chosen, key=lambda number: (-bought[number], number)))


class Checks:
    """The checks of one demo."""

    def __init__(self, found: Sandbox) -> None:
        self.systems = found.systems
        self._population = population_of(found)

    def first(self, report: Mapping[str, Any]) -> None:
        """The first read."""
        last = _streams(report)
        for name in _SYSTEMS:
            stream = f"{name}.customers"
            wanted = known(self._population, name)
            check(
                f"{name}: every record was read or set aside", last[stream]["new"] + last[stream]["quarantined"], wanted
            )
            check(f"{name}: the read is certified", bool(last[stream]["certificate"]), True)
        records = sum(last[f"{name}.customers"]["new"] for name in _SYSTEMS)
        created = report["resolved"]["created"]
        print(f"{records} records (and the buyers of orders) are {created} customers.")
        check("many records became one customer", created < records * 0.75, True)

    def agreed(self, report: Mapping[str, Any], written: Mapping[str, int] | None) -> None:
        """The end: nothing to write, nobody created twice, no system called more often than it allows.

        `written`: how many rows each connection acknowledged at once; None where answers got lost.
        """
        check("the last sync finds nothing to write", (report["plans"], report["applied"]), ([], []))
        check("and no system failed", report["errors"], [])
        for each in self.systems:
            counts = ask(each.url, "GET", "counters")
            name, rows = CONNECTIONS[each.system], counts["rows"]
            if written is not None:
                counted = sum(count for deed, count in rows.items() if deed != "tag")
                check(f"{name}: as many rows as its stand-in counted", counted, written[name])
            if each.system == "zoho":
                contacts = ask(each.url, "GET", "state")["records"]["Contacts"]
                _once(contacts, rows.get("insert", 0))
                check("crm: every contact's tags are its tier and stage", _untagged(contacts), 0)
            check(f"{name}: no call over its limits", counts["violations"], {})


def _once(contacts: Sequence[Mapping[str, Any]], inserted: int) -> None:
    """Whom the hub created carries a key; the stand-in counted every create that took effect."""
    keys = [contact["KeHub_ID"] for contact in contacts if contact.get("KeHub_ID")]
    check("crm: nobody was created twice", (len(keys), len(set(keys))), (inserted, inserted))


def _untagged(contacts: Sequence[Mapping[str, Any]]) -> int:
    """How many contacts carry other tags of the hub's than those of their tier and stage."""
    decided = ("KeHub_Tier", "KeHub_Stage")
    wanted = [{f"kehub-{contact[name]}" for name in decided if contact.get(name)} for contact in contacts]
    return sum({tag["name"] for tag in contact["Tag"]} != tags for contact, tags in zip(contacts, wanted, strict=True))


def _streams(report: Mapping[str, Any]) -> dict[str, Any]:
    return {f"{s['connection']}.{s['stream']}": s for s in report["streams"]}
