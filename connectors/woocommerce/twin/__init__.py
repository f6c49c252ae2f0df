"""A stateful stand-in for a WooCommerce shop (wc/v3), served over HTTP; what it knows stands in the fact sheet."""

from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.shop import WooTwin
from hub.testing.stand import Stand

__all__ = ["STAND", "TWIN", "WooOptions", "WooTwin"]

TWIN = WooTwin

STAND = Stand(
    "woocommerce",
    WooTwin,
    {
        "url": "{url}",
        "consumer_key": "${WOO_KEY}",
        "consumer_secret": "${WOO_SECRET}",
        "webhook_secret": "${WOO_HOOK_SECRET}",
        "settle_seconds": 1,
        "calls_per_minute": 20,
        "fields": [
            {"ours": "consents.email", "theirs": "meta_data.newsletter_optout", "form": "flag", "write": False},
        ],
    },
    {
        "WOO_KEY": WooOptions.consumer_key,
        "WOO_SECRET": WooOptions.consumer_secret,
        "WOO_HOOK_SECRET": "twin-webhook-secret",
    },
    {"customers": "customers", "orders": "orders"},
    signs_with="WOO_HOOK_SECRET",
    options={"calls": 20},
    small={"page_size": 4},
    born={"email": "{text}@contract.example.net"},
)
