"""The mapping between the kiosk's members and a customer."""

from hub.connector import CODE, EMAIL, LINE, MOMENT, PHONE, Field, Mapping

MEMBERS = Mapping(
    id="no",
    modified="changed",
    fields=(
        Field("name", "full_name", LINE, write=False),
        Field("phone", "mobile", PHONE, write=False),
        Field("email", "mail", EMAIL, write=False),
        Field("city", "town", LINE, write=False),
        Field("member_card", "card", CODE, write=False),
        Field("registered_at", "joined", MOMENT, write=False),
    ),
)
