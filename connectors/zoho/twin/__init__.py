"""A stateful stand-in for Zoho CRM v8, served over HTTP; what it knows of Zoho stands in the connector's fact sheet."""

from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.zoho import ZohoTwin

__all__ = ["TWIN", "ZohoOptions", "ZohoTwin"]

TWIN = ZohoTwin
