"""Records as the schema shows them: plain objects, in which a field with arguments is a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from connectors.shopify.twin.books import Books, Record, Values, digest, shown_time
from connectors.shopify.twin.replies import Refused

Connect = Callable[[Sequence[Values], Any], Values]
"""Makes a connection out of rows, for the arguments of a field."""

_PROTECTED = ("firstName", "lastName", "defaultEmailAddress", "defaultPhoneNumber", "defaultAddress", "email", "phone",
              "displayName")  # fmt: skip
_PROTECTED_OF_ORDERS = ("email", "phone", "billingAddress", "shippingAddress")


def gid(noun: str, id_: int) -> str:
    """A global id."""
    return f"gid://shopify/{noun}/{id_}"


class Shown:
    """Shows the records of the books; `protected`: personal fields may be seen."""

    def __init__(self, books: Books, protected: bool, connect: Connect) -> None:
        self._books = books
        self._protected = protected
        self._connect = connect

    def customer(self, record: Record) -> Values:
        """A customer."""
        values, email, phone = record.values, record.values["email"], record.values["phone"]
        found = {
            "__typename": "Customer",
            "id": gid("Customer", record.id),
            "legacyResourceId": str(record.id),
            "createdAt": shown_time(record.created),
            "updatedAt": shown_time(record.updated),
            **{
                name: values[name]
                for name in ("firstName", "lastName", "locale", "note", "taxExempt", "email", "phone")
            },
            "displayName": f"{values['firstName'] or ''} {values['lastName'] or ''}".strip(),
            "tags": list(record.tags),
            "state": "DISABLED",
            "verifiedEmail": True,
            "defaultEmailAddress": self._email(email, record.consents["email"]) if email else None,
            "defaultPhoneNumber": self._phone(phone, record.consents["sms"]) if phone else None,
            "defaultAddress": _address(values["defaultAddress"], record.id),
            "metafield": self._metafield(record, "Customer"),
        }
        return self._hidden(self._with_orders(record, found), _PROTECTED)

    def order(self, record: Record) -> Values:
        """An order."""
        values = record.values
        owner = self._books.customers.get(values["customer"] or 0)
        names = (
            "name", "email", "phone", "note", "sourceName", "test", "cancelledAt", "closed", "processedAt",
            "displayFinancialStatus", "displayFulfillmentStatus", "currencyCode", "paymentGatewayNames",
        )  # fmt: skip
        lines = [self._line(record, place, line) for place, line in enumerate(values["lines"], 1)]
        found = {
            "__typename": "Order",
            "id": gid("Order", record.id),
            "legacyResourceId": str(record.id),
            "createdAt": shown_time(record.created),
            "updatedAt": shown_time(record.updated),
            **{name: values[name] for name in names},
            "closedAt": shown_time(record.updated) if values["closed"] else None,
            "tags": list(record.tags),
            "customer": self.customer(owner) if owner else None,
            "billingAddress": _address(values["billingAddress"], record.id),
            "shippingAddress": None,
            "totalPriceSet": _bag(values["total"], values["currencyCode"]),
            "totalRefundedSet": _bag(values["refunded"], values["currencyCode"]),
            "lineItems": lambda info, **asked: self._connect(lines, (info, asked)),
            "metafield": self._metafield(record, "Order"),
        }
        return self._hidden(found, _PROTECTED_OF_ORDERS)

    def _with_orders(self, record: Record, found: Values) -> Values:
        def own() -> list[Record]:
            return [one for one in self._books.orders.values() if one.values["customer"] == record.id]

        def spent(info: Any) -> Values:
            paid = sum(float(one.values["total"]) - float(one.values["refunded"]) for one in own())
            return {"amount": f"{paid:.2f}", "currencyCode": "CNY"}

        counted: Values = {"numberOfOrders": lambda info: str(len(own())), "canDelete": lambda info: not own()}
        return {**found, **counted, "amountSpent": spent}

    def _metafield(self, record: Record, noun: str) -> Callable[..., Values | None]:
        def one(info: Any, key: str, namespace: str = "app--1") -> Values | None:
            return self.metafield(record, noun, namespace, key)

        return one

    def metafield(self, record: Record, noun: str, namespace: str, key: str) -> Values | None:
        """One metafield of a record."""
        found = record.metafields.get((namespace, key))
        if found is None:
            return None
        shows = self.customer if noun == "Customer" else self.order
        return {
            "__typename": "Metafield",
            "id": f"gid://shopify/Metafield/{record.id}-{namespace}-{key}",
            "namespace": namespace,
            "key": key,
            "value": found["value"],
            "type": found["type"],
            "compareDigest": digest(found),
            "owner": lambda info: shows(record),
        }

    @staticmethod
    def _email(address: str, consent: Values) -> Values:
        return {"emailAddress": address, **_marketing(consent)}

    @staticmethod
    def _phone(number: str, consent: Values) -> Values:
        return {"phoneNumber": number, **_marketing(consent)}

    def _line(self, record: Record, place: int, line: Values) -> Values:
        currency, price = record.values["currencyCode"], float(line["price"])
        before = price * line["quantity"]
        paid = _bag(f"{before - float(line.get('discount', 0)):.2f}", currency)
        return {
            "__typename": "LineItem",
            "id": gid("LineItem", record.id * 100 + place),
            "name": line["name"],
            "title": line["name"],
            "sku": line.get("sku"),
            "quantity": line["quantity"],
            "currentQuantity": line["quantity"],
            "originalUnitPriceSet": _bag(f"{price:.2f}", currency),
            "originalTotalSet": _bag(f"{before:.2f}", currency),
            "discountedTotalSet": lambda info, **_: paid,
        }

    def _hidden(self, found: Values, names: Sequence[str]) -> Values:
        """Personal fields of an app that has no access to protected data: refused one by one, and null."""

        def denied(info: Any) -> None:
            raise Refused("ACCESS_DENIED", "This app is not approved to use the field.")

        return found if self._protected else {**found, **dict.fromkeys(names, denied)}


def _marketing(consent: Values) -> Values:
    return {
        "marketingState": consent["state"],
        "marketingOptInLevel": consent["level"],
        "marketingUpdatedAt": consent["at"],
    }


def _address(values: Values, id_: int) -> Values | None:
    if not any(values.values()):
        return None
    name = f"{values['firstName'] or ''} {values['lastName'] or ''}".strip()
    typed = {"__typename": "MailingAddress", "id": gid("MailingAddress", id_), "company": None, "provinceCode": None}
    return {**typed, **values, "name": name or None, "country": None}


def _bag(amount: str, currency: str) -> Values:
    money = {"amount": amount, "currencyCode": currency}
    return {"shopMoney": money, "presentmentMoney": money}
