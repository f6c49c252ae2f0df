"""Names of people: a whole name, and the parts that it is put together from."""

from __future__ import annotations

import re

_HAN = re.compile("[\u4e00-\u9fff]")

PARTS = ("family_name", "given_name")


def whole_name(family: str, given: str) -> str:
    """The parts in the order of their script: family first in Chinese, given first elsewhere; one of them may be ""."""
    return f"{family}{given}" if _HAN.search(family + given) else f"{given} {family}".strip()
