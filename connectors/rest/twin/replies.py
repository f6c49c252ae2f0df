"""How the club answers: everything in one envelope, a word of its own for each refusal."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hub.testing.twin import Answer, Refusal

STATUSES: Mapping[str, int] = MappingProxyType(
    {
        "1001": 401,
        "1003": 403,
        "1029": 429,
        "1050": 503,
        "2404": 404,
        "2409": 409,
        "2422": 422,
        "9404": 404,
        "9405": 405,
    }
)
"""The service's words for a refusal, each with the status that it stands for."""


def good(result: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """All went well."""
    return Answer(200, {"code": 0, "message": "ok", "result": result}, headers or {})


def refused(word: str, field: str, *, in_200: bool) -> Answer:
    """A refusal; the message is for people, and says what a person should not find in a log."""
    told = {"code": int(word), "message": f"refused for Ms Wang, 13800000000: {word}", "result": None}
    body = {**told, "field": field} if field else told
    return Answer(200 if in_200 else STATUSES.get(word, 500), body)


class Refused(Refusal):
    """A call, or one row of a batch, that ends in an error."""

    def __init__(self, word: str, field: str, *, in_200: bool) -> None:
        self.word, self.field = word, field
        super().__init__(refused(word, field, in_200=in_200))
