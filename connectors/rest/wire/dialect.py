"""How a declared system speaks: where, signed how, at what pace; the words that say no inside a good answer."""

from __future__ import annotations

from collections.abc import Callable

from connectors.rest.wire.paths import at
from connectors.rest.wire.settings import RestSettings
from connectors.rest.wire.target import WriteSettings
from connectors.rest.wire.words import Codes, plain_code
from hub.connector import Answer, Dialect, Limit


def dialect(own: RestSettings) -> Dialect:
    """What the door must know of this system."""
    return Dialect(
        own.base_url,
        own.auth.auth(),
        headers=own.headers,
        codes=Codes(own.errors) if own.errors else {},
        code=own.errors.code if own.errors else plain_code,
        row_results=_tells_rows(own.write),
        limits=(Limit("calls", own.budget.calls, own.budget.seconds),),
        concurrency=own.budget.parallel,
    )


def _tells_rows(own: WriteSettings | None) -> Callable[[Answer], bool]:
    """Whether an answer that looks like a refusal tells row by row what became of a batch."""
    if own is None or own.batch is None:
        return lambda answer: False
    path = own.batch.results

    def told(answer: Answer) -> bool:
        found = None if answer.ok else at(answer.json(), path)
        return isinstance(found, list) and bool(found) and all(isinstance(one, dict) for one in found)

    return told
