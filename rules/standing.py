"""Tiers with a memory: what a customer holds in a programme, from the dated facts of what was earned and nothing else.

Ranks count from the best tier, 0, to the floor. Days are proleptic ordinals of the brand's calendar. Money, orders and
rules are left behind here: somebody says which rank the facts alone earn from which day on, and `follow` says what is held.

**Rising.** A better tier is held from the day on which it is earned.

**Falling short.** On the first day on which the facts earn less than what is held, a shortfall begins. It is measured
against the tier held: to earn something in between does not end it, it only limits how far one falls. It is forgotten on
the day on which the facts earn the held tier again, on the last day too: what is earned on a day counts before anything is
taken away on that day. How far one falls is the policy's `downgrade`: to what is earned on that day, or one step, or not
at all. Still short after one step, a new shortfall begins on that day; nothing is taken away on the day on which it
began to be held, so without a grace it is one step a day.

**When it is taken away** is the policy's `review` and `grace_days`. *rolling*: when a shortfall has lasted `grace_days` full
days, that is on its first day + `grace_days`; with a grace of 0 on its first day. *anniversary*: a tier is held for a year from
the day on which it was reached, by rising or by falling, and is looked at on each anniversary. Who earns it that day is confirmed
for another year. Who does not is given the grace from that day: it is taken away on the anniversary + `grace_days`, or
confirmed as of the anniversary when it is earned again before. Anniversaries are counted from the first day, so 29 February
gives 28 February in common years and 29 February in leap years. The floor, and tiers that are never taken away, are not reviewed.

**Grants.** What staff grant is laid over all this: a customer shows the better of what is held and of the grants in force.
A grant starts no shortfall and stops none; on the day after its last, what is held shows again, be it held or long fallen.

**Another rule set** follows on from a checkpoint, `Held`, of the last day of the one before: what was held stays held.
The facts as the new rules see them count from the next day on. A shortfall that runs goes on, by the new policy's grace;
but another kind of review begins with a clean sheet: a shortfall begins on the new rules' first day at the earliest, and
the year that runs is left to its end.

The answer depends on the facts, not on when one asked: to follow from a checkpoint of any day between is to follow at
one go. Nothing is remembered that the facts do not say: a refund that undoes the earning of a tier undoes the tier.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import Literal, NamedTuple

Downgrade = Literal["earned", "one_step", "never"]
Review = Literal["rolling", "anniversary"]
Clock = Literal["rolling", "anniversary", "never"]
Why = Literal["earned", "fell short", "grace over", "review", "granted", "grant ended"]
"""Why what a customer shows changed: a tier was earned; it was lowered at once, after the grace, at the anniversary
itself; a grant began to show; a grant that showed ended."""

BEGINNING = 0
"""The day since which the floor is held by whom nothing ever happened."""

Earned = Sequence[tuple[int, int]]
"""(day, rank that the facts alone earn from that day on), days rising; before the first the floor is earned."""


@dataclass(frozen=True)
class Policy:
    """How a programme takes tiers away. `grace_days` are full days, 0 or more."""

    downgrade: Downgrade = "earned"
    review: Review = "rolling"
    grace_days: int = 0

    @property
    def clock(self) -> Clock:
        """What decides when a tier is taken away."""
        return "never" if self.downgrade == "never" else self.review


class Grant(NamedTuple):
    """Staff granted at least this rank from a day to a day, both included."""

    rank: int
    from_day: int
    until_day: int


@dataclass(frozen=True)
class Held:
    """What is held at the end of a day, grants left out: all that the days after depend on.

    `since` is the day on which the rank was reached, `confirmed` the last anniversary on which it was confirmed, else `since`;
    `short_since` the first day of the shortfall that runs. `shown_since` is the day since which the customer shows what
    it shows, grants included; `clock` the kind of review that led here. Where new rules are to count on a day which the old
    ones decided already, what the old ones gave on that day is kept by dating their checkpoint a day back.
    """

    day: int
    rank: int
    since: int
    confirmed: int
    short_since: int | None
    shown_since: int
    clock: Clock


class Step(NamedTuple):
    """From `day` on the customer shows `rank`."""

    day: int
    rank: int
    why: Why


@dataclass(frozen=True)
class Standing:
    """What a customer shows on a day, and what is ahead if nobody does anything.

    `rank` is shown since `since`, grants included. `confirmed`, `short_since` and `review_on` (the next anniversary, None
    where there is no review) are of what is held beneath the grants, see `Held`. `falls_on` is the first day on which a
    worse rank than today's will show, and `falls_to` that rank; `next_day` is the next day on which the calendar alone can
    change anything told here. `steps` are the changes of what shows, after the checkpoint's day. `held` is the checkpoint
    of this day.
    """

    rank: int
    since: int
    confirmed: int
    short_since: int | None
    review_on: int | None
    falls_on: int | None
    falls_to: int | None
    next_day: int | None
    steps: tuple[Step, ...]
    held: Held


def follow(
    earned: Earned, policy: Policy, grants: Sequence[Grant], start: Held | None, as_of: int, floor: int
) -> Standing:
    """What a customer holds at the end of `as_of`, followed from `start`, or from the beginning where that is None.

    `floor` is the rank of the last tier, 0 for a programme of one. Of `earned`, days up to `as_of` decide. Later ones, where
    they are known (an order will leave its window), and the last rank otherwise, are what is meant by "if nobody does anything".
    ValueError for an `as_of` before the checkpoint.
    """
    machine = _Machine(policy, floor)
    first = machine.begin(start)
    if as_of < first.day:
        raise ValueError("a checkpoint of a later day says nothing about a day before it")
    turns = machine.turns(first, earned)
    steps = _laid_over(first, turns, grants)
    past = tuple(step for step in steps if step.day <= as_of)
    last = next((turn.held for turn in reversed(turns) if turn.held.day <= as_of), first)
    shown_since = past[-1].day if past else first.shown_since
    held = replace(last, day=as_of, confirmed=machine.confirmed(last, as_of), shown_since=shown_since)
    rank = _shown(held.rank, grants, as_of)
    fall = next((step for step in steps if step.day > as_of and step.rank > rank), None)
    review_on = _anniversary_after(held.since, as_of) if machine.reviews(held) else None
    known = [day for day, _ in earned] + [turn.held.day for turn in turns] + _edges(grants)
    ahead = [day for day in (*known, review_on or BEGINNING) if day > as_of]
    return Standing(
        rank, shown_since, held.confirmed, held.short_since, review_on, fall.day if fall else None,
        fall.rank if fall else None, min(ahead, default=None), past, held,
    )  # fmt: skip


class _Turn(NamedTuple):
    """What is held from `held.day` on, and why where the rank is another one than before."""

    held: Held
    why: Why | None


@dataclass(frozen=True)
class _Machine:
    """One programme's way of giving and taking tiers. Grants are no business of its."""

    policy: Policy
    floor: int

    def begin(self, start: Held | None) -> Held:
        """The checkpoint in this programme's terms: its ranks, its kind of review."""
        if start is None:
            return Held(BEGINNING, self.floor, BEGINNING, BEGINNING, None, BEGINNING, self.policy.clock)
        held = replace(start, rank=min(start.rank, self.floor), clock=self.policy.clock)
        if held.rank < self.floor and held.since == BEGINNING:  # it was the floor of a shorter ladder
            held = replace(held, since=held.day, confirmed=held.day)
        if start.clock != held.clock:
            held = replace(held, short_since=None)
        return replace(held, short_since=None) if held.rank == self.floor else held

    def turns(self, held: Held, earned: Earned) -> list[_Turn]:
        """All days after `held.day` on which what is held changes, in order, as far as `earned` tells."""
        turns: list[_Turn] = []
        for (day, rank), (until, _) in pairwise([*self._looked_at(earned, held.day), (None, 0)]):
            assert day is not None
            found = self._taken(held, day, rank)
            if found != replace(held, day=day):
                turns.append(_Turn(found, "earned" if found.rank < held.rank else None))
            held = found
            while (due := self._due(held, day)) is not None and (until is None or due < until):
                held = self._lowered(held, due, rank)
                turns.append(_Turn(held, self._why()))
        return turns

    def _looked_at(self, earned: Earned, after: int) -> list[tuple[int | None, int]]:
        """Days on which to look at the facts: the first after the checkpoint, and where they change."""
        at = bisect_right(earned, after + 1, key=lambda entry: entry[0])
        return [(after + 1, earned[at - 1][1] if at else self.floor), *earned[at:]]

    def _taken(self, held: Held, day: int, earned: int) -> Held:
        """Look at the facts of a day: rise, or be short, or not be short any more."""
        if earned < held.rank:
            return replace(held, day=day, rank=earned, since=day, confirmed=day, short_since=None)
        if earned == held.rank:
            return replace(held, day=day, short_since=None)
        if held.short_since is None:
            return replace(held, day=day, confirmed=self.confirmed(held, day - 1), short_since=day)
        return replace(held, day=day)

    def confirmed(self, held: Held, by: int) -> int:
        """The last anniversary up to a day on which the tier was confirmed; while short, none is."""
        if held.short_since is not None or not self.reviews(held):
            return held.confirmed
        return max(held.confirmed, _anniversary_by(held.since, by))

    def reviews(self, held: Held) -> bool:
        """Whether what is held is looked at on its anniversaries."""
        return self.policy.clock == "anniversary" and held.rank < self.floor

    def _due(self, held: Held, today: int) -> int | None:
        """The day on which what is held is lowered if nothing else is earned before; overdue is today."""
        if held.short_since is None or self.policy.clock == "never":
            return None
        from_day = held.short_since
        if self.policy.clock == "anniversary":
            from_day = _anniversary_after(held.since, held.confirmed)
        return max(from_day + self.policy.grace_days, held.since + 1, today)

    def _lowered(self, held: Held, day: int, earned: int) -> Held:
        rank = held.rank + 1 if self.policy.downgrade == "one_step" else earned
        still = day if earned > rank else None
        return replace(held, day=day, rank=rank, since=day, confirmed=day, short_since=still)

    def _why(self) -> Why:
        if self.policy.grace_days:
            return "grace over"
        return "review" if self.policy.clock == "anniversary" else "fell short"


def _laid_over(first: Held, turns: Sequence[_Turn], grants: Sequence[Grant]) -> list[Step]:
    """The changes of what shows: what is held with the grants over it."""
    moved = {turn.held.day: turn for turn in turns if turn.why}
    below, shown = first.rank, _shown(first.rank, grants, first.day)
    steps: list[Step] = []
    for day in sorted({*moved, *_edges(grants)}):
        if day <= first.day:
            continue
        turn = moved.get(day)
        held = turn.held.rank if turn else below
        now = _shown(held, grants, day)
        if now != shown:
            steps.append(Step(day, now, _reason(turn, now < shown, below > shown, now)))
        below, shown = held, now
    return steps


def _reason(turn: _Turn | None, better: bool, granted_before: bool, now: int) -> Why:
    if better:
        return "earned" if turn and turn.held.rank == now else "granted"
    if granted_before or turn is None or turn.why is None:
        return "grant ended"
    return turn.why


def _shown(held: int, grants: Sequence[Grant], day: int) -> int:
    return min([held, *(grant.rank for grant in grants if grant.from_day <= day <= grant.until_day)])


def _edges(grants: Sequence[Grant]) -> list[int]:
    """Days on which a grant begins, or has ended the day before."""
    return [day for grant in grants for day in (grant.from_day, grant.until_day + 1)]


def _in_year(origin: int, year: int) -> int:
    """The anniversary of a day in a year: 28 February for a 29th where there is none."""
    day = date.fromordinal(origin)
    leap = (day.month, day.day) == (2, 29)
    return (date(year, 3, 1).toordinal() - 1) if leap else day.replace(year=year).toordinal()


def _anniversary_after(origin: int, day: int) -> int:
    """The first anniversary of `origin` after a day not before it."""
    year = date.fromordinal(day).year
    this = _in_year(origin, year)
    return this if this > day else _in_year(origin, year + 1)


def _anniversary_by(origin: int, day: int) -> int:
    """The last anniversary of `origin` up to a day, else `origin` itself."""
    year = date.fromordinal(day).year
    this = _in_year(origin, year)
    return max(origin, this if this <= day else _in_year(origin, year - 1))
