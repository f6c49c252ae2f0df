"""A stand-in for Sprout over HTTP: it keeps members, and can be told to misbehave as the real one may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hub.testing import Answer, Call, Clock, Endpoint, Population, Sighting, Stand, TableTwin, Wish

from .connector import Sprout

Row = dict[str, Any]  # JSON
WRITABLE = ("name", "phone", "email", "city", "level", "kehub_id", "external_key")
LONGEST = 200
MOST = 50


@dataclass(frozen=True)
class SproutOptions:
    """`key` is the one that lets a caller in."""

    key: str = "sprout-twin-key"


class SproutTwin(TableTwin):
    """One account, with those of the invented people whom it knows."""

    name, module, modified, title = "sprout", "members", "changed_at", "name"
    Options = SproutOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        latency: float = 0.0,
        options: SproutOptions | None = None,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or SproutOptions()
        self.closed = False

    def row(self, seen: Sighting) -> Row:
        """What the account holds of somebody."""
        same = {name: getattr(seen, name) for name in ("name", "phone", "email", "city")}
        return {**same, "joined_at": seen.registered.isoformat(), "no_mail": seen.opted_out, "level": None}

    def endpoints(self) -> Iterable[Endpoint]:
        """The listing, and the batch."""
        return [
            Endpoint("GET", "/members", self._listed),
            Endpoint("POST", "/members/batch", self._batch, "write"),
        ]

    def guard(self, call: Call) -> Answer | None:
        """Nobody without the key, and nobody once the account is closed."""
        fits = call.headers.get("x-api-key") == self.options.key and not self.closed
        return None if fits else Answer(401, {"error": "WRONG_KEY"})

    def refusal(self, reason: str) -> Answer:
        """The codes that Sprout answers with."""
        codes = {"429": (429, "TOO_MANY_CALLS"), "not_found": (404, "NO_SUCH_CALL"), "method": (405, "NO_SUCH_CALL")}
        status, code = codes.get(reason, (500, "OUT_OF_ORDER"))
        return Answer(status, {"error": code})

    def kill_tokens(self, *, for_good: bool) -> None:
        """There are no tokens; what ends for good is the account."""
        self.closed = self.closed or for_good

    def lists(self, call: Call) -> bool:
        """Whether a call walks the listing; one that names ids or keys looks rows up."""
        return call.kind == "read" and not call.query.keys() & {"ids", "external_keys"}

    def _listed(self, call: Call) -> Answer:
        """A page of the members that changed since, in the order of ids; or those of the ids or keys that are named."""
        if not self.lists(call):
            found = self._looked_up(call)
            return Answer(200, {"members": found, "total": len(found), "next": None})
        listed = self.listed(call.query.get("changed_since", ""))
        page = self.page(call, listed, call.query.get("after", ""), int(call.query.get("limit", "100")))
        return Answer(200, {"members": page.rows, "total": page.total, "next": page.last or None})

    def _looked_up(self, call: Call) -> list[Row]:
        ids, keys = (call.query.get(name, "").split(",") for name in ("ids", "external_keys"))
        return [row for row in self.listed() if row["id"] in ids or row.get("external_key", "") in set(keys) - {""}]

    def _batch(self, call: Call) -> Answer:
        """Change or make members; each row is answered by itself."""
        rows = call.json()["members"]
        if len(rows) > MOST:
            return Answer(400, {"error": "TOO_MANY_ROWS"})
        rewrites = self.struck("rewritten_phones", call) is not None
        return Answer(200, {"results": [self._one(row, rewrites) for row in rows]})

    def _one(self, row: Row, rewrites: bool) -> Row:
        id_ = row.get("id")
        values = {name: value for name, value in row.items() if name != "id"}
        wrong = next((name for name in values if name not in WRITABLE or len(str(values[name])) > LONGEST), "")
        if wrong:
            return {"error": "BAD_VALUE", "field": wrong}
        if id_ is not None and id_ not in self.table:
            return {"error": "NO_SUCH_MEMBER", "field": "id"}
        key = values.get("external_key")
        if id_ is None and (not key or any(one.get("external_key") == key for one in self.table.values())):
            return {"error": "KEY_TAKEN" if key else "NO_KEY", "field": "external_key"}
        if rewrites and values.get("phone"):
            values["phone"] = f" {values['phone']} "
        return {"id": self.write(values, id_)}

    def named(self, call: Call) -> Wish | None:
        """The first member that a batch changes."""
        ids = [row["id"] for row in call.json()["members"] if row.get("id")]
        return {"module": "members", "id": ids[0]} if ids else None


TWIN = SproutTwin
STAND = Stand(
    "sprout",
    SproutTwin,
    {"url": "{url}", "key": "${SPROUT_KEY}"},
    {"SPROUT_KEY": "sprout-twin-key"},
    {"customers": "members"},
    small={"page_size": 4},
    connector=Sprout,
)
