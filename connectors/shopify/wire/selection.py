"""What is selected of a row: the fields that a mapping reads, and those that rows are made of, as a tree of names."""

from __future__ import annotations

import re
from typing import Any

from hub.connector import Mapping
from hub.errors import SettingsError

META = "metafields."
"""How a mapping begins the name of a metafield."""

_MADE = {
    "email": ("defaultEmailAddress.emailAddress",),
    "phone": ("defaultPhoneNumber.phoneNumber",),
    "optedOut.email": ("defaultEmailAddress.marketingState",),
    "optedOut.sms": ("defaultPhoneNumber.marketingState",),
    "defaultAddress.street": ("defaultAddress.address1", "defaultAddress.address2"),
}
_MADE_OF_ORDERS = {
    "buyerPhone": ("phone", "billingAddress.phone", "customer.defaultPhoneNumber.phoneNumber"),
    "billingAddress.name": ("billingAddress.firstName", "billingAddress.lastName", "billingAddress.name"),
    "channel": ("sourceName",),
    "status": ("cancelledAt", "closed", "test", "displayFinancialStatus", "displayFulfillmentStatus"),
    "payment": ("paymentGatewayNames",),
    "total": ("totalPriceSet.shopMoney.amount",),
    "refunded": ("totalRefundedSet.shopMoney.amount",),
    "lines": (),
}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

Tree = dict[str, Any]


def tree_of(mapping: Mapping, stream: str) -> Tree:
    """The fields of a stream's rows that a mapping needs, metafields and positions left out."""
    made = _MADE if stream == "customers" else _MADE_OF_ORDERS
    tree: Tree = {"id": {}, mapping.modified: {}}
    for entry in mapping.fields:
        if not entry.theirs.startswith(META):
            for path in made.get(entry.theirs, (entry.theirs,)):
                _grow(tree, path)
    return tree


def metafield_of(name: str) -> tuple[str, str]:
    """Namespace and key of a metafield's name; SettingsError when it is none."""
    _, _, rest = name.partition(".")
    namespace, _, key = rest.partition(".")
    if not namespace or not key or "." in key:
        remedy = "write it as metafields.NAMESPACE.KEY"
        raise SettingsError("not a metafield's name", where=name, remedy=remedy)
    return namespace, key


def _grow(tree: Tree, path: str) -> None:
    for name in path.split("."):
        if not _NAME.fullmatch(name):
            raise SettingsError("not a field's name", where=path, remedy="correct it in the connection's `fields`")
        tree = tree.setdefault(name, {})


def shown(tree: Tree) -> str:
    """A tree as a selection."""
    return " ".join(name + (f"{{{shown(inner)}}}" if inner else "") for name, inner in tree.items())


def objects(tree: Tree) -> int:
    """How many objects are inside of a row."""
    return sum(1 + objects(part) for part in tree.values() if part)
