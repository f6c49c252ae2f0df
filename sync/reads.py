"""What rules read, as the store computes it: facts, measures and facts of the brand's own; and rules as SQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hub.forms import Place
from hub.model import Brand
from hub.settings import Configuration
from hub.settings.rule_shape import Rules
from hub.store import Store
from hub.store.facts import Bought, Counted, Wanted
from rules.nodes import Constant, FactOf, Measured, Value
from rules.reading import Rule
from rules.ruleset import OwnFact, Programme, RuleSet, read_by
from rules.sql import Dialect, Sql
from sync.rfm import read_by as read_by_rfm

SEPARATOR = "\n"
"""Between the values that a decision was taken by."""


def bought(config: Configuration) -> Bought:
    """What counts as bought, and what other currencies are worth."""
    return bought_of(config.brand, config.place, config.written)


def bought_of(brand: Brand, place: Place, written: Rules) -> Bought:
    """The same of the parts of a configuration."""
    rates = tuple((rate.currency, rate.since.toordinal(), rate.rate) for rate in written.rates)
    return Bought(brand.currency, place.zone, tuple(written.bought), rates)


def wanted(rules: RuleSet, dialect: Dialect, of: Iterable[Rule] | None = None) -> Wanted:
    """What all rules read, or some of them; own facts as the database of that `dialect` counts them."""
    read = read_by(rules.rules if of is None else of)
    own = {one.fact.name: one for one in rules.own}
    made = {one.fact.name: one.maker for one in rules.made if one.fact.name in read.facts}
    facts = read.facts | (read_by_rfm(rules.rfm) if of is None and rules.rfm else frozenset())
    facts = facts.union(*(maker.reads for maker in made.values()))
    counted = [_aggregated(own[name], dialect) for name in sorted(facts & own.keys())]
    counted += [Counted(one.name, one.window, one.what, one.by, one.value) for one in read.measures]
    return Wanted(facts - own.keys() - made.keys(), tuple(counted), read.days, frozenset(made))


def wanted_by(rules: RuleSet, programme: Programme, dialect: Dialect) -> Wanted:
    """What one programme reads."""
    return wanted(rules, dialect, tuple(programme.rules))


def _aggregated(own: OwnFact, dialect: Dialect) -> Counted:
    """An own fact as an aggregate over orders `o`."""
    sql = Sql(dialect, facts="o")
    where = sql.condition(own.where) if own.where is not None else ""
    aggregate = "COUNT(*)" if own.of is None else f"{own.how.upper()}({sql.value(own.of)})"
    return Counted(own.fact.name, own.fact.window, aggregate=aggregate, where=where, params=sql.params)


# -- rules as SQL


def now_sql(store: Store) -> Sql:
    """Emits over the stored facts."""
    return Sql(dialect(store), tag=store.facts.tag)


def then_sql(store: Store) -> Sql:
    """Emits over the facts of past days, see `Facts.at`."""
    return Sql(dialect(store), values="value_then", as_of_rows=True, tag=store.facts.tag)


def dialect(store: Store) -> Dialect:
    """How the store's database spells."""
    return "sqlite" if store.db.dialect == "sqlite" else "postgresql"


def seen(rules: RuleSet, programme: Programme, sql: Sql) -> str:
    """The values that a programme reads, as one text: `name=value` for each, what is unknown left empty."""
    read = read_by(programme.rules)
    facts = [(name, FactOf("text", name, name in rules.own_names)) for name in sorted(read.facts)]
    return listed([*facts, *((one.name, Measured("count", one)) for one in read.measures)], sql)


def listed(nodes: Sequence[tuple[str, Value]], sql: Sql) -> str:
    """Named values as such a text."""
    parts = [
        f"{sql.value(Constant('text', f'{name}='))} || COALESCE(CAST({sql.value(node)} AS TEXT), '')"
        for name, node in nodes
    ]
    between = f" || {sql.value(Constant('text', SEPARATOR))} || "
    return between.join(parts) if parts else sql.value(Constant("text", ""))


def read_seen(text: str) -> dict[str, str]:
    """The values again."""
    return dict(line.partition("=")[::2] for line in text.split(SEPARATOR) if line)
