"""What `kehub rules check` tells of rules: their parts, and what they look at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from hub.cli.show import Facts, block, cell
from hub.cli.show import show as show_table
from hub.settings.load import LoadedRules
from rules.catalogue import CATALOGUE
from rules.nodes import Measure
from rules.rule import Rule
from rules.ruleset import MadeFact, OwnFact, Programme, RuleSet, Segment, read_by
from sync.reads import wanted


def read(loaded: LoadedRules) -> Facts:
    """Everything that was read."""
    rules = loaded.rules
    return {
        "file": str(loaded.path),
        "currency": loaded.brand.currency,
        "time_zone": loaded.brand.time_zone,
        "bought": list(loaded.written.bought),
        "programmes": [_programme(rules, one) for one in rules.programmes],
        "rfm": {"window": rules.rfm.window, "refresh": rules.rfm.refresh} if rules.rfm else None,
        "segments": [_segment(one) for one in rules.segments],
        "facts": [_own(loaded, one) for one in rules.own] + [_made(one) for one in rules.made],
        "reads": _reads(rules),
        "digest": rules.digest,
    }


def _programme(rules: RuleSet, one: Programme) -> Facts:
    policy = {"downgrade": one.policy.downgrade, "review": one.policy.review, "grace_days": one.policy.grace_days}
    return {
        "programme": one.name, "kind": one.kind, "main": one.name == rules.main, "values": list(one.values),
        "policy": policy if one.kind == "tier" else None, "reads": _read(one.rules),
        "rules": [{"value": each.value, "when": each.when.text if each.when else None} for each in one.choices],
    }  # fmt: skip


def _segment(one: Segment) -> Facts:
    listed = {"file": one.listed.file, "column": one.listed.column} if one.listed else None
    return {
        "segment": one.name, "when": one.when.text if one.when else None, "list": listed, "means": one.means,
        "reads": _read([one.when] if one.when else []),
    }  # fmt: skip


def _read(rules: Iterable[Rule]) -> list[str]:
    """The facts and measures that some rules look at."""
    read = read_by(rules)
    return [*sorted(read.facts), *map(_written, read.measures)]


def _written(measure: Measure) -> str:
    """A measure as a rule writes it."""
    value = measure.value.replace("'", "''")
    return f"{measure.what}_on('{measure.by}', '{value}', '{measure.window}')"


def _own(loaded: LoadedRules, one: OwnFact) -> Facts:
    written = loaded.written.facts[one.fact.name]
    return {
        "fact": one.fact.name, "kind": one.fact.kind, "window": one.fact.window, "how": one.how,
        "of": getattr(written, one.how), "where": written.where, "means": written.means,
    }  # fmt: skip


def _made(one: MadeFact) -> Facts:
    return {
        "fact": one.fact.name, "kind": one.fact.kind, "window": "", "how": "plugin", "of": one.maker.name, "where": None,
        "means": one.fact.means,
    }  # fmt: skip


def _reads(rules: RuleSet) -> Facts:
    """What must be known to decide, and what the calendar has to watch: windows that end, days since a fact."""
    found, read = wanted(rules, "sqlite"), read_by(rules.rules)  # only names are looked at
    return {
        "facts": [{"fact": name, "kind": CATALOGUE[name].kind} for name in sorted(found.columns)],
        "own": sorted(read.facts & rules.own_names),
        "measures": [_written(measure) for measure in read.measures],
        "windows": sorted(found.windows),
        "days_since": {name: sorted(days) for name, days in sorted(found.days.items()) if days},
        "tags": sorted({tag for rule in rules.rules for tag in rule.tags}),
        "lists": sorted({name for rule in rules.rules for name in rule.lists}),
        "tiers": sorted({name for rule in rules.rules for name in rule.programmes}),
    }


# -- for people


def tell(facts: Facts) -> None:
    """Print what was read."""
    print(f"The rules of {facts['file']} are sound (money in {facts['currency']}, days in {facts['time_zone']}).")
    rows = [[one["programme"] + " (main)" * one["main"], one["values"], _policy(one)] for one in facts["programmes"]]
    if facts["rfm"]:
        rows.append(["rfm", "its eleven groups", f"{facts['rfm']['window']}, cut points {facts['rfm']['refresh']}"])
    show_table(("programme", "values, in order", "policy"), rows)
    segments = [[one["segment"], one["when"] or f"list {one['list']['file']}"] for one in facts["segments"]]
    show_table(("segment", "rule"), segments)
    show_table(("own fact", "kind", "window", "what"), [_told(one) for one in facts["facts"]])
    block("facts", [", ".join([each["fact"] for each in facts["reads"]["facts"]] + facts["reads"]["own"])])
    for name in ("measures", "tags", "lists", "tiers"):
        block(name, facts["reads"][name])
    block("calendar", _calendar(facts["reads"]), empty="nothing changes by time alone")


def _policy(one: Facts) -> str:
    policy = one["policy"]
    if policy is None:
        return "the first that fits"
    how = {"earned": "falls to what is earned", "one_step": "falls one step", "never": "never falls"}
    told = how[policy["downgrade"]]
    if policy["downgrade"] != "never":
        told += {"rolling": ", any day", "anniversary": ", on the anniversary"}[policy["review"]]
        told += f", after {policy['grace_days']} days" * (policy["grace_days"] > 0)
    return told


def _told(one: Facts) -> list[Any]:
    of = "made by a plugin" if one["how"] == "plugin" else f"{one['how']} of {one['of']}"
    return [one["fact"], one["kind"], one["window"], of + (f", where {one['where']}" if one["where"] else "")]


def _calendar(reads: Facts) -> Iterator[str]:
    """What changes by time alone, so that an IT person sees why customers are looked at on a day."""
    read, years = {each["fact"] for each in reads["facts"]}, {"ytd", "last_year"}
    if windows := [window for window in reads["windows"] if window != "life" and window not in years]:
        yield f"orders enter and leave the windows {cell(windows)}"
    if years & set(reads["windows"]):
        yield "figures of a calendar year begin anew on 1 January"
    if read & {"cases_365d", "open_cases", "last_case_on", "last_contact_on", "last_satisfaction"}:
        yield "cases are opened, answered and closed" + ", and leave after 365 days" * ("cases_365d" in read)
    for name, days in reads["days_since"].items():
        yield f"days since {name}: rules change their mind at {cell(days)}"
    if "age" in read:
        yield "age: on birthdays"
