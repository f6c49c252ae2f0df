"""Merges, splits and their undoing over three systems: once all is taken back, nothing shows that anybody judged."""

from __future__ import annotations

import re
import tempfile
import unicodedata
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings

from hub.clock import FixedClock
from hub.errors import SettingsError
from hub.store.bodies import Body
from hub.store.check import canonical, check
from hub.testing.people import Population
from sync import verdict
from sync.setup import Setup
from tests.conftest import NOW
from tests.sandbox_site import Sandbox, Stages

HISTORY = ("link", "verdict", "receipt", "mark", "certificate")
"""What tells of the past and may differ; new ids live on as aliases, so of `customer` nothing may be missing."""

PEOPLE = Population(16, 7)
Step = tuple[str, int, int, bool]
STEPS = st.lists(
    st.tuples(st.sampled_from(["merge", "merge", "split", "split", "undo"]), st.integers(0, 99), st.integers(0, 99),
              st.booleans()),
    min_size=1, max_size=5,
)  # fmt: skip


@dataclass
class Judge:
    """Somebody who merges, splits and takes back, in a sandbox at rest that creates nobody."""

    sandbox: Sandbox
    standing: list[str] = field(default_factory=list)

    def step(self, step: Step) -> None:
        """One verdict, and perhaps a run with all its writes after it."""
        act, one, other, run = step
        with self.sandbox.opened() as setup, suppress(SettingsError):
            self._judge(setup, act, one, other)
        if run:
            self.sandbox.rounds(1)

    def _judge(self, setup: Setup, act: str, one: int, other: int) -> None:
        if act == "undo":
            if self.standing:
                verdict.undo(setup, self.standing.pop(one % len(self.standing)))
            return
        places = setup.store.db.rows(
            "SELECT connection, ext, customer FROM record WHERE noun = 'customers' ORDER BY connection, stream, ext"
        )
        (connection, ext, first), (_, _, second) = places[one % len(places)], places[other % len(places)]
        if act == "merge":
            self._note(verdict.merge(setup, first, second, "told us"))
        else:
            self._note(verdict.split(setup, first, [f"{connection}:{ext}"], "not her"))

    def _note(self, made: str) -> None:
        if made not in self.standing:
            self.standing.append(made)

    def take_all_back(self, order: int) -> None:
        """Undo what stands, beginning anywhere, and bring everything to rest."""
        while self.standing:
            with self.sandbox.opened() as setup:
                verdict.undo(setup, self.standing.pop(order % len(self.standing)))
            order //= 2
        self.sandbox.rounds(2)


def at_rest(folder: Path, stands: Stages) -> Sandbox:
    """A sandbox after its first writes."""
    sandbox = Sandbox(folder, FixedClock(NOW), stands, PEOPLE, creates=False)
    report = sandbox.rounds(2)
    assert report.plans == {}
    return sandbox


def content(sandbox: Sandbox) -> dict[str, list[str]]:
    """The store by table, without history."""
    found: dict[str, list[str]] = {}
    with sandbox.opened() as setup:
        assert check(setup.store) == []
        for line in canonical(setup.store):
            table, _, values = line.partition(" ")
            if table not in HISTORY:
                found.setdefault(table, []).append(SHOWN.get(table, str)(values))
    return found


def _said(record: str) -> str:
    """A record with what it holds and what of it is the system's own word since when; our own words have no time."""
    *head, body = orjson.loads(record)
    found = Body.from_json(body) if body else Body()
    return orjson.dumps([*head, found.values, sorted(found.evidence(), key=str)], option=orjson.OPT_SORT_KEYS).decode()


def _agreed(shadow: str) -> str:
    """What both sides agree on; who wrote it last is history."""
    *head, sides = orjson.loads(shadow)
    return orjson.dumps([*head, sides.get("base", {})]).decode()


SHOWN = {"record": _said, "shadow": _agreed}


def held(sandbox: Sandbox) -> Any:
    """What the systems hold, in canonical spelling: we write phones and addresses as they should be written."""
    return _spelled(sandbox.state())


def _spelled(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: sorted(value[name], key=str) if name == "Tag" else _spelled(each) for name, each in value.items()}
    if isinstance(value, list):
        found = [_spelled(each) for each in value]
        return sorted(found) if all(isinstance(each, str) for each in found) else found  # tags have no order
    if not isinstance(value, str):
        return value
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", value))
    return (
        digits[-11:]
        if re.fullmatch(r"[-+ \d]{11,}", unicodedata.normalize("NFKC", value))
        else value.strip().casefold()
    )


def assert_same(before: dict[str, list[str]], after: dict[str, list[str]]) -> None:
    assert set(before.pop("customer")) <= set(after.pop("customer"))
    living = {orjson.loads(line)[0] for line in before["facts"]}
    after["decision"] = [
        line for line in after["decision"] if orjson.loads(line)[0] in living
    ]  # not those of new aliases
    before["decision"] = [line for line in before["decision"] if orjson.loads(line)[0] in living]
    for table in before.keys() | after.keys():
        assert after.get(table, []) == before.get(table, []), table


def all_taken_back(stands: Stages, steps: list[Step], order: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        sandbox = at_rest(Path(folder), stands)
        before, there = content(sandbox), held(sandbox)
        judge = Judge(sandbox)
        for step in steps:
            judge.step(step)
        judge.take_all_back(order)
        assert_same(before, content(sandbox))
        assert held(sandbox) == there


QUICK: dict[str, Any] = {
    "deadline": None, "suppress_health_check": list(HealthCheck), "derandomize": True,
    "phases": (Phase.explicit, Phase.reuse, Phase.generate),  # the steps are few: they can be read as they are
}  # fmt: skip


@settings(max_examples=6, **QUICK)
@example(steps=[("merge", 9, 96, True)], order=28)
@example(steps=[("merge", 28, 32, False), ("merge", 18, 29, True), ("split", 37, 29, False), ("merge", 18, 20, True)],
         order=10)  # fmt: skip
@example(steps=[("split", 25, 68, True), ("split", 41, 63, False), ("split", 97, 25, True)], order=33)
@example(steps=[("split", 25, 68, True), ("merge", 41, 80, False), ("merge", 43, 51, True), ("split", 41, 63, False),
                ("split", 97, 25, True)], order=33)  # fmt: skip
@given(steps=STEPS, order=st.integers(0, 99))
def test_after_everything_is_taken_back_store_and_systems_are_as_before(
    stands: Stages, steps: list[Step], order: int
) -> None:
    all_taken_back(stands, steps, order)


@pytest.mark.slow
@settings(max_examples=150, **{**QUICK, "derandomize": False})
@given(steps=STEPS, order=st.integers(0, 99))
def test_after_everything_is_taken_back_store_and_systems_are_as_before_at_length(
    stands: Stages, steps: list[Step], order: int
) -> None:
    all_taken_back(stands, steps, order)
