"""Which fault can break which check: the pairs that every run of the tests plays, and the whole product."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from hub.testing.contract.check import Check
from hub.testing.stand import Stand
from hub.testing.twin_faults import FAULTS

_READING = ("reads_what_changed_and_little_else", "a_read_cut_short_does_not_count", "learns_of_deletes")
_ROWS = (*_READING, "tells_rows_of_the_same_moment_apart")
_WRITING = ("writes_what_the_hub_decides", "one_plan_has_one_effect", "makes_a_customer_where_that_is_allowed")
_TOLD = ("nothing_personal_is_told",)

BREAKS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "429": ("a_read_cut_short_does_not_count", *_WRITING),
        "500": ("a_read_cut_short_does_not_count", *_WRITING, *_TOLD),
        "drop_before": _WRITING,
        "drop_after": (*_WRITING, "sends_only_what_changed", "what_a_clerk_types_meanwhile_stays"),
        "stall_before": ("a_read_cut_short_does_not_count", "writes_what_the_hub_decides"),
        "stall_after_write": ("one_plan_has_one_effect", "makes_a_customer_where_that_is_allowed"),
        "error_in_200": ("a_read_cut_short_does_not_count", "learns_of_deletes", *_WRITING, *_TOLD),
        "html_in_200": ("a_read_cut_short_does_not_count", "one_plan_has_one_effect", *_TOLD),
        "truncated": ("a_read_cut_short_does_not_count", "learns_of_deletes", *_TOLD),
        "dead_token": ("a_read_cut_short_does_not_count", "one_plan_has_one_effect", "no_secret_is_told"),
        "racing_token": ("a_read_cut_short_does_not_count", "writes_what_the_hub_decides", "no_secret_is_told"),
        "clock_skew": ("reads_what_changed_and_little_else", "tells_rows_of_the_same_moment_apart"),
        "rewritten_phones": ("makes_a_customer_where_that_is_allowed", "sends_nothing_when_nothing_changed"),
        "silent_cap": _ROWS,
        "short_page": _ROWS,
        "empty_page": _ROWS,
        "skipped_page": _ROWS,
        "repeated_page": _ROWS,
        "shuffled_rows": ("tells_rows_of_the_same_moment_apart",),
        "duplicate_row": ("a_read_cut_short_does_not_count",),
        "undecodable_row": ("a_read_cut_short_does_not_count", *_TOLD),
        "failed_job": ("a_read_cut_short_does_not_count",),
        "lying_count": ("a_read_cut_short_does_not_count",),
        "short_file": ("a_read_cut_short_does_not_count",),
        "repeated_rows": ("a_read_cut_short_does_not_count",),
        "lost_result": ("a_read_cut_short_does_not_count",),
        "crossed_edit": ("what_a_clerk_types_meanwhile_stays", "sends_only_what_changed"),
        "drift": _ROWS,
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


def setting(fault: str) -> dict[str, dict[str, Any]]:
    """A fault as it strikes in a pair: in the middle of what happens, once or twice."""
    return {fault: {"skip": _SKIP.get(fault, 0), **_OPTIONS.get(fault, {})}}


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
