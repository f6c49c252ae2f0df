"""Their rows as the mapping reads them: ids as numbers, metafields by name, money and statuses in one piece."""

from __future__ import annotations

from collections.abc import Mapping as Rows
from decimal import Decimal, InvalidOperation
from typing import Any

from connectors.shopify.fields import CHANNELS, FINANCIAL
from hub.connector import Row
from hub.errors import Transient

_OPTED_OUT = {"UNSUBSCRIBED": True, "REDACTED": True, "SUBSCRIBED": False}
DIGESTS = "compareDigests"
"""Where a row keeps the digests of its metafields, by their names."""


def gid(noun: str, id_: str) -> str:
    """A record's global id."""
    return f"gid://shopify/{noun}/{id_}"


def number_of(id_: Any) -> str:
    """The number in a global id, which is what a shop's own pages and webhooks call the record; "" for none."""
    text = str(id_ or "").partition("?")[0].rpartition("/")[2]
    return text if text.isascii() and text.isdecimal() else ""


def customer(node: Row, metafields: Rows[str, tuple[str, str]]) -> Row:
    """A customer."""
    email, phone = _object(node.get("defaultEmailAddress")), _object(node.get("defaultPhoneNumber"))
    row = {**node, **_metafields(node, metafields), "id": _id(node)}
    if email or "defaultEmailAddress" in node:
        row["email"] = email.get("emailAddress")
    if phone or "defaultPhoneNumber" in node:
        row["phone"] = phone.get("phoneNumber")
    states = {"email": email.get("marketingState"), "sms": phone.get("marketingState")}
    row["optedOut"] = {name: _OPTED_OUT.get(str(state)) for name, state in states.items()}
    return {**row, "defaultAddress": _address(node.get("defaultAddress"))}


def order(node: Row, metafields: Rows[str, tuple[str, str]], channels: Rows[str, str]) -> Row:
    """An order. A guest's has no customer; a test order counts as cancelled, since nobody paid for it."""
    buyer, billing = _object(node.get("customer")), _address(node.get("billingAddress"))
    own = _object(buyer.get("defaultPhoneNumber")).get("phoneNumber")
    source, gateways = str(node.get("sourceName") or ""), node.get("paymentGatewayNames")
    return {
        **node,
        **_metafields(node, metafields),
        "id": _id(node),
        "customer": {**buyer, "id": number_of(buyer.get("id"))},
        "buyerPhone": node.get("phone") or billing.get("phone") or own,
        "billingAddress": billing,
        "channel": channels.get(source) or CHANNELS.get(source, "online" if source else "other"),
        "status": _status(node),
        "payment": gateways[0] if isinstance(gateways, list) and gateways else None,
        "total": _money(node.get("totalPriceSet")),
        "refunded": _money(node.get("totalRefundedSet")),
        "lines": [_line(one) for one in nodes_of(node.get("lineItems"))],
    }


def nodes_of(connection: Any) -> list[Row]:
    """The rows of a connection; of one that is not there none."""
    found = _object(connection).get("nodes")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _id(node: Row) -> str:
    found = number_of(node.get("id"))
    if not found:
        raise Transient("the answer holds rows without an id")
    return found


def _status(node: Row) -> str:
    """In our words; a payment's state that nobody knows stays as it is, and the order is set aside."""
    if node.get("cancelledAt") or node.get("test"):
        return "cancelled"
    paid = str(node.get("displayFinancialStatus") or "PENDING")
    found = FINANCIAL.get(paid, paid)
    if found != "paid":
        return found
    if node.get("closed"):
        return "done"
    return "shipped" if node.get("displayFulfillmentStatus") == "FULFILLED" else "paid"


def _metafields(node: Row, known: Rows[str, tuple[str, str]]) -> Row:
    """Metafields by their names in the mapping, and their digests: None for one that is not there."""
    found, digests = dict[str, Any](), dict[str, Any]()
    for alias, (namespace, key) in known.items():
        one, name = _object(node.get(alias)), f"metafields.{namespace}.{key}"
        found[name], digests[name] = one.get("value"), one.get("compareDigest")
    return {**found, DIGESTS: digests}


def _address(found: Any) -> Row:
    address = dict(_object(found))
    parts = (str(address.get(name) or "") for name in ("address2", "address1"))
    address["street"] = " ".join(part for part in parts if part)
    return address


def _line(item: Row) -> Row:
    """One position; prices are before discounts."""
    price, paid = _money(item.get("originalUnitPriceSet")), _money(item.get("discountedTotalSet"))
    quantity = item.get("quantity") or 0
    return {
        "sku": str(item.get("sku") or item.get("name") or f"line {number_of(item.get('id'))}"),
        "name": str(item.get("name") or ""),
        "quantity": str(quantity),
        "unit_price": price,
        "discount": _less(price, quantity, paid),
    }


def _less(price: str | None, quantity: Any, paid: str | None) -> str:
    """What was taken off a position; an amount that cannot be read stays unreadable, and the row is set aside."""
    try:
        return str(Decimal(price or 0) * Decimal(str(quantity)) - Decimal(paid or 0))
    except InvalidOperation:
        return "NaN"


def _money(found: Any) -> str | None:
    """An amount in the shop's own currency."""
    amount = _object(_object(found).get("shopMoney")).get("amount")
    return None if amount is None else str(amount)


def _object(found: Any) -> Row:
    return found if isinstance(found, dict) else {}
