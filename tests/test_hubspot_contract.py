"""HubSpot's connector keeps the contract, alone and under every fault."""

from connectors.hubspot.twin import STAND
from hub.testing.contract import contract

test_hubspot = contract(STAND)
