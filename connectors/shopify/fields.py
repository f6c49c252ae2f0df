"""The mapping between a shop's rows, as `wire/rows.py` lays them out, and our nouns; what their statuses mean.

`metafields.NAMESPACE.KEY` is a metafield of the customer, where what the hub decides is kept. `optedOut.*` is made of
the marketing states and is only read: consent has mutations of its own, and none of them is here. An e-mail address is
set where there is none and never changed, since a shop's consents hang on it.
"""

from hub.connector import CODE, EMAIL, FLAG, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping

CUSTOMERS = Mapping(
    id="id",
    modified="updatedAt",
    fields=(
        Field("name", "firstName", LINE, fill_empty=True, max_length=255),  # for creates, where no parts are known
        Field("given_name", "firstName", LINE, max_length=255),
        Field("family_name", "lastName", LINE, max_length=255),
        Field("phone", "phone", PHONE, max_length=32),
        Field("other_phones", "defaultAddress.phone", PHONE, write=False),
        Field("email", "email", EMAIL, fill_empty=True, max_length=255),
        Field("country", "defaultAddress.countryCodeV2", CODE, write=False),
        Field("province", "defaultAddress.province", LINE, write=False),
        Field("city", "defaultAddress.city", LINE, write=False),
        Field("street", "defaultAddress.street", TEXT, write=False),
        Field("postcode", "defaultAddress.zip", CODE, write=False),
        Field("registered_at", "createdAt", MOMENT, write=False),
        Field("note", "note", TEXT, write=False),
        Field("consents.email", "optedOut.email", FLAG, write=False),
        Field("consents.sms", "optedOut.sms", FLAG, write=False),
        Field("tier", "metafields.kehub.tier", CODE),
        Field("stage", "metafields.kehub.stage", CODE),
    ),
)

ORDERS = Mapping(
    id="id",
    modified="updatedAt",
    fields=(
        Field("number", "name", CODE, required=True),
        Field("buyer.external_id", "customer.id", CODE),
        Field("buyer.phone", "buyerPhone", PHONE),
        Field("buyer.email", "email", EMAIL),
        Field("buyer.name", "billingAddress.name", LINE),
        Field("placed_at", "processedAt", MOMENT, required=True),
        Field("channel", "channel", CODE),
        Field("status", "status", CODE),
        Field("payment_method", "payment", CODE),
        Field("total", "total", NUMBER, required=True),
        Field("refunded", "refunded", NUMBER, required=True),
        Field("currency", "currencyCode", CODE),
        Field("lines", "lines"),
    ),
)

FINANCIAL = {
    "PENDING": "pending",
    "AUTHORIZED": "pending",
    "PARTIALLY_PAID": "pending",
    "PAID": "paid",
    "PARTIALLY_REFUNDED": "paid",
    "REFUNDED": "returned",
    "VOIDED": "cancelled",
    "EXPIRED": "cancelled",
}
"""What an order's payment says of it, in our words; a paid one may have been sent, and be done."""

CHANNELS = {
    "web": "online",
    "pos": "store",
    "iphone": "store",
    "android": "store",
    "shopify_draft_order": "other",
}
"""Where an order came from, by its `sourceName`; sales channels that are apps have names of their own: online."""

WRITTEN = ("email", "firstName", "lastName", "locale", "note", "phone")
"""The fields of a customer that may be written as they stand: no tags, no addresses, no consent."""
