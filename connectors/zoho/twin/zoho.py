"""The Zoho twin: which call goes where, who may make it, and what the control side can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from connectors.zoho.twin.bulk import BULK, Exports
from connectors.zoho.twin.coql import Coql
from connectors.zoho.twin.listing import Listing
from connectors.zoho.twin.metadata import Metadata
from connectors.zoho.twin.notices import posts
from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.quota import Quota
from connectors.zoho.twin.records import CLERK, TIMES, Books, Module, Record, Values
from connectors.zoho.twin.replies import failure
from connectors.zoho.twin.schema import FieldSpec, modules
from connectors.zoho.twin.seed import seed
from connectors.zoho.twin.tags import Tags
from connectors.zoho.twin.tokens import Tokens
from connectors.zoho.twin.writing import Writing
from hub.testing.twin import Answer, Call, Clock, Endpoint, Population, Twin, Wish
from hub.testing.twin_deliver import Post, deliver

CRM = "/crm/v8"
_DEEDS = {"GET": ("READ",), "POST": ("CREATE",), "PUT": ("UPDATE",), "DELETE": ("DELETE",)}


class ZohoTwin(Twin):
    """A stateful stand-in for Zoho CRM v8."""

    name = "zoho"
    Options: ClassVar[type[ZohoOptions]] = ZohoOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        *,
        options: ZohoOptions | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or ZohoOptions()
        self.books = Books(modules(self.options), self._now, self.options.zone)
        self.tokens = Tokens(self.options, self._now, self.counts.violations)
        self.quota = Quota(self.options, self._now)
        seed(self.books, self.population)
        self._writing = Writing(self.books, self.options, self.wrote, self._rewrites)
        self._listing = Listing(self.books, self.options, self.pages, self._spoil, self._writing.module)
        self._metadata = Metadata(self.books)
        self._tags = Tags(self.books, self.options, self.wrote, self._writing)
        self._exports = Exports(self.books, self.options, self.tokens, self.pages, self._spoil, self.struck)
        self._coql = Coql(self.books, self.options, self.tokens, self.pages, self._spoil)

    def endpoints(self) -> Iterable[Endpoint]:
        """The calls of sheet sections 3, 4, 5, 7, 8, 9, 10, 11 and 14."""
        one, many = f"{CRM}/{{module}}/{{id}}", f"{CRM}/{{module}}"
        return [
            Endpoint("POST", "/oauth/v2/token", lambda call: self.tokens.token(call), "auth"),
            Endpoint("GET", "/oauth/v2/auth", lambda call: self.tokens.authorise(call), "auth"),
            Endpoint("POST", "/oauth/v2/token/revoke", lambda call: self.tokens.revoke(call), "auth"),
            Endpoint("GET", f"{CRM}/settings/modules", lambda call: self._metadata.modules(call)),
            Endpoint("GET", f"{CRM}/settings/modules/{{name}}", lambda call: self._metadata.modules(call)),
            Endpoint("GET", f"{CRM}/settings/fields", lambda call: self._metadata.fields(call)),
            Endpoint("GET", f"{CRM}/settings/tags", lambda call: self._tags.listed(call)),
            Endpoint("POST", f"{CRM}/settings/tags", lambda call: self._tags.made(call)),
            Endpoint("GET", f"{CRM}/users", lambda call: self._metadata.users(call)),
            Endpoint("GET", f"{CRM}/org", lambda call: self._metadata.org(call)),
            Endpoint("POST", BULK, lambda call: self._exports.ordered(call)),
            Endpoint("GET", f"{BULK}/{{id}}", lambda call: self._exports.state(call)),
            Endpoint("GET", f"{BULK}/{{id}}/result", lambda call: self._exports.result(call)),
            Endpoint("POST", f"{CRM}/coql", lambda call: self._coql.query(call)),
            Endpoint("GET", f"{many}/actions/count", lambda call: self._listing.count(call)),
            Endpoint("GET", f"{many}/deleted", lambda call: self._listing.deleted(call)),
            Endpoint("POST", f"{many}/upsert", lambda call: self._writing.upsert(call), "write"),
            *(
                Endpoint("POST", f"{place}/actions/{deed}_tags", act, "write")
                for place in (many, one)
                for deed, act in (
                    ("add", lambda call: self._tags.add(call)),
                    ("remove", lambda call: self._tags.remove(call)),
                )
            ),
            Endpoint("GET", one, self._one),
            Endpoint("PUT", one, lambda call: self._writing.update(call), "write"),
            Endpoint("DELETE", one, lambda call: self._writing.delete(call), "write"),
            Endpoint("GET", many, lambda call: self._listing.records(call)),
            Endpoint("POST", many, lambda call: self._writing.insert(call), "write"),
            Endpoint("PUT", many, lambda call: self._writing.update(call), "write"),
            Endpoint("DELETE", many, lambda call: self._writing.delete(call), "write"),
        ]

    def guard(self, call: Call) -> Answer | None:
        """Token, then calls at once, then scope, then credits."""
        if call.kind == "auth":
            return None
        if not self.tokens.alive(call.headers.get("authorization", "")):
            return failure(401, self.options.dead_token_code, "invalid oauth token")
        if self.quota.too_many(call, self.open_calls):
            self.counts.violations["over_concurrency"] += 1
            return self.refusal("429")
        if not all(self.tokens.granted(area, deed) for area, deed in _needs(call)):
            return failure(401, "OAUTH_SCOPE_MISMATCH", "invalid oauth scope to access this URL")
        if not self.quota.spend(call):
            self.counts.violations["over_budget"] += 1
            return self.refusal("429")
        return None

    def seal(self, call: Call, answer: Answer) -> Answer:
        """Show the remaining credits, once half of them are used."""
        headers = {} if call.kind == "auth" else self.quota.headers()
        return Answer(answer.status, answer.body, {**headers, **answer.headers})

    def refusal(self, reason: str) -> Answer:
        """Sheet section 18."""
        return {
            "429": failure(429, "TOO_MANY_REQUESTS"),
            "not_found": failure(404, "INVALID_URL_PATTERN"),
            "method": failure(400, "INVALID_REQUEST_METHOD"),
        }.get(reason, failure(500, "INTERNAL_ERROR"))

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All records by id without their times, and the ids in the bin."""
        shown = {name: _dump(module, ids) for name, module in self.books.modules.items()}
        bins = {name: sorted(module.bin) if ids else len(module.bin) for name, module in self.books.modules.items()}
        return {"records": shown, "deleted": bins}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        rows = (record for module in self.books.modules.values() for record in module.rows.values())
        return {record.id: record.person for record in rows if record.person is not None}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change, delete, tag or untag (`tags`) in `module`, by a clerk; nothing is checked.

        `permanent` empties the bin.
        """
        module = self.books.modules[wish.get("module", "Contacts")]
        if wish["op"] == "create":
            return {"id": self.books.insert(module.name, dict(wish["values"]), by=CLERK).id}
        record = module.rows[str(wish["id"])]
        if wish["op"] == "change":
            self.books.update(module.name, record, dict(wish["values"]), by=CLERK)
        elif wish["op"] == "delete":
            self.books.delete(module.name, record, permanent=bool(wish.get("permanent")), by=CLERK)
        elif wish["op"] in ("tag", "untag"):
            act = self._tags.put if wish["op"] == "tag" else self._tags.drop
            act(record, module, wish["tags"])
        else:
            raise ValueError("op is create, change, delete, tag or untag")
        return {"id": record.id}

    def records(self, module: str) -> dict[str, Values]:
        """A module's records, those in the bin left out."""
        return {id_: {"id": id_, **record.values} for id_, record in self.books.modules[module].rows.items()}

    def named(self, call: Call) -> Wish | None:
        """The first record of an update."""
        rows = call.json().get("data") if call.method == "PUT" else None
        return {"module": call.params["module"], "id": rows[0]["id"]} if rows and rows[0].get("id") else None

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]:
        """`fields` adds a custom field (Zoho documents no call for that); `deliver` posts notifications."""
        return {"fields": self._add_field, "deliver": lambda wish: deliver(wish, posts(self._now(), wish))}

    def tells(self, module: str, id_: str, url: str, secret: str) -> Post:
        """A notification of an update."""
        event = {"module": module, "ids": [id_], "operation": "update"}
        return next(posts(self._now(), {"secret": secret, "events": [event]}))

    def lists(self, call: Call) -> bool:
        """Records by id, and a query without an order, are look-ups."""
        if call.template.endswith("/coql"):
            return b" order by " in call.body or b"count(id)" in call.body
        return "ids" not in call.query

    def race_tokens(self) -> None:
        """Let the access tokens die, as when there are too many of them."""
        self.tokens.kill(for_good=False)

    def kill_tokens(self, *, for_good: bool) -> None:
        """Let the access tokens die."""
        self.tokens.kill(for_good=for_good)

    def _now(self) -> datetime:
        return self.clock.now()

    def _one(self, call: Call) -> Answer:
        module = self._writing.module(call)
        return self._listing.record(call, self._writing.id_of(module, call, call.params["id"]))

    def _rewrites(self, call: Call) -> bool:
        return self.options.rewrite_phones or self.struck("rewritten_phones", call) is not None

    def _add_field(self, wish: Wish) -> None:
        module = self.books.modules[wish["module"]]
        picks = tuple(wish.get("picks", ()))
        unique = bool(wish.get("unique"))
        length = int(wish.get("length", 255))
        kind = wish.get("data_type", "text")
        module.add_field(
            FieldSpec(wish["api_name"], kind, length, custom=True, unique=unique, external=unique, picks=picks)
        )

    def _spoil(self, call: Call, module: Module, rows: list[Values]) -> list[Values]:
        """A page's rows as the faults leave them."""
        return self.pages.shown(
            call, rows, module.title(), lambda kind: self._drift(module, module.rows[rows[0]["id"]], kind)
        )

    def _drift(self, module: Module, record: Record, kind: str) -> None:
        """A row of the page just read changes, goes, or is joined by a new one."""
        if kind == "delete":
            self.books.delete(module.name, record, by=CLERK)
        elif kind == "create":
            self.books.insert(module.name, {module.title(): f"Drift {record.id}"}, by=CLERK)
        else:
            self.books.update(module.name, record, {}, by=CLERK)


def _needs(call: Call) -> list[tuple[str, str]]:
    """The scopes that a call needs, as (area, deed)."""
    if call.template.startswith(BULK):
        return [("bulk", "READ")]
    rest = call.template.removeprefix(f"{CRM}/")
    if rest.startswith("settings/"):
        return [(f"settings.{rest.split('/')[1]}", *_DEEDS[call.method])]
    if rest in ("users", "org", "coql"):
        return [(rest, "READ")]
    if "module" not in call.params:
        return []
    deeds = ("CREATE", "UPDATE") if rest.endswith("/upsert") else _DEEDS[call.method]
    return [(f"modules.{call.params['module'].lower()}", deed) for deed in deeds]


def _dump(module: Module, ids: bool) -> list[Values]:
    """A module's rows without their times: by id, or with no id anywhere in them and sorted by what they say."""
    rows: list[Values] = [{"id": one, **module.rows[one].values} for one in sorted(module.rows)]
    for row in rows:
        for name in TIMES:
            del row[name]
    return rows if ids else sorted(map(_anonymous, rows), key=lambda row: json.dumps(row, sort_keys=True))


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _anonymous(part) for name, part in value.items() if name != "id"}
    return [_anonymous(part) for part in value] if isinstance(value, list) else value
