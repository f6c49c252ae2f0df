"""How Fxiaoke speaks: where, signed how, within which limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from connectors.fxiaoke.wire.codes import CODES, WINDOW_SECONDS, error_code, failed, pause
from connectors.fxiaoke.wire.entity import PATHS
from connectors.fxiaoke.wire.settings import FxiaokeSettings
from connectors.fxiaoke.wire.tokens import sign_in
from hub.connector import Dialect, Limit


def dialect(settings: FxiaokeSettings, now: Callable[[], datetime]) -> Dialect:
    """What the door must know of this tenant. An interface is a path, and each has calls of its own."""
    limits = [Limit(path, settings.calls, WINDOW_SECONDS, (path,)) for path in PATHS]
    if settings.calls_per_day:
        limits.append(Limit("day", settings.calls_per_day, 86_400, PATHS))
    return Dialect(
        settings.host,
        sign_in(settings),
        codes=CODES,
        code=error_code,
        failed=lambda answer: failed(answer, now()),
        limits=tuple(limits),
        pause=pause,
    )
