"""The shape of `rules:` in `kehub.yaml`: what counts as bought, facts, tiers, lifecycle, segments.

Predicates are texts here. What they mean, and whether they can be, is judged in `hub/settings/rules.py`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    NonNegativeInt,
    PositiveInt,
    Tag,
    model_validator,
)

from hub.model import Currency, OrderStatus, Short

Name = Annotated[str, Field(pattern=r"^\w[\w -]*$", max_length=60)]
"""Of a programme or a segment: letters (also Chinese), digits, blanks, `_` and `-`. A pattern that itself counted letters of all
scripts would take pydantic 25 ms to make ready, in every run."""

FACT_NAME = r"^[a-z][a-z0-9_]{0,40}$"


class Shape(BaseModel):
    """Base of the sections: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Rate(Shape):
    """What one unit of a currency is worth in the brand's currency, from a day on until the next rate."""

    currency: Currency
    since: Annotated[date, Field(alias="from")]
    rate: Annotated[Decimal, Field(gt=0, max_digits=18, decimal_places=8)]


class OwnFact(Shape):
    """A fact of the brand's own: orders within the window for which `where` is true, counted or summed up; or what a
    plugin makes.

    `count: orders`, or `sum`, `min` or `max` of an expression over an order's fields. `plugin: NAME` names the plugin that
    makes a fact of this name.
    """

    plugin: str | None = None
    count: Literal["orders"] | None = None
    sum: str | None = None
    min: str | None = None
    max: str | None = None
    where: str | None = None
    window: Annotated[str, Field(pattern=r"^([1-9][0-9]{0,3}d|ytd|last_year|life)$")] = "life"
    means: Short = ""
    zh: Short = ""

    @property
    def how(self) -> Literal["count", "sum", "min", "max"]:
        """Which of the four is written, where it is no plugin's."""
        return "count" if self.count else "sum" if self.sum else "min" if self.min else "max"

    @model_validator(mode="after")
    def _one(self) -> OwnFact:
        if sum(part is not None for part in (self.plugin, self.count, self.sum, self.min, self.max)) != 1:
            raise ValueError("one of `count: orders`, `sum:`, `min:`, `max:` or `plugin:` is wanted")
        if self.plugin is not None and (self.where is not None or self.window != "life"):
            raise ValueError("what a plugin makes has no `where` and no `window`")
        return self


class TierRow(Shape):
    """One tier and what earns it: a predicate, or thresholds that must all be reached (in the brand's currency)."""

    tier: Short
    when: str | None = None
    spend_365d: Annotated[Decimal, Field(ge=0)] | None = None
    orders_365d: NonNegativeInt | None = None

    @property
    def is_floor(self) -> bool:
        """Whether everybody reaches it."""
        return self.when is None and self.spend_365d is None and self.orders_365d is None


def _covers(higher: TierRow, lower: TierRow) -> bool:
    """Whether whoever reaches `lower` has reached `higher` already, as far as thresholds tell."""
    if higher.when is not None or lower.when is not None:
        return higher.is_floor or (higher.when == lower.when and _thresholds_cover(higher, lower))
    return _thresholds_cover(higher, lower)


def _thresholds_cover(higher: TierRow, lower: TierRow) -> bool:
    pairs = ((higher.spend_365d, lower.spend_365d), (higher.orders_365d, lower.orders_365d))
    return all(above is None or (below is not None and below >= above) for above, below in pairs)


def _ladder(rows: tuple[TierRow, ...]) -> tuple[TierRow, ...]:
    if not rows or not rows[-1].is_floor:
        raise ValueError("the last tier must be the floor: one without a threshold, such as `- {tier: member}`")
    names = [row.tier for row in rows]
    for index, row in enumerate(rows):
        if row.tier in names[:index]:
            raise ValueError(f'the tier "{row.tier}" is written twice')
        over = next((higher.tier for higher in rows[:index] if _covers(higher, row)), None)
        if over is not None:
            raise ValueError(f'nobody can be "{row.tier}": who reaches it is "{over}" already; write the highest first')
    return rows


Ladder = Annotated[tuple[TierRow, ...], AfterValidator(_ladder)]


class Tiers(Shape):
    """A tier programme: its ladder from the highest tier to the floor, and how a tier is lost.

    `downgrade`: to what the facts earn, one step at a time, or never. `review: anniversary` looks once a year, on the day
    the tier was reached, instead of every day. `grace_days` pass before a tier is lost.
    """

    ladder: Ladder
    downgrade: Literal["earned", "one_step", "never"] = "earned"
    review: Literal["rolling", "anniversary"] = "rolling"
    grace_days: NonNegativeInt = 0

    @property
    def remembers(self) -> bool:
        """Whether what a customer holds depends on what was held before."""
        return (self.downgrade, self.review, self.grace_days) != ("earned", "rolling", 0)


def _written(value: Any) -> str:
    return "mapping" if isinstance(value, dict | BaseModel) else "short"


def _programme(written: Ladder | Tiers) -> Tiers:
    return written if isinstance(written, Tiers) else Tiers(ladder=written)


if TYPE_CHECKING:
    Programme = Tiers
else:
    Programme = Annotated[
        Annotated[Ladder, Tag("short")] | Annotated[Tiers, Tag("mapping")],
        Discriminator(_written),
        AfterValidator(_programme),
    ]
"""A bare list is a ladder with everything else as usual."""


class StageRow(Shape):
    """One stage of a lifecycle of the brand's own, and the predicate that puts a customer there."""

    stage: Short
    when: str | None = None


class Lifecycle(Shape):
    """The lifecycle: one of three models with its thresholds, or `stages` of the brand's own, the first that fits.

    `retail`: prospect, first_time, repeat, loyal, at_risk, lost. `ladder`: suspect, prospect, customer, regular,
    supporter, advocate. `relationship`: awareness, exploration, interaction, deal, loyalty. The thresholds are days since
    the last order, and orders in all. `lowering` names the stages that take something away.
    """

    model: Literal["retail", "ladder", "relationship"] = "retail"
    at_risk_days: PositiveInt = 180
    lost_days: PositiveInt = 365
    repeat_orders: PositiveInt = 2
    loyal_orders: PositiveInt = 5
    stages: tuple[StageRow, ...] = ()
    lowering: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _ordered(self) -> Lifecycle:
        if self.at_risk_days >= self.lost_days:
            raise ValueError("at_risk_days must be less than lost_days")
        if self.repeat_orders >= self.loyal_orders:
            raise ValueError("repeat_orders must be less than loyal_orders")
        if self.stages and (self.stages[-1].when is not None or any(row.when is None for row in self.stages[:-1])):
            raise ValueError("the last stage, and no other, has no `when`: everybody else is in it")
        if unknown := set(self.lowering) - {row.stage for row in self.stages}:
            raise ValueError(f'`lowering` names "{min(unknown)}", which is none of the stages')
        return self


class Listed(Shape):
    """A list of customers in a CSV file; `column` says by what they are known there."""

    file: str
    column: str = "id"


class Segment(Shape):
    """A group of customers: a predicate, or a list from a file."""

    when: str | None = None
    list: Listed | None = None
    means: Short = ""

    @model_validator(mode="after")
    def _one(self) -> Segment:
        if (self.when is None) == (self.list is None):
            raise ValueError("either `when:` with a predicate or `list:` with a file is wanted")
        return self


def _segment(written: str | Segment) -> Segment:
    return written if isinstance(written, Segment) else Segment(when=written)


if TYPE_CHECKING:
    SegmentRule = Segment
else:
    SegmentRule = Annotated[
        Annotated[str, Tag("short")] | Annotated[Segment, Tag("mapping")],
        Discriminator(_written),
        AfterValidator(_segment),
    ]
"""A bare text is the predicate."""


class Rfm(Shape):
    """Recency, frequency and monetary scores by stored cut points, and the groups that follow from them."""

    window: Literal["365d", "life"] = "365d"
    refresh: Literal["weekly", "monthly", "quarterly", "never"] = "monthly"


class Rules(Shape):
    """The brand's own rules. `tiers`: a ladder, or more about it, for each programme; the first one is the main one."""

    bought: tuple[OrderStatus, ...] = ("paid", "shipped", "delivered", "done", "returned")
    rates: tuple[Rate, ...] = ()
    facts: dict[Annotated[str, Field(pattern=FACT_NAME)], OwnFact] = Field(default_factory=dict)
    tiers: dict[Name, Programme] = Field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()
    segments: dict[Name, SegmentRule] = Field(default_factory=dict)
    rfm: Rfm | None = None
