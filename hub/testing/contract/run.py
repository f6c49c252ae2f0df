"""Playing checks: one alone, or one while a fault strikes."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

import hub.testing.contract.living as living
import hub.testing.contract.reading as reading
import hub.testing.contract.safety as safety
import hub.testing.contract.stating as stating
import hub.testing.contract.writing as writing
from hub.testing.contract.check import CHECKS, Check
from hub.testing.contract.faults import JOBS
from hub.testing.contract.rig import Rig, environment
from hub.testing.stand import Stand
from hub.testing.twin import Stage, serving

_OPEN = ExitStack()
CHAPTERS = (stating, reading, writing, safety, living)
"""The modules whose checks make the contract."""


@dataclass(frozen=True)
class Verdict:
    """What a check came to: it holds, it fails (and how), or it is not for this connector (and why)."""

    check: Check
    state: Literal["holds", "fails", "exempt"]
    reason: str = ""


def play(check: Check, stand: Stand, folder: Path, fault: Mapping[str, Mapping[str, Any]] | None = None) -> Verdict:
    """Play one check in a folder of its own; a `fault` strikes where the check allows it."""
    stage, url = _stage()
    with environment(stand):
        rig = Rig(stand, folder, stage, url)
        reason = check.misfit(rig)
        if reason:
            return Verdict(check, "exempt", reason)
        if set(JOBS) & (fault or {}).keys():
            rig.configure(**stand.jobs)
        rig.twin.counts.reset()
        try:
            _act(check, rig, fault or {})
        except AssertionError as flaw:
            return Verdict(check, "fails", str(flaw))
        except Exception as flaw:  # a connector may fail in any way; the check then fails with it
            return Verdict(check, "fails", f"{type(flaw).__name__}: {flaw}")
        if fault and not all(rig.twin.faults.struck[name] for name in fault):
            return Verdict(check, "exempt", f"{', '.join(fault)} never strikes here")
    return Verdict(check, "holds")


def _act(check: Check, rig: Rig, fault: Mapping[str, Mapping[str, Any]]) -> None:
    steps = check.play(rig)
    if steps is None:
        return
    next(steps)
    if fault:
        rig.disturbed = True
        rig.twin.faults.set(fault)
    next(steps)
    rig.twin.faults.clear()
    for _ in steps:
        raise TypeError(f"{check.name} yields more than twice")


@cache
def _stage() -> tuple[Stage, str]:
    """One server for the twins of all checks of this process."""
    stage = Stage()
    return stage, _OPEN.enter_context(serving(stage))


def fitting(reasons: Mapping[str, str]) -> dict[str, Check]:
    """The checks that are for a connector, by name, from what `misfits` says of it."""
    return {name: one for name, one in all_checks().items() if not reasons[name]}


def misfits(stand: Stand) -> dict[str, str]:
    """Why each check is not for this connector; "" for those that are. Asks the connector what it states, no system."""
    with environment(stand), TemporaryDirectory() as folder:
        rig = Rig(stand, Path(folder), Stage(), "http://127.0.0.1:9")
        return {name: one.misfit(rig) for name, one in all_checks().items()}


def all_checks() -> Mapping[str, Check]:
    """Every check of the contract by name, chapter by chapter."""
    by_chapter = [chapter.__name__ for chapter in CHAPTERS]
    found = sorted(CHECKS.values(), key=lambda one: by_chapter.index(one.play.__module__))
    return {one.name: one for one in found}
