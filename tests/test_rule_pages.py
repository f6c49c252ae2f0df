"""The page on tiers: each piece of YAML in it is good as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub.plugins import load_plugins
from hub.settings import load

PAGE = (Path(__file__).parent.parent / "docs" / "tiers.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)


def test_the_page_has_examples() -> None:
    assert len(BLOCKS) >= 7


@pytest.mark.parametrize("block", BLOCKS, ids=[block.split("\n")[1].strip(" :") for block in BLOCKS])
def test_an_example_is_loaded(tmp_path: Path, block: str) -> None:
    (tmp_path / "kehub.yaml").write_text(f"brand: {{name: B}}\n{block}", encoding="utf-8")
    rules = load(tmp_path, load_plugins(), {}).rules
    assert rules.programmes[-1].name == "stage"
