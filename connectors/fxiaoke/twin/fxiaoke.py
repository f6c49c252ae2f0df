"""The Fxiaoke twin: which call goes where, who may make it, and what the control side can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from connectors.fxiaoke.twin.listing import Listing
from connectors.fxiaoke.twin.metadata import Metadata
from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.quota import Quota
from connectors.fxiaoke.twin.records import CLERK, TIMES, Books, Record, Table, Values
from connectors.fxiaoke.twin.replies import failure
from connectors.fxiaoke.twin.schema import FieldSpec, objects
from connectors.fxiaoke.twin.seed import seed
from connectors.fxiaoke.twin.tokens import Tokens
from connectors.fxiaoke.twin.writing import Writing
from hub.testing.twin import Answer, Call, Clock, Endpoint, Kind, Population, Twin, Wish

_FAMILIES = ("/cgi/crm/v2", "/cgi/crm/custom/v2")


class FxiaokeTwin(Twin):
    """A stateful stand-in for Fxiaoke's open platform."""

    name = "fxiaoke"
    Options: ClassVar[type[FxiaokeOptions]] = FxiaokeOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        *,
        options: FxiaokeOptions | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or FxiaokeOptions()
        self.books = Books(objects(self.options), self._now)
        self.tokens = Tokens(self.options, self._now, self.counts.violations)
        self.quota = Quota(self.options, self._now)
        seed(self.books, self.population, self.options)
        self._metadata = Metadata(self.books, self.options)
        self._listing = Listing(self.books, self.options, self.tokens, self.pages, self._spoil)
        self._writing = Writing(self.books, self.options, self.tokens, self._listing, self.wrote, self._rewrites)

    def endpoints(self) -> Iterable[Endpoint]:
        """The calls of sheet sections 2 to 6."""
        reads: dict[str, Callable[[Call], Answer]] = {
            "query": lambda call: self._listing.query(call),
            "get": lambda call: self._listing.get(call),
        }
        writes: dict[str, Callable[[Call], Answer]] = {
            "create": lambda call: self._writing.create(call),
            "update": lambda call: self._writing.update(call),
            "changeOwner": lambda call: self._writing.change_owner(call),
            "invalid": lambda call: self._writing.invalidate(call),
            "delete": lambda call: self._writing.delete(call),
            "recover": lambda call: self._writing.recover(call),
        }
        return [
            self._at("/cgi/corpAccessToken/get/V2", lambda call: self.tokens.corp_token(call), "auth"),
            self._at("/oauth2.0/token", lambda call: self.tokens.access_token(call), "auth"),
            self._at("/cgi/user/getByMobile", lambda call: self.tokens.by_mobile(call), "auth"),
            self._at("/cgi/crm/v2/object/list", lambda call: self._metadata.objects(call)),
            self._at("/cgi/crm/v2/object/describe", lambda call: self._metadata.describe(call)),
            self._at("/cgi/crm/custom/v2/data/findOne", lambda call: self._listing.find_one(call)),
            self._at("/cgi/crm/custom/data/invalid", lambda call: self._writing.invalidate(call), "write"),
            *(self._at(f"{family}/data/{name}", act) for family in _FAMILIES for name, act in reads.items()),
            *(self._at(f"{family}/data/{name}", act, "write") for family in _FAMILIES for name, act in writes.items()),
        ]

    def guard(self, call: Call) -> Answer | None:
        """Trace id, then token and employee, then the calls of the interface."""
        if call.method != "POST" or call.template == "(none)":
            return None
        if not call.query.get("thirdTraceId"):
            self.counts.violations["no_trace_id"] += 1
        if call.kind == "auth":
            return self._one_sign_in()
        self.tokens.caller(call)
        code = self.quota.refuses(call.template)
        if code:
            self.counts.violations["over_quota" if code == 30002 else "over_budget"] += 1
        return failure(code) if code else None

    def refusal(self, reason: str) -> Answer:
        """Sheet section 9: refusals come with status 200; only a gateway that is out of order answers otherwise."""
        if reason == "429":
            return failure(self.options.limit_code)
        if reason in ("not_found", "method"):
            return Answer(404, b"<!doctype html><title>404</title>", {"content-type": "text/html"})
        return failure(-1, status=500)

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All records by id without their times and versions."""
        return {"records": {name: _dump(table, ids) for name, table in self.books.tables.items()}}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        rows = (record for table in self.books.tables.values() for record in table.rows.values())
        return {record.id: record.person for record in rows if record.person is not None}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change, invalidate or delete in object `module`, by a clerk; nothing is checked."""
        table = self.books.tables[wish.get("module", self.options.people_in)]
        if wish["op"] == "create":
            return {"id": self.books.insert(table.name, dict(wish["values"]), by=CLERK).id}
        record = table.rows[str(wish["id"])]
        if wish["op"] == "change":
            self.books.update(record, dict(wish["values"]), by=CLERK)
        elif wish["op"] in ("invalidate", "delete"):
            self.books.delete(table.name, record, for_good=wish["op"] == "delete", by=CLERK)
        else:
            raise ValueError("op is create, change, invalidate or delete")
        return {"id": record.id}

    def records(self, module: str) -> dict[str, Values]:
        """An object's records, invalidated ones left out."""
        living = self.books.tables[module].living()
        return {record.id: {"_id": record.id, **record.values} for record in living}

    def named(self, call: Call) -> Wish | None:
        """The record of an update."""
        row = call.json()["data"].get("object_data") or {} if call.path.endswith("/data/update") else {}
        return {"module": row["dataObjectApiName"], "id": row["_id"]} if row.get("_id") else None

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]:
        """`POST /_twin/fields` adds a custom field."""
        return {"fields": self._add_field}

    def lists(self, call: Call) -> bool:
        """A query for values that it names is a look-up."""
        return b'"IN"' not in call.body

    def race_tokens(self) -> None:
        """Let another client sign in: the tokens in use die, and who signs in now is given the other's."""
        self.tokens.race()

    def kill_tokens(self, *, for_good: bool) -> None:
        """Let the tokens die."""
        self.tokens.kill(for_good=for_good)

    def _now(self) -> datetime:
        return self.clock.now()

    def _at(self, path: str, act: Callable[[Call], Answer], kind: Kind = "read") -> Endpoint:
        return Endpoint("POST", path, act, kind)

    def _one_sign_in(self) -> Answer | None:
        """The token endpoint takes no calls side by side."""
        if sum(call.kind == "auth" for call in self.open_calls) > 1:
            self.counts.violations["token_concurrency"] += 1
            return failure(14001)
        return None

    def _rewrites(self, call: Call) -> bool:
        return self.options.rewrite_phones or self.struck("rewritten_phones", call) is not None

    def _add_field(self, wish: Wish) -> None:
        picks = tuple((str(value), str(label)) for value, label in wish.get("options", ()))
        spec = FieldSpec(
            wish["api_name"], wish.get("type", "text"), wish.get("label", "x"), bool(wish.get("required")),
            bool(wish.get("unique")), picks,
        )  # fmt: skip
        self.books.tables[wish["module"]].fields[spec.name] = spec

    def _spoil(self, call: Call, table: Table, rows: list[Values]) -> list[Values]:
        """A page's rows as the faults leave them."""
        return self.pages.shown(call, rows, "name", lambda kind: self._drift(table, table.rows[rows[0]["_id"]], kind))

    def _drift(self, table: Table, record: Record, kind: str) -> None:
        """A row of the page just read changes, goes, or is joined by a new one."""
        if kind == "delete":
            self.books.delete(table.name, record, for_good=True, by=CLERK)
        elif kind == "create":
            self.books.insert(table.name, {"name": f"Drift {record.id}"}, by=CLERK)
        else:
            self.books.update(record, {}, by=CLERK)


def _dump(table: Table, ids: bool) -> list[Values]:
    """A table's rows without what depends on when: by id, or with no id anywhere and sorted by what they say."""
    hidden = {*TIMES, "version", *(() if ids else (spec.name for spec in table.fields.values() if spec.target))}
    shown = [
        {"_id": record.id, **{name: value for name, value in record.values.items() if name not in hidden}}
        for record in table.rows.values()
    ]
    if ids:
        return shown
    bare = [{name: value for name, value in row.items() if name != "_id"} for row in shown]
    return sorted(bare, key=lambda row: json.dumps(row, sort_keys=True))
