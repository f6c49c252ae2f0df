"""Modules and fields as Zoho describes them (sheet sections 14 to 16)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType

from connectors.zoho.twin.options import ZohoOptions


@dataclass(frozen=True)
class FieldSpec:
    """One field of a module."""

    name: str
    type: str = "text"
    length: int = 255
    mandatory: bool = False
    read_only: bool = False
    custom: bool = False
    unique: bool = False
    external: bool = False
    picks: tuple[str, ...] = ()
    lookup: str = ""

    @property
    def label(self) -> str:
        """The label that users see."""
        return self.name.replace("_", " ")


LENGTHS = MappingProxyType({"text": 255, "textarea": 32_000, "phone": 30, "email": 100, "website": 450})
SYSTEM_DUPLICATE = MappingProxyType(
    {"Contacts": "Email", "Leads": "Email", "Accounts": "Account_Name", "Sales_Orders": "Subject"}
)
"""The field by which upsert looks for a duplicate when the call names none."""

ORDER_STATES = ("Created", "Approved", "Delivered", "Cancelled", "Returned")

_PLAIN = {
    "Contacts": """
        First_Name:text:40 Last_Name:text:80 Salutation:picklist Email:email Secondary_Email:email Phone:phone
        Mobile:phone Home_Phone:phone Other_Phone:phone Asst_Phone:phone Assistant:text Fax:phone Date_of_Birth:date
        Title:text Department:text Account_Name:lookup Lead_Source:picklist Email_Opt_Out:boolean
        Mailing_Street:text Mailing_City:text Mailing_State:text Mailing_Zip:text:30 Mailing_Country:text
        Other_Street:text Other_City:text Other_State:text Other_Zip:text:30 Other_Country:text
        Twitter:text Skype_ID:text Description:textarea""",
    "Leads": """
        First_Name:text:40 Last_Name:text:80 Company:text Email:email Secondary_Email:email Phone:phone Mobile:phone
        Lead_Source:picklist Lead_Status:picklist Industry:picklist Designation:text Street:text City:text State:text
        Zip_Code:text:30 Country:text Email_Opt_Out:boolean Description:textarea""",
    "Accounts": """
        Account_Name:text Account_Number:text Account_Type:picklist Industry:picklist Phone:phone Fax:phone
        Website:website Billing_Street:text Billing_City:text Billing_State:text Billing_Code:text:30
        Billing_Country:text Annual_Revenue:currency Employees:integer Description:textarea""",
    "Sales_Orders": """
        Subject:text SO_Number:text Account_Name:lookup Contact_Name:lookup Status:picklist Due_Date:date
        Customer_No:text Purchase_Order:text Carrier:picklist Sub_Total:currency Discount:currency Tax:currency
        Adjustment:currency Grand_Total:currency Currency:picklist Exchange_Rate:double Billing_Street:text
        Billing_City:text Billing_Code:text:30 Shipping_Street:text Shipping_City:text Shipping_Code:text:30
        Ordered_Items:subform Terms_and_Conditions:textarea Description:textarea""",
}
_SYSTEM = (
    "Owner:ownerlookup Created_By:ownerlookup Modified_By:ownerlookup Created_Time:datetime Modified_Time:datetime"
    " Tag:tags"
)
_SHOP = "Placed_At:datetime Order_No:text:120 Source_Order_No:text:120 Store_Code:text:40 Refunded_Amount:currency"
_MANDATORY = {
    "Contacts": ("Last_Name",),
    "Leads": ("Last_Name",),
    "Accounts": ("Account_Name",),
    "Sales_Orders": ("Subject", "Ordered_Items"),
}
_READ_ONLY = (
    "Tag",
    "Full_Name",
    "Created_By",
    "Modified_By",
    "Created_Time",
    "Modified_Time",
    "Grand_Total",
    "Sub_Total",
)
_LOOKUPS = {"Account_Name": "Accounts", "Contact_Name": "Contacts", "Converted_Contact": "Contacts"}
_PICKS = {
    "Status": ORDER_STATES,
    "Currency": ("CNY", "USD", "EUR"),
    "Lead_Source": ("-None-", "Shop", "Web", "Event"),
    "Lead_Status": ("-None-", "Not Contacted", "Contacted"),
    "Salutation": ("-None-", "Mr.", "Mrs.", "Ms."),
}


def modules(options: ZohoOptions) -> dict[str, dict[str, FieldSpec]]:
    """The modules with their fields, by api name."""
    own = {name: [*_read(text, name), *_read(_SYSTEM, name)] for name, text in _PLAIN.items()}
    own["Contacts"] += [FieldSpec("Full_Name", read_only=True), *_hub_fields(options)]
    own["Contacts"] += [FieldSpec("Member_Card", length=40, custom=True), FieldSpec("Gender", length=10, custom=True)]
    own["Leads"] += [FieldSpec("Full_Name", read_only=True), FieldSpec("Converted__s", "boolean", read_only=True)]
    own["Leads"].append(FieldSpec("Converted_Contact", "lookup", read_only=True, lookup="Contacts"))
    own["Sales_Orders"] += _read(_SHOP, "Sales_Orders", custom=True)
    return {name: {spec.name: spec for spec in specs} for name, specs in own.items()}


def _read(text: str, module: str, *, custom: bool = False) -> Iterator[FieldSpec]:
    for entry in text.split():
        name, kind, *length = entry.split(":")
        yield FieldSpec(
            name,
            kind,
            length=int(length[0]) if length else LENGTHS.get(kind, 0),
            mandatory=name in _MANDATORY[module],
            read_only=name in _READ_ONLY,
            custom=custom,
            picks=_PICKS.get(name, ()),
            lookup=_LOOKUPS.get(name, "") if kind == "lookup" else "",
        )


def _hub_fields(options: ZohoOptions) -> Iterable[FieldSpec]:
    fields = (
        FieldSpec("KeHub_ID", length=120, custom=True, unique=True, external=options.external_id),
        FieldSpec("KeHub_Tier", "picklist", custom=True, picks=("-None-", *options.tiers)),
        FieldSpec("KeHub_Stage", "picklist", custom=True, picks=("-None-", *options.stages)),
    )
    return [spec for spec in fields if spec.name in options.hub_fields]
