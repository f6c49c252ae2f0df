"""Trying rules on invented customers, in a store of its own in memory: the very statements that decide answer here.

Facts that a case does not give are those of somebody of whom nothing is known: no orders, no cases, no money, no flag;
everything else unknown. Programmes with a memory are answered as what the facts alone earn that day.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from hub.clock import system_clock
from hub.settings.cases import SEGMENT, Case, Expected
from hub.settings.load import LoadedRules
from hub.store import create_store
from hub.store.closure import Affected, Known
from hub.store.decisions import Decided
from hub.store.facts import PROFILE
from hub.store.people import Assignment
from hub.store.sqlite import MEMORY
from hub.vault import new_key
from rules.ruleset import Choice, Programme
from sync import reads
from sync.explain import Clause, Explainer
from sync.facts import Profiler
from sync.golden import Survivorship


@dataclass(frozen=True)
class Answer:
    """What came of one expectation; the comparisons that made it so are told when it is not what was expected.

    `alone`: the programme has a memory, and this is what the facts alone earn.
    """

    expected: Expected
    found: str
    alone: bool = False
    clauses: tuple[Clause, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it is as expected."""
        return self.found == self.expected.value


class Trial:
    """A rule set and a store in memory to try it in; a context manager."""

    def __init__(self, loaded: LoadedRules) -> None:
        self._loaded = loaded
        self._rules = loaded.rules
        self._bought = reads.bought_of(loaded.brand, loaded.place, loaded.written)
        self._store = create_store(MEMORY, new_key(), system_clock())
        self._count = 0

    def __enter__(self) -> Trial:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._store.close()

    def answers(self, case: Case) -> list[Answer]:
        """What the rules make of one customer."""
        self._count += 1
        customer = f"C{self._count}"
        self._assume(customer, case)
        explainer = Explainer(self._store, self._rules, self._bought, customer, case.as_of)
        return [
            (self._segment if expected.of.startswith(SEGMENT) else self._programme)(expected, explainer)
            for expected in case.expect
        ]

    def _assume(self, customer: str, case: Case) -> None:
        """Make the customer of a case; `facts_then` holds nobody else."""
        store, known = self._store, Profiler(Survivorship({}, {}), self._loaded.place).profile([])
        profile = {name: case.facts.get(name, known[name]) for name in PROFILE}
        founded = Assignment({}, [Known(customer, 0, 0, None)], {}, set(), {})
        store.people.assign(0, Affected({}, [], {}, set()), founded)
        store.facts.save_profile([{"customer": customer, **profile}])
        store.facts.save_tags({customer: case.tags})
        for name in (one.name for one in self._rules.segments if one.listed):
            store.segments.agree(name, case.as_of, "", [customer] if name in case.lists else [])
        for programme, value in case.tiers.items():
            store.decisions.settle(programme, "", case.as_of, [Decided(customer, "", value)])
        store.facts.at([(customer, case.as_of)], reads.wanted(self._rules, reads.dialect(store)), self._bought)
        store.facts.assume(customer, case.facts, case.counted)

    def _programme(self, expected: Expected, explainer: Explainer) -> Answer:
        programme = self._rules.programme(expected.of)
        assert programme is not None
        sql = reads.then_sql(self._store)
        found = self._asked(programme.expression(sql), sql.params)
        choices = () if found == expected.value else _telling(programme, expected.value, found)
        clauses = tuple(clause for choice in choices for clause in explainer.comparisons(choice))
        return Answer(expected, found, programme.remembers, clauses)

    def _segment(self, expected: Expected, explainer: Explainer) -> Answer:
        rule = next(one.when for one in self._rules.segments if SEGMENT + one.name == expected.of)
        assert rule is not None
        sql = reads.then_sql(self._store)
        found = self._asked(f"CASE WHEN {sql.condition(rule.tree)} THEN 'yes' ELSE 'no' END", sql.params)
        told = explainer.comparisons(Choice(expected.of, rule)) if found != expected.value else ()
        return Answer(expected, found, clauses=tuple(told))

    def _asked(self, expression: str, params: dict[str, object]) -> str:
        ((_, _, found),) = self._store.facts.then(expression, params)
        return str(found)


def _telling(programme: Programme, expected: str, found: str) -> Sequence[Choice]:
    """The choices that tell why one value was found and not another: of the two the one that is looked at first, and the
    expected one where it comes later."""
    places = sorted({programme.rank(found), programme.rank(expected)})
    wanted = places if programme.rank(expected) > places[0] else places[:1]
    return [programme.choices[place] for place in wanted]
