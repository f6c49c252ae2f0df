"""A stand-in for Sprout over HTTP: it keeps members, and can be told to misbehave as the real one may."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from typing import Any

from hub.testing import Answer, Call, Clock, Endpoint, Population, Sighting, Stand, Twin, Wish

from .connector import Sprout

Row = dict[str, Any]  # JSON
WRITABLE = ("name", "phone", "email", "city", "level", "kehub_id", "external_key")
LONGEST = 200
MOST = 50


@dataclass(frozen=True)
class SproutOptions:
    """`key` is the one that lets a caller in."""

    key: str = "sprout-twin-key"


class SproutTwin(Twin):
    """One account, with those of the invented people whom it knows."""

    name = "sprout"
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
        self._numbers = count(1)
        self.members: dict[str, Row] = {}
        self._people: dict[str, int] = {}
        for seen in self.population.sightings("sprout"):
            self._people[self._put(None, _member(seen))] = seen.person

    # -- the interface

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
        since, after = call.query.get("changed_since", ""), call.query.get("after", "")
        chosen = [row for _, row in sorted(self.members.items()) if row["changed_at"] >= since]
        shown, total = self.pages.capped(call, chosen)
        start = sum(row["id"] <= after for row in shown)
        start, size = self.pages.cut(call, start, int(call.query.get("limit", "100")))
        page = [dict(row) for row in shown[start : start + size]]
        goes_on = page[-1]["id"] if page and start + size < len(shown) else None
        rows = self.pages.shown(call, page, "name", lambda kind: self._drift(page[0]["id"], kind))
        return Answer(200, {"members": rows, "total": total, "next": goes_on})

    def _looked_up(self, call: Call) -> list[Row]:
        ids = call.query.get("ids", "").split(",")
        keys = set(call.query.get("external_keys", "").split(",")) - {""}
        return [row for id_, row in sorted(self.members.items()) if id_ in ids or row.get("external_key") in keys]

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
        if id_ is not None and id_ not in self.members:
            return {"error": "NO_SUCH_MEMBER", "field": "id"}
        key = values.get("external_key")
        if id_ is None and (not key or any(one.get("external_key") == key for one in self.members.values())):
            return {"error": "KEY_TAKEN" if key else "NO_KEY", "field": "external_key"}
        if rewrites and values.get("phone"):
            values["phone"] = f" {values['phone']} "
        stored = self._put(id_, values)
        self.wrote("update" if id_ else "create", "members", stored, values)
        return {"id": stored}

    # -- what tests and trainers do

    def edit(self, wish: Wish) -> Row:
        """Create, change or delete a member as somebody at the counter would."""
        id_ = wish.get("id")
        if wish["op"] != "create" and id_ not in self.members:
            raise ValueError("there is no such member")
        if wish["op"] == "delete":
            del self.members[str(id_)]
            return {"id": id_}
        return {"id": self._put(None if wish["op"] == "create" else id_, wish.get("values", {}))}

    def records(self, module: str) -> dict[str, Row]:
        """The members by id."""
        return {id_: dict(row) for id_, row in self.members.items()}

    def state(self, *, ids: bool = True) -> Row:
        """All members without their times of change."""
        hidden = {"changed_at"} if ids else {"changed_at", "id"}
        rows = [{name: value for name, value in row.items() if name not in hidden} for row in self.members.values()]
        return {"members": sorted(rows, key=lambda row: sorted(map(str, row.items())))}

    def truth(self) -> dict[str, int]:
        """Which person each member is."""
        return {id_: person for id_, person in self._people.items() if id_ in self.members}

    def named(self, call: Call) -> Wish | None:
        """The first member that a batch changes."""
        ids = [row["id"] for row in call.json()["members"] if row.get("id")]
        return {"module": "members", "id": ids[0]} if ids else None

    def _put(self, id_: str | None, values: Row) -> str:
        id_ = id_ or f"m{next(self._numbers):06d}"
        kept = self.members.get(id_, {"id": id_, "joined_at": self.clock.now().isoformat(), "no_mail": False})
        self.members[id_] = {**kept, **values, "changed_at": self.clock.now().isoformat()}
        return id_

    def _drift(self, id_: str, kind: str) -> None:
        """The first member of the page just read changes or goes, or a new one comes."""
        op = {"delete": "delete", "create": "create"}.get(kind, "change")
        self.edit({"op": op, "id": id_, "values": {"name": "Newly There"} if op == "create" else {}})


def _member(seen: Sighting) -> Row:
    same = {name: getattr(seen, name) for name in ("name", "phone", "email", "city")}
    return {**same, "joined_at": seen.registered.isoformat(), "no_mail": seen.opted_out, "level": None}


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
