"""A stand-in for the kiosk: a list of members behind a key."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hub.clock import Clock
from hub.testing.people import Population
from hub.testing.stand import Stand
from hub.testing.twin import Answer, Call, Endpoint, Twin
from kehub_kiosk.connector import Kiosk


@dataclass(frozen=True)
class Options:
    """`key` is the one that lets a caller in."""

    key: str = "kiosk-key"


class KioskTwin(Twin):
    """The kiosk with those of the invented people whom it knows."""

    name = "kiosk"
    Options = Options

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        latency: float = 0.0,
        options: Options | None = None,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or Options()
        self.members = {seen.key: _member(seen) for seen in self.population.sightings("kiosk")}

    def endpoints(self) -> Iterable[Endpoint]:
        """The list, and nothing else."""
        return [Endpoint("GET", "/members", self.listed)]

    def guard(self, call: Call) -> Answer | None:
        """Nobody without the key."""
        wrong = call.headers.get("x-kiosk-key") != self.options.key
        return Answer(401, {"error": "WRONG_KEY"}) if wrong else None

    def listed(self, call: Call) -> Answer:
        """One page by number."""
        page, size = int(call.query["page"]), int(call.query["size"])
        rows = [self.members[key] for key in sorted(self.members)]
        return Answer(200, {"members": rows[(page - 1) * size : page * size], "total": len(rows)})

    def records(self, module: str) -> dict[str, dict[str, Any]]:
        """The members by number."""
        return self.members


def _member(seen: Any) -> dict[str, Any]:
    joined = seen.registered.isoformat()
    return {
        "no": seen.key, "full_name": seen.name, "mobile": seen.phone, "mail": seen.email, "town": seen.city,
        "card": seen.card, "joined": joined, "changed": joined,
    }  # fmt: skip


TWIN = KioskTwin
STAND = Stand(
    Kiosk.type, KioskTwin, {"url": "{url}", "key": "${KIOSK_KEY}"}, {"KIOSK_KEY": "kiosk-key"}, {"customers": "members"}
)
