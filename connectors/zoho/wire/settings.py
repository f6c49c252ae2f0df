"""The settings of a Zoho connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr

from connectors.zoho.wire.centres import EDITIONS, HOSTS, DataCentre, Edition, Hosts
from hub.connector import ConnectorSettings

Trigger = Literal["workflow", "approval", "blueprint", "pathfinder", "orchestration"]
_ADDRESS = r"^(https?://[^/]+)?$"


class ZohoSettings(ConnectorSettings):
    """`data_centre` is the one the organisation lives in; `accounts_url` and `api_url` are for sandboxes and stand-ins.

    `refresh_token` may be left out: `kehub login` stores one. `edition` and `users` give the API credits of a day,
    `credits_per_day` states them (a part of them, where others use the API too). `external_id` is a unique text field
    of contacts, which carries the key of a create; "" means that none are created. `trigger` lists the automations of
    Zoho that our writes may set off. `conditional: false` where an organisation does not obey If-Unmodified-Since, by
    which Zoho refuses to write over an edit of the very moment. `orders: false` for editions without sales orders;
    `counts: false` where another system counts them. `hidden_rows` is how many records of a stream this account may not
    see. `coql_count` asks for totals of changed records too. `settle_seconds`: how long a created contact may stay out
    of sight. `sweep_days`: how often everything is read, to find what lists of changes and deletes did not tell; 0 leaves
    that to `--full`. `make_tags`: tags that Zoho does not know are made before they are given to anybody; false trusts
    it to make them. `coql_tags`: a query may select tags; if not, the tags of the contacts that it finds are read by id.
    `bulk_from`: a module of at least so many records is read by Bulk Read when all of it is to be read; 0 is never.
    `bulk_credits` is what such a job is taken to cost. `bulk_tags`: it can export tags; if not, a module whose tags are
    mapped is read by list. `notification_token` is what channels of notifications were made with, where there are any.
    """

    data_centre: DataCentre
    client_id: str
    client_secret: SecretStr
    refresh_token: SecretStr = SecretStr("")
    accounts_url: str = Field("", pattern=_ADDRESS)
    api_url: str = Field("", pattern=_ADDRESS)
    api_version: str = Field("v8", pattern=r"^v\d+(\.\d+)?$")
    edition: Edition = "professional"
    users: PositiveInt = 1
    credits_per_day: PositiveInt | None = None
    external_id: str = Field("KeHub_ID", pattern=r"^\w*$")
    trigger: tuple[Trigger, ...] = ()
    conditional: bool = True
    orders: bool = True
    counts: bool = True
    hidden_rows: dict[Literal["customers", "orders"], NonNegativeInt] = Field(default_factory=dict)
    page_size: int = Field(200, ge=1, le=200)
    coql_rows: int = Field(2000, ge=1, le=2000)
    coql_count: bool = False
    settle_seconds: NonNegativeInt = 60
    make_tags: bool = True
    coql_tags: bool = False
    sweep_days: NonNegativeInt = 30
    bulk_from: NonNegativeInt = 20_000
    bulk_credits: PositiveInt = 50
    bulk_tags: bool = False
    notification_token: SecretStr = Field(SecretStr(""), max_length=50)

    @property
    def credits(self) -> int:
        """The API credits of 24 hours."""
        return self.credits_per_day or EDITIONS[self.edition].credits(self.users)

    def hidden(self, stream: str) -> int:
        """How many records of a stream this account may not see."""
        return next((count for name, count in self.hidden_rows.items() if name == stream), 0)

    @property
    def hosts(self) -> Hosts:
        """Where to sign in, and where to call unless the token's answer names another host."""
        known = HOSTS[self.data_centre]
        return Hosts(self.accounts_url or known.accounts, self.api_url or known.api)
