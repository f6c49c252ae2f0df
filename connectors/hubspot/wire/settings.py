"""The settings of a HubSpot connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, model_validator

from connectors.hubspot.wire.versions import Api, api_of
from hub.connector import ConnectorSettings
from hub.model import OrderStatus

_ADDRESS = r"^https?://[^/?#\s]+$"
_PATH = r"^(/[\w-]+)+$"
Scheme = Literal["v1", "v2", "v3"]
_CALLS = {"starter": (100, 250_000), "professional": (190, 625_000), "enterprise": (190, 1_000_000)}
_PUBLIC = 110


class HubSpotSettings(ConnectorSettings):
    """`token` is a private app's; else `client_id`, `client_secret` and `refresh_token` of an OAuth app, whose refresh
    token may be left out: `kehub login` stores one. `token_path` is where access tokens come from.

    `api_version`: v3, or a dated one such as 2026-09. `api_url` is for stand-ins. `key_property` is a unique property of
    contacts, which carries the key of a create; "" means that none are created. `edition` gives what a private app may
    call in ten seconds and in a day; `calls_per_10s` and `calls_per_day` state it otherwise (a part, where other apps call
    too). `searches_per_second`: all apps of an account share five. `orders: false` for portals without orders; `counts:
    false` where another system counts them; `statuses` are their order statuses in our words. `hidden_rows` is how many
    records of a stream this token may not see, and Search counts. `page_size` and `search_rows` are rows a call. `totals:
    false` where Search never counts what the list holds. `index_minutes`: how long a change may take to be searchable.
    `archived_minutes`: how often the archive is read to see who is gone (0: in every run). `sweep_days`: how often
    everything is read (0: on demand). `settle_seconds`: how long a created contact may stay out of sight. `webhook_secret`
    is what deliveries are signed with (an OAuth app's: its client secret); `webhook_signature` the weakest scheme taken.
    """

    token: SecretStr = SecretStr("")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    token_path: str = Field("/oauth/v3/token", pattern=_PATH)
    api_url: str = Field("https://api.hubapi.com", pattern=_ADDRESS)
    api_version: str = Field("v3", pattern=r"^(v3|20\d\d-(03|09))$")
    key_property: str = Field("kehub_id", pattern=r"^[a-z0-9_]*$")
    edition: Literal["starter", "professional", "enterprise"] = "starter"
    calls_per_10s: PositiveInt | None = None
    calls_per_day: PositiveInt | None = None
    searches_per_second: int = Field(5, ge=1, le=5)
    orders: bool = True
    counts: bool = True
    statuses: dict[str, OrderStatus] = Field(default_factory=dict)
    hidden_rows: dict[Literal["customers", "orders"], NonNegativeInt] = Field(default_factory=dict)
    page_size: int = Field(100, ge=1, le=100)
    search_rows: int = Field(200, ge=1, le=200)
    totals: bool = True
    index_minutes: NonNegativeInt = 5
    archived_minutes: NonNegativeInt = 0
    sweep_days: NonNegativeInt = 30
    settle_seconds: NonNegativeInt = 60
    webhook_secret: SecretStr = SecretStr("")
    webhook_signature: Scheme = "v3"

    @model_validator(mode="after")
    def _one_way_in(self) -> HubSpotSettings:
        if bool(self.token.get_secret_value()) == bool(self.client_id):
            raise ValueError("set token (a private app's), or client_id and client_secret (an OAuth app's)")
        if self.client_id and not self.client_secret.get_secret_value():
            raise ValueError("an OAuth app has a client_secret")
        return self

    @property
    def private(self) -> bool:
        """Whether a private app's token is used, whose calls are counted by the day as well."""
        return not self.client_id

    @property
    def api(self) -> Api:
        """Where the calls go."""
        return api_of(self.api_version)

    @property
    def burst(self) -> int:
        """Calls in ten seconds."""
        return self.calls_per_10s or (_CALLS[self.edition][0] if self.private else _PUBLIC)

    @property
    def daily(self) -> int | None:
        """Calls in a day; None where they are not counted."""
        return self.calls_per_day or (_CALLS[self.edition][1] if self.private else None)

    @property
    def signing(self) -> str:
        """What deliveries are signed with."""
        return self.webhook_secret.get_secret_value() or self.client_secret.get_secret_value()

    def hidden(self, stream: str) -> int:
        """How many records of a stream this token may not see."""
        return next((count for name, count in self.hidden_rows.items() if name == stream), 0)
