"""What rules read, as the store computes it: facts, measures and facts of the brand's own."""

from __future__ import annotations

from collections.abc import Iterable

from hub.settings import Configuration
from hub.store.facts import Bought, Counted, Wanted
from rules.reading import Rule
from rules.ruleset import OwnFact, Programme, Read, RuleSet, read_by
from rules.sql import Sql


def bought(config: Configuration) -> Bought:
    """What counts as bought, and what other currencies are worth."""
    written = config.written
    rates = tuple((rate.currency, rate.since.toordinal(), rate.rate) for rate in written.rates)
    return Bought(written.bought, config.brand.currency, config.place.zone, rates)


def wanted(rules: RuleSet, of: Iterable[Rule] | None = None) -> Wanted:
    """What all rules read, or some of them."""
    read = read_by(rules.rules if of is None else of)
    own = {one.fact.name: one for one in rules.own}
    facts = read.facts | (_of_rfm(rules) if of is None else frozenset())
    counted = [_measured(read, own[name]) for name in sorted(facts & own.keys())]
    counted += [Counted(one.name, one.window, one.what, one.by, one.value) for one in read.measures]
    days = {fact: numbers for fact, numbers in read.days.items() if fact not in own}
    return Wanted(facts - own.keys(), tuple(counted), days)


def wanted_by(rules: RuleSet, programme: Programme) -> Wanted:
    """What one programme reads."""
    return wanted(rules, tuple(programme.rules))


def _of_rfm(rules: RuleSet) -> frozenset[str]:
    window = rules.rfm.window if rules.rfm else ""
    return frozenset({"last_order_on", f"orders_{window}", f"spend_{window}"}) if window else frozenset()


def _measured(read: Read, own: OwnFact) -> Counted:
    """An own fact as an aggregate over orders `o`."""
    sql = Sql("", facts="o")
    where = sql.condition(own.where) if own.where is not None else ""
    aggregate = "COUNT(*)" if own.of is None else f"{own.how.upper()}({sql.value(own.of)})"
    return Counted(own.fact.name, own.fact.window, aggregate=aggregate, where=where, params=sql.params)
