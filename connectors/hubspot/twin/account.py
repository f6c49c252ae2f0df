"""What the portal says of itself: properties, the account, and how much was called today."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from connectors.hubspot.twin.access import Access
from connectors.hubspot.twin.books import Books, Kind
from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.replies import Refused, Values, invalid
from connectors.hubspot.twin.schema import Spec
from hub.testing.twin import Answer, Call

_KINDS = ("bool", "date", "datetime", "enumeration", "number", "phone_number", "string")
_NEEDED = ("name", "label", "type", "fieldType", "groupName")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Account:
    """The calls about the portal itself."""

    def __init__(self, books: Books, options: HubSpotOptions, access: Access) -> None:
        self._books = books
        self._options = options
        self._access = access

    def described(self, call: Call, kind: Kind) -> Answer:
        """`GET /crm/v3/properties/{type}`, and `/{name}`."""
        name = call.params.get("name")
        if name is None:
            return Answer(200, {"results": [spec.described() for spec in kind.properties.values()]})
        if name not in kind.properties:
            raise Refused(404, "no such property", "OBJECT_NOT_FOUND")
        return Answer(200, kind.properties[name].described())

    def make(self, call: Call, kind: Kind) -> Answer:
        """`POST /crm/v3/properties/{type}`: uniqueness can be had at no other time."""
        body = call.json()
        if missing := [name for name in _NEEDED if not body.get(name)]:
            raise invalid(f"Some required fields were not set: {missing}")
        if body["type"] not in _KINDS or not _NAME.fullmatch(body["name"]):
            raise invalid("the property is not valid")
        if body["name"] in kind.properties:
            raise Refused(409, f"A property named '{body['name']}' already exists.", "OBJECT_ALREADY_EXISTS")
        spec = spec_of(body)
        kind.properties[spec.name] = spec
        return Answer(201, spec.described())

    def details(self, _: Call) -> Answer:
        """`GET /account-info/v3/details`."""
        own = self._options
        return Answer(
            200,
            {
                "portalId": own.portal, "accountType": "STANDARD", "timeZone": own.zone, "companyCurrency": "CNY",
                "uiDomain": "app.hubspot.example", "dataHostingLocation": "na1", "utcOffset": "+08:00",
                "utcOffsetMilliseconds": 28_800_000, "additionalCurrencies": [],
            },
        )  # fmt: skip

    def usage(self, _: Call) -> Answer:
        """`GET /account-info/v3/api-usage/daily/private-apps`: the day ends at midnight in the portal's zone."""
        now = self._now()
        midnight = (now.astimezone(ZoneInfo(self._options.zone)) + timedelta(days=1)).replace(
            hour=0, minute=0, second=0, microsecond=0
        )
        row: Values = {
            "name": "private-apps-api-calls-daily", "usageLimit": self._options.daily, "currentUsage": self._access.used,
            "collectedAt": now.isoformat(), "fetchStatus": "SUCCESS",
            "resetsAt": midnight.astimezone(now.tzinfo).isoformat(timespec="milliseconds"),
        }  # fmt: skip
        return Answer(200, {"results": [row]})

    def _now(self) -> datetime:
        return self._access.now()


def spec_of(body: Values) -> Spec:
    """A property as somebody wants it made."""
    options = tuple(str(one["value"]) for one in body.get("options") or ())
    unique = bool(body.get("hasUniqueValue"))
    kind, field = str(body.get("type", "string")), str(body.get("fieldType", "text"))
    label, group = str(body.get("label", "")), str(body.get("groupName", ""))
    return Spec(str(body["name"]), kind, field, options, unique, custom=True, label=label, group=group)
