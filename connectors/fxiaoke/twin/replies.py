"""The envelope in which Fxiaoke answers (sheet section 1): status 200, success only if `errorCode` is 0."""

from __future__ import annotations

from typing import Any

from hub.testing.twin import Answer, Refusal

MESSAGES = {
    -1: "system busy", 10006: "appSecret is wrong", 10013: "offset is out of range", 11014: "invalid corpAccessToken",
    11015: "invalid corpId", 14001: "interface call limit reached", 20005: "the app is stopped",
    20016: "corpAccessToken or corpId is invalid or expired", 20017: "corpAccessToken is missing",
    30002: "the daily quota is used up", 30004: "too many calls a second", 30027: "the employee does not exist",
    32000: "parameter error",
}  # fmt: skip


def good(**body: Any) -> Answer:
    """A call that succeeded."""
    return Answer(200, {"errorCode": 0, "errorMessage": "OK", "traceId": "E-O.twin.1", **body})


def failure(code: int, message: str = "", status: int = 200) -> Answer:
    """A refused call."""
    text = message or MESSAGES.get(code, "refused")
    return Answer(status, {"errorCode": code, "errorMessage": text, "traceId": "E-O.twin.1"})


class Refused(Refusal):
    """A call that ends in an error. 32000: a parameter is wrong."""

    def __init__(self, code: int = 32000, message: str = "") -> None:
        super().__init__(failure(code, message))
