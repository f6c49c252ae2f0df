"""The mapping between Zoho's modules and our nouns; the names are those of a new organisation.

A site's own fields (order number and date of a shop, member card) come in by its field map. Zoho's users own what they
type: the hub writes what it decides itself, and a name, phone or e-mail only where its own knowledge changed since both
agreed. Birthdays are not written because ours may lack the year, addresses because their parts belong together.
"""

from hub.connector import CODE, DATE, EMAIL, FLAG, GENDER, LINE, MOMENT, NUMBER, PHONE, TEXT, Field, Mapping

CONTACTS = Mapping(
    id="id",
    modified="Modified_Time",
    fields=(
        Field("family_name", "Last_Name", LINE, write=False, required=True),  # all have one: a spoilt row is set aside
        Field("name", "Last_Name", LINE, fill_empty=True, max_length=80),  # for creates: never empty in a contact
        Field("family_name", "Last_Name", LINE, max_length=80),  # where it is known, it goes before the whole name
        Field("given_name", "First_Name", LINE, max_length=40),
        Field("gender", "Salutation", GENDER, write=False),
        Field("birthday", "Date_of_Birth", DATE, write=False),
        Field("phone", "Mobile", PHONE, max_length=30),
        Field("other_phones", "Phone", PHONE, write=False),
        Field("other_phones", "Home_Phone", PHONE, write=False),
        Field("other_phones", "Other_Phone", PHONE, write=False),
        Field("email", "Email", EMAIL, max_length=100),
        Field("other_emails", "Secondary_Email", EMAIL, write=False),
        Field("country", "Mailing_Country", LINE, write=False),
        Field("province", "Mailing_State", LINE, write=False),
        Field("city", "Mailing_City", LINE, write=False),
        Field("street", "Mailing_Street", TEXT, write=False),
        Field("postcode", "Mailing_Zip", CODE, write=False),
        Field("origin", "Lead_Source", LINE, write=False),
        Field("note", "Description", TEXT, write=False),
        Field("consents.email", "Email_Opt_Out", FLAG, write=False),
        Field("tier", "KeHub_Tier", CODE),
        Field("stage", "KeHub_Stage", CODE),
    ),
)

SALES_ORDERS = Mapping(
    id="id",
    modified="Modified_Time",
    fields=(
        Field("number", "SO_Number", CODE),
        Field("number", "id", CODE, required=True),  # where Zoho numbers no orders
        Field("buyer.external_id", "Contact_Name.id", CODE),
        Field("placed_at", "Created_Time", MOMENT, required=True),
        Field(
            "status",
            "Status",
            CODE,
            values={
                "paid": "Created",
                "shipped": "Approved",
                "done": "Delivered",
                "cancelled": "Cancelled",
                "returned": "Returned",
            },
        ),
        Field("total", "Grand_Total", NUMBER, required=True),
        Field("currency", "Currency", CODE),
    ),
)
