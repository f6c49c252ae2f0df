"""The HubSpot twin: which call goes where, who may make it, and what the control side can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from connectors.hubspot.twin.access import Access, too_many
from connectors.hubspot.twin.account import Account, spec_of
from connectors.hubspot.twin.batch import Batch
from connectors.hubspot.twin.books import Books, Kind, Record
from connectors.hubspot.twin.hooks import Hooks
from connectors.hubspot.twin.listing import Listing
from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.paths import endpoints, needs
from connectors.hubspot.twin.relations import TYPES, Relations, associated
from connectors.hubspot.twin.replies import Refused, Values, envelope
from connectors.hubspot.twin.schema import MODIFIED, TYPE_IDS, properties
from connectors.hubspot.twin.search import Search
from connectors.hubspot.twin.seed import seed
from hub.testing.twin import Answer, Call, Clock, Endpoint, Population, Twin, Wish
from hub.testing.twin_deliver import Post, deliver

_TITLES = {"contacts": "lastname", "companies": "name", "orders": "hs_order_name"}
_OPS = "create, change, delete, restore, merge, erase, associate or tag"


class HubSpotTwin(Twin):
    """A stateful stand-in for HubSpot's CRM."""

    name = "hubspot"
    Options: ClassVar[type[HubSpotOptions]] = HubSpotOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        *,
        options: HubSpotOptions | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or HubSpotOptions()
        self.books = Books(properties(self.options), self._now, self.options.index_delay)
        self.access = Access(self.options, self._now)
        self.hooks = Hooks(self.books, self.options, self._now)
        seed(self.books, self.population)
        self.hooks.start()
        self.listing = Listing(self.books, self.options, self.pages, self._spoil)
        self.search = Search(self.books, self.options, self.pages, self._spoil)
        self.batch = Batch(self.books, self.options, self.wrote, self._rewrites)
        self.relations = Relations(self.books, self.options, self.kind)
        self.account = Account(self.books, self.options, self.access)

    def endpoints(self) -> Iterable[Endpoint]:
        """The calls of both ways of numbering versions."""
        return endpoints(self)

    def kind(self, name: str) -> Kind:
        """The kind of object that a path names: by name, in the singular, or by type id."""
        for own, type_id in TYPE_IDS.items():
            if name in (own, own.removesuffix("s"), type_id):
                return self.books.kinds[own]
        raise Refused(400, "Unable to infer object type from the path")

    def guard(self, call: Call) -> Answer | None:
        """Token, then scope, then limits."""
        if call.kind == "auth" or call.template == "(none)":
            return None
        self.access.check(call, needs(call))
        policy = self.access.spend(call, search=call.path.endswith("/search"))
        if policy:
            self.counts.violations["over_budget"] += 1
            return too_many(policy)
        return None

    def seal(self, call: Call, answer: Answer) -> Answer:
        """Show what is left of the limits, but not on Search."""
        headers = {} if call.kind == "auth" or call.path.endswith("/search") else self.access.headers(call)
        return Answer(answer.status, answer.body, {**headers, **answer.headers})

    def refusal(self, reason: str) -> Answer:
        """HubSpot's ways of saying no."""
        if reason == "429":
            return too_many("TEN_SECONDLY_ROLLING")
        if reason in ("not_found", "method"):
            return Answer(
                {"not_found": 404, "method": 405}[reason], b"<html>Not found</html>", {"content-type": "text/html"}
            )
        return Answer(500, envelope("internal error"))

    def lists(self, call: Call) -> bool:
        """Lists and searches walk; reading by ids, properties and associations do not."""
        return call.path.endswith("/search") or (
            call.method == "GET" and call.template.endswith("/{type}") and "objects" in call.path
        )

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All records by id without their times, and the ids in the archive."""
        shown = {name: self._dump(kind, ids) for name, kind in self.books.kinds.items()}
        bins = {name: sorted(map(str, kind.bin)) if ids else len(kind.bin) for name, kind in self.books.kinds.items()}
        return {"records": shown, "archived": bins}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        rows = (record for kind in self.books.kinds.values() for record in kind.rows.values())
        return {str(record.id): record.person for record in rows if record.person is not None}

    def records(self, module: str) -> dict[str, Values]:
        """The living records, as the connector lays them out."""
        return {str(one.id): self._row(one) for one in self.books.kinds[module].rows.values()}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """What a user of the portal does; nothing is checked. `other` is the id that is merged, or associated with."""
        module, op = str(wish.get("module", "contacts")), wish["op"]
        kind, values = self.books.kinds[module], self._spelled(dict(wish.get("values", {})))
        if op == "create":
            made = self.books.insert(module, values)
            self._associate(made, wish)
            return {"id": str(made.id)}
        record = kind.rows.get(int(wish["id"])) or kind.bin[int(wish["id"])]
        acts: dict[str, Callable[[], Any]] = {
            "change": lambda: self.books.update(record, values),
            "delete": lambda: self.books.archive(record),
            "restore": lambda: self.books.restore(record),
            "erase": lambda: self.books.erase(record),
            "merge": lambda: self._merge(record, kind.rows[int(wish["other"])]),
            "associate": lambda: self._link(record, wish["other"]),
            "tag": lambda: self._tag(record, str(wish.get("property", "kehub_tags")), list(wish["tags"])),
        }
        if op not in acts:
            raise ValueError(f"op is {_OPS}")
        found = acts[op]()
        self._associate(record, wish)
        return {"id": str(found or record.id)}

    def named(self, call: Call) -> Wish | None:
        """The first record of a batch of updates."""
        rows = call.json().get("inputs") if call.path.endswith("/batch/update") else None
        return {"module": self.kind(call.params["type"]).name, "id": rows[0]["id"]} if rows else None

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]:
        """`deliver` posts what has happened as webhooks, `deliveries` gives the same to be posted; `properties` adds one."""
        return {
            "deliver": lambda wish: deliver(wish, self.hooks.posts(wish)),
            "deliveries": lambda wish: self.hooks.deliveries(wish),
            "properties": self._add_property,
        }

    def tells(self, module: str, id_: str, url: str, secret: str) -> Post:
        """What has happened since the last delivery, this record's change at its end."""
        return self.hooks.posts({"url": url, "secret": secret})[-1]

    def race_tokens(self) -> None:
        """Let the access tokens die, as when another client has taken new ones."""
        self.access.kill(for_good=False)

    def kill_tokens(self, *, for_good: bool) -> None:
        """Let the access tokens die."""
        self.access.kill(for_good=for_good)

    def _now(self) -> datetime:
        return self.clock.now()

    def _associate(self, record: Record, wish: Wish) -> None:
        """An order's contact is no property, but shown like one."""
        if record.kind == "orders" and (contact := wish.get("values", {}).get("contact")):
            self._link(record, contact)

    def _link(self, record: Record, other: Any) -> None:
        self.books.link(record.kind, record.id, "contacts", int(other), TYPES.get((record.kind, "contacts"), 1))

    def _merge(self, kept: Record, other: Record) -> int:
        return self.books.merge(kept, other, anew=self.options.merged_keeps == "new").id

    def _tag(self, record: Record, name: str, tags: list[str]) -> None:
        held = str(record.values.get(name) or "").split(";")
        self.books.update(record, {name: ";".join(dict.fromkeys(filter(None, [*held, *tags])))})

    def _spelled(self, values: Values) -> Values:
        """Values of a wish as HubSpot keeps them: texts, lists with semicolons between."""
        values.pop("id", None)
        values.pop("contact", None)
        return {name: ";".join(value) if isinstance(value, list) else value for name, value in values.items()}

    def _row(self, record: Record) -> Values:
        whole = record.all()
        known = {name: whole.get(name) for name in self.books.kinds[record.kind].properties}
        for name in ("hs_additional_emails", "kehub_tags"):
            if known.get(name):
                known[name] = str(known[name]).split(";")
        contact = {"contact": associated(self.books, record)} if record.kind == "orders" else {}
        return {**known, **contact, "id": str(record.id)}

    def _rewrites(self, call: Call) -> bool:
        return self.options.rewrite_phones or self.struck("rewritten_phones", call) is not None

    def _add_property(self, wish: Wish) -> None:
        spec = spec_of(wish)
        self.books.kinds[str(wish.get("module", "contacts"))].properties[spec.name] = spec

    def _spoil(self, call: Call, kind: Kind, rows: list[Values]) -> list[Values]:
        """A page's rows as the faults leave them."""
        title = _TITLES[kind.name]
        flat = [{title: row["properties"].get(title), "": row} for row in rows]
        shown = self.pages.shown(call, flat, title, lambda drift: self._drift(kind, int(rows[0]["id"]), drift))
        return [_titled(one[""], title, one[title]) for one in shown]

    def _drift(self, kind: Kind, id_: int, drift: str) -> None:
        """A record of the page just read changes, goes, or is joined by a new one."""
        record = kind.rows.get(id_)
        if drift == "create":
            self.books.insert(kind.name, {_TITLES[kind.name]: f"Drift {id_}"})
        elif record is not None and drift == "delete":
            self.books.archive(record)
        elif record is not None:
            self.books.update(record, {})

    def _dump(self, kind: Kind, ids: bool) -> list[Values]:
        rows = [
            {**kind.rows[one].values, "contact": associated(self.books, kind.rows[one])} for one in sorted(kind.rows)
        ]
        if ids:
            return [{"id": str(one), **row} for one, row in zip(sorted(kind.rows), rows, strict=True)]
        bare = [
            {name: value for name, value in row.items() if name not in ("contact", MODIFIED[kind.name])} for row in rows
        ]
        return sorted(bare, key=lambda row: json.dumps(row, sort_keys=True))


def _titled(row: Values, title: str, value: Any) -> Values:
    if title not in row["properties"]:
        return row
    return {**row, "properties": {**row["properties"], title: value}}
