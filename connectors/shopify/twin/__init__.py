"""A stateful stand-in for a Shopify shop (GraphQL Admin API), served over HTTP."""

from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.shopify import ShopifyTwin
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "ShopifyOptions", "ShopifyTwin"]

TWIN = ShopifyTwin

STAND = Stand(
    "shopify",
    ShopifyTwin,
    {"url": "{url}", "client_id": "twin-client", "client_secret": "${SHOPIFY_CLIENT_SECRET}"},
    {"SHOPIFY_CLIENT_SECRET": "shpss_twin"},
    {"customers": "customers", "orders": "orders"},
    small={"bulk_from": 0},
    personal=("displayName", "address1", "address2"),
)
