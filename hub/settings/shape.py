"""The shape of `kehub.yaml`: every key, its type, its default and its meaning. Makes the check and the JSON Schema."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Tag,
    model_validator,
)

from hub.model import Brand, Short, StaffMember, StorePlace
from hub.settings.fields import SiteFields

CONNECTION_NAME = r"^[a-z][a-z0-9_]*$"
BUILT_IN = "staff"
"""The connection of staff corrections: always there, never written in the configuration."""


class Shape(BaseModel):
    """Base of the sections: frozen, and an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Retention(Shape):
    """How many days the store keeps what is no longer needed for deciding."""

    runs_days: PositiveInt = 400
    receipts_days: PositiveInt = 400
    quarantine_days: PositiveInt = 90


class Network(Shape):
    """How the systems are reached: a proxy's URL, a file with the company's CA certificates, the patience for one
    answer."""

    proxy: str | None = None
    ca_bundle: str | None = None
    timeout_seconds: PositiveFloat = 30.0


class IdentityLimits(Shape):
    """From when on a match is a question: records sharing one key, records in one customer.

    `names_across_systems: false` where a system's names are nicknames: then only two records of one system tell that
    a phone is several people's.
    """

    max_records_per_key: PositiveInt = 8
    max_cluster: PositiveInt = 50
    names_across_systems: bool = True


class Brakes(Shape):
    """Changes of one kind wait for a person when they touch more than `share` of a connection's customers and at least
    `from_rows` of them. A value that somebody there changes again and again is written back `write_backs` times; then
    a person is asked."""

    share: Annotated[float, Field(gt=0, le=1)] = 0.30
    from_rows: PositiveInt = 10
    write_backs: PositiveInt = 3


class TierRow(Shape):
    """One tier and what earns it; every threshold given must be reached. `spend_365d` is in the brand's currency."""

    tier: Short
    spend_365d: Annotated[Decimal, Field(ge=0)] | None = None
    orders_365d: NonNegativeInt | None = None

    @property
    def is_floor(self) -> bool:
        """Whether everybody reaches it."""
        return self.spend_365d is None and self.orders_365d is None


def _covers(higher: TierRow, lower: TierRow) -> bool:
    """Whether whoever reaches `lower` has reached `higher` already."""
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


class Lifecycle(Shape):
    """The stages' thresholds: days since the last order, and orders in all."""

    at_risk_days: PositiveInt = 180
    lost_days: PositiveInt = 365
    repeat_orders: PositiveInt = 2
    loyal_orders: PositiveInt = 5

    @model_validator(mode="after")
    def _ordered(self) -> Lifecycle:
        if self.at_risk_days >= self.lost_days:
            raise ValueError("at_risk_days must be less than lost_days")
        if self.repeat_orders >= self.loyal_orders:
            raise ValueError("repeat_orders must be less than loyal_orders")
        return self


class RuleSet(Shape):
    """The brand's own rules. `tiers`: a list for each programme, from the highest tier to the floor."""

    tiers: dict[str, Ladder] = Field(default_factory=dict)
    lifecycle: Lifecycle = Lifecycle()


class ConnectionShape(Shape):
    """What every connection has; the other keys are the connector's own.

    `apply: ask` waits for an approval of each plan. `create` lets the hub create customers there. `fields` is the
    site's field map.
    """

    type: str
    apply: Literal["ask", "auto"] = "ask"
    paused: bool = False
    create: bool = False
    fields: SiteFields = ()


def _written(value: object) -> str:
    return "file" if isinstance(value, str) else "list"


Stores = Annotated[
    Annotated[str, Tag("file")] | Annotated[tuple[StorePlace, ...], Tag("list")], Discriminator(_written)
]
Staff = Annotated[
    Annotated[str, Tag("file")] | Annotated[tuple[StaffMember, ...], Tag("list")], Discriminator(_written)
]


def _location(text: str) -> str:
    if "://" in text and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("neither a file nor a postgresql:// address")
    return text


class KehubFile(Shape):
    """All of `kehub.yaml`. Paths are relative to its folder.

    `key_file` holds the master key (mode 0600) where the variable KEHUB_KEY does not. `stores` and `staff` are lists
    or CSV files. `survivorship` names for a field the connections whose word counts before the most recent one.
    """

    brand: Brand
    store: Annotated[str, AfterValidator(_location)] = "kehub.db"
    key_file: str = "kehub.key"
    retention: Retention = Retention()
    network: Network = Network()
    identity: IdentityLimits = IdentityLimits()
    brakes: Brakes = Brakes()
    approval_hours: PositiveInt = 72
    hold_days: PositiveInt = 7
    stores: Stores = ()
    staff: Staff = ()
    survivorship: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    rules: RuleSet = RuleSet()
    connections: dict[Annotated[str, Field(pattern=CONNECTION_NAME)], Any] = Field(default_factory=dict)
