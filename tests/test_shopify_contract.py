"""The Shopify connector keeps the contract, alone and under every fault."""

from connectors.shopify.twin import STAND
from hub.testing.contract import contract

test_shopify = contract(STAND)
