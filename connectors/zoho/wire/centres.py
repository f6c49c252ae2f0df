"""Zoho's data centres and editions, as data: the hosts follow no pattern."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

DataCentre = Literal["us", "eu", "in", "cn", "au", "jp", "ca", "sa"]
Edition = Literal["free", "standard", "professional", "enterprise", "ultimate"]


@dataclass(frozen=True)
class Hosts:
    """Where one data centre signs in and where it answers."""

    accounts: str
    api: str


HOSTS: Mapping[DataCentre, Hosts] = MappingProxyType(
    {
        "us": Hosts("https://accounts.zoho.com", "https://www.zohoapis.com"),
        "eu": Hosts("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
        "in": Hosts("https://accounts.zoho.in", "https://www.zohoapis.in"),
        "cn": Hosts("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
        "au": Hosts("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
        "jp": Hosts("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
        "ca": Hosts("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
        "sa": Hosts("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
    }
)


@dataclass(frozen=True)
class Allowance:
    """API credits in any 24 hours: some for the organisation, some for each user, up to a cap (None: no cap)."""

    base: int
    per_user: int = 0
    cap: int | None = None

    def credits(self, users: int) -> int:
        """The credits of an organisation with so many users."""
        found = self.base + self.per_user * users
        return found if self.cap is None else min(found, self.cap)


EDITIONS: Mapping[Edition, Allowance] = MappingProxyType(
    {
        "free": Allowance(5_000),
        "standard": Allowance(50_000, 250, 100_000),
        "professional": Allowance(50_000, 500, 3_000_000),
        "enterprise": Allowance(50_000, 1_000, 5_000_000),
        "ultimate": Allowance(50_000, 2_000),
    }
)
