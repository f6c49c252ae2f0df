"""The demo in bad weather: the same walk while the three systems misbehave, until they agree in spite of it.

Each gust of the storm sets a few faults on every stand-in; then the hub runs as a scheduler would let it run, again and
again. When the weather clears, the demo's own counts say whether anything was lost, done twice or asked too often.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from hub.testing.demo import Demo, main
from hub.testing.demo_checks import Checks, check
from hub.testing.sandbox import Sandbox
from hub.testing.standin import ask

Gust = Mapping[str, Mapping[str, Mapping[str, Any]]]

GUSTS: Sequence[tuple[str, Gust]] = (
    (
        "while the hub reads for the first time",
        {
            "zoho": {"429": {"times": 2, "retry_after": "1", "on": "read"}, "truncated": {"skip": 3}},
            "fxiaoke": {"500": {"times": 2}, "duplicate_row": {}, "drift": {"skip": 1}},
            "woocommerce": {"html_in_200": {"times": 2, "skip": 4}, "drift": {"skip": 2}},
        },
    ),
    (
        "while it reads on",
        {
            "zoho": {"dead_token": {"skip": 2}, "error_in_200": {"skip": 3}},
            "fxiaoke": {"429": {"times": 2}, "truncated": {"skip": 2}},
            "woocommerce": {"500": {"times": 2, "retry_after": "0"}, "drift": {"skip": 3, "kind": "create"}},
        },
    ),
    (
        "while it writes",
        {
            "zoho": {"drop_after": {"times": 2, "skip": 1}, "500": {"times": 1, "on": "write", "skip": 4}},
            "fxiaoke": {"drop_after": {"times": 3, "skip": 20}, "drop_before": {"times": 2, "skip": 40}},
            "woocommerce": {"drop_after": {}, "429": {"times": 1, "retry_after": "2", "skip": 2}},
        },
    ),
    (
        "while it writes what was left",
        {
            "zoho": {"dead_token": {}, "drop_before": {}},
            "fxiaoke": {"dead_token": {}, "error_in_200": {"times": 1, "skip": 3}},
            "woocommerce": {"html_in_200": {"on": "write"}, "truncated": {"times": 1}},
        },
    ),
)
"""When, and on which system, which faults; their options as `kehub sandbox faults` takes them."""

_ROUNDS = 8
_NOTE = """
A storm: the stand-ins will refuse, fall silent after a write, answer in HTML, lose their tokens and change while they
are read. The hub is run again and again, as a scheduler would. `kehub sandbox faults` plays the same by hand.
"""


class StormDemo(Demo):
    """One walk through the sandbox under faults."""

    def _walk(self, found: Sandbox) -> None:
        print(_NOTE)
        self.show("doctor", codes=(0,))
        checks = Checks(found)
        struck: Counter[str] = Counter()
        for number, (when, gust) in enumerate(GUSTS):
            self._gust(found, when, gust)
            report = self.facts("sync", codes=(0, 3, 4))
            self._told(report)
            if number == 0:
                self.show("status", codes=(0, 3))
            self._write_all(report["plans"] if number >= 2 else ())
            struck += self._strikes(found, gust)
        report = self._until_done(found)
        _show_strikes(struck)
        checks.agreed(report, None)
        self.show("runs", "list", codes=(0,))
        self.show("why", self._somebody(found), codes=(0,))
        print(f"\nThe demo's counts hold in spite of {struck.total()} faults.")

    def _gust(self, found: Sandbox, when: str, gust: Gust) -> None:
        print(f"\n--- faults {when}")
        for system, faults in gust.items():
            named = (f"{name} x {options.get('times', 1)}" for name, options in faults.items())
            print(f"  {system}: {', '.join(named)}")
            ask(found.system(system).url, "POST", "faults", faults)

    def _strikes(self, found: Sandbox, gust: Gust) -> Counter[str]:
        """How often each fault struck; what did not is called off."""
        struck: Counter[str] = Counter()
        for system, faults in gust.items():
            left = ask(found.system(system).url, "GET", "faults")
            for name, options in faults.items():
                struck[f"{system}: {name}"] += options.get("times", 1) - left[name]["times"]
            ask(found.system(system).url, "DELETE", "faults")
        return struck

    def _write_all(self, plans: Sequence[Mapping[str, Any]]) -> None:
        for plan in plans:
            self._told(self.facts("apply", plan["digest"], "--release", "share", codes=(0, 3, 4)))

    def _told(self, report: Mapping[str, Any]) -> None:
        """What a run says of its trouble, in a line each."""
        for error in report["errors"]:
            print(f"  {error['connection']}: {error['what']} ({error['where']})")

    def _until_done(self, found: Sandbox) -> Any:
        """The weather is fair again: runs until one finds nothing to do."""
        print("\n--- fair weather")
        for _ in range(_ROUNDS):
            report = self.facts("sync", codes=(0, 3))
            if not (report["plans"] or report["applied"] or report["errors"]):
                return report
            self._write_all(report["plans"])
        raise SystemExit(f"the demo failed: after {_ROUNDS} runs there is still something to write")


def _show_strikes(struck: Counter[str]) -> None:
    print("\nWhat struck:")
    for name, times in sorted(struck.items()):
        print(f"  {name} x {times}")
    check("faults struck", struck.total() > len(GUSTS), True)


if __name__ == "__main__":
    main(StormDemo)
