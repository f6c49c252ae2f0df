"""The contract itself is checked: a connector that is wrong in one way is caught by the check that is named for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.testing.contract import play
from hub.testing.contract.faults import setting
from hub.testing.contract.run import all_checks
from tests.broken_connectors import BROKEN


@pytest.mark.parametrize("wrong", BROKEN)
def test_a_connector_that(wrong: str, tmp_path: Path) -> None:
    each = BROKEN[wrong]
    fault = setting(each.fault, each.caught_by) if each.fault else None
    verdict = play(all_checks()[each.caught_by], each.stand, tmp_path, fault)
    assert verdict.state == "fails", f"a connector that {wrong} passes {each.caught_by} ({verdict.reason})"
