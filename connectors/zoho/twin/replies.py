"""The envelopes in which Zoho answers (sheet sections 8 and 18)."""

from __future__ import annotations

from typing import Any

from hub.testing.twin import Answer, Refusal

Details = dict[str, Any]


def envelope(code: str, message: str = "", details: Details | None = None) -> dict[str, Any]:
    """An error or row error: code, details, message, status."""
    text = message or code.replace("_", " ").lower()
    return {"code": code, "details": details or {}, "message": text, "status": "error"}


def failure(status: int, code: str, message: str = "", details: Details | None = None) -> Answer:
    """A refused call."""
    return Answer(status, envelope(code, message, details))


class Refused(Refusal):
    """A call that ends in an error envelope."""

    def __init__(self, code: str, details: Details | None = None, *, status: int = 400, message: str = "") -> None:
        super().__init__(failure(status, code, message, details))
