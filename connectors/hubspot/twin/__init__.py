"""A stateful stand-in for HubSpot's CRM (v3 objects, v4 associations, dated versions), served over HTTP."""

from connectors.hubspot.twin.hubspot import HubSpotTwin
from connectors.hubspot.twin.options import HubSpotOptions
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "HubSpotOptions", "HubSpotTwin"]

TWIN = HubSpotTwin

STAND = Stand(
    "hubspot",
    HubSpotTwin,
    {"api_url": "{url}", "token": "${HUBSPOT_TOKEN}", "edition": "professional", "webhook_secret": "${HUBSPOT_SECRET}"},
    {"HUBSPOT_TOKEN": HubSpotOptions.token, "HUBSPOT_SECRET": HubSpotOptions.client_secret},
    {"customers": "contacts", "orders": "orders"},
    page_size="page_size",
    small={"search_rows": 4},
    personal=("company", "website", "hs_billing_address_street", "hs_shipping_address_street"),
)
