"""HubSpot's errors on the wire: an envelope in which every field is optional."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.testing.twin import Answer, Call, Refusal

Values = dict[str, Any]
_CORRELATION = "aeb5f871-7f07-4993-9211-075dc63e7cbf"


def envelope(message: str, category: str = "", **more: Any) -> Values:
    """An error's body."""
    named = {"category": category} if category else {}
    return {"status": "error", "message": message, "correlationId": _CORRELATION, **named, **more}


class Refused(Refusal):
    """A call that ends in an error of HubSpot's own."""

    def __init__(self, status: int, message: str, category: str = "VALIDATION_ERROR", **more: Any) -> None:
        super().__init__(Answer(status, envelope(message, category, **more)))


def invalid(message: str, **more: Any) -> Refused:
    """A request that makes no sense."""
    return Refused(400, message, "VALIDATION_ERROR", **more)


def row_error(category: str, message: str, context: Mapping[str, Any], inner: list[Values] | None = None) -> Values:
    """What a batch's answer says of one input."""
    return {
        "status": "error", "category": category, "message": message, "context": dict(context), "errors": inner or [],
        "links": {},
    }  # fmt: skip


def object_of(call: Call) -> Values:
    """A call's body, which must be an object."""
    try:
        body = call.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise invalid("Invalid input JSON")
    return body
