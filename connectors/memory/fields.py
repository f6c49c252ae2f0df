"""The mapping between the reference system's rows and our nouns."""

from hub.connector import CODE, DATE, EMAIL, FLAG, GENDER, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping

CUSTOMERS = Mapping(
    id="id",
    modified="modified",
    fields=(
        Field("name", "name", LINE),
        Field("phone", "phone", PHONE),
        Field("other_phones", "phone2", PHONE, write=False),
        Field("email", "email", EMAIL),
        Field("gender", "gender", GENDER),
        Field("birthday", "birthday", DATE),
        Field("city", "city", LINE),
        Field("province", "province", LINE),
        Field("street", "street", TEXT),
        Field("note", "note", TEXT, write=False),
        Field("registered_at", "registered", MOMENT, write=False),
        Field("consents.email", "no_mail", FLAG, write=False),
        Field("id", "hub_id", CODE),
        Field("tier", "tier", CODE),
        Field("stage", "stage", CODE),
    ),
)

ORDERS = Mapping(
    id="id",
    modified="modified",
    fields=(
        Field("number", "id", CODE, required=True),
        Field("buyer.external_id", "customer", CODE),
        Field("buyer.phone", "phone", PHONE),
        Field("buyer.email", "email", EMAIL),
        Field("placed_at", "placed", MOMENT, required=True),
        Field("status", "status", CODE),
        Field("total", "total", NUMBER, required=True),
        Field("refunded", "refunded", NUMBER),
        Field("currency", "currency", CODE),
        Field("source_ref", "source_ref", CODE),
    ),
)
