"""The Shopify twin: who may call, what a document costs and does, and what the control side can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from starlette.requests import Request
from starlette.types import Send

from connectors.shopify.twin.books import Books, Record, Values, row
from connectors.shopify.twin.bucket import Bucket
from connectors.shopify.twin.hooks import delivery, posts
from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.replies import errors, unauthorised
from connectors.shopify.twin.seed import seed
from connectors.shopify.twin.tokens import Tokens
from hub.errors import SettingsError
from hub.testing.twin import Answer, Call, Clock, Endpoint, Population, Twin, Wish
from hub.testing.twin_deliver import Post, deliver

if TYPE_CHECKING:
    from connectors.shopify.twin.shop import Shop

ROOT = "/admin/api/{version}/graphql.json"


class ShopifyTwin(Twin):
    """A stateful stand-in for a Shopify shop."""

    name = "shopify"
    Options: ClassVar[type[ShopifyOptions]] = ShopifyOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        *,
        options: ShopifyOptions | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or ShopifyOptions()
        self.books = Books(self._now)
        self.tokens = Tokens(self.options, self._now, self.counts.violations)
        self.bucket = Bucket(self.options, self._now, self.counts.violations)
        self._delivered = 0
        seed(self.books, self.population)
        self._shop = self._opened()

    def _opened(self) -> Shop:
        try:
            from connectors.shopify.twin.shop import Shop
        except ImportError as error:
            if (error.name or "").partition(".")[0] != "graphql":
                raise
            remedy = "pip install 'graphql-core>=3.2'"
            raise SettingsError("the Shopify stand-in needs graphql-core", remedy=remedy) from None
        return Shop(self.books, self.options, self.pages, self.struck, self.wrote, self._drift)

    def endpoints(self) -> Iterable[Endpoint]:
        """GraphQL of every version, the token's address, and the files of bulk operations."""
        return [
            Endpoint("POST", "/admin/oauth/access_token", lambda call: self.tokens.token(call), "auth"),
            Endpoint("POST", ROOT, self._asked),
            Endpoint("GET", "/files/{name}", lambda call: self._shop.operations.file(call)),
        ]

    def guard(self, call: Call) -> Answer | None:
        """The token first; then the version."""
        if call.template != ROOT:
            return None
        if not self.tokens.alive(call.headers.get("x-shopify-access-token", "")):
            return unauthorised()
        return None if self.served(call) else Answer(404, {"errors": "Not Found"})

    def served(self, call: Call) -> str:
        """The version that answers: the oldest one for those that are no longer served; "" for one there never was."""
        asked, known = call.params["version"], self.options.versions
        return asked if asked in known else known[0] if asked < known[0] else ""

    def seal(self, call: Call, answer: Answer) -> Answer:
        """Each answer tells the version that it came from."""
        if call.template != ROOT or not (version := self.served(call)):
            return answer
        return replace(answer, headers={**answer.headers, "x-shopify-api-version": version})

    def refusal(self, reason: str) -> Answer:
        """Busy is said under 429 as well; a server in trouble says so in JSON."""
        if reason == "429":
            return Answer(429, errors("THROTTLED", "Throttled"))
        if reason in ("not_found", "method"):
            return Answer(404, {"errors": "Not Found"})
        return Answer(
            500, errors("INTERNAL_SERVER_ERROR", "Internal error. Looks like something went wrong on our end.")
        )

    def struck(self, fault: str, call: Call) -> dict[str, Any] | None:
        """A document is a write if it writes; its operation's name stands behind the path."""
        whole = self._typed(call)
        return self.faults.strikes(fault, whole.kind, whole.path)

    def lists(self, call: Call) -> bool:
        """Pages and bulk operations; the search for one customer is a look-up."""
        return self._shop.lists(call) if call.template == ROOT else False

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All customers and orders without their times."""
        return {name: _dump(self.books.of(name), ids) for name in ("customers", "orders")}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        rows = [*self.books.customers.values(), *self.books.orders.values()]
        return {str(record.id): record.person for record in rows if record.person is not None}

    def records(self, module: str) -> dict[str, dict[str, Any]]:
        """The living customers or orders by id, as the connector's rows have them."""
        return {str(id_): row(record) for id_, record in self.books.of(module).items()}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change, delete, or merge (`gone` is the customer that goes into this one)."""
        module, values = wish.get("module", "customers"), dict(wish.get("values", {}))
        if wish["op"] == "create":
            return {"id": str(self.books.add(module, values).id)}
        id_ = int(wish["id"])
        record = self.books.of(module)[id_]
        if wish["op"] == "delete":
            self.books.drop(module, id_)
        elif wish["op"] == "merge":
            self.books.merged(id_, int(wish["gone"]))
        elif wish["op"] == "change":
            self.books.merge(record, values)
            self.books.touch(record)
        else:
            raise ValueError("op is create, change, delete or merge")
        return {"id": str(id_)}

    def named(self, call: Call) -> Wish | None:
        """The first customer that a document of writes names."""
        id_ = self._shop.named(call)
        return {"module": "customers", "id": id_} if id_ else None

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]:
        """`deliver` posts webhooks, `delivery` shows one; `bulk`: operations come to nothing (`status`, `error`)."""
        return {
            "deliver": lambda wish: deliver(wish, self._posts(wish)),
            "delivery": self.delivery,
            "bulk": lambda wish: self._shop.operations.end(str(wish["status"]), str(wish.get("error") or "")),
        }

    def tells(self, module: str, id_: str, url: str, secret: str) -> Post:
        """`customers/update` or `orders/updated`."""
        topic = "customers/update" if module == "customers" else "orders/updated"
        return self._posts({"secret": secret, "events": [{"topic": topic, "id": id_.rpartition("/")[2]}]})[0]

    def delivery(self, wish: Wish) -> dict[str, Any]:
        """What the shop would post of `topic` about `id`."""
        self._delivered += 1
        own = self.options
        return delivery(self.books, wish, own.client_secret, own.versions[-1], self._now(), self._delivered)

    def _posts(self, wish: Wish) -> list[Post]:
        first = self._delivered + 1
        self._delivered += len(wish["events"])
        return posts(self.books, wish, self.options.versions[-1], self._now(), first)

    def kill_tokens(self, *, for_good: bool) -> None:
        """Let all tokens die."""
        self.tokens.kill(for_good=for_good)

    def race_tokens(self) -> None:
        """Another client fetches a token, and those in use are dead."""
        self.tokens.kill(for_good=False)
        self.tokens.issue()

    async def _answer(self, request: Request, send: Send, call: Call, endpoint: Endpoint) -> None:
        typed = self._typed(call)
        self.counts.kinds[call.kind] -= 1  # it was counted before its document was looked at
        self.counts.kinds[typed.kind] += 1
        await super()._answer(request, send, typed, endpoint)

    def _typed(self, call: Call) -> Call:
        """A call of GraphQL as what it does: a write or a read, its operation's name behind the path."""
        if call.template != ROOT or not call.path.endswith("graphql.json"):
            return call
        kind, name = self._shop.kind(call)
        return replace(call, kind=kind, path=f"{call.path}/{name}")

    def _asked(self, call: Call) -> Answer:
        name = call.path.rpartition("/")[2]
        self.counts.calls[f"GraphQL {name}"] += 1
        return self._shop.answer(call, self.bucket)

    def _now(self) -> datetime:
        return self.clock.now()

    def _drift(self, module: str, id_: int, kind: str) -> None:
        """A record of the page just read changes, goes, or is joined by a new one."""
        self.clock.advance(1)
        values = {"email": f"drift{id_}@shop.example.net"} if module == "customers" else {}
        op = {"delete": "delete", "create": "create"}.get(kind, "change")
        self.edit({"op": op, "module": module, "id": id_, "values": values if op == "create" else {}})


def _dump(rows: dict[int, Record], ids: bool) -> list[Values]:
    """Records without their times: by id, or with no id anywhere in them and sorted by what they say."""
    times = ("createdAt", "updatedAt", "processedAt", "cancelledAt")
    found = [{name: part for name, part in row(rows[one]).items() if name not in times} for one in sorted(rows)]
    if ids:
        return found
    gone = ("id", "name", "customer")
    bare = [{name: part for name, part in one.items() if name not in gone} for one in found]
    return sorted(bare, key=lambda one: json.dumps(one, sort_keys=True))
