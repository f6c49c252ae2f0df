"""`kehub.yaml`: one brand, its systems and its rules. `load` gives a checked `Configuration` or says what is wrong.

tree            YAML text -> a tree that knows line and column
environment     ${NAME} from the environment or the .env file
shape, fields   every key of the file; the site's field map
rule_shape      every key below `rules:`
rules           what the predicates there mean
check, kinds    tree against model, in plain words
clear           secrets that are written out
folders         where plugins lie that are not installed
connections     each connection against its connector's own settings
configuration   the frozen result
schema, starter what editors and `kehub init` want
"""

from hub.settings.configuration import Configuration, Connection, ConnectorClass
from hub.settings.connections import Catalogue
from hub.settings.fields import SiteField
from hub.settings.load import load
from hub.settings.rule_shape import Lifecycle, Rules, TierRow
from hub.settings.schema import json_schema
from hub.settings.shape import Brakes, IdentityLimits, Network, Retention
from hub.settings.starter import presets, starter

__all__ = [
    "Brakes", "Catalogue", "Configuration", "Connection", "ConnectorClass", "IdentityLimits", "Lifecycle", "Network",
    "Retention", "Rules", "SiteField", "TierRow", "json_schema", "load", "presets", "starter",
]  # fmt: skip
