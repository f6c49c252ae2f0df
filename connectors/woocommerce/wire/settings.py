"""The settings of a WooCommerce connection."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, model_validator

from hub.connector import ConnectorSettings
from hub.model import OrderStatus

_ADDRESS = r"^https?://[^/?#\s]+(/[^?#\s]*)?$"
_HERE = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class WooSettings(ConnectorSettings):
    """`url` is the site's home address, as WordPress knows it itself (with or without www, in a folder or not).

    `auth`: basic on https, oauth1 on plain http; `auto` chooses by the address. `api` is where the interface starts.
    `role` is whose accounts are customers: one role, or all. `statuses` are the shop's own order statuses in our words.
    `counts: false` where another system counts the shop's orders; `orders: false` reads none. `sweep_hours`: 0 reads
    every account in every run; with 24, say, runs read what new orders and registrations hint at, and all accounts once
    in so many hours. `orders_sweep_days`: how often all orders are read, to find those that went without passing the
    trash (0: only on demand). `hidden_rows` is how many rows of a stream this key may not see. `batch_rows` are
    the rows of one write; the host's time limit may ask for fewer. `clear_meta`: how an empty meta field is written.
    `tags_as`: whether a meta field of tags holds a list, or one text with commas between.
    `calls_per_minute` is what the host puts up with, `parallel` how many pages are asked for at once (1: one after the
    other). `settle_seconds`: how long an account may take to appear. `webhook_secret` is what the shop's webhooks are
    signed with, where it has any.
    """

    url: str = Field(pattern=_ADDRESS)
    consumer_key: SecretStr
    consumer_secret: SecretStr
    auth: Literal["auto", "basic", "oauth1"] = "auto"
    api: str = Field("/wp-json/wc/v3", pattern=r"^(/[\w-]+)+$")
    role: str = Field("all", pattern=r"^[\w-]+$")
    orders: bool = True
    counts: bool = True
    statuses: dict[str, OrderStatus] = Field(default_factory=dict)
    sweep_hours: NonNegativeInt = 0
    orders_sweep_days: NonNegativeInt = 30
    hidden_rows: dict[Literal["customers", "orders"], NonNegativeInt] = Field(default_factory=dict)
    page_size: int = Field(100, ge=2, le=100)
    batch_rows: int = Field(100, ge=1, le=100)
    clear_meta: Literal["null", "empty"] = "null"
    tags_as: Literal["list", "text"] = "list"
    calls_per_minute: PositiveInt = 300
    parallel: int = Field(2, ge=1, le=16)
    settle_seconds: NonNegativeInt = 300
    webhook_secret: SecretStr | None = Field(None, min_length=12)

    @model_validator(mode="after")
    def _no_secret_in_the_clear(self) -> WooSettings:
        if self.auth == "basic" and self.url.startswith("http:") and not self.url.startswith(_HERE):
            raise ValueError("basic sends the secret in the clear over http: use https, or auth: oauth1")
        return self

    @property
    def signs(self) -> bool:
        """Whether requests are signed (OAuth 1.0a) instead of carrying the secret."""
        return self.auth == "oauth1" or (self.auth == "auto" and self.url.startswith("http:"))

    def hidden(self, stream: str) -> int:
        """How many rows of a stream this key may not see."""
        return next((count for name, count in self.hidden_rows.items() if name == stream), 0)
