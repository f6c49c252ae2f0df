"""Mutations of customers: set, create, update, delete, tags, consents. Each is carried out whole, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from connectors.shopify.twin.books import Books, Record, Values, shown_time
from connectors.shopify.twin.metafields import Metafields
from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.reading import Reading
from connectors.shopify.twin.replies import Flawed
from hub.testing.twin import Call
from hub.testing.twin_rewrites import rewritten

Note = Callable[[str, str, str, Iterable[str]], None]
"""Takes down that a row was written: deed, module, id, fields."""

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_PHONE = re.compile(r"\+[1-9]\d{6,14}")
_PLAIN = ("email", "phone", "firstName", "lastName", "locale", "note", "taxExempt")
_MOST = 255


class Customers:
    """The customers' mutations; `rewrites` tells whether a call's phones are stored in another form."""

    def __init__(
        self, books: Books, options: ShopifyOptions, reading: Reading, metafields: Metafields, note: Note,
        rewrites: Callable[[Call], bool],
    ) -> None:  # fmt: skip
        self._books = books
        self._options = options
        self._reading = reading
        self._metafields = metafields
        self._note = note
        self._rewrites = rewrites

    def root(self) -> Values:
        """The root's fields that change customers."""
        return {
            "customerSet": _judged(self._set, "customer"),
            "customerCreate": _judged(self._create, "customer"),
            "customerUpdate": _judged(self._update, "customer"),
            "customerDelete": _judged(self._delete, "deletedCustomerId"),
            "tagsAdd": _judged(self._tags_add, "node"),
            "tagsRemove": _judged(self._tags_remove, "node"),
            "customerEmailMarketingConsentUpdate": _judged(self._email_consent, "customer"),
            "customerSmsMarketingConsentUpdate": _judged(self._sms_consent, "customer"),
        }

    def named(self, id_: str) -> Record:
        """The customer that a mutation names."""
        self._reading.allowed("write", "customers")
        number = id_.removeprefix("gid://shopify/Customer/")
        record = self._books.customers.get(int(number)) if number.isdecimal() else None
        if record is None:
            raise Flawed("NOT_FOUND", "Customer does not exist", "id")
        return record

    # -- the mutations

    def _set(self, info: Any, input: Values, identifier: Values | None = None) -> Values:
        self._reading.allowed("write", "customers")
        if identifier is not None and len(identifier) != 1:
            raise Flawed("INVALID", "Exactly one identifier", "identifier")
        name, value = next(iter((identifier or {}).items()), ("", None))
        record = self._identified(name, value, input)
        made = record is None
        if record is None:
            record = self._made(info.context.call, input, "input")
            if name == "customId" and value and self._options.set_keeps_key:
                self._metafields.keep(record, value["namespace"], value["key"], value["value"], "id")
        else:
            self._changed(info.context.call, record, input, "input")
        self._note("insert" if made else "update", "customers", str(record.id), input)
        return self._reading.shown.customer(record)

    def _identified(self, name: str, value: Any, given: Values) -> Record | None:
        if name == "id":
            return self.named(str(value))
        if name == "customId":
            return self._reading.identified(value)
        if name and given.get(name, value) != value:
            raise Flawed("INPUT_MISMATCH", "The identifier does not match the input", "input", name)
        return self._books.holder(name, str(value)) if name else None

    def _create(self, info: Any, input: Values) -> Values:
        self._reading.allowed("write", "customers")
        if input.get("id"):
            raise Flawed("ID_NOT_ALLOWED", "Cannot specify ID on creation", "id")
        record = self._made(info.context.call, input)
        self._note("insert", "customers", str(record.id), input)
        return self._reading.shown.customer(record)

    def _update(self, info: Any, input: Values) -> Values:
        record = self.named(str(input.get("id")))
        for name in ("emailMarketingConsent", "smsMarketingConsent"):
            if name in input:
                raise Flawed("INVALID", "To update consent, please use the consent mutation instead", name)
        self._changed(info.context.call, record, input)
        for one in input.get("metafields") or ():
            self._metafields.keep(record, one["namespace"], one["key"], one["value"], one["type"])
        self._note("update", "customers", str(record.id), set(input) - {"id"})
        return self._reading.shown.customer(record)

    def _delete(self, info: Any, input: Values) -> str:
        record = self.named(input["id"])
        if any(one.values["customer"] == record.id for one in self._books.orders.values()):
            raise Flawed("INVALID", "Customer can’t be deleted because they have associated orders", "id")
        self._books.drop("customers", record.id)
        self._note("delete", "customers", str(record.id), ())
        return str(input["id"])

    def _tags_add(self, info: Any, id: str, tags: list[str]) -> Values:
        record = self.named(id)
        for tag in tags:
            if len(tag) > _MOST or "," in tag:
                raise Flawed("INVALID", "Tag is invalid", "tags")
        known = {tag.casefold() for tag in record.tags}
        self._put_tags(record, [*record.tags, *(tag for tag in tags if tag.casefold() not in known)])
        return self._reading.shown.customer(record)

    def _tags_remove(self, info: Any, id: str, tags: list[str]) -> Values:
        record, gone = self.named(id), {tag.casefold() for tag in tags}
        self._put_tags(record, [tag for tag in record.tags if tag.casefold() not in gone])
        return self._reading.shown.customer(record)

    def _email_consent(self, info: Any, input: Values) -> Values:
        return self._consent(input, "email")

    def _sms_consent(self, info: Any, input: Values) -> Values:
        return self._consent(input, "sms")

    # -- carrying out

    def _consent(self, given: Values, channel: str) -> Values:
        """Only some states can be set, and a newer consent stays."""
        record, consent = self.named(given["customerId"]), given[f"{channel}MarketingConsent"]
        if consent["marketingState"] not in ("SUBSCRIBED", "UNSUBSCRIBED", "PENDING"):
            raise Flawed("INCLUSION", "Marketing state cannot be set", f"{channel}MarketingConsent", "marketingState")
        if channel == "sms" and not record.values["phone"]:
            raise Flawed("INVALID", "A phone number is required", "customerId")
        at = consent.get("consentUpdatedAt") or shown_time(self._books.now())
        if (record.consents[channel]["at"] or "") <= str(at):
            level = consent.get("marketingOptInLevel") or "SINGLE_OPT_IN"
            record.consents[channel] = {"state": consent["marketingState"], "level": level, "at": at}
            self._books.touch(record)
        self._note("consent", "customers", str(record.id), (f"{channel}MarketingConsent",))
        return self._reading.shown.customer(record)

    def _made(self, call: Call, given: Values, *way: str) -> Record:
        self._check(given, None, way)
        if not any(given.get(name) for name in ("email", "phone", "firstName", "lastName")):
            raise Flawed("BLANK", "A name, phone number, or email address must be present", *way)
        record = self._books.add("customers", self._kept(call, given))
        for channel in ("email", "sms"):
            if consent := given.get(f"{channel}MarketingConsent"):
                record.consents[channel]["state"] = consent["marketingState"]
        record.tags = list(given.get("tags") or ())
        return record

    def _changed(self, call: Call, record: Record, given: Values, *way: str) -> None:
        """What is given replaces what was there: tags and addresses as a whole."""
        self._check(given, record, way)
        self._books.merge(record, self._kept(call, given))
        if "tags" in given:
            record.tags = list(given["tags"] or ())
        if "addresses" in given:
            record.values["defaultAddress"] = dict.fromkeys(record.values["defaultAddress"])
            for address in (given["addresses"] or ())[:1]:
                named = {**address, "countryCodeV2": address.get("countryCode")}
                record.values["defaultAddress"].update(
                    {name: value for name, value in named.items() if name in record.values["defaultAddress"]}
                )
        self._books.touch(record)

    def _check(self, given: Mapping[str, Any], own: Record | None, way: tuple[str, ...]) -> None:
        for name, pattern in (("email", _EMAIL), ("phone", _PHONE)):
            value = given.get(name)
            if not value:
                continue
            if not pattern.fullmatch(value):
                raise Flawed("INVALID", f"{name} is invalid", *way, name)
            if self._books.holder(name, value, own):
                raise Flawed("TAKEN", f"{name} has already been taken", *way, name)
        for name in ("firstName", "lastName"):
            if len(given.get(name) or "") > _MOST:
                raise Flawed("TOO_LONG", f"{name} is too long (maximum is 255 characters)", *way, name)

    def _kept(self, call: Call, given: Mapping[str, Any]) -> Values:
        kept: Values = {name: value or None for name, value in given.items() if name in _PLAIN}
        if kept.get("phone") and (self._options.rewrite_phones or self._rewrites(call)):
            kept["phone"] = _spaced(kept["phone"])
        return rewritten(kept, self._options.rewrites)

    def _put_tags(self, record: Record, tags: list[str]) -> None:
        if tags != record.tags:
            record.tags = tags
            self._books.touch(record)
        self._note("update", "customers", str(record.id), ("tags",))


def _judged(act: Callable[..., Any], name: str) -> Callable[..., Values]:
    """A mutation's payload: what it made, or its user error."""

    def payload(info: Any, **arguments: Any) -> Values:
        try:
            found = act(info, **arguments)
        except Flawed as flawed:
            return {name: None, "shop": None, "userErrors": [flawed.error]}
        return {name: found, "shop": {"id": "gid://shopify/Shop/1"}, "userErrors": []}

    return payload


def _spaced(phone: str) -> str:
    """+8613812345678 as +86 138 1234 5678; anything else as it is."""
    bare = phone.removeprefix("+86")
    return f"+86 {bare[:3]} {bare[3:7]} {bare[7:]}" if len(bare) == 11 and bare.isdecimal() else phone
