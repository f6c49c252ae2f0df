"""The shape of `kehub.yaml`: every key, its type, its default and its meaning. Makes the check and the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PositiveFloat,
    PositiveInt,
    Tag,
)

from hub.model import Brand, StaffMember, StorePlace
from hub.settings.fields import SiteFields
from hub.settings.rule_shape import Rules, Shape

CONNECTION_NAME = r"^[a-z][a-z0-9_]*$"
BUILT_IN = "staff"
"""The connection of staff corrections: always there, never written in the configuration."""


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


Folders = Annotated[Annotated[str, Tag("file")] | Annotated[tuple[str, ...], Tag("list")], Discriminator(_written)]


def _location(text: str) -> str:
    if "://" in text and not text.startswith(("postgresql://", "postgres://")):
        raise ValueError("neither a file nor a postgresql:// address")
    return text


class KehubFile(Shape):
    """All of `kehub.yaml`. Paths are relative to its folder.

    `key_file` holds the master key (mode 0600) where the variable KEHUB_KEY does not. `stores` and `staff` are lists
    or CSV files. `survivorship` names for a field the connections whose word counts before the most recent one.
    `plugins` is a folder, or several, with connectors and facts of one's own that are not installed.
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
    plugins: Folders = ()
    rules: Rules = Rules()
    connections: dict[Annotated[str, Field(pattern=CONNECTION_NAME)], Any] = Field(default_factory=dict)
