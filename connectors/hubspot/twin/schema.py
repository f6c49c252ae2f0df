"""The properties of contacts, companies and orders, as HubSpot describes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from connectors.hubspot.twin.options import HubSpotOptions


@dataclass(frozen=True)
class Spec:
    """One property. `kind` is its type, `field` how it is shown."""

    name: str
    kind: str = "string"
    field: str = "text"
    options: tuple[str, ...] = ()
    unique: bool = False
    read_only: bool = False
    custom: bool = False
    label: str = ""
    group: str = ""

    @property
    def several(self) -> bool:
        """Whether it holds several of its options."""
        return self.kind == "enumeration" and self.field == "checkbox"

    def described(self) -> dict[str, Any]:
        """The property as the interface shows it."""
        options = [
            {"label": value.title(), "value": value, "displayOrder": place, "hidden": False}
            for place, value in enumerate(self.options)
        ]
        return {
            "name": self.name, "label": self.label or self.name.replace("_", " ").title(), "type": self.kind,
            "fieldType": self.field, "description": "", "groupName": self.group or "information", "options": options,
            "hasUniqueValue": self.unique, "calculated": False, "externalOptions": False, "hidden": False,
            "archived": False, "hubspotDefined": not self.custom, "displayOrder": -1, "formField": not self.read_only,
            "createdAt": "2020-01-01T00:00:00Z", "updatedAt": "2020-01-01T00:00:00Z",
            "modificationMetadata": {
                "archivable": self.custom, "readOnlyDefinition": not self.custom, "readOnlyValue": self.read_only,
            },
        }  # fmt: skip


TYPE_IDS = MappingProxyType({"contacts": "0-1", "companies": "0-2", "orders": "0-123"})
"""Kinds of objects by their name in a path; their type ids and singular names lead to the same."""

MODIFIED = MappingProxyType(
    {"contacts": "lastmodifieddate", "companies": "hs_lastmodifieddate", "orders": "hs_lastmodifieddate"}
)
CREATED = MappingProxyType({"contacts": "createdate", "companies": "createdate", "orders": "hs_createdate"})
DEFAULTS = MappingProxyType(
    {
        "contacts": ("email", "firstname", "lastname"),
        "companies": ("name", "domain"),
        "orders": ("hs_order_name", "hs_currency_code"),
    }
)
"""What is shown when no properties are asked for."""

_PLAIN = {
    "contacts": """
        email firstname lastname phone mobilephone company jobtitle website address city state zip country
        hs_additional_emails hubspot_owner_id:enumeration hs_language lifecyclestage:enumeration:radio""",
    "companies": "name domain phone address city state zip country industry annualrevenue:number",
    "orders": """
        hs_order_name hs_external_order_id hs_external_order_status hs_currency_code hs_total_price:number
        hs_subtotal_price:number hs_refund_amount:number hs_order_discount:number hs_shipping_cost:number hs_tax:number
        hs_source_store hs_fulfillment_status hs_pipeline hs_pipeline_stage hs_external_created_date:datetime
        hs_billing_address_name hs_billing_address_email hs_billing_address_phone hs_billing_address_street
        hs_billing_address_city hs_shipping_address_name hs_shipping_address_street hs_shipping_address_city
        hs_shipping_address_state hs_shipping_address_postal_code hs_shipping_address_country kehub_source_ref""",
}
_STAGES = (
    "subscriber",
    "lead",
    "marketingqualifiedlead",
    "salesqualifiedlead",
    "opportunity",
    "customer",
    "evangelist",
)
_FIELDS = {"number": "number", "enumeration": "select", "datetime": "date", "bool": "booleancheckbox"}


def properties(options: HubSpotOptions) -> dict[str, dict[str, Spec]]:
    """The properties of each kind of object, by name."""
    found = {kind: [*_read(text), *_system(kind)] for kind, text in _PLAIN.items()}
    found["contacts"] += [Spec("hs_email_optout", "bool", "booleancheckbox", read_only=True), *_hub_fields(options)]
    return {kind: {spec.name: spec for spec in specs} for kind, specs in found.items()}


def _read(text: str) -> Iterator[Spec]:
    for entry in text.split():
        name, kind, field, *_ = *entry.split(":"), "string", ""
        kind = kind if ":" in entry else "string"
        options = _STAGES if name == "lifecyclestage" else ()
        custom = name.startswith("kehub")
        yield Spec(name, kind, field or _FIELDS.get(kind, "text"), options, custom=custom)


def _system(kind: str) -> Iterator[Spec]:
    yield Spec("hs_object_id", "number", "number", read_only=True)
    yield Spec(CREATED[kind], "datetime", "date", read_only=True)
    yield Spec(MODIFIED[kind], "datetime", "date", read_only=True)
    yield Spec("hs_merged_object_ids", "enumeration", "checkbox", read_only=True)


def _hub_fields(options: HubSpotOptions) -> Iterable[Spec]:
    tags = (*(f"kehub-{word}" for word in (*options.tiers, *options.stages)), *options.tags)
    fields = (
        Spec("kehub_id", unique=options.unique, custom=True),
        Spec("kehub_tier", "enumeration", "select", options.tiers, custom=True),
        Spec("kehub_stage", "enumeration", "select", options.stages, custom=True),
        Spec("kehub_tags", "enumeration", "checkbox", tags, custom=True),
    )
    return [spec for spec in fields if spec.name in options.hub_fields]
