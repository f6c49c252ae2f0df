"""Every connector keeps the contract, alone and under every fault."""

from connectors.csv_file.twin import STAND as CSV_FILE
from connectors.fxiaoke.twin import STAND as FXIAOKE
from connectors.hubspot.twin import STAND as HUBSPOT
from connectors.memory.twin import STAND as MEMORY
from connectors.rest.twin import STAND as REST
from connectors.shopify.twin import STAND as SHOPIFY
from connectors.woocommerce.twin import STAND as WOOCOMMERCE
from connectors.zoho.twin import STAND as ZOHO
from hub.testing.contract import contract

test_csv_file = contract(CSV_FILE)
test_fxiaoke = contract(FXIAOKE)
test_hubspot = contract(HUBSPOT)
test_memory = contract(MEMORY)
test_rest = contract(REST)
test_shopify = contract(SHOPIFY)
test_woocommerce = contract(WOOCOMMERCE)
test_zoho = contract(ZOHO)
