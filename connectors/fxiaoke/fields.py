"""The mapping between Fxiaoke's objects and our nouns; the names are those of the preset objects.

A tenant's own fields (tier, stage, member card, birthday, the number of a shop's order) have names that end in random
letters: they come in by the site's field map. Fxiaoke's users own what they type: the hub writes what it decides
itself, and a phone or e-mail only where its own knowledge changed since both agreed. A name is sent with a create.
"""

from hub.connector import CODE, EMAIL, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping

_NAMED = (
    Field("name", "name", LINE, fill_empty=True, required=True, max_length=100),
    Field("registered_at", "create_time", MOMENT, write=False),
)

ACCOUNTS = Mapping(
    id="_id",
    modified="last_modified_time",
    fields=(
        *_NAMED,
        Field("phone", "tel", PHONE, max_length=50),
        Field("email", "email", EMAIL, max_length=100),
        Field("street", "address", TEXT, write=False),
        Field("origin", "account_source", LINE, write=False),
        Field("note", "remark", TEXT, write=False),
    ),
)

CONTACTS = Mapping(
    id="_id",
    modified="last_modified_time",
    fields=(
        *_NAMED,
        Field("phone", "mobile1", PHONE, max_length=50),
        *(Field("other_phones", f"mobile{number}", PHONE, write=False) for number in range(2, 6)),
        *(Field("other_phones", f"tel{number}", PHONE, write=False) for number in range(1, 6)),
        Field("email", "email", EMAIL, max_length=100),
    ),
)

OTHERS = Mapping(id="_id", modified="last_modified_time", fields=_NAMED)
"""MemberObj, whose field names no public document tells, and a tenant's own objects: the site maps the rest."""

CUSTOMERS = {"AccountObj": ACCOUNTS, "ContactObj": CONTACTS}

SALES_ORDERS = Mapping(
    id="_id",
    modified="last_modified_time",
    fields=(
        Field("number", "name", CODE, required=True),
        Field("buyer.external_id", "account_id", CODE),
        Field("placed_at", "order_time", MOMENT),
        Field("placed_at", "create_time", MOMENT, required=True),  # where nobody gave the day of the order
        Field("total", "order_amount", NUMBER, required=True),
        Field("currency", "mc_currency", CODE),
    ),
)

BUYERS = {"AccountObj": "account_id", "ContactObj": "ship_to_id"}
"""Where an order names its customer, by the object that customers are."""

OPTIONAL = ("mc_currency",)
"""Fields of theirs that are there only in tenants with several currencies."""
