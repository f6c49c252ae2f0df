"""How Zoho speaks: where, signed how, within which limits; its error codes, for a call and for one row of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from connectors.zoho.wire.settings import ZohoSettings
from hub.connector import Answer, Consequence, Dialect, Limit, OAuthRefresh

CODES: Mapping[str, Consequence] = MappingProxyType(
    {
        "INVALID_TOKEN": "auth",
        "AUTHENTICATION_FAILURE": "auth",
        "INVALID_OAUTHTOKEN": "auth",
        "OAUTH_SCOPE_MISMATCH": "permission",
        "NO_PERMISSION": "permission",
        "AUTHORIZATION_FAILED": "permission",
        "TOO_MANY_REQUESTS": "busy",
        "ALREADY_MODIFIED": "conflict",
        "INVALID_HOST": "settings",
        "INVALID_URL_PATTERN": "settings",
        "INTERNAL_ERROR": "transient",
        "INTERNAL_SERVER_ERROR": "transient",
    }
)

CAP = "PAGINATION_LIMIT_EXCEEDED"
"""A listing by page token ends here; COQL goes on."""

LOST_TOKEN = frozenset({"EXPIRED_VALUE", "TOKEN_BOUND_DATA_MISMATCH", "INVALID_DATA"})
"""What a page token is refused with when it is too old, another user's, or of other parameters."""

DOWNLOADS = "downloads"
"""The bucket of downloads of Bulk Read files: ten a minute, and each a credit as well."""

LATER = frozenset({"RECORD_LOCKED"})
"""Row errors that go away by themselves."""

UNCLEAR = frozenset({"INTERNAL_ERROR", "INTERNAL_SERVER_ERROR"})
"""Row errors after which nobody knows whether the row was written."""


def tells_rows(answer: Answer) -> bool:
    """Whether an answer holds a list of rows, and is to be read row by row whatever its status."""
    found = answer.json()
    return isinstance(found, dict) and isinstance(found.get("data"), list)


def remaining(answer: Answer) -> tuple[str, int] | None:
    """What is left of the day's credits; Zoho tells once half of them are used."""
    left = answer.header("x-api-credits-remaining")
    return ("credits", int(left)) if left else None


def dialect(settings: ZohoSettings) -> Dialect:
    """What the door must know of this organisation."""
    auth = OAuthRefresh(
        f"{settings.hosts.accounts}/oauth/v2/token",
        settings.client_id,
        settings.client_secret.get_secret_value(),
        scheme="Zoho-oauthtoken",
        refresh_token=settings.refresh_token.get_secret_value(),
        base_from="" if settings.api_url else "api_domain",
    )
    limits = (
        Limit("credits", settings.credits, 86_400, ("calls", DOWNLOADS)),
        Limit("downloads", 10, 60, (DOWNLOADS,)),
    )
    return Dialect(settings.hosts.api, auth, codes=CODES, row_results=tells_rows, limits=limits, remaining=remaining)
