"""The shape of `kehub.yaml`: every key, its type, its default and its meaning. Makes the check and the JSON Schema."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    Discriminator,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    Tag,
)

from hub.model import Brand, StaffMember, StorePlace
from hub.settings.fields import SiteFields
from hub.settings.rule_shape import Rules, Shape

CONNECTION_NAME = r"^[a-z][a-z0-9_]*$"
KEY_ID = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$"
BUILT_IN = "staff"
"""The connection of staff corrections: always there, never written in the configuration."""


EventKey = Annotated[SecretStr, Field(min_length=16)]
"""A secret that events are signed with: long enough not to be guessed."""


class Retention(Shape):
    """How many days the store keeps what is no longer needed for deciding; `heard_days`: for how long a repeated
    webhook is known to be one."""

    runs_days: PositiveInt = 400
    receipts_days: PositiveInt = 400
    quarantine_days: PositiveInt = 90
    heard_days: PositiveInt = 14


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


class Receiver(Shape):
    """Where `kehub listen` takes in webhooks and events, and what it puts up with.

    `public_url` is the address before `/hooks/...` as the systems know it, for those that sign it, where it is not the one
    that calls arrive under. `window_seconds`: how far a delivery's own time may be from ours (a connection's
    `hook_window_seconds` goes before it). `max_bytes` is the largest body, `max_rows` the most events in one. `backlog`:
    so many hints of a connection may wait for a run. A body must be there within `body_seconds`; an answer is given within
    `answer_seconds`, whatever the store does. `connections` may be open at once, and half as many deliveries wait for the
    store. `keys` are the secrets of those who send events, by the id that they sign with.
    """

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 8620
    public_url: Annotated[str, Field(pattern=r"^(https?://[^/?#\s]+(/[^?#\s]*)?)?$")] = ""
    window_seconds: PositiveInt = 300
    max_bytes: Annotated[int, Field(ge=1024, le=64_000_000)] = 1_048_576
    max_rows: Annotated[int, Field(ge=1, le=10_000)] = 1000
    backlog: PositiveInt = 100_000
    body_seconds: PositiveFloat = 10.0
    answer_seconds: PositiveFloat = 4.0
    connections: Annotated[int, Field(ge=4, le=10_000)] = 200
    keys: dict[Annotated[str, Field(pattern=KEY_ID)], EventKey] = Field(default_factory=dict)


class ConnectionShape(Shape):
    """What every connection has; the other keys are the connector's own.

    `apply: ask` waits for an approval of each plan. `create` lets the hub create customers there. `fields` is the
    site's field map. `hook_window_seconds`: how far a webhook's own time may be from ours, where it is not the receiver's
    `window_seconds`.
    """

    type: str
    apply: Literal["ask", "auto"] = "ask"
    paused: bool = False
    create: bool = False
    fields: SiteFields = ()
    hook_window_seconds: PositiveInt | None = None


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
    receiver: Receiver = Receiver()
    connections: dict[Annotated[str, Field(pattern=CONNECTION_NAME)], Any] = Field(default_factory=dict)
