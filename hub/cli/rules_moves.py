"""`kehub rules moves`: from which value of a programme to which customers went, how many, and after how long."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hub.cli.show import Facts, day
from hub.cli.show import show as show_table
from hub.errors import SettingsError
from hub.settings.problems import guess
from hub.store.decisions import Moves
from rules.ruleset import RFM
from sync.setup import Setup

SPAN = 365
_SHADES = " ░▒▓█"


def moved(setup: Setup, programme: str, since: str, until: str) -> Facts:
    """The moves between two days, both included."""
    high = a_day(until, "--to") if until else setup.as_of
    low = a_day(since, "--from") if since else high - SPAN + 1
    if high < low:
        raise SettingsError("the last day is before the first", where="--to")
    known = _values(setup, programme)
    decisions = setup.store.decisions
    stays, entries = decisions.stays(programme, low, high), decisions.entries(programme, low, high)
    found = decisions.moves(programme, low, high)
    seen = {*stays, *entries, *(name for each in found for name in (each.old, each.new))}
    return {
        "programme": programme, "from": day(low), "to": day(high),
        "values": [*known, *sorted(seen - set(known))],
        "stays": stays, "entries": entries,
        "moves": [_move(each, stays) for each in found],
    }  # fmt: skip


def a_day(text: str, where: str) -> int:
    """A date as the store counts days; SettingsError for anything else."""
    try:
        return date.fromisoformat(text).toordinal()
    except ValueError:
        raise SettingsError(f'"{text}" is no date', where=where, remedy="write it as 2026-03-01") from None


def _values(setup: Setup, programme: str) -> Iterable[str]:
    """The values of a programme, the best first; SettingsError when there is none of the name."""
    known = {one.name: one.values for one in setup.rules.programmes} | ({RFM: ()} if setup.rules.rfm else {})
    if programme not in known:
        raise SettingsError(
            f'no programme is called "{programme}"{guess(programme, known)}',
            remedy="programmes: " + ", ".join(known),
        )
    return known[programme]


def _move(each: Moves, stays: dict[str, int]) -> Facts:
    share = round(each.customers / stays[each.old], 4) if stays.get(each.old) else 0.0
    return {"from": each.old, "to": each.new, "count": each.customers, "share": share, "median_days": each.days}


def tell(facts: Facts) -> None:
    """Print the picture: a row a value, where those who held it went, the darker the more of them."""
    print(
        f"{facts['programme']}, {facts['from']} to {facts['to']}: of those at the left, how many went to the one above,"
    )
    print("which share of them, and after how many days (the median):")
    found = {(each["from"], each["to"]): each for each in facts["moves"]}
    names = facts["values"]
    rows: list[list[object]] = []
    for old in names:
        cells = [_cell(found.get((old, new)), old == new) for new in names]
        heads = ((old, facts["stays"].get(old, 0)), ("", ""), ("", ""))
        lines = [[*head, *line] for head, line in zip(heads, zip(*cells, strict=True), strict=True)]
        rows += [line for line in lines if any(line)]
    first = ["(first seen)", sum(facts["entries"].values()), *(facts["entries"].get(new) or "-" for new in names)]
    show_table(("from", "#held", *(f"#{name}" for name in names)), [*rows, first])


def _cell(each: Facts | None, same: bool) -> tuple[str, str, str]:
    """Three lines: how many, which share, after how many days."""
    if each is None:
        return "" if same else "-", "", ""
    shade = _SHADES[min(int(each["share"] * len(_SHADES)), len(_SHADES) - 1)]
    return str(each["count"]), f"{shade * 3} {each['share']:.0%}", f"{each['median_days']:g} d"
