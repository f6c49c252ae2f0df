"""RFM: how lately, how often and for how much somebody bought, as three scores and one of eleven groups.

Each figure is scored 1 (worst) to 5 (best) by cut points: the values at the ranks ceil(k * n / 5) of the n customers who
bought within the window, so that about a fifth of them has each score. Equal figures have equal scores, however many
share them: scores are not dealt out by place, as NTILE would. Whoever bought only before the window has the score 1
throughout; whoever never bought has no group (`none`).

Cut points are kept and hold until the next scheduled day. They are computed from the orders up to that day, so that a
run some days later finds the same. Otherwise everybody's group could change each day although nobody did anything.

The groups, by the score of recency and the mean of the other two, are those commonly used in the trade (published by
Putler and in many vendors' manuals, for example docs.churned.io, "RFM-Model"). As published their ranges overlap and
leave no order of precedence; `CELLS` gives each of the 25 cells to one group within whose published range it lies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, NamedTuple

from hub.errors import SettingsError

Refresh = Literal["weekly", "monthly", "quarterly", "never"]
Window = Literal["365d", "life"]

NONE = "none"
"""The value of whoever never bought, and of everybody while there are no cut points."""

BEST = 5


class Group(NamedTuple):
    """A group: what it is called in the store and before people, in English and Chinese."""

    name: str
    label: str
    zh: str


GROUPS = (
    Group("champions", "champions", "冠军客户"),
    Group("loyal_customers", "loyal customers", "忠诚客户"),
    Group("potential_loyalists", "potential loyalists", "潜在忠诚客户"),
    Group("new_customers", "new customers", "新客户"),
    Group("promising", "promising", "有潜力客户"),
    Group("need_attention", "need attention", "需关注客户"),
    Group("about_to_sleep", "about to sleep", "即将沉睡客户"),
    Group("cannot_lose_them", "cannot lose them", "不可流失客户"),
    Group("at_risk", "at risk", "流失风险客户"),
    Group("hibernating", "hibernating", "沉睡客户"),
    Group("lost", "lost", "已流失客户"),
    Group(NONE, "never bought", "未购客户"),
)

_ROWS = """
    5: new_customers   potential_loyalists potential_loyalists champions        champions
    4: promising       potential_loyalists potential_loyalists champions        champions
    3: about_to_sleep  about_to_sleep      need_attention      loyal_customers  loyal_customers
    2: hibernating     hibernating         at_risk             at_risk          at_risk
    1: lost            lost                at_risk             cannot_lose_them cannot_lose_them
"""
"""A row for each score of recency, a column for each mean of frequency and monetary, from 1 to 5."""

CELLS: dict[tuple[int, int], str] = {
    (int(row.split(":")[0]), column): group
    for row in _ROWS.strip().splitlines()
    for column, group in enumerate(row.split(":")[1].split(), 1)
}
"""(score of recency, mean of the scores of frequency and monetary rounded half up) -> group."""


@dataclass(frozen=True)
class Rfm:
    """How a brand scores: in how many steps (2 to 5), over which window, and when cut points are computed anew."""

    steps: int = BEST
    window: Window = "365d"
    refresh: Refresh = "monthly"

    def __post_init__(self) -> None:
        if not 2 <= self.steps <= BEST:
            raise SettingsError(f"RFM has 2 to {BEST} steps", where="rules", remedy="leave `steps` out: 5 is usual")

    @property
    def days(self) -> int | None:
        """The window's length; None when it has no beginning."""
        return None if self.window == "life" else int(self.window.removesuffix("d"))

    def programme(self, name: str) -> str:
        """The name under which cut points are kept: those of other steps or of another window are not these."""
        return f"{name} {self.window} {self.steps}"


@dataclass(frozen=True)
class Cuts:
    """Cut points as computed for the day `day`: for each figure the highest value of each step but the last, rising."""

    rfm: Rfm
    day: int
    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    monetary: tuple[int, ...]

    def day_thresholds(self) -> list[int]:
        """Days since the last order on which the score of recency falls, for the calendar."""
        return sorted({value + 1 for value in self.recency})


class Scores(NamedTuple):
    """A customer's three scores and the group they make."""

    recency: int
    frequency: int
    monetary: int
    group: str


# -- when cut points are computed anew


def due_day(refresh: Refresh, last: int | None, as_of: int) -> int | None:
    """The latest scheduled day up to `as_of` when cut points are not of that day yet (`last` is theirs), else None.

    Scheduled are Mondays, or the first day of each month or quarter; with `never`, the day on which they are first asked for.
    """
    day = _scheduled(refresh, as_of)
    if day is None:
        return as_of if last is None else None
    return day if last is None or last < day else None


def _scheduled(refresh: Refresh, as_of: int) -> int | None:
    today = date.fromordinal(as_of)
    if refresh == "never":
        return None
    if refresh == "weekly":
        return as_of - today.weekday()
    month = today.month if refresh == "monthly" else (today.month - 1) // 3 * 3 + 1
    return today.replace(month=month, day=1).toordinal()


# -- scoring


def spread(step: int, steps: int) -> int:
    """The score of the step-th of so many steps: 1 to 5 whatever their number, rounded half up."""
    return 1 + (2 * (step - 1) * (BEST - 1) + steps - 1) // (2 * (steps - 1))


def score(value: int, points: Sequence[int], *, fewer: bool = False) -> int:
    """The score of one figure; `fewer` is better for recency."""
    steps = len(points) + 1
    step = next((number for number, point in enumerate(points, 1) if value <= point), steps)
    return spread(steps + 1 - step if fewer else step, steps)


def scores(cuts: Cuts, facts: Mapping[str, Any], as_of: int) -> Scores | None:
    """A customer's scores and group by its facts; None when it never bought. What `groups_sql` says, for `why`."""
    last = facts.get("last_order_on")
    if last is None:
        return None
    window = cuts.rfm.window
    recency = score(as_of - last, cuts.recency, fewer=True)
    frequency = score(facts[f"orders_{window}"], cuts.frequency)
    monetary = score(facts[f"spend_{window}"], cuts.monetary)
    return Scores(recency, frequency, monetary, CELLS[recency, (frequency + monetary + 1) // 2])


def groups_sql(cuts: Cuts | None, as_of: int, prefix: str = "r") -> tuple[str, dict[str, Any]]:
    """The group's name as an SQL expression over `facts f`, with parameters `r0`, `r1`, ...; without cuts all are `none`.

    The as-of day is a parameter, and no column of `f`: facts of whom nothing touched are of an earlier day.
    """
    sql = _Sql(prefix)
    if cuts is None:
        return sql.word(NONE), sql.params
    recency = sql.steps("f.last_order_on >=", [as_of - point for point in cuts.recency], fewer=True)
    frequency = sql.steps(f"f.orders_{cuts.rfm.window} <=", cuts.frequency)
    monetary = sql.steps(f"f.spend_{cuts.rfm.window} <=", cuts.monetary)
    whens = " ".join(f"WHEN {row * 10 + column} THEN {sql.word(group)}" for (row, column), group in CELLS.items())
    cell = f"CASE ({recency} * 10 + ({frequency} + {monetary} + 1) / 2) {whens} END"
    return f"CASE WHEN f.last_order_on IS NULL THEN {sql.word(NONE)} ELSE {cell} END", sql.params


class _Sql:
    """Gathers the parameters of one expression; a value that comes again is one parameter."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.params: dict[str, Any] = {}

    def value(self, value: int | str) -> str:
        """A parameter for a value."""
        known = next((name for name, held in self.params.items() if held == value), f"{self._prefix}{len(self.params)}")
        self.params[known] = value
        return f":{known}"

    def word(self, value: str) -> str:
        """A parameter for a text."""
        return f"CAST({self.value(value)} AS TEXT)"  # PostgreSQL cannot infer a bare parameter's type

    def steps(self, within: str, points: Sequence[int], *, fewer: bool = False) -> str:
        """The score of the first step that a figure is within."""
        count = len(points) + 1
        reached = [spread(count + 1 - step if fewer else step, count) for step in range(1, count + 1)]
        whens = " ".join(
            f"WHEN {within} {self.value(point)} THEN {reached[place]}" for place, point in enumerate(points)
        )
        return f"(CASE {whens} ELSE {reached[-1]} END)"
