"""A stand-in for the kiosk: a list of members behind a key."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hub.testing import Answer, Call, Clock, Endpoint, Population, Sighting, Stand, TableTwin
from kehub_kiosk.connector import Kiosk


@dataclass(frozen=True)
class Options:
    """`key` is the one that lets a caller in."""

    key: str = "kiosk-key"


class KioskTwin(TableTwin):
    """The kiosk with those of the invented people whom it knows."""

    name, module, key, modified, title = "kiosk", "members", "no", "changed", "full_name"
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

    def row(self, seen: Sighting) -> dict[str, Any]:
        """What the kiosk keeps of somebody."""
        return {
            "full_name": seen.name, "mobile": seen.phone, "mail": seen.email, "town": seen.city, "card": seen.card,
            "joined": seen.registered.isoformat(),
        }  # fmt: skip

    def endpoints(self) -> Iterable[Endpoint]:
        """The list, and nothing else."""
        return [Endpoint("GET", "/members", self._members)]

    def guard(self, call: Call) -> Answer | None:
        """Nobody without the key."""
        wrong = call.headers.get("x-kiosk-key") != self.options.key
        return Answer(401, {"error": "WRONG_KEY"}) if wrong else None

    def _members(self, call: Call) -> Answer:
        """The members behind a number."""
        page = self.page(call, self.listed(), call.query["after"], int(call.query["size"]))
        return Answer(200, {"members": page.rows, "total": page.total, "next": page.last or None})


TWIN = KioskTwin
STAND = Stand(
    Kiosk.type,
    KioskTwin,
    {"url": "{url}", "key": "${KIOSK_KEY}"},
    {"KIOSK_KEY": "kiosk-key"},
    {"customers": "members"},
    small={"page_size": 4},
)
