"""The contract of a connector as tests, in one line:

    test_contract = contract(STAND)

It plays every check that fits the connector, then the pairs of a fault and a check that the fault can break; those
pairs that are left carry the mark `slow`. `kehub connectors score` plays the same checks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from hub.testing.contract.card import Card, Line, scored
from hub.testing.contract.check import Check
from hub.testing.contract.faults import pairs, setting
from hub.testing.contract.run import Verdict, fitting, misfits, play
from hub.testing.stand import Stand

__all__ = ["Card", "Check", "Line", "Stand", "Verdict", "contract", "fitting", "play", "scored"]


def contract(stand: Stand) -> Callable[..., None]:
    """A pytest function with a case for each check, and one for each pair of a fault and a check."""
    import pytest

    checks = fitting(misfits(stand))
    named = list(pairs(stand, checks))
    others: list[Any] = [pair for pair in pairs(stand, checks, every=True) if pair not in set(named)]
    cases = [("", name) for name in checks] + named + [pytest.param(*pair, marks=pytest.mark.slow) for pair in others]

    @pytest.mark.parametrize(("fault", "name"), cases)
    def test_contract(fault: str, name: str, tmp_path: Path) -> None:
        verdict = play(checks[name], stand, tmp_path, setting(fault, name) if fault else None)
        assert verdict.state != "fails", f"{checks[name].says}: {verdict.reason}"

    return test_contract
