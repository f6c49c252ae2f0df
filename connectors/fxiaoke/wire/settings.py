"""The settings of a Fxiaoke connection."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, NonNegativeInt, PositiveInt, SecretStr, field_validator, model_validator

from hub.connector import ConnectorSettings

Trigger = Literal["approval", "workflow"]
_NAME = r"^\w*$"
ACTING = "(acting user)"
"""Stands for the acting user's id in a call, where only the sign-in knows it: found by phone."""


class FxiaokeSettings(ConnectorSettings):
    """`host` is the gateway of the tenant's cloud. `auth_mode`: credentials in each `body`, or in `header`s.

    `user_id` is the employee who acts: `FSUID_...` for `body`, the number for `header`; for `body` it may be left out
    when `user_mobile` is given, the phone under which that employee is found. `object` is what customers are there:
    AccountObj, ContactObj, MemberObj or an object of your own (`...__c`). `key_field` is its unique text field that
    carries the key of a create; "" means that none are created. `owner` is whose the created records are, by default
    the acting user's, and `record_type` their business type. `trigger` lists what our writes may set off.
    `version_field` goes up by one with each write, which shows an edit in the very moment of ours; "" where a tenant
    counts otherwise and every row is told as crossed. `clear_with` is what empties a field, `date_zone` where a pure
    date begins. `orders: false` reads no sales orders, `counts: false` where another system counts them. `hidden_rows`
    is how many records of a stream this account may not see. `totals: false` where the tenant's totals cannot be relied
    on: then nothing counts as deleted. `sweep_days` says how often all ids are read to find what was deleted. `calls`
    is the limit of one interface in 20 seconds, `calls_per_day` the purchased quota. `settle_seconds`: how long a
    created record may stay out of sight. `invalid_shown: false` where not even a query for the life
    status lists invalidated records.
    """

    app_id: str
    app_secret: SecretStr
    permanent_code: SecretStr
    host: str = Field("https://open.fxiaoke.com", pattern=r"^https?://[^/]+$")
    auth_mode: Literal["body", "header"] = "body"
    user_id: str = ""
    user_mobile: SecretStr = SecretStr("")
    object: str = Field("AccountObj", pattern=r"^\w+(Obj|__c)$")
    key_field: str = Field("", pattern=_NAME)
    owner: str = ""
    record_type: str = Field("default__c", pattern=r"^\w+$")
    trigger: tuple[Trigger, ...] = ()
    version_field: str = Field("version", pattern=_NAME)
    clear_with: Literal["null", "empty"] = "null"
    date_zone: str = "Asia/Shanghai"
    orders: bool = True
    counts: bool = True
    hidden_rows: dict[Literal["customers", "orders"], NonNegativeInt] = Field(default_factory=dict)
    totals: bool = True
    sweep_days: PositiveInt = 1
    page_size: int = Field(100, ge=1, le=100)
    calls: PositiveInt = 100
    calls_per_day: PositiveInt | None = None
    settle_seconds: NonNegativeInt = 60
    invalid_shown: bool = True

    @field_validator("date_zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise ValueError("is no time zone, as Asia/Shanghai is") from None
        return zone

    @model_validator(mode="after")
    def _somebody_acts(self) -> FxiaokeSettings:
        if not self.user_id and (self.auth_mode == "header" or not self.user_mobile.get_secret_value()):
            raise ValueError("user_id is missing (for auth_mode body, user_mobile will do)")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """Where a pure date begins."""
        return ZoneInfo(self.date_zone)

    @property
    def owners(self) -> list[str]:
        """Whose the created records are."""
        return [self.owner or self.user_id or ACTING]

    @property
    def sweep(self) -> timedelta:
        """How old a complete read may become: less than whole days, so that a nightly run that starts early sweeps."""
        return timedelta(days=self.sweep_days) - timedelta(hours=1)

    def hidden(self, stream: str) -> int:
        """How many records of a stream this account may not see."""
        return next((count for name, count in self.hidden_rows.items() if name == stream), 0)
