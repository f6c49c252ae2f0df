"""What a brand's own facts may name: an order that counts, with amounts in the brand's currency."""

from __future__ import annotations

from rules.catalogue import Fact

_FIELDS = (
    Fact("total", "money", "orders", "what was to be paid", ("应付",)),
    Fact("refunded", "money", "orders", "what was given back", ("退款",)),
    Fact("amount", "money", "derived", "what was paid and kept", ("实付",), derived="total - refunded"),
    Fact("placed_on", "day", "orders", "day of the order", ("下单日期",)),
    Fact("channel", "text", "orders", "store, online, phone or other", ("渠道",)),
    Fact("store", "text", "orders", "code of the store", ("门店",)),
    Fact("staff", "text", "orders", "code of who sold it", ("导购",)),
    Fact("payment", "text", "orders", "way of payment", ("支付方式",)),
    Fact("status", "text", "orders", "state of the order", ("订单状态",)),
)

ORDER_FIELDS: dict[str, Fact] = {fact.name: fact for fact in _FIELDS}
"""The fields of an order by name."""

ORDER_REFUSED: dict[str, str] = {
    "buyer": "is a person: count by what was ordered", "number": "is another for each order",
    "category": "stands on the lines: use spend_on('category', ...) or orders_on(...)",
    "sku": "stands on the lines: use spend_on('sku', ...) or orders_on(...)",
}  # fmt: skip
"""What an order has and a fact cannot read, and why."""
