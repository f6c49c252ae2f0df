"""The settings of a Shopify connection."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, model_validator

from hub.connector import ConnectorSettings

PINNED = "2026-07"
"""The version of the API that this connector was made for."""

Channel = Literal["store", "online", "phone", "other"]
_HERE = ("http://127.0.0.1", "http://localhost", "http://[::1]")
_NAME = r"^[\w-]+\.[\w-]+$"


class ShopifySettings(ConnectorSettings):
    """`url` is the shop's own address, as https://brand.myshopify.com, not that of the web site.

    Sign in with an app's `client_id` and `client_secret` (app and shop of one organisation), or with the `access_token`
    of an app that was made in the shop before 2026. `client_secret` also proves webhooks; `old_client_secret` is the one
    before a change, taken as well until all deliveries bear the new one. `api_version` is pinned: each is served for
    about a year. `orders: false` reads none; `lines: false` leaves out what was bought; `counts: false` where another
    system counts them. `channels` says by an order's `sourceName` what kind of channel it is. From `bulk_from` rows on a
    stream is read by a bulk operation (0: never), its file in parts of `bulk_bytes`. `page_size` is a page's most rows:
    `query_cost`, the points that one query may cost, may ask for fewer. A walk starts anew after `deep_rows` rows, since
    pages end at 25,000. `sweep_days`: how often everything is read, to find what was deleted or merged (0: only on
    demand). `hidden_rows` is how many rows of a stream this app may not see. `create_key`: the metafield, of type `id`,
    that carries a create's key; `creates_by: tag` keeps the key in a tag instead, where there is no such metafield.
    `guard_digests`: a metafield is written only if it is still as it was when it was read. `batch_rows` are the
    customers of one write. `settle_seconds`: how long a created customer may take to be found.
    """

    url: str = Field(pattern=r"^https?://[^/?#\s]+$")
    access_token: SecretStr = SecretStr("")
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    old_client_secret: SecretStr = SecretStr("")
    api_version: str = Field(PINNED, pattern=r"^(20\d\d-(01|04|07|10)|unstable)$")
    orders: bool = True
    lines: bool = True
    counts: bool = True
    channels: dict[str, Channel] = Field(default_factory=dict)
    bulk_from: NonNegativeInt = 2_000
    bulk_bytes: int = Field(16_000_000, ge=1_000)
    page_size: int = Field(100, ge=1, le=250)
    query_cost: int = Field(1_000, ge=50)
    deep_rows: int = Field(20_000, ge=1, le=24_750)
    sweep_days: NonNegativeInt = 7
    hidden_rows: dict[Literal["customers", "orders"], NonNegativeInt] = Field(default_factory=dict)
    create_key: str = Field("kehub.create_key", pattern=_NAME)
    creates_by: Literal["custom_id", "tag"] = "custom_id"
    guard_digests: bool = True
    batch_rows: PositiveInt = Field(20, le=50)
    settle_seconds: NonNegativeInt = 300

    @model_validator(mode="after")
    def _signs_in_safely(self) -> ShopifySettings:
        if not (self.access_token.get_secret_value() or (self.client_id and self.client_secret.get_secret_value())):
            raise ValueError("give client_id and client_secret, or access_token")
        if self.url.startswith("http:") and not self.url.startswith(_HERE):
            raise ValueError("the token would be sent in the clear: use https")
        return self

    @property
    def api(self) -> str:
        """The path of the interface."""
        return f"/admin/api/{self.api_version}/graphql.json"

    @property
    def secrets(self) -> tuple[str, ...]:
        """The client secrets that a delivery may be signed with."""
        given = (self.client_secret, self.old_client_secret)
        return tuple(secret for one in given if (secret := one.get_secret_value()))

    def hidden(self, stream: str) -> int:
        """How many rows of a stream this app may not see."""
        return next((count for name, count in self.hidden_rows.items() if name == stream), 0)


def sunset(version: str) -> date | None:
    """From when on a version is no longer served: a year after it came; None for one that is never stable."""
    year, _, month = version.partition("-")
    return date(int(year) + 1, int(month), 1) if month else None
