"""Tiers with a memory: a table of cases with their reasons, and a simulator that goes through every day as the referee."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import NamedTuple

import hypothesis.strategies as st
import pytest
from hypothesis import assume, example, given, settings

from rules.standing import BEGINNING, Earned, Grant, Held, Policy, Standing, Step, follow

FIRST = date(2025, 1, 1).toordinal()
"""Day 0 of the cases."""


class Case(NamedTuple):
    """`policy` as in "one_step rolling 3"; `facts` as "0:G 10:M", day and tier earned from then on; `expect` as
    "9:G 13:S@13>16M": shown on that day, since that day, to fall on that day to that tier ("12:S>-": nothing ahead).

    Days count from 1 January 2025 or are dates. Tiers are letters of `ladder`, the best first. `grants` as "G5..9"; `before` is
    the policy, the facts and the last day of an older rule set.
    """

    why: str
    policy: str
    facts: str
    expect: str
    grants: str = ""
    before: tuple[str, str, str] | None = None
    ladder: str = "GSM"


CASES = (
    # -- rising
    Case("Nothing was ever earned: the floor, for ever.", "earned rolling 0", "", "0:M>- 5000:M>-"),
    Case("Before the first fact the floor is held, on its day what it earns.",
         "earned rolling 0", "5:S", "4:M 5:S@5 6:S@5>-"),
    Case("Straight to the best tier: no rank has to be held in between.", "one_step rolling 9", "5:G", "4:M 5:G@5>-"),
    Case("The policy is about taking away, never about giving.", "never anniversary 9", "5:S 6:G", "5:S@5 6:G@6>-"),
    Case("A programme of one tier has nothing to give or take.",
         "earned rolling 0", "0:M 9:M", "9:M>- 99:M>-", ladder="M"),
    Case("One tier and a grant of it: nothing to see.",
         "earned anniversary 3", "0:M", "4:M 9:M>-", "M3..5", ladder="M"),
    # -- rolling, to what is earned
    Case("Grace 0: lowered on the first day that earns less.", "earned rolling 0", "0:G 10:M", "9:G>10M 10:M@10>-"),
    Case("Grace 3: the day before, the day, the day after.",
         "earned rolling 3", "0:G 10:M", "10:G>13M 12:G 13:M@13 14:M@13"),
    Case("Recovered on the last day of grace: forgotten.", "earned rolling 3", "0:G 10:M 12:G", "12:G@0>- 13:G 99:G"),
    Case("Recovered on the very day of the fall: earned first, taken later.",
         "earned rolling 3", "0:G 10:M 13:G", "13:G@0"),
    Case("A day too late is a new rise, with a new day.", "earned rolling 3", "0:G 10:M 14:G", "13:M 14:G@14"),
    Case("A forgotten shortfall lends no day to the next.",
         "earned rolling 3", "0:G 10:M 12:G 13:M", "15:G>16M 16:M@16"),
    Case("In between does not reset the shortfall, it limits the fall.",
         "earned rolling 5", "0:G 10:M 14:S", "14:G>15S 15:S@15>-"),
    Case("Worse on the way: falls to what is earned that day.",
         "earned rolling 5", "0:G 10:S 14:M", "13:G 14:G>15M 15:M"),
    Case("In between on the day of the fall counts too.", "earned rolling 5", "0:G 10:M 15:S", "14:G 15:S@15"),
    Case("In between a day after it: down to the floor and up again.",
         "earned rolling 5", "0:G 10:M 16:S", "15:M 16:S@16"),
    Case("Better than held within the grace: a rise, no shortfall left.", "earned rolling 5", "0:S 10:M 12:G 13:S",
         "12:G@12 17:G>18S 18:S@18"),
    Case("The second fall has a grace of its own, from its own day.",
         "earned rolling 3", "0:G 10:S 20:M", "13:S@13 22:S 23:M@23"),
    Case("Short of gold since 10; silver is short only once held, and is earned no more on 12.", "earned rolling 3",
         "0:G 10:S 12:M", "12:G>13M 13:M@13"),
    Case("An order that leaves its window on a day known ahead: the fall is foretold.",
         "earned rolling 3", "0:G 40:S", "1:G>43S"),
    Case("A long grace outlives a year.", "earned rolling 400", "0:G 10:M", "409:G>410M 410:M"),
    # -- rolling, one step
    Case("One step, then a new shortfall from that day with its own grace.", "one_step rolling 3", "0:P 10:M",
         "12:P>13G 13:G@13>16S 15:G 16:S@16 18:S 19:M@19>-", ladder="PGSM"),
    Case("One step lands on what is earned: no new shortfall.", "one_step rolling 3", "0:G 10:S", "13:S@13>- 99:S"),
    Case("Recovered to the new, lower tier within its grace: it stays.",
         "one_step rolling 3", "0:G 10:M 15:S", "13:S 16:S@13>-"),
    Case("Recovered to the tier lost: a rise from its day.", "one_step rolling 3", "0:G 10:M 15:G", "14:S 15:G@15>-"),
    Case("Without a grace it is one step a day, never two at once.", "one_step rolling 0", "0:P 10:M",
         "9:P 10:G@10>11S 11:S@11 12:M@12", ladder="PGSM"),
    Case("Lost the day after it was earned: it was held for that day.",
         "one_step rolling 0", "9:G 10:M", "9:G 10:S 11:M"),
    # -- never
    Case("Never: the best rank stays though nothing earns it.", "never rolling 0", "0:G 10:M", "10:G@0>- 9999:G@0>-"),
    Case("Never: what a refund undid is not in today's ledger, so it was never held.",
         "never rolling 0", "0:S 10:M", "99:S@0"),
    Case("Never is not reviewed either.", "never anniversary 0", "0:S 10:M", "365:S 730:S>-"),
    # -- anniversary
    Case("A year is held whatever the facts say, then looked at.",
         "earned anniversary 0", "0:G 10:M", "10:G>365M 364:G 365:M@365"),
    Case("Recovered before the review: confirmed, and short again after it.",
         "earned anniversary 0", "0:G 10:M 360:G 370:M",
         "365:G 370:G>730M 729:G 730:M"),
    Case("Recovered on the day of the review.", "earned anniversary 0", "0:G 10:M 365:G", "365:G@0>-"),
    Case("Short on the day of the review only: that is the day that counts.", "earned anniversary 0", "0:G 365:S 366:G",
         "364:G 365:S@365 366:G@366"),
    Case("Grace runs from the review, not from the shortfall.",
         "earned anniversary 5", "0:G 300:M", "369:G>370M 370:M"),
    Case("Recovered within the grace: confirmed as of the review.", "earned anniversary 5", "0:G 300:M 369:G 380:M",
         "370:G 380:G>735M 734:G 735:M@735"),
    Case("Recovered and short again within one grace: the review was passed.",
         "earned anniversary 9", "0:G 300:M 367:G 368:M",
         "374:G 700:G>739M 739:M"),
    Case("An upgrade in the year starts a year of its own.",
         "earned anniversary 0", "0:S 100:G 110:M", "365:G>465M 465:M@465"),
    Case("The year after a fall starts on the day of the fall.",
         "earned anniversary 5", "0:G 300:S 380:M", "370:S@370 734:S 735:S>740M"),
    Case("One step a year.", "one_step anniversary 0", "0:G 10:M", "364:G 365:S@365>730M 730:M"),
    Case("29 February is looked at on the 28th of common years and on the 29th of leap years.", "earned anniversary 0",
         "2024-02-29:G 2028-02-28:M", "2027-03-01:G 2028-02-28:G>2028-02-29M 2028-02-29:M"),
    Case("... and in a common year on the 28th.", "earned anniversary 0", "2024-02-29:G 2026-01-01:M",
         "2026-02-27:G>2026-02-28M 2026-02-28:M@2026-02-28"),
    Case("A 28 February of a common year stays the 28th.",
         "earned anniversary 0", "2023-02-28:G 2027-06-01:M", "2028-02-27:G 2028-02-28:M"),
    # -- grants
    Case("A grant shows from its first to its last day.",
         "earned rolling 0", "0:M", "4:M 5:G@5>10M 9:G 10:M@10", "G5..9"),
    Case("A grant over a tier that is held: what is held shows again, since the day it shows.",
         "earned rolling 0", "0:S",
         "9:G 10:S@10>-", "G5..9"),
    Case("A grant of less than is held does not show, until the fall.",
         "earned rolling 3", "0:G 10:M", "12:G>13S 13:S@13>21M 21:M@21", "S5..20"),
    Case("A grant does not keep the shortfall from running: the fall is done when it ends.",
         "earned rolling 3", "0:G 10:M",
         "13:G@0>31M 30:G@0 31:M@31", "G5..30"),
    Case("... nor is it in the way where the shortfall outlasts it.",
         "earned rolling 30", "0:G 10:M", "20:G@0>40M 21:G 40:M", "G5..20"),
    Case("Earned under a grant on its last day: held on without a seam.",
         "earned rolling 0", "0:M 9:G", "9:G@5 10:G@5>-", "G5..9"),
    Case("The day after the grant is the day of the rise: no seam either.",
         "earned rolling 0", "0:M 10:G", "10:G@5>-", "G5..9"),
    Case("A rise on the day after the grant, but to less.", "earned rolling 0", "0:M 10:S", "9:G>10S 10:S@10", "G5..9"),
    Case("Two grants: the better shows, the longer remains.",
         "earned rolling 0", "0:M", "5:S 8:G>11S 11:S@11>21M 21:M", "S5..20 G8..10"),
    Case("A grant of one day.", "earned rolling 0", "0:M", "4:M 5:G@5>6M 6:M@6", "G5..5"),
    Case("A grant that begins tomorrow saves from the fall of tomorrow.",
         "earned rolling 0", "0:G 10:M", "9:G>21M 10:G@0", "G10..20"),
    # -- other rules from a day on
    Case("Never before, rolling now: the shortfall begins on the new rules' first day.", "earned rolling 5", "0:G 10:M",
         "20:G>26M 25:G 26:M", before=("never rolling 0", "0:G 10:M", "20")),
    Case("What the old rules granted stays until its review.", "earned anniversary 0", "0:M", "20:G 364:G>365M 365:M",
         before=("earned rolling 0", "0:G", "20")),
    Case("After three years under rolling rules: until the end of the year that runs.", "earned anniversary 0", "0:M",
         "1001:G>1095M 1095:M", before=("earned rolling 0", "0:G", "1000")),
    Case("A stricter rule of the same kind: the shortfall that runs goes on, by the new grace.",
         "earned rolling 5", "0:G 10:M",
         "12:G>15M 15:M", before=("earned rolling 30", "0:G 10:M", "12")),
    Case("Where the new grace is over already, on the new rules' first day.",
         "earned rolling 5", "0:G 10:M", "20:G 21:M@21",
         before=("earned rolling 30", "0:G 10:M", "20")),
    Case("The new rules give more: from their first day, not from the past.", "earned rolling 0", "0:G", "20:S 21:G@21",
         before=("earned rolling 0", "0:S", "20")),
    Case("A longer ladder: who had the floor holds that tier, as if reached on the last old day.",
         "earned anniversary 0", "0:M",
         "20:S 384:S>385M 385:M", before=("never rolling 0", "", "20"), ladder="SM"),
)  # fmt: skip


def day(text: str) -> int:
    return date.fromisoformat(text).toordinal() if "-" in text else FIRST + int(text)


def facts(text: str, ladder: str) -> list[tuple[int, int]]:
    parts = [entry.rpartition(":") for entry in text.split()]
    return [(day(on), ladder.index(tier)) for on, _, tier in parts]


def policy(text: str) -> Policy:
    downgrade, review, grace = text.split()
    return Policy(downgrade, review, int(grace))  # type: ignore[arg-type]


def granted(text: str, ladder: str) -> list[Grant]:
    return [Grant(ladder.index(g[0]), *(day(d) for d in g[1:].split(".."))) for g in text.split()]


def started(case: Case, grants: list[Grant]) -> Held | None:
    if case.before is None:
        return None
    text, earned, last = case.before
    ladder = case.ladder[:1] if not earned else case.ladder
    return follow(facts(earned, ladder), policy(text), grants, None, day(last), len(ladder) - 1).held


def said(found: Standing, like: str, on: int, ladder: str) -> str:
    """What was found, with as much said as the expectation says."""
    tell = like.split(":")[0] + ":" + ladder[found.rank]
    dated = "-" in like.split(":")[0]

    def told(at: int) -> str:
        return date.fromordinal(at).isoformat() if dated else str(at - FIRST)

    if "@" in like:
        tell += f"@{told(found.since)}"
    if ">" in like:
        tell += f">{'-' if found.falls_on is None or found.falls_to is None else told(found.falls_on) + ladder[found.falls_to]}"
    return tell


@pytest.mark.parametrize("case", CASES, ids=[case.why.split(":")[0].rstrip(".") for case in CASES])
def test_case(case: Case) -> None:
    grants = granted(case.grants, case.ladder)
    earned, start = facts(case.facts, case.ladder), started(case, grants)
    for like in case.expect.split():
        on = day(like.split(":")[0])
        found = follow(earned, policy(case.policy), grants, start, on, len(case.ladder) - 1)
        assert said(found, like, on, case.ladder) == like


def test_each_step_says_why() -> None:
    def whys(text: str, earned: str, grants: str = "") -> list[tuple[int, str, str]]:
        found = follow(facts(earned, "GSM"), policy(text), granted(grants, "GSM"), None, FIRST + 999, 2)
        return [(step.day - FIRST, "GSM"[step.rank], step.why) for step in found.steps]

    assert whys("earned rolling 0", "0:G 9:M") == [(0, "G", "earned"), (9, "M", "fell short")]
    assert whys("earned rolling 3", "0:G 9:M") == [(0, "G", "earned"), (12, "M", "grace over")]
    assert whys("earned anniversary 0", "0:G 9:M") == [(0, "G", "earned"), (365, "M", "review")]
    assert whys("earned anniversary 3", "0:G 9:M") == [(0, "G", "earned"), (368, "M", "grace over")]
    assert whys("earned rolling 0", "0:S", "G5..9") == [
        (0, "S", "earned"),
        (5, "G", "granted"),
        (10, "S", "grant ended"),
    ]
    under = [(0, "G", "earned"), (9, "S", "fell short"), (21, "M", "grant ended")]
    assert whys("earned rolling 0", "0:G 9:M", "S5..20") == under
    assert whys("earned rolling 0", "0:S 5:G 10:M", "G5..9") == [
        (0, "S", "earned"),
        (5, "G", "earned"),
        (10, "M", "fell short"),
    ]
    assert whys("earned rolling 0", "0:S 10:M", "G5..9")[-1] == (10, "M", "grant ended")
    assert whys("earned rolling 0", "0:M 10:S", "G5..9")[-1] == (10, "S", "grant ended")
    assert whys("earned rolling 5", "0:G 10:M 15:S") == [(0, "G", "earned"), (15, "S", "grace over")]


def test_a_review_is_told_ahead_and_after() -> None:
    born = date(2024, 2, 29).toordinal()
    found = [
        follow([(born, 0)], policy("earned anniversary 30"), (), None, date.fromisoformat(on).toordinal(), 2)
        for on in ("2024-02-29", "2025-02-27", "2025-02-28", "2027-12-31", "2028-02-29")
    ]
    told = [(date.fromordinal(f.confirmed).isoformat(), date.fromordinal(f.review_on or 1).isoformat()) for f in found]
    assert told == [
        ("2024-02-29", "2025-02-28"), ("2024-02-29", "2025-02-28"), ("2025-02-28", "2026-02-28"),
        ("2027-02-28", "2028-02-29"), ("2028-02-29", "2029-02-28"),
    ]  # fmt: skip
    assert [f.next_day for f in found] == [f.review_on for f in found]


def test_new_rules_count_on_a_day_that_the_old_ones_decided_when_the_checkpoint_is_dated_back() -> None:
    """What the old rules gave on the very day is kept, and the new rules' shortfall begins on it."""
    held = replace(follow([(FIRST, 0)], Policy(), (), None, FIRST, 2).held, day=FIRST - 1)
    found = follow([(FIRST - 9, 1)], policy("earned rolling 5"), (), held, FIRST, 2)
    assert (found.rank, found.since, found.short_since, found.falls_on) == (0, FIRST, FIRST, FIRST + 5)
    assert follow([(FIRST, 2)], policy("earned rolling 0"), (), held, FIRST, 2).falls_on == FIRST + 1
    yearly = follow([(FIRST, 2)], policy("earned anniversary 0"), (), held, FIRST, 2)
    assert yearly.falls_on == FIRST + 365 == yearly.review_on


def test_a_day_before_the_checkpoint_cannot_be_told() -> None:
    held = follow([(FIRST, 0)], Policy(), (), None, FIRST + 9, 1).held
    with pytest.raises(ValueError, match="later day"):
        follow([(FIRST, 0)], Policy(), (), held, FIRST + 8, 1)


def test_twenty_years_cost_events_not_days() -> None:
    """A rough count of work: the number of steps of a long quiet history is that of its changes."""
    found = follow([(FIRST, 0)], policy("earned anniversary 30"), (), None, FIRST + 366 * 20, 2)
    assert (len(found.steps), found.since) == (1, FIRST)
    assert date.fromordinal(found.confirmed) == date(2045, 1, 1)


# -- the referee


@dataclass
class Naive:
    """The same promises, kept by somebody who looks every day and can only count."""

    policy: Policy
    floor: int
    rank: int = -1
    since: int = BEGINNING
    confirmed: int = BEGINNING
    short_since: int | None = None
    grace_from: int | None = None
    looked: int | None = None

    def __post_init__(self) -> None:
        self.rank = self.floor

    def state(self) -> tuple[int, int, int, int | None]:
        return self.rank, self.since, self.confirmed, self.short_since

    def reach(self, day: int, rank: int) -> None:
        self.rank, self.since, self.confirmed = rank, day, day
        self.short_since = self.grace_from = self.looked = None

    def a_day(self, day: int, earned: int) -> None:
        if earned < self.rank:
            return self.reach(day, earned)
        review = self.anniversary(day)
        if earned == self.rank:
            self.confirmed = day if review else self.looked or self.confirmed
            self.short_since = self.grace_from = self.looked = None
            return None
        self.short_since = self.short_since or day
        if review:
            self.looked, self.grace_from = day, self.grace_from or day
        if self.over(day):
            self.reach(day, self.rank + 1 if self.policy.downgrade == "one_step" else earned)
            self.short_since = day if earned > self.rank else None
        return None

    def anniversary(self, day: int) -> bool:
        if self.policy.review == "rolling" or self.policy.downgrade == "never" or self.rank == self.floor:
            return False
        start, now = date.fromordinal(self.since), date.fromordinal(day)
        same = (start.month, start.day) == (now.month, now.day)
        tomorrow = now + timedelta(days=1)
        instead = (start.month, start.day) == (2, 29) and now.month == 2 and (tomorrow.month, tomorrow.day) == (3, 1)
        return day > self.since and (same or instead)

    def over(self, day: int) -> bool:
        if self.policy.downgrade == "never" or day == self.since:
            return False
        first = self.short_since if self.policy.review == "rolling" else self.grace_from
        return first is not None and day - first >= self.policy.grace_days


def shown(rank: int, grants: list[Grant], on: int) -> int:
    for grant in grants:
        if grant.from_day <= on <= grant.until_day:
            rank = min(rank, grant.rank)
    return rank


START = date(2023, 12, 20).toordinal()  # two leap days within the years looked at
SPAN = 1600

policies = st.builds(
    Policy,
    st.sampled_from(["earned", "one_step", "never"]),
    st.sampled_from(["rolling", "anniversary"]),
    st.sampled_from([0, 1, 2, 5, 30, 364, 365, 366, 400]),
)
gaps = st.one_of(st.sampled_from([1, 2, 5, 30, 364, 365, 366]), st.integers(1, 9), st.integers(1, 500))
"""Often just as long as a grace or a year, so that days meet."""


@st.composite
def histories(draw: st.DrawFn, top: int = 3) -> list[tuple[int, int]]:
    """Dated facts; some begin on 29 February, gaps are often a day or about a year."""
    at = START + draw(st.sampled_from([0, 1, 71, 72]))  # 71 days on it is 29 February 2024
    found = []
    for rank, gap in draw(st.lists(st.tuples(st.integers(0, top), gaps), max_size=12)):
        found.append((at, rank))
        at += gap
    return found


@st.composite
def grantings(draw: st.DrawFn, top: int = 3) -> list[Grant]:
    found = draw(st.lists(st.tuples(st.integers(0, top), st.integers(0, SPAN), gaps), max_size=3))
    return [Grant(rank, START + day, START + day + gap - 1) for rank, day, gap in found]


def played(naive: Naive, earned: Earned, days: range) -> dict[int, tuple[int, int, int, int | None]]:
    """The naive state at the end of each day."""
    found, known, rank = {}, dict(earned), naive.floor
    for on in days:
        rank = known.get(on, rank)
        naive.a_day(on, rank)
        found[on] = naive.state()
    return found


@settings(max_examples=250, deadline=None)
@given(histories(), policies, grantings())
@example([(START, 0), (START + 10, 3), (START + 15, 0)], Policy("earned", "rolling", 5), [])
@example([(START, 0), (START + 10, 3), (START + 15, 2)], Policy("one_step", "rolling", 5), [])
@example([(START + 71, 0), (START + 90, 3)], Policy("one_step", "anniversary", 400), [])
@example([(START + 71, 0), (START + 72, 3), (START + 860, 0)], Policy("earned", "anniversary", 500), [])
def test_the_simulator_of_every_day_agrees(earned: list[tuple[int, int]], how: Policy, grants: list[Grant]) -> None:
    truth = played(Naive(how, 3), earned, range(START - 1, START + SPAN))
    found = follow(earned, how, grants, None, START + SPAN - 1, 3)
    steps = {step.day: step.rank for step in found.steps}
    rank, since = 3, BEGINNING
    for on, state in truth.items():
        if shown(state[0], grants, on) != rank:
            rank, since = shown(state[0], grants, on), on
            assert steps.pop(on) == rank
        if truth.get(on - 1) != state or truth.get(on + 1) != state or on % 97 == 0:
            one = follow(earned, how, grants, None, on, 3)
            assert (one.held.rank, one.held.since, one.confirmed, one.short_since) == state
            assert (one.rank, one.since) == (rank, since)
    assert steps == {}


@settings(max_examples=250, deadline=None)
@given(histories(), policies, grantings(), st.integers(0, 1200))
def test_what_is_told_ahead_is_what_comes(
    earned: list[tuple[int, int]], how: Policy, grants: list[Grant], after: int
) -> None:
    as_of = START + after
    now = [entry for entry in earned if entry[0] <= as_of]  # nothing else is known: it stays as it is
    found = follow(now, how, grants, None, as_of, 3)
    truth = played(Naive(how, 3), now, range(START - 1, as_of + 1300))
    looks = {on: (shown(state[0], grants, on), *state) for on, state in truth.items()}
    worse = next((on for on in range(as_of + 1, as_of + 1300) if looks[on][0] > found.rank), None)
    assert found.falls_on == worse
    assert found.falls_to == (None if worse is None else looks[worse][0])
    quiet = range(as_of + 1, as_of + 1300 if found.next_day is None else min(found.next_day, as_of + 1300))
    told = (found.review_on, found.falls_on, found.falls_to)
    for on in quiet:
        assert looks[on] == looks[as_of]
        if on < as_of + 3 or on % 101 == 0 or on == quiet[-1]:
            then = follow(now, how, grants, None, on, 3)
            assert (then.review_on, then.falls_on, then.falls_to) == told


@settings(max_examples=400, deadline=None)
@given(histories(), policies, grantings(), st.lists(st.integers(0, SPAN), max_size=6))
def test_to_follow_in_pieces_is_to_follow_at_one_go(
    earned: list[tuple[int, int]], how: Policy, grants: list[Grant], cuts: list[int]
) -> None:
    held: Held | None = None
    steps: list[Step] = []
    for cut in [*sorted(cuts), SPAN]:
        part = follow(earned, how, grants, held, START + cut, 3)
        held, steps = part.held, [*steps, *part.steps]
        whole = follow(earned, how, grants, None, START + cut, 3)
        assert replace(part, steps=tuple(steps)) == whole


@settings(max_examples=200, deadline=None)
@given(histories(), policies, grantings(), st.integers(0, SPAN))
def test_what_comes_later_changes_nothing_that_was(
    earned: list[tuple[int, int]], how: Policy, grants: list[Grant], after: int
) -> None:
    as_of = START + after
    whole, known = (
        follow(entries, how, grants, None, as_of, 3)
        for entries in (earned, [entry for entry in earned if entry[0] <= as_of])
    )
    assert (whole.held, whole.steps, whole.rank, whole.since) == (known.held, known.steps, known.rank, known.since)


@settings(max_examples=200, deadline=None)
@given(histories(), policies, grantings(), st.integers(0, SPAN))
def test_never_below_a_grant_nor_below_what_is_earned_and_a_rise_is_on_its_day(
    earned: list[tuple[int, int]], how: Policy, grants: list[Grant], after: int
) -> None:
    as_of = START + after
    found = follow(earned, how, grants, None, as_of, 3)
    facts_alone = next((rank for on, rank in reversed(earned) if on <= as_of), 3)
    assert found.rank <= shown(facts_alone, grants, as_of)
    days = {on for on, _ in earned}
    assert all(step.day in days for step in found.steps if step.why == "earned")
    if how.downgrade == "never":
        assert found.held.rank == min([3, *(rank for on, rank in earned if on <= as_of)])


@settings(max_examples=300, deadline=None)
@given(histories(), histories(), policies, policies, grantings(), st.integers(0, 900), st.integers(0, 3))
def test_other_rules_take_nothing_away_on_the_last_old_day_and_pieces_make_no_difference(
    old: list[tuple[int, int]],
    new: list[tuple[int, int]],
    before: Policy,
    after: Policy,
    grants: list[Grant],
    cut: int,
    floor: int,
) -> None:
    assume(all(rank <= floor for _, rank in new))
    grants = [grant for grant in grants if grant.rank <= floor]
    last = follow(old, before, grants, None, START + cut, 3)
    seam = follow(new, after, grants, last.held, START + cut, floor)
    assert (seam.rank, seam.steps) == (min(last.rank, floor), ())
    assert seam.short_since is None or seam.held.rank < floor
    middle = follow(new, after, grants, last.held, START + cut + 40, floor)
    part = follow(new, after, grants, middle.held, START + SPAN, floor)
    whole = follow(new, after, grants, last.held, START + SPAN, floor)
    assert replace(part, steps=middle.steps + part.steps) == whole
    if before.clock != after.clock == "rolling" and whole.steps and last.held.rank <= floor:
        falls = [step for step in whole.steps if step.why in ("grace over", "fell short")]
        assert all(step.day >= START + cut + 1 + after.grace_days for step in falls)
