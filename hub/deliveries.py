"""Webhooks: what a system posts to us, and what a connector makes of it. A delivery is a hint, never the truth.

A connector proves a delivery by its signature and names the records it speaks of. The receiver stores that, answers, and
the records are read again from the system itself; what no delivery told, the next run finds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Delivery:
    """One post as it arrived: method, the address as its sender wrote it, headers in lower case, the raw body."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class Hint:
    """A record that a delivery speaks of: its stream, its id there, and what is said to have happened.

    `erase` and `disclose` are privacy requests, kept for a person to act on: somebody wants to be forgotten, or to be
    told what is known of him.
    """

    stream: str
    external_id: str
    event: Literal["changed", "gone", "erase", "disclose"] = "changed"


@dataclass(frozen=True)
class Heard:
    """A delivery that is proven genuine.

    `key` is equal for repetitions of one delivery and for nothing else; `sent` is when it was sent (UTC), None where
    the system does not sign a time. No `hints`: genuine and of no interest (a ping, a topic one does not read).
    """

    key: str
    sent: datetime | None = None
    hints: Sequence[Hint] = ()
