"""The sandbox's configuration: the preset of four systems, cut down to those that run, turned to their stand-ins."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from types import MappingProxyType

from hub.settings import starter

PRESET = "four-systems"
CONNECTIONS: Mapping[str, str] = MappingProxyType({"zoho": "crm", "fxiaoke": "fxiaoke", "woocommerce": "shop"})
"""Each system that has a stand-in, with its connection in the preset, most trusted first."""

SYSTEMS = tuple(CONNECTIONS)

_SECRETS: Mapping[str, Mapping[str, str]] = {
    "zoho": {
        "ZOHO_CLIENT_ID": "1000.TWINCLIENT",
        "ZOHO_CLIENT_SECRET": "twin-client-secret",
        "ZOHO_REFRESH_TOKEN": "1000.refresh.twin",
    },
    "fxiaoke": {
        "FXIAOKE_APP_ID": "FSAID_1a2b3c",
        "FXIAOKE_APP_SECRET": "twin-app-secret",
        "FXIAOKE_PERMANENT_CODE": "TWINPERM0000",
        "FXIAOKE_USER_MOBILE": "13800000000",
    },
    "woocommerce": {"WOO_KEY": "ck_twin", "WOO_SECRET": "cs_twin"},
}
_SETTINGS: Mapping[str, Mapping[str, str]] = {
    "zoho": {
        "accounts_url": "${SANDBOX_ZOHO_URL}",
        "api_url": "${SANDBOX_ZOHO_URL}",
        "refresh_token": "${ZOHO_REFRESH_TOKEN}",
        "settle_seconds": "1",
        "create": "true",
    },
    "fxiaoke": {
        "host": "${SANDBOX_FXIAOKE_URL}",
        "calls": "1000 # a real tenant allows 100 in 20 seconds; this stand-in so many, or one would wait for minutes",
    },
    "woocommerce": {"url": "${SANDBOX_WOOCOMMERCE_URL}"},
}
"""What a connection needs to reach its stand-in, which shows a new record at once."""


def environment(urls: Mapping[str, str]) -> dict[str, str]:
    """The invented secrets that the stand-ins take, and their addresses, for the sandbox's .env file."""
    secrets = {name: value for system in urls for name, value in _SECRETS[system].items()}
    return secrets | {f"SANDBOX_{system.upper()}_URL": url for system, url in urls.items()}


def configuration(systems: Collection[str], key_file: str) -> str:
    """The preset with the chosen systems and the tills, and the registers of the shops."""
    head, *connections = re.split(r"^(?=  \w+:\n    type: )", starter("Sandbox", PRESET), flags=re.M)
    registers = f"key_file: {key_file}\nstores: files/stores.csv\nstaff: files/staff.csv"
    head = re.sub(r"^key_file:.*$", registers, head, flags=re.M)
    return head + "".join(_at_home(text) for text in connections if _type(text) in {*systems, "csv_file"})


def _type(connection: str) -> str:
    return connection.partition("    type: ")[2].partition("\n")[0]


def _at_home(connection: str) -> str:
    """The connection's text with the settings that lead it to its stand-in."""
    system = _type(connection)
    for name, value in reversed(tuple(_SETTINGS.get(system, {}).items())):
        rest = re.sub(rf"^    {name}:.*\n", "", connection, flags=re.M)
        connection = rest.replace(f"    type: {system}\n", f"    type: {system}\n    {name}: {value}\n", 1)
    return connection
