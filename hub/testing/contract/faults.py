"""Which fault can break which check: the pairs that every run of the tests plays, and the whole product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hub.testing.contract.check import Check
from hub.testing.stand import Stand
from hub.testing.twin_faults import FAULTS

_FIRST = "a_first_read_is_whole_or_does_not_count"
_CUT = "a_read_cut_short_does_not_count"
_MOMENT = "tells_rows_of_the_same_moment_apart"
_READING = (_FIRST, _CUT, "learns_of_deletes")
_SMALL = ("learns_of_deletes", "reads_what_changed_and_little_else")
"""Checks whose reads are a call or two long: a fault that lets one pass would never strike."""
_WRITING = ("writes_what_the_hub_decides", "one_plan_has_one_effect", "makes_a_customer_where_that_is_allowed")
_TOLD = ("nothing_personal_is_told",)

BREAKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "429": (_FIRST, _CUT, *_WRITING),
        "500": (_FIRST, _CUT, *_WRITING, *_TOLD, "no_secret_is_told"),
        "drop_before": _WRITING,
        "drop_after": (*_WRITING, "sends_only_what_changed", "what_a_clerk_types_meanwhile_stays"),
        "stall_before": (_FIRST, "writes_what_the_hub_decides"),
        "stall_after_write": ("one_plan_has_one_effect", "makes_a_customer_where_that_is_allowed"),
        "error_in_200": (*_READING, *_WRITING, *_TOLD),
        "html_in_200": (_FIRST, "one_plan_has_one_effect", *_TOLD),
        "truncated": (*_READING, *_TOLD, "no_secret_is_told"),
        "dead_token": (_FIRST, _CUT, "one_plan_has_one_effect", "no_secret_is_told"),
        "racing_token": (_FIRST, "writes_what_the_hub_decides", "no_secret_is_told"),
        "clock_skew": ("reads_what_changed_and_little_else", _MOMENT),
        "rewritten_phones": ("makes_a_customer_where_that_is_allowed",),
        "silent_cap": (_FIRST, _CUT),
        "short_page": (_FIRST, _MOMENT, "reads_what_changed_and_little_else"),
        "empty_page": (_FIRST, _CUT),
        "skipped_page": (_FIRST, _MOMENT),
        "repeated_page": (_FIRST, _MOMENT),
        "shuffled_rows": (_FIRST, _MOMENT),
        "duplicate_row": (_FIRST,),
        "undecodable_row": (_FIRST, *_TOLD),
        "failed_job": (_FIRST,),
        "lying_count": (_FIRST,),
        "short_file": (_FIRST,),
        "repeated_rows": (_FIRST,),
        "lost_result": (_FIRST,),
        "crossed_edit": ("what_a_clerk_types_meanwhile_stays", "sends_only_what_changed"),
        "drift": (_FIRST, _CUT, _MOMENT),
    }
)
"""Each fault with the checks that it can break in a connector that is wrong: what `.ci/run` plays."""

JOBS = ("failed_job", "lying_count", "short_file", "repeated_rows", "lost_result")
"""The faults of export jobs."""

_OPTIONS: Mapping[str, Mapping[str, Any]] = {
    "429": {"retry_after": "3", "times": 2},
    "500": {"times": 2},
    "stall_before": {"seconds": 0.01, "times": 2},
    "stall_after_write": {"seconds": 0.01},
    "clock_skew": {"seconds": -3600, "header_only": True, "times": 4},
    "silent_cap": {"rows": 3, "totals": "honest", "times": 2},
    "drift": {"kind": "modify"},
}
_SKIP = {"429": 1, "500": 1, "dead_token": 1, "silent_cap": 1, "short_page": 1, "empty_page": 1, "truncated": 1}


_LASTING = ("429", "500", "error_in_200", "html_in_200", "truncated", "stall_before", "dead_token", "racing_token")


def setting(fault: str, name: str) -> dict[str, dict[str, Any]]:
    """A fault as it strikes in a pair with a check: in the middle of what happens, until it ends a read or once."""
    lasting = {"times": None} if fault in _LASTING and name in (*_READING, *_TOLD, "no_secret_is_told") else {}
    skip = 0 if name in _SMALL else _SKIP.get(fault, 0)
    return {fault: {"skip": skip, **_OPTIONS.get(fault, {}), **lasting}}


def pairs(stand: Stand, checks: Mapping[str, Check], *, every: bool = False) -> Iterator[tuple[str, str]]:
    """The pairs of a fault that can strike the twin and a check: those in `BREAKS`, or with `every` all there are."""
    disturbed = [name for name, one in checks.items() if one.disturbed]
    for fault in FAULTS:
        if strikes(stand, fault):
            yield from ((fault, name) for name in (disturbed if every else BREAKS[fault]) if name in checks)


def strikes(stand: Stand, fault: str) -> bool:
    """Whether a fault can strike this twin."""
    if fault in JOBS and not stand.jobs:
        return False
    return stand.strikes is None or fault in stand.strikes
