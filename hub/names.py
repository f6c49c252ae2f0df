"""Names of people: a whole name, and the parts that it is put together from."""

from __future__ import annotations

PARTS = ("family_name", "given_name")


def whole_name(family: str, given: str) -> str:
    """The parts in the order of their script: family first in Chinese, given first elsewhere; one of them may be ""."""
    han = any("\u4e00" <= char <= "\u9fff" for char in family + given)
    return f"{family}{given}" if han else f"{given} {family}".strip()
