"""The forms that our fields have unless a connection says otherwise; the mapping itself is the connection's own."""

from collections.abc import Mapping
from types import MappingProxyType

from hub.connector import CODE, DATE, EMAIL, FLAG, GENDER, LINE, MOMENT, NUMBER, PHONE, TEXT, Form

FORMS: Mapping[str, Form] = MappingProxyType(
    {form.name: form for form in (TEXT, LINE, CODE, PHONE, EMAIL, DATE, MOMENT, NUMBER, FLAG, GENDER)}
)
"""The forms by the names that a field map gives them."""

PREFIXED = ("custom.", "consents.", "sizes.", "named_dates.", "tier.")
"""What names of a brand's own begin with; `consents.CHANNEL` is a flag of theirs that means "opted out"."""

NATURAL: Mapping[str, Form] = MappingProxyType(
    {
        **dict.fromkeys(("phone", "other_phones", "buyer.phone"), PHONE),
        **dict.fromkeys(("email", "other_emails", "buyer.email"), EMAIL),
        **dict.fromkeys(("total", "refunded", "satisfaction"), NUMBER),
        **dict.fromkeys(("note", "text", "resolution", "street"), TEXT),
        **dict.fromkeys(
            (
                "wechat_unionid", "wechat_openid", "member_card", "home_store", "adviser", "store", "staff", "code",
                "number", "sku", "batch", "source_ref", "currency", "buyer.external_id", "id", "tier", "stage",
                "status", "channel", "kind", "state", "postcode", "country",
            ),
            CODE,
        ),
        "birthday": DATE,
        "gender": GENDER,
    }
)  # fmt: skip
"""The form of a field of ours where a field map gives none; LINE for what is not here."""

LINE_FIELDS = ("sku", "name", "batch", "category", "quantity", "unit_price", "discount", "refunded")
"""What a position of an order has."""


def form_of(ours: str) -> Form:
    """The natural form of a field of ours."""
    head = ours.partition(".")[0]
    if head in ("consents", "named_dates"):
        return FLAG if head == "consents" else DATE
    return MOMENT if ours.endswith("_at") else NATURAL.get(ours, CODE if head == "tier" else LINE)
