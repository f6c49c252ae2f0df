"""The mapping between a shop's rows, as `wire/rows.py` lays them out, and our nouns; what their statuses mean.

`meta_data.KEY` is the meta field of that key: consents and a till's order number live in plugins' fields, which come in
by a site's field map. The account's owner types what is here: the hub writes what it decides itself, and a name or
phone only where its own knowledge changed since both agreed. An e-mail address is the account's sign-in and is set when
an account is made, never changed.
"""

from hub.connector import CODE, EMAIL, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping

CUSTOMERS = Mapping(
    id="id",
    modified="date_modified_gmt",
    fields=(
        Field("name", "first_name", LINE, fill_empty=True, max_length=255),  # for creates, where no parts are known
        Field("given_name", "first_name", LINE, max_length=255),
        Field("family_name", "last_name", LINE, max_length=255),
        Field("phone", "billing.phone", PHONE, max_length=100),
        Field("other_phones", "shipping.phone", PHONE, write=False),
        Field("email", "email", EMAIL, fill_empty=True, required=True, max_length=100),
        Field("other_emails", "billing.email", EMAIL, write=False),
        Field("country", "billing.country", CODE, write=False),
        Field("province", "billing.state", LINE, write=False),
        Field("city", "billing.city", LINE, write=False),
        Field("street", "billing.street", TEXT, write=False),
        Field("postcode", "billing.postcode", CODE, write=False),
        Field("registered_at", "date_created_gmt", MOMENT, write=False),
        Field("tier", "meta_data.kehub_tier", CODE),
        Field("stage", "meta_data.kehub_stage", CODE),
    ),
)

ORDERS = Mapping(
    id="id",
    modified="date_modified_gmt",
    fields=(
        Field("number", "number", CODE),
        Field("number", "id", CODE, required=True),  # where a plugin numbers them and left one out
        Field("buyer.external_id", "customer", CODE),
        Field("buyer.phone", "billing.phone", PHONE),
        Field("buyer.email", "billing.email", EMAIL),
        Field("buyer.name", "billing.name", LINE),
        Field("placed_at", "date_created_gmt", MOMENT, required=True),
        Field("delivered_at", "date_completed_gmt", MOMENT),
        Field("channel", "channel", CODE),
        Field("status", "status", CODE),
        Field("payment_method", "payment_method", CODE),
        Field("total", "total", NUMBER, required=True),
        Field("refunded", "refunded", NUMBER, required=True),  # always there; unreadable is not nothing
        Field("currency", "currency", CODE),
        Field("lines", "lines"),
    ),
)

STATUSES = {
    "pending": "pending",
    "on-hold": "pending",
    "processing": "paid",
    "completed": "done",
    "cancelled": "cancelled",
    "failed": "cancelled",
    "refunded": "returned",
}
"""Their order statuses in our words; a shop's own ones come in by the setting `statuses`."""
