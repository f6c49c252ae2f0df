"""The mapping between HubSpot's properties, as `wire/rows.py` lays them out, and our nouns; what their statuses mean.

The names are those of a new portal; a site's own properties come in by its field map. HubSpot's users own what they type:
the hub writes what it decides itself, and a name, phone or e-mail only where its own knowledge changed since both agreed.
Consent is read and never written: HubSpot keeps it by subscription type, behind calls of its own.
"""

from hub.connector import CODE, EMAIL, FLAG, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping

CONTACTS = Mapping(
    id="id",
    modified="lastmodifieddate",
    fields=(
        Field("name", "lastname", LINE, fill_empty=True, max_length=255),  # for creates, where no parts are known
        Field("given_name", "firstname", LINE, max_length=255),
        Field("family_name", "lastname", LINE, max_length=255),
        Field("phone", "phone", PHONE, max_length=255),
        Field("other_phones", "mobilephone", PHONE, write=False),
        Field("email", "email", EMAIL, max_length=255),
        Field("other_emails", "hs_additional_emails", EMAIL, write=False),
        Field("country", "country", LINE, write=False),
        Field("province", "state", LINE, write=False),
        Field("city", "city", LINE, write=False),
        Field("street", "address", TEXT, write=False),
        Field("postcode", "zip", CODE, write=False),
        Field("occupation", "jobtitle", LINE, write=False),
        Field("registered_at", "createdate", MOMENT, write=False),
        Field("consents.email", "hs_email_optout", FLAG, write=False),
        Field("tier", "kehub_tier", CODE),
        Field("stage", "kehub_stage", CODE),
    ),
)

ORDERS = Mapping(
    id="id",
    modified="hs_lastmodifieddate",
    fields=(
        Field("number", "hs_external_order_id", CODE),
        Field("number", "hs_order_name", CODE),
        Field("number", "id", CODE, required=True),  # where nobody numbers them
        Field("buyer.external_id", "contact", CODE),
        Field("buyer.phone", "hs_billing_address_phone", PHONE),
        Field("buyer.email", "hs_billing_address_email", EMAIL),
        Field("buyer.name", "hs_billing_address_name", LINE),
        Field("placed_at", "hs_external_created_date", MOMENT),
        Field("placed_at", "hs_createdate", MOMENT, required=True),
        Field("status", "hs_external_order_status", CODE),
        Field("store", "hs_source_store", CODE),
        Field("total", "hs_total_price", NUMBER, required=True),
        Field("refunded", "hs_refund_amount", NUMBER),
        Field("currency", "hs_currency_code", CODE, required=True),
    ),
)

ASSOCIATED = "contact"
"""Laid out with an order: the id of the contact that it is associated with. It is no property."""

LISTED = ("hs_additional_emails",)
"""Properties that hold several values, with semicolons between."""

OPTIONAL = frozenset(("hs_email_optout", "hs_additional_emails", "hs_refund_amount"))
"""Properties that not every portal shows; reading one that is not there does no harm."""

STATUSES = {
    "pending": "pending", "open": "pending", "on-hold": "pending", "unpaid": "pending",
    "processing": "paid", "processed": "paid", "paid": "paid", "authorized": "paid",
    "shipped": "shipped", "fulfilled": "shipped", "in transit": "shipped",
    "delivered": "delivered", "completed": "done", "complete": "done", "done": "done",
    "cancelled": "cancelled", "canceled": "cancelled", "voided": "cancelled", "failed": "cancelled",
    "refunded": "returned", "returned": "returned",
}  # fmt: skip
"""What shops write into an order's status, in lower case, in our words; further ones come in by the setting `statuses`."""
