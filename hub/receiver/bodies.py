"""A request's body: never more of it in memory than allowed, never longer on its way than allowed."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request


class Unfit(Exception):
    """A call that is answered without being looked at: `status`, and the reason it is counted under."""

    def __init__(self, status: int, reason: str, retry_after: int = 0) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason
        self.retry_after = retry_after


async def body_of(request: Request, most: int, seconds: float) -> bytes:
    """The raw body. Unfit: 413 as soon as it is larger than `most`, 408 when it is not there within `seconds`."""
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and int(length) > most:
        raise Unfit(413, "too_large")
    try:
        async with asyncio.timeout(seconds):
            return await _gathered(request, most)
    except TimeoutError:
        raise Unfit(408, "too_slow") from None
    except ClientDisconnect:
        raise Unfit(400, "broken_off") from None


async def _gathered(request: Request, most: int) -> bytes:
    found = bytearray()
    async for part in request.stream():
        if len(found) + len(part) > most:
            raise Unfit(413, "too_large")
        found += part
    return bytes(found)
