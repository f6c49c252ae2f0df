"""A stateful stand-in for a Shopify shop (GraphQL Admin API), served over HTTP."""

from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.shopify import ShopifyTwin
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "ShopifyOptions", "ShopifyTwin"]

TWIN = ShopifyTwin

STAND = Stand(
    "shopify",
    ShopifyTwin,
    {
        "url": "{url}",
        "client_id": "twin-client",
        "client_secret": "${SHOPIFY_CLIENT_SECRET}",
        "settle_seconds": 1,
    },
    {"SHOPIFY_CLIENT_SECRET": "shpss_twin"},
    {"customers": "customers", "orders": "orders"},
    signs_with="SHOPIFY_CLIENT_SECRET",
    small={"page_size": 4, "bulk_from": 0},
    jobs={"bulk_from": 1},
    born={"email": "{text}@contract.example.net"},
)
