"""The twin's first records: what Zoho holds of the invented population."""

from __future__ import annotations

from datetime import datetime, time, timedelta

from connectors.zoho.twin.records import CLERK, FIRST_ID, Books, Record, Values
from hub.testing.people import ZONE, Line, Population, Purchase, Sighting

_SALUTATIONS = {"female": "Ms.", "male": "Mr."}
_STATES = {
    "paid": "Created",
    "shipped": "Approved",
    "done": "Delivered",
    "cancelled": "Cancelled",
    "returned": "Returned",
}


def seed(books: Books, population: Population) -> None:
    """Fill the books; one contact in eight was imported in one second, so that times of change tie."""
    chance = population.chance("zoho:times")
    end = int(datetime.combine(population.today, time(), ZONE).timestamp()) - 1
    imported = end - int(timedelta(days=200).total_seconds())
    accounts = [
        books.insert("Accounts", {"Account_Name": name}, at=imported, by=CLERK) for name in ("散客", "KeHub 会员")
    ]
    contacts: dict[int, Record] = {}
    for seen in population.sightings("zoho"):
        created = int(seen.registered.timestamp())
        record = books.insert("Contacts", {**contact(seen), "Account_Name": _link(accounts[1])}, at=created, by=CLERK)
        record.person = seen.person
        changed = imported if created < imported and chance.random() < 0.125 else chance.randrange(created, end)
        books.update("Contacts", record, {}, at=changed, by=CLERK)
        contacts.setdefault(seen.person, record)
    for order in population.orders_in("zoho"):
        placed = int(order.placed.timestamp())
        record = books.insert("Sales_Orders", sales_order(books, order, contacts[order.person]), at=placed, by=CLERK)
        record.person = order.person
        later = placed + chance.randrange(3 * 86_400)
        books.update("Sales_Orders", record, {}, at=min(later, max(placed, end)), by=CLERK)
    _leads(books, population, contacts, end)


def contact(seen: Sighting) -> Values:
    """A contact as a shop's clerk would have typed it."""
    whole = seen.birthday if seen.birthday and not seen.birthday.startswith("--") else None
    return {
        "Last_Name": seen.family,
        "First_Name": seen.given or None,
        "Salutation": _SALUTATIONS[seen.gender] if seen.gender else None,
        "Gender": seen.gender,
        "Email": seen.email,
        "Mobile": seen.phone,
        "Date_of_Birth": whole,
        "Email_Opt_Out": seen.opted_out,
        "Lead_Source": "Shop",
        "Mailing_Street": " ".join(filter(None, (seen.district, seen.street))) or None,
        "Mailing_City": seen.city,
        "Mailing_State": seen.province,
        "Mailing_Zip": seen.postcode,
        "Mailing_Country": "中国" if seen.city else None,
        "Member_Card": seen.card,
        "Description": seen.note,
    }


def sales_order(books: Books, order: Purchase, buyer: Record) -> Values:
    """A sales order; those of a till carry the till's number."""
    return {
        "Subject": f"Order {order.number}",
        "Contact_Name": {"name": buyer.values["Full_Name"], "id": buyer.id},
        "Status": _STATES[order.status],
        "Currency": order.currency,
        "Sub_Total": float(order.total),
        "Grand_Total": float(order.total),
        "Refunded_Amount": float(order.refunded),
        "Order_No": f"SO-{order.number}",
        "Source_Order_No": None if order.shop == "crm" else order.number,
        "Placed_At": books.shown(int(order.placed.timestamp())),
        "Store_Code": order.store,
        "Ordered_Items": [_item(books, line, place) for place, line in enumerate(order.lines)],
    }


def _item(books: Books, line: Line, place: int) -> Values:
    product = str(FIRST_ID + 50_000 + int(line.sku.partition("-")[2]))
    return {
        "id": books.next_id(),
        "Sequence_Number": place + 1,
        "Product_Name": {"name": line.name, "id": product, "Product_Code": line.sku},
        "Description": line.category,
        "Quantity": line.quantity,
        "List_Price": float(line.unit_price),
        "Total": float(line.unit_price * line.quantity),
        "Discount": float(line.discount),
        "Total_After_Discount": float(line.total),
        "Tax": 0.0,
        "Net_Total": float(line.total),
    }


def _leads(books: Books, population: Population, contacts: dict[int, Record], end: int) -> None:
    """One person in twelve is a lead; those who are contacts by now have been converted."""
    for person in population.people[::12]:
        known = contacts.get(person.number)
        values = {"Last_Name": person.family, "First_Name": person.given, "Mobile": person.phone, "Email": person.email}
        converted = {"Converted__s": known is not None, "Converted_Contact": _link(known) if known else None}
        at = min(int(person.registered.timestamp()), end)
        record = books.insert("Leads", {**values, **converted, "Company": "-"}, at=at, by=CLERK)
        record.person = person.number


def _link(record: Record) -> Values:
    return {"name": record.values.get("Full_Name") or record.values.get("Account_Name"), "id": record.id}
