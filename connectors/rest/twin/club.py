"""The club's twin: which call goes where, who may make it, and what the control side can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from connectors.rest.twin.access import Access
from connectors.rest.twin.books import Books, Record, Values
from connectors.rest.twin.listing import Listing
from connectors.rest.twin.members import Members
from connectors.rest.twin.options import ClubOptions
from connectors.rest.twin.replies import Refused, refused
from connectors.rest.twin.seed import seed
from hub.testing.twin import Answer, Call, Clock, Endpoint, Kind, Population, Twin, Wish

ROOT = "/v1"
_ITEMS = {
    "code": "sku", "title": "name", "group": "category", "count": "quantity", "price": "unit_price", "off": "discount",
    "back": "refunded",
}  # fmt: skip


class ClubTwin(Twin):
    """A stateful stand-in for a membership service that nobody has heard of."""

    name = "rest"
    Options: ClassVar[type[ClubOptions]] = ClubOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        *,
        options: ClubOptions | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or ClubOptions()
        self.books = Books(self._now, self.options.times, self.options.zone)
        self.access = Access(self.options, self._now)
        seed(self.books, self.population)
        listing = Listing(self.options, self.pages, self._spoil, self._refuse)
        self._members = Members(self.books, self.options, listing, self.wrote, self._rewrites, self._refuse)

    def endpoints(self) -> Iterable[Endpoint]:
        """The service's calls."""
        one = "members/{number}"
        return [
            Endpoint("POST", "/oauth/token", lambda call: self.access.token(call), "auth"),
            self._call("GET", "members", lambda call: self._members.listed(call)),
            self._call("POST", "members/search", lambda call: self._members.listed(call)),
            self._call("GET", "members/closed", lambda call: self._members.closed(call)),
            self._call("GET", "purchases", lambda call: self._members.listed(call)),
            self._call("POST", "members", lambda call: self._members.create(call), "write"),
            self._call("POST", "members/batch", lambda call: self._members.many(call), "write"),
            self._call("GET", one, lambda call: self._members.one(call)),
            self._call("PATCH", one, lambda call: self._members.update(call), "write"),
        ]

    def guard(self, call: Call) -> Answer | None:
        """The service's patience, then its doorkeeper."""
        if self.access.too_many():
            self.counts.violations["over_budget"] += 1
            return self.refusal("429")
        if call.kind == "auth" or call.template == "(none)" or self.access.knows(call):
            return None
        return self._refuse("1001", "").answer

    def refusal(self, reason: str) -> Answer:
        """The service's own words; a refusal by its host has a status."""
        words = {"429": "1029", "error_in_200": "1050", "not_found": "9404", "method": "9405"}
        return refused(words.get(reason, "1050"), "", in_200=reason == "error_in_200")

    def lists(self, call: Call) -> bool:
        """Rows by number and by reference are look-ups."""
        return not {"numbers", "ref"} & call.query.keys() and "{number}" not in call.template

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All members and purchases without their times."""
        return {name: _dump(self.books.module(name), ids) for name in ("members", "purchases")}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        rows = (*self.books.members.values(), *self.books.purchases.values())
        return {record.number: record.person for record in rows if record.person is not None}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change, delete (a member leaves; with `erase`, or a purchase: for good)."""
        module, values = wish.get("module", "members"), dict(wish.get("values", {}))
        if wish["op"] == "create":
            made = self.books.add_member(values) if module == "members" else self.books.add_purchase(values)
            return {"id": made.number}
        record = self.books.module(module)[str(wish["id"])]
        if wish["op"] == "delete" and (module == "purchases" or wish.get("erase")):
            self.books.erase(module, record.number)
        elif wish["op"] in ("change", "delete"):
            self.books.merge(record, values if wish["op"] == "change" else {"status": "closed"})
            self.books.touch(record)
        else:
            raise ValueError("op is create, change or delete")
        return {"id": record.number}

    def records(self, module: str) -> dict[str, dict[str, Any]]:
        """Those who have not left, and all purchases, as the connector lays them out."""
        rows = self.books.module(module)
        return {number: _laid_out(self.books.shown(one)) for number, one in rows.items() if not one.closed}

    def named(self, call: Call) -> Wish | None:
        """The member that a call changes; of a batch the first."""
        if call.method == "PATCH":
            return {"module": "members", "id": call.params["number"]}
        rows = call.json().get("rows") if call.template.endswith("/batch") else None
        number = next((row["member_no"] for row in rows if row.get("member_no")), None) if rows else None
        return {"module": "members", "id": number} if number else None

    def kill_tokens(self, *, for_good: bool) -> None:
        """All tokens die; for good: the refresh token, and the client itself, too."""
        self.access.tokens.clear()
        if for_good:
            self.access.refresh = ""

    def race_tokens(self) -> None:
        """Another client fetches a token, and those in use die."""
        self.access.tokens.clear()
        self.access.new_token()

    def _now(self) -> datetime:
        return self.clock.now()

    def _call(self, method: str, path: str, act: Callable[[Call], Answer], kind: Kind = "read") -> Endpoint:
        return Endpoint(method, f"{ROOT}/{path}", act, kind)

    def _refuse(self, word: str, field: str) -> Refused:
        return Refused(word, field, in_200=self.options.errors == "in_200")

    def _rewrites(self, call: Call) -> bool:
        return self.options.rewrite_phones or self.struck("rewritten_phones", call) is not None

    def _spoil(self, call: Call, rows: list[Values]) -> list[Values]:
        """A page's rows as the faults leave them."""
        if "closed" in call.template:
            return self.pages.shown(call, rows, "left", lambda kind: None)
        title = "mobile" if "purchases" in call.template else "name"
        return self.pages.shown(call, rows, title, lambda kind: self._drift(rows[0], kind))

    def _drift(self, row: Values, kind: str) -> None:
        """A record of the page just read changes, goes, or is joined by a new one."""
        module, number = ("members", row["member_no"]) if "member_no" in row else ("purchases", row["no"])
        self.edit({"op": {"delete": "delete", "create": "create"}.get(kind, "change"), "module": module, "id": number})


def _laid_out(row: Values) -> Values:
    """A purchase's items as the lines of an order."""
    if "items" not in row:
        return row
    return {**row, "lines": [{_ITEMS[name]: str(value) for name, value in item.items()} for item in row["items"]]}


def _dump(rows: dict[str, Record], ids: bool) -> list[Values]:
    """Records without their times: by number, or with no number and sorted by what they say."""
    if ids:
        return [{"id": number, **rows[number].values} for number in sorted(rows)]
    bare = [{name: value for name, value in one.values.items() if name != "member"} for one in rows.values()]
    return sorted(bare, key=lambda row: json.dumps(row, sort_keys=True, default=str))
