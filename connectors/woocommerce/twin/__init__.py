"""A stateful stand-in for a WooCommerce shop (wc/v3), served over HTTP; what it knows stands in the fact sheet."""

from connectors.woocommerce.twin.options import WooOptions
from connectors.woocommerce.twin.shop import WooTwin

__all__ = ["TWIN", "WooOptions", "WooTwin"]

TWIN = WooTwin
