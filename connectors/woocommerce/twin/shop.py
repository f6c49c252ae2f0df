"""The WooCommerce twin: which call goes where, who may make it, and what the control side can do."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar

from connectors.woocommerce.twin.access import Access
from connectors.woocommerce.twin.books import Books, Record
from connectors.woocommerce.twin.customers import Customers
from connectors.woocommerce.twin.hooks import posts
from connectors.woocommerce.twin.listing import Listing
from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.orders import Orders
from connectors.woocommerce.twin.replies import Refused, Values
from connectors.woocommerce.twin.seed import seed
from hub.testing.twin import Answer, Call, Clock, Endpoint, Kind, Population, Twin, Wish
from hub.testing.twin_deliver import Post, deliver

ROOT = "/wp-json/wc/v3"
_BUSY = b"<html><head><title>429 Too Many Requests</title></head><body>Slow down.</body></html>"


class WooTwin(Twin):
    """A stateful stand-in for a WooCommerce shop."""

    name = "woocommerce"
    Options: ClassVar[type[WooOptions]] = WooOptions

    def __init__(
        self,
        population: Population | None = None,
        clock: Clock | None = None,
        *,
        options: WooOptions | None = None,
        latency: float = 0.0,
    ) -> None:
        super().__init__(population, clock, latency)
        self.options = options or WooOptions()
        self.books = Books(self._now, self.options.zone)
        self.access = Access(self.options, self._now)
        seed(self.books, self.population)
        self._listing = Listing(self.books, self.options, self.pages, self._spoil)
        self._customers = Customers(self.books, self.options, self._listing, self.wrote, self._rewrites)
        self._orders = Orders(self.books, self.options, self._listing, self.wrote)

    def endpoints(self) -> Iterable[Endpoint]:
        """The calls of sheet sections 3, 5, 6 and 10."""
        customer, order = "customers/{id:int}", "orders/{id:int}"
        return [
            self._call("GET", "customers", lambda call: self._customers.listed(call)),
            self._call("POST", "customers", lambda call: self._customers.create(call), "write"),
            self._call("POST", "customers/batch", lambda call: self._customers.batch(call), "write"),
            self._call("GET", customer, lambda call: self._customers.one(call)),
            self._call("DELETE", customer, lambda call: self._customers.delete(call), "write"),
            *(
                self._call(method, customer, lambda call: self._customers.update(call), "write")
                for method in ("PUT", "PATCH", "POST")
            ),
            self._call("GET", "orders", lambda call: self._orders.listed(call)),
            self._call("GET", order, lambda call: self._orders.one(call)),
            self._call("PUT", order, lambda call: self._orders.update(call), "write"),
            self._call("DELETE", order, lambda call: self._orders.delete(call), "write"),
            self._call("GET", f"{order}/refunds", lambda call: self._orders.refunds(call)),
            self._call("POST", f"{order}/refunds", lambda call: self._orders.refund(call), "write"),
            self._call("GET", "products", self._products),
        ]

    def guard(self, call: Call) -> Answer | None:
        """The host's patience, then the shop's own doorkeeper."""
        if self.access.too_many():
            self.counts.violations["over_budget"] += 1
            return self.refusal("429")
        if not call.path.startswith(ROOT) or call.template == "(none)":
            return None
        self.access.check(call)
        return None

    def refusal(self, reason: str) -> Answer:
        """Sheet section 7: the host refuses in HTML, WordPress in JSON."""
        if reason == "429":
            return Answer(429, _BUSY, {"content-type": "text/html; charset=utf-8"})
        if reason in ("not_found", "method"):
            return Refused("rest_no_route", 404).answer
        return Refused("internal_server_error", 500, "There has been a critical error on this website.").answer

    def lists(self, call: Call) -> bool:
        """Rows by id, by name and by address are look-ups."""
        return not {"include", "search", "email"} & call.query.keys()

    def state(self, *, ids: bool = True) -> dict[str, Any]:
        """All customers and orders by id without their times."""
        return {name: _dump(rows, ids) for name, rows in self._modules().items()}

    def truth(self) -> dict[str, int]:
        """Which person each record is of."""
        rows = [*self.books.customers.values(), *self.books.orders.values()]
        return {str(record.id): record.person for record in rows if record.person is not None}

    def edit(self, wish: Wish) -> dict[str, Any]:
        """`op` create, change, delete (an order: into the trash; `permanent`: beyond it), refund or restore."""
        module, values = wish.get("module", "customers"), dict(wish.get("values", {}))
        if wish["op"] == "create":
            made = self.books.add_customer(values) if module == "customers" else self.books.add_order(values)
            return {"id": str(made.id)}
        record = self._modules()[module][int(wish["id"])]
        if wish["op"] == "delete":
            self._remove(module, record, permanent=bool(wish.get("permanent")))
        elif wish["op"] == "refund":
            self.books.refund(record, str(values["amount"]))
        elif wish["op"] in ("change", "restore"):
            self.books.merge(record, values)
            self.books.touch(record)
        else:
            raise ValueError("op is create, change, delete, refund or restore")
        return {"id": str(record.id)}

    def extras(self) -> Mapping[str, Callable[[Wish], Any]]:
        """`deliver` posts webhooks, see `hub.testing.twin_deliver`."""
        return {"deliver": lambda wish: deliver(wish, posts(self.books, wish))}

    def records(self, module: str) -> dict[str, Values]:
        """Accounts, and the orders that are not in the trash; meta fields by their keys."""
        found = [record for record in self._modules()[module].values() if record.status != "trash"]
        return {str(record.id): {**self.books.shown(record), **_by_key(record.values)} for record in found}

    def nest(self, field: str, value: Any) -> Values:
        """A meta field is an entry of the list of them."""
        head, _, rest = field.partition(".")
        return {head: [{"key": rest, "value": value}]} if head == "meta_data" else super().nest(field, value)

    def named(self, call: Call) -> Wish | None:
        """The first customer that a batch updates."""
        rows = call.json().get("update") if call.path.endswith("/customers/batch") else None
        return {"module": "customers", "id": rows[0]["id"]} if rows else None

    def tells(self, module: str, id_: str, url: str, secret: str) -> Post:
        """`customer.updated` or `order.updated`."""
        event = {"topic": f"{module.removesuffix('s')}.updated", "id": id_}
        return next(posts(self.books, {"secret": secret, "events": [event]}))

    def _modules(self) -> dict[str, dict[int, Record]]:
        return {"customers": self.books.customers, "orders": self.books.orders}

    def _remove(self, module: str, record: Record, *, permanent: bool) -> None:
        if module == "customers":
            self.books.drop_customer(record)
        elif permanent:
            del self.books.orders[record.id]
        else:
            self._orders.trash(record)

    def _now(self) -> datetime:
        return self.clock.now()

    def _call(self, method: str, path: str, act: Callable[[Call], Answer], kind: Kind = "read") -> Endpoint:
        return Endpoint(method, f"{ROOT}/{path}", act, kind)

    def _products(self, call: Call) -> Answer:
        return self._listing.page(call, list(self.books.products.values()))

    def _rewrites(self, call: Call) -> bool:
        return self.options.rewrite_phones or self.struck("rewritten_phones", call) is not None

    def _spoil(self, call: Call, rows: list[Values]) -> list[Values]:
        """A page's rows as the faults leave them."""
        return self.pages.shown(call, rows, "first_name", lambda kind: self._drift(call, rows[0]["id"], kind))

    def _drift(self, call: Call, id_: int, kind: str) -> None:
        """A record of the page just read changes, goes, or is joined by a new one."""
        module = "customers" if call.template.endswith("/customers") else "orders"
        values = {"email": f"drift{id_}@shop.example.net"} if module == "customers" else {}
        op = {"delete": "delete", "create": "create"}.get(kind, "change")
        self.edit({"op": op, "module": module, "id": id_, "values": values if op == "create" else {}})


def _dump(rows: dict[int, Record], ids: bool) -> list[Values]:
    """Records without their times: by id, or with no id anywhere in them and sorted by what they say.

    The numbers of meta rows tell when each was written, as times do: they are left out in either case.
    """
    found = [{"id": one, **rows[one].values, **_unnumbered(rows[one].values)} for one in sorted(rows)]
    return found if ids else sorted(map(_anonymous, found), key=lambda row: json.dumps(row, sort_keys=True))


def _by_key(values: Values) -> Values:
    """A record's meta fields as a mapping names them."""
    return {f"meta_data.{row['key']}": row["value"] for row in values["meta_data"]}


def _unnumbered(values: Values) -> Values:
    """A record's own meta rows without their numbers, in the order of their keys."""
    rows = [{name: part for name, part in row.items() if name != "id"} for row in values["meta_data"]]
    return {"meta_data": sorted(rows, key=lambda row: str(row["key"]))}


def _anonymous(value: Any) -> Any:
    if isinstance(value, dict):
        gone = ("id", "number", "order_key", "customer_id", "product_id")
        return {name: _anonymous(part) for name, part in value.items() if name not in gone}
    return [_anonymous(part) for part in value] if isinstance(value, list) else value
