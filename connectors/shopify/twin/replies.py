"""How the shop refuses: an error in a query, and a user error of a single mutation."""

from __future__ import annotations

from typing import Any

from hub.testing.twin import Answer


class Refused(Exception):
    """A part of a query that is refused; it becomes an error of the whole answer, and null in its place."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.extensions = {"code": code}


class Flawed(Exception):
    """A mutation that is not carried out: its only user error."""

    def __init__(self, code: str, message: str, *way: str, place: int | None = None) -> None:
        super().__init__(code)
        self.error = {"code": code, "message": message, "field": list(way) or None, "elementIndex": place}


def errors(code: str, message: str, **more: Any) -> dict[str, Any]:
    """The body of an answer that is nothing but an error."""
    return {"errors": [{"message": message, "extensions": {"code": code, **more}}]}


def unauthorised() -> Answer:
    """What a missing, wrong or dead token gets."""
    told = "[API] Invalid API key or access token (unrecognized login or wrong password)"
    return Answer(401, {"errors": told})
