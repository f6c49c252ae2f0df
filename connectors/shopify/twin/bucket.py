"""The bucket of points: it fills by so many a second, and a query that costs more than it holds is throttled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from connectors.shopify.twin.options import ShopifyOptions


class Bucket:
    """The points of one app in one shop."""

    def __init__(self, options: ShopifyOptions, now: Callable[[], datetime], violations: Counter[str]) -> None:
        self._options = options
        self._now = now
        self._violations = violations
        self._held = float(options.bucket)
        self._at = now()

    def takes(self, cost: int) -> bool:
        """Whether a query of this cost may run now."""
        self._fill()
        if self._held >= cost:
            return True
        self._violations["throttled"] += 1
        return False

    def spend(self, cost: int) -> None:
        """Pay for what a query really cost."""
        self._held = max(0.0, self._held - cost)

    def told(self, requested: int, actual: int | None) -> dict[str, object]:
        """What an answer's extensions tell."""
        self._fill()
        state = {
            "maximumAvailable": float(self._options.bucket),
            "currentlyAvailable": int(self._held),
            "restoreRate": float(self._options.restore),
        }
        return {"cost": {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": state}}

    def _fill(self) -> None:
        now = self._now()
        gained = max(0.0, (now - self._at).total_seconds()) * self._options.restore
        self._held, self._at = min(float(self._options.bucket), self._held + gained), now
