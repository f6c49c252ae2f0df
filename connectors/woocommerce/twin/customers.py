"""Customers: list, one, create, update, delete, batch (sheet sections 3, 5 and 6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from connectors.woocommerce.twin.books import Books, Record
from connectors.woocommerce.twin.listing import Listing
from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.query import Query, choice, flag, ids
from connectors.woocommerce.twin.replies import Refused, Values, invalid
from hub.testing.twin import Answer, Call
from hub.testing.twin_rewrites import rewritten, rewritten_pairs

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_OWN = frozenset(("email", "first_name", "last_name", "username", "password", "billing", "shipping", "meta_data"))
_CUSTOMERS = ("customer", "subscriber")
_ORDERS = ("id", "include", "name", "registered_date")

Note = Callable[[str, str, str, Iterable[str]], None]
"""Takes down that a row was written: deed, module, id, fields."""


class Customers:
    """The customers' calls; `rewrites` tells whether phones are stored in another form than they came in."""

    def __init__(
        self, books: Books, options: WooOptions, listing: Listing, note: Note, rewrites: Callable[[Call], bool]
    ) -> None:
        self._books = books
        self._options = options
        self._listing = listing
        self._note = note
        self._rewrites = rewrites

    def listed(self, call: Call) -> Answer:
        """`GET /customers`: no filter by time of change; parameters it does not know are passed over."""
        asked = call.query
        order = choice(asked, "orderby", _ORDERS, "name")
        falling = choice(asked, "order", ("asc", "desc"), "asc") == "desc"
        include = ids(asked, "include")
        found = [record for record in self._books.customers.values() if self._meant(asked, include, record)]
        if order == "include" and include:
            found.sort(key=lambda record: include.index(record.id))
        else:
            found.sort(key=lambda record: _key(order, record), reverse=falling)
        return self._listing.page(call, found)

    def one(self, call: Call) -> Answer:
        """`GET /customers/{id}`."""
        return Answer(200, self._listing.one(call.query, self._found(call)))

    def create(self, call: Call) -> Answer:
        """`POST /customers`."""
        record = self._create(_body(call), self._rewrites(call))
        place = f"{call.base_url}{call.path}/{record.id}"
        return Answer(201, self._books.shown(record), {"Location": place})

    def update(self, call: Call) -> Answer:
        """`PUT`, `PATCH` or `POST` on one customer."""
        record = self._found(call)
        self._update(record, _body(call), self._rewrites(call))
        return Answer(200, self._books.shown(record))

    def delete(self, call: Call) -> Answer:
        """`DELETE /customers/{id}`: there is no trash for accounts."""
        record = self._found(call)
        if not flag(call.query, "force"):
            raise Refused("woocommerce_rest_trash_not_supported", 501)
        return Answer(200, self._delete(record))

    def batch(self, call: Call) -> Answer:
        """`POST /customers/batch`: item by item, in order; what fails does not stop the others."""
        body, rewrites = _body(call), self._rewrites(call)
        lists = {name: body[name] for name in ("create", "update", "delete") if body.get(name)}
        if sum(map(len, lists.values())) > self._options.batch:
            raise Refused("woocommerce_rest_request_entity_too_large", 413)
        deeds: dict[str, Callable[[Any], Values]] = {
            "create": lambda item: self._books.shown(self._create(item, rewrites)),
            "update": lambda item: self._books.shown(self._update(self._of(item.get("id")), item, rewrites)),
            "delete": lambda item: self._delete(self._of(item)),
        }
        return Answer(200, {name: [_item(deeds[name], one) for one in items] for name, items in lists.items()})

    # -- reading

    def _meant(self, asked: Query, include: list[int] | None, record: Record) -> bool:
        role, email, search = asked.get("role", "customer"), asked.get("email"), asked.get("search", "")
        values = record.values
        if include is not None and record.id not in include:
            return False
        if record.id in (ids(asked, "exclude") or ()):
            return False
        if email is not None and values["email"].casefold() != email.casefold():
            return False
        searched = (values["email"], *([values["username"]] if self._options.search_usernames else ()))
        return role in ("all", values["role"]) and any(search.casefold() in text.casefold() for text in searched)

    def _found(self, call: Call) -> Record:
        """The customer that a call names; on a single call its absence is noticed while rights are checked."""
        try:
            return self._of(int(call.params["id"]))
        except Refused:
            raise Refused("woocommerce_rest_invalid_id", 404) from None

    def _of(self, id_: object) -> Record:
        record = self._books.customers.get(id_) if isinstance(id_, int) else None
        if record is None:
            raise Refused("woocommerce_rest_invalid_id", 400)
        return record

    # -- writing

    def _create(self, body: Values, rewrites: bool) -> Record:
        if "id" in body:
            raise Refused("woocommerce_rest_customer_exists", 400)
        if not body.get("email"):
            raise Refused("rest_missing_callback_param", 400, "Missing parameter(s): email", ["email"])
        self._check_email(body["email"], self._options.exists_code, None)
        username = body.get("username", "")
        if username and any(one.values["username"] == username for one in self._books.customers.values()):
            raise Refused("registration-error-username-exists", 400)
        if not (self._options.generates_passwords or body.get("password")):
            raise Refused("registration-error-missing-password", 400)
        record = self._books.add_customer(self._kept(body, rewrites))
        self._note("insert", "customers", str(record.id), body)
        return record

    def _update(self, record: Record, body: Values, rewrites: bool) -> Record:
        if body.get("username", record.values["username"]) != record.values["username"]:
            raise Refused("woocommerce_rest_customer_invalid_argument", 400)
        if "email" in body and body["email"] != record.values["email"]:
            if record.values["role"] not in _CUSTOMERS:
                raise Refused("woocommerce_rest_cannot_edit", 403)
            self._check_email(body["email"], "woocommerce_rest_customer_invalid_email", record)
        self._books.merge(record, self._kept(body, rewrites), null_deletes=self._options.null_deletes_meta)
        self._books.touch(record)
        self._note("update", "customers", str(record.id), set(body) - {"id"})
        return record

    def _kept(self, body: Values, rewrites: bool) -> Values:
        kept = rewritten(_own(body, rewrites), self._options.rewrites)
        meta = {"meta_data": rewritten_pairs(kept["meta_data"], self._options.rewrites)} if "meta_data" in kept else {}
        return {**kept, **meta}

    def _check_email(self, email: object, taken: str, own: Record | None) -> None:
        if not isinstance(email, str) or not _EMAIL.fullmatch(email):
            raise Refused("customer_invalid_email", 400)
        for other in self._books.customers.values():
            if other is not own and other.values["email"].casefold() == email.casefold():
                raise Refused(taken, 400)

    def _delete(self, record: Record) -> Values:
        if record.values["role"] not in _CUSTOMERS:
            raise Refused("woocommerce_rest_cannot_delete", 403)
        shown = self._books.shown(record)
        self._books.drop_customer(record)
        self._note("delete", "customers", str(record.id), ())
        return shown


def _key(order: str, record: Record) -> tuple[Any, int]:
    if order == "registered_date":
        return record.created, record.id
    return (record.values["username"] if order == "name" else record.id), record.id


def _body(call: Call) -> Values:
    try:
        body = call.json()
    except ValueError:
        raise Refused("rest_invalid_json", 400) from None
    if not isinstance(body, dict):
        raise Refused("rest_invalid_json", 400)
    return body


def _item(deed: Callable[[Any], Values], item: Any) -> Values:
    """What became of one item of a batch; a failed create has the id 0."""
    try:
        return deed(item)
    except Refused as refused:
        id_ = item.get("id", 0) if isinstance(item, dict) else item
        return {"id": id_, "error": refused.error}


def _own(body: Values, rewrites: bool) -> Values:
    """The values that an account keeps; the rest is passed over without a word."""
    for name, part in body.items():
        wrong = not isinstance(part, dict if name in ("billing", "shipping") else str)
        if name in _OWN - {"meta_data"} and wrong:
            raise invalid(name)
    kept = {name: value for name, value in body.items() if name in _OWN - {"password"}}
    for name in ("billing", "shipping"):
        phone = kept.get(name, {}).get("phone")
        if rewrites and phone:
            kept[name] = {**kept[name], "phone": _rewritten(phone)}
    return kept


def _rewritten(phone: str) -> str:
    """A phone in another spelling: +8613812345678 as 138 1234 5678; anything else as it is."""
    bare = phone.removeprefix("+86")
    return f"{bare[:3]} {bare[3:7]} {bare[7:]}" if len(bare) == 11 and bare.isdecimal() else phone
