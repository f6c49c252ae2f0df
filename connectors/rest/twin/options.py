"""What can be set on the club's twin: how it pages, who may come in, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.testing.twin_rewrites import Rewrites

Style = Literal["page", "offset", "cursor", "last_row", "link", "token", "whole"]
Way = Literal["open", "bearer", "key_header", "key_query", "basic", "oauth", "oauth_refresh"]


@dataclass(frozen=True)
class ClubOptions:
    """Settings of a twin; one service has one way of each."""

    paging: Style = "page"
    auth: Way = "bearer"
    secret: str = "club-secret"  # noqa: S105 - an invented secret of an invented service
    refresh: str = "club-refresh"
    lifetime: int = 3600
    """How long a token of OAuth lives, in seconds."""
    errors: Literal["in_200", "status"] = "in_200"
    """Whether a refusal comes under status 200 with a word in it, or under a status of its own."""
    times: Literal["iso", "epoch", "epoch_ms", "local"] = "iso"
    """How times are written; `local` is the service's own zone, without saying so."""
    zone: str = "Asia/Shanghai"
    page_rows: int = 100
    """The most rows a page, whatever is asked for."""
    totals: bool = True
    flags: bool = True
    """Whether a listing says if more follows (`more`) and how many pages there are (`pages`)."""
    batch: int = 50
    batch_status: int = 200
    """The status of a batch of which some row failed."""
    shows_closed: bool = True
    """Whether the listing goes on to show members who left, or only `/members/closed` does."""
    keyed_creates: bool = True
    """Whether the header `Idempotency-Key` makes a repeated create harmless."""
    calls: int = 0
    """Calls in any `call_window` seconds (0: all)."""
    call_window: int = 60
    rewrites: Rewrites = ()
    rewrite_phones: bool = False
