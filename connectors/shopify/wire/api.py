"""Asking the Admin API: one document at a time, paced by the points that the shop says are left."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from connectors.shopify.wire.dialect import number, throttle_of
from hub.connector import Answer, Row
from hub.errors import Rejected, Transient

_LONGEST = 60.0
_NOTHING_THERE = "416"


@dataclass
class Pace:
    """What the last answer told of the bucket, and what each kind of query was last taken to cost."""

    clock: Any  # hub.clock.Clock
    costs: dict[str, float] = field(default_factory=dict)
    state: Row = field(default_factory=dict)
    at: datetime | None = None

    def wait(self, name: str) -> None:
        """Sleep until the bucket holds what this query costs, so that it need not be throttled."""
        rate = number(self.state.get("restoreRate"))
        if self.at is None or not rate:
            return
        gained = max(0.0, (self.clock.now() - self.at).total_seconds()) * rate
        most = number(self.state.get("maximumAvailable"))
        there = min(most, number(self.state.get("currentlyAvailable")) + gained)
        lacking = min(self.costs.get(name, 0.0), most) - there
        if lacking > 0:
            self.clock.sleep(min(lacking / rate, _LONGEST))

    def learn(self, name: str, answer: Answer) -> None:
        """Keep what an answer tells."""
        cost, state = throttle_of(answer)
        if cost:
            self.costs[name] = cost
        if state:
            self.state, self.at = state, self.clock.now()


@dataclass
class Api:
    """One version of the API behind a connection's door. `served` is the version that the last answer came from."""

    door: Any  # hub.http.door.Door
    path: str
    clock: Any  # hub.clock.Clock
    served: str = ""
    pace: Pace = field(init=False)

    def __post_init__(self) -> None:
        self.pace = Pace(self.clock)

    def ask(self, document: str, variables: Row | None = None, *, repeatable: bool = True) -> Row:
        """What a query found; nothing of it is null for an error. A mutation that is `repeatable` writes nothing."""
        found = self._send(document, variables, writes=False, repeatable=repeatable).get("data")
        if not isinstance(found, dict):
            raise Transient("the answer holds nothing of what was asked for")
        return found

    def write(self, document: str, variables: Row) -> Row:
        """The whole answer to a document of writes: each is to be judged by itself."""
        return self._send(document, variables, writes=True, repeatable=False)

    def part(self, url: str, first: int, last: int) -> tuple[bytes, bool]:
        """These bytes of a file, and whether they are all of it; the address is signed and asks for no credentials."""
        headers = {"Range": f"bytes={first}-{last}"}
        try:
            answer: Answer = self.door.request("GET", url, headers=headers, expects="bytes")
        except Rejected as fault:
            if fault.code == _NOTHING_THERE and first:
                return b"", True
            raise
        return answer.content, answer.status != 206

    def _send(self, document: str, variables: Row | None, *, writes: bool, repeatable: bool) -> Row:
        name = document.split("(", 1)[0].split("{", 1)[0].split()[-1]
        self.pace.wait(name)
        body: Row = {"query": document, "operationName": name}
        if variables:
            body["variables"] = variables
        answer: Answer = self.door.request("POST", self.path, json=body, writes=writes, repeatable=repeatable)
        self.pace.learn(name, answer)
        self.served = answer.header("x-shopify-api-version") or self.served
        found = answer.json()
        return found if isinstance(found, dict) else {}
