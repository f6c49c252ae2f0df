"""What Sprout's members mean: the mapping between their fields and ours. Data only."""

from __future__ import annotations

from hub.connector import CODE, EMAIL, FLAG, LINE, MOMENT, PHONE, Field, Mapping

MEMBERS = Mapping(
    id="id",
    modified="changed_at",
    fields=(
        Field("name", "name", LINE, max_length=200),
        Field("phone", "phone", PHONE),
        Field("email", "email", EMAIL),
        Field("city", "city", LINE, max_length=200),
        Field("registered_at", "joined_at", MOMENT, write=False),
        Field("consents.email", "no_mail", FLAG, write=False),  # true means: opted out
        Field("tier", "level", CODE),
        Field("id", "kehub_id", CODE),
    ),
)
