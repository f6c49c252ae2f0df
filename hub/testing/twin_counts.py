"""What a twin counts while it serves: calls, answers, writes, and breaches of the system's rules."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Counts:
    """Counters of one twin.

    `calls` by method and path template, `kinds` by what they do (`read`, `write`, `auth`), `statuses` by status,
    `violations` by name (over budget, over concurrency), `rows` by what became of single rows, `peak` the most calls
    that were open at once. `written` counts writes that took effect, `unanswered` those among them whose answer is
    still to be sent. `writes` names the records and fields that were written, never the values.
    """

    calls: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    violations: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)
    writes: list[dict[str, Any]] = field(default_factory=list)
    peak: int = 0
    written: int = 0
    unanswered: int = 0

    def reset(self) -> None:
        """Start counting anew."""
        for counter in (self.calls, self.kinds, self.statuses, self.violations, self.rows):
            counter.clear()
        self.writes.clear()
        self.peak = 0
        self.written = 0

    def listed(self) -> dict[str, Any]:
        """The counters as plain JSON."""
        return {
            "calls": dict(sorted(self.calls.items())),
            "statuses": dict(sorted(self.statuses.items())),
            "violations": dict(sorted(self.violations.items())),
            "rows": dict(sorted(self.rows.items())),
            "peak": self.peak,
            "written": self.written,
        }
