"""`kehub rules compare`: two sets of rules on the customers of the store, as facts and as tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from hub.cli.opening import rules_of
from hub.cli.rules_moves import a_day
from hub.cli.show import Facts, cell, day
from hub.cli.show import show as show_table
from hub.connector import Field
from hub.errors import SettingsError
from hub.settings import Connection
from hub.settings.load import LoadedRules
from hub.tags import TAGS
from rules.ruleset import RuleSet
from sync.mapping import is_decided
from sync.reads import bought_of
from sync.rehearse import Rehearsal, Side, Together, moved
from sync.setup import Setup

CURRENT = "current"
SPAN = 365
LOOKS = 13
_KNOWN = (
    "with today's knowledge: orders and cases by their dates; all that records say of a person, tags, lists, what plugins"
    " make and the tiers that tier_of looks up as they are now"
)


@dataclass(frozen=True)
class Asked:
    """What is compared, and on which days."""

    names: tuple[str, str]
    rules: tuple[LoadedRules, LoadedRules]
    days: tuple[int, ...]

    @classmethod
    def of(cls, setup: Setup, old: str, new: str, as_of: str, every: int) -> Asked:
        """What the arguments say."""
        first, last = _span(as_of, setup.as_of)
        step = every or max(1, -(-(last - first) // (LOOKS - 1)))
        days = (*range(first, last, step), last)
        return cls((old, new), (_loaded(setup, old), _loaded(setup, new)), days)


def _span(text: str, today: int) -> tuple[int, int]:
    low, between, high = text.partition("..")
    if not between:
        low, high = "", low
    last = a_day(high, "--as-of") if high else today
    first = a_day(low, "--as-of") if low else last - SPAN
    if first > last:
        raise SettingsError("the last day is before the first", where="--as-of", remedy="write --as-of A..B")
    return first, last


def _loaded(setup: Setup, name: str) -> LoadedRules:
    if name == CURRENT:
        return LoadedRules.of(setup.config)
    return rules_of(Path(name), setup.config.brand)


def compared(setup: Setup, asked: Asked, looked: Callable[[int, int], None]) -> Facts:
    """Who is where under both, and how often what goes to each system would have changed."""
    fields = list(_decided(setup))
    old, new = (_side(loaded, fields) for loaded in asked.rules)
    customers = Rehearsal(setup.store, old, new, asked.days, looked).run()
    only = {one.name: "new" for one in new.rules.programmes if old.rules.programme(one.name) is None}
    only |= {one.name: "old" for one in old.rules.programmes if new.rules.programme(one.name) is None}
    return {
        "old": asked.names[0], "new": asked.names[1], "from": day(asked.days[0]), "to": day(asked.days[-1]),
        "looks": [day(each) for each in asked.days], "customers": len(customers), "known": _KNOWN,
        "programmes": list(_programmes(old, new, customers)), "only": only,
        "writes": [_writes(setup, (old, new), customers, connection, entry) for connection, entry in fields],
    }  # fmt: skip


def _side(loaded: LoadedRules, fields: Sequence[tuple[Connection, Field]]) -> Side:
    counted = frozenset(together for _, entry in fields if (together := _together(loaded.rules, entry)))
    return Side(loaded.rules, bought_of(loaded.brand, loaded.place, loaded.written), counted)


def _programmes(old: Side, new: Side, customers: Sequence[str]) -> Iterator[Facts]:
    for one in old.rules.programmes:
        other = new.rules.programme(one.name)
        if other is not None:
            pairs = list(moved(one, other, old, new))
            counts = Counter(pairs)
            yield {
                "programme": one.name, "old": list(one.values), "new": list(other.values),
                "remembers": {"old": one.remembers, "new": other.remembers},
                "matrix": [
                    {"old": left, "new": right, "customers": counts[left, right]}
                    for left in one.values for right in other.values if counts[left, right]
                ],
                "moves": [
                    {"customer": customer, "old": left, "new": right}
                    for customer, (left, right) in zip(customers, pairs, strict=True) if left != right
                ],
            }  # fmt: skip


# -- what goes to systems


def _decided(setup: Setup) -> Iterator[tuple[Connection, Field]]:
    """The connections whose mapping sends something that rules decide, with each such field."""
    for connection in setup.config.connections:
        destination = setup.destination(connection)
        for entry in destination.fields() if destination else ():
            if is_decided(entry.ours) and entry.ours != "id":
                yield connection, entry


def _together(rules: RuleSet, entry: Field) -> Together:
    """The programmes that a field is made of, as far as these rules know them."""
    parts = entry.tags.of if entry.ours == TAGS else (entry.ours,)
    names = [rules.main if part == "tier" else part.removeprefix("tier.") for part in parts]
    return tuple(name for name in names if name and rules.programme(name) is not None)


def _writes(
    setup: Setup, sides: tuple[Side, Side], customers: Sequence[str], connection: Connection, entry: Field
) -> Facts:
    """How often the value of a field would have changed, for the customers that the system knows or would be given."""
    known = set(customers)
    if not connection.create:
        known = setup.store.decisions.known_to(customers, [connection.name])
    old, new = (_changes(side, _together(side.rules, entry), customers, known) for side in sides)
    return {"connection": connection.name, "field": entry.ours, "customers": len(known), "old": old, "new": new}


def _changes(side: Side, together: Together, customers: Sequence[str], known: set[str]) -> int | None:
    """None where these rules decide nothing for the field."""
    if not together:
        return None
    pairs = zip(customers, side.changes[together], strict=True)
    return sum(count for customer, count in pairs if count and customer in known)


# -- for people


def tell(facts: Facts, most: int) -> None:
    """Print the tables, the first customers who move, and what would have been written."""
    looks = len(facts["looks"])
    print(
        f"{facts['customers']} customers as of {facts['to']}, under {facts['old']} (rows) and {facts['new']} (columns),"
    )
    print(f"{facts['known']}.")
    for one in facts["programmes"]:
        _programme(one, most)
    for name, where in facts["only"].items():
        print(f"{name}: only in {facts[where]}")
    print(f"\nChanges of what is sent, from {facts['from']} to {facts['to']} on {looks} day{'s' * (looks != 1)}:")
    rows = [
        [each["connection"], each["field"], each["customers"], each["old"], each["new"]] for each in facts["writes"]
    ]
    columns = ("connection", "field", "#customers", f"#under {facts['old']}", f"#under {facts['new']}")
    show_table(columns, rows, empty="No connection is sent anything that rules decide.")


def _programme(one: Facts, most: int) -> None:
    counts = {(each["old"], each["new"]): each["customers"] for each in one["matrix"]}
    rows = [[left, *(counts.get((left, right), "-") for right in one["new"])] for left in one["old"]]
    moves = one["moves"]
    followed = " (followed from the beginning)" if any(one["remembers"].values()) else ""
    print(f"\n{one['programme']}{followed}:")
    show_table(("", *(f"#{right}" for right in one["new"])), rows)
    told = [f"{each['customer']} ({cell(each['old'])} -> {cell(each['new'])})" for each in moves[:most]]
    more = f" and {len(moves) - most} more" if len(moves) > most else ""
    print(f"{len(moves)} would move{': ' if told else ''}{', '.join(told)}{more if told else ''}")
