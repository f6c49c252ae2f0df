"""What can be set on the Fxiaoke twin: credentials, limits, and whatever the vendor's documentation leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from hub.testing.twin_rewrites import Rewrites

HUB_FIELDS = ("field_hubId__c", "field_tier__c", "field_stage__c")
"""The hub's own fields: the key of a create, tier and stage. Real ones end in random letters (`field_aB12C__c`)."""


@dataclass(frozen=True)
class FxiaokeOptions:
    """Settings of a twin; limits are the documented ones, tests set small ones. Times are seconds."""

    app_id: str = "FSAID_1a2b3c"
    app_secret: str = "twin-app-secret"  # noqa: S105 - an invented secret of an invented app
    permanent_code: str = "TWINPERM0000"
    corp_id: str = "FSCID_0F0F"
    ea: str = "demo_corp"
    dead_token_code: int = 20016
    """What a dead token is refused with: 20016, 11014 and 11015 are documented."""
    token_life: int = 7200
    token_overlap: int = 600
    """In the last seconds of a token's life the endpoint gives a new one; before, the same again."""
    token_calls: int = 10
    token_window: int = 60

    calls: int = 100
    window: int = 20
    """So many calls of one interface in so many seconds."""
    daily_calls: int | None = None
    limit_code: int = 14001
    """What a call over the limit is refused with: 14001 or 30004."""

    page_rows: int = 100
    offset_cap: int = 10_000
    short_by: int = 0
    """Every page is so many rows shorter than asked for: a short page is no end."""
    silent_cap: int = 0
    """Rows beyond the first so many (by id) are counted and never listed; 0 for all."""
    total_switch: Literal["find_explicit_total_num", "returnTotalNum", "need_return_count_num"] = (
        "find_explicit_total_num"
    )
    """Which of the three documented switches is obeyed."""
    totals: bool = True
    """Whether totals are told at all; else they are 0."""
    shows_invalid: bool = False
    """Whether a plain query lists invalidated rows; not documented."""
    invalid_query: Literal["shown", "hidden", "refused"] = "shown"
    """What comes of a query that names the life status as invalid; that they are shown then is not confirmed."""
    null_condition: Literal["any", "empty_string"] = "any"
    """What IS and ISN want in `field_values`: anything, or one empty string; not documented."""

    clears_with: Literal["null", "empty"] = "null"
    """What clears a field in an update; the other is ignored. Not documented."""
    create_id: Literal["dataId", "data.dataId", "data._id", ""] = "dataId"
    """Where the answer to a create tells the id."""
    describe_name: Literal["top", "data"] = "data"
    """Where `object/describe` looks for the object's name; documents differ."""
    tolerant_paths: bool = True
    """Whether `custom/v2` takes preset objects too, as a public client relies on."""
    duplicate_code: int = 320001
    """What a value that must be unique is refused with; the code is not documented."""
    rewrite_phones: bool = False
    """Store +8613812345678 as 138-1234-5678."""
    rewrites: Rewrites = ()
    """What else becomes of what is written, by field; see `hub.testing.twin_rewrites`."""
    strict_options: bool = True

    hub_fields: tuple[str, ...] = HUB_FIELDS
    """Key, tier and stage field of every object that holds people; "" for one that does not exist."""
    key_unique: bool = True
    tiers: tuple[str, ...] = ("standard", "silver", "gold", "platinum")
    stages: tuple[str, ...] = ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost")
    option_prefix: str = ""
    """What an option's value has before its label; the values of real tenants are random letters."""
    multi_currency: bool = True
    """Whether the tenant has the fields `mc_currency` and `mc_exchange_rate`."""

    people_cap: int = 300
    """The most people that the twin takes over from the population; 0 for all."""
    people_in: str = "AccountObj"
    """The object that holds them: AccountObj, ContactObj, MemberObj or Guest__c."""
