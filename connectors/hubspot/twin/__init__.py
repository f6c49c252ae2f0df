"""A stateful stand-in for HubSpot's CRM (v3 objects, v4 associations, dated versions), served over HTTP."""

from connectors.hubspot.twin.hubspot import HubSpotTwin
from connectors.hubspot.twin.options import HubSpotOptions
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "HubSpotOptions", "HubSpotTwin"]

TWIN = HubSpotTwin

STAND = Stand(
    "hubspot",
    HubSpotTwin,
    {
        "api_url": "{url}",
        "client_id": HubSpotOptions.client_id,
        "client_secret": "${HUBSPOT_SECRET}",
        "refresh_token": "${HUBSPOT_REFRESH}",
        "settle_seconds": 1,
    },
    {"HUBSPOT_SECRET": HubSpotOptions.client_secret, "HUBSPOT_REFRESH": HubSpotOptions.refresh_token},
    {"customers": "contacts", "orders": "orders"},
    signs_with="HUBSPOT_SECRET",
    small={"page_size": 4, "search_rows": 4},
)
