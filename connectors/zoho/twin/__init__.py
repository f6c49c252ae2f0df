"""A stateful stand-in for Zoho CRM v8, served over HTTP; what it knows of Zoho stands in the connector's fact sheet."""

from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.zoho import ZohoTwin
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "ZohoOptions", "ZohoTwin"]

TWIN = ZohoTwin

STAND = Stand(
    "zoho",
    ZohoTwin,
    {
        "data_centre": "cn",
        "accounts_url": "{url}",
        "client_id": ZohoOptions.client_id,
        "client_secret": "${ZOHO_CLIENT_SECRET}",
        "refresh_token": "${ZOHO_REFRESH_TOKEN}",
        "notification_token": "${ZOHO_NOTIFICATION_TOKEN}",
        "settle_seconds": 1,
        "fields": [
            {"stream": "orders", "ours": "number", "theirs": "Order_No"},
            {"stream": "orders", "ours": "placed_at", "theirs": "Placed_At"},
            {"stream": "orders", "ours": "refunded", "theirs": "Refunded_Amount"},
        ],
    },
    {
        "ZOHO_CLIENT_SECRET": ZohoOptions.client_secret,
        "ZOHO_REFRESH_TOKEN": ZohoOptions.refresh_token,
        "ZOHO_NOTIFICATION_TOKEN": "twin-notification-token",
    },
    {"customers": "Contacts", "orders": "Sales_Orders"},
    signs_with="ZOHO_NOTIFICATION_TOKEN",
    small={"page_size": 4},
    jobs={"bulk_from": 1},
    exempt={"refuses_a_webhook_that_was_changed": "Zoho signs nothing: a notification carries a token"},
    born={"Last_Name": "{text}"},
)
