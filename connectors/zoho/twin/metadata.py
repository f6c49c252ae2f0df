"""Modules, fields, users and the organisation (sheet section 14)."""

from __future__ import annotations

from typing import Any

from connectors.zoho.twin.records import CLERK, FIRST_ID, USER, Books
from connectors.zoho.twin.replies import Refused
from connectors.zoho.twin.schema import FieldSpec
from hub.testing.twin import Answer, Call

_JSON_TYPES = {
    "boolean": "boolean",
    "integer": "integer",
    "currency": "double",
    "double": "double",
    "lookup": "jsonobject",
    "ownerlookup": "jsonobject",
    "percent": "double",
    "multiselectpicklist": "jsonarray",
    "multiselectlookup": "jsonarray",
    "subform": "jsonarray",
    "tags": "jsonarray",
}


class Metadata:
    """The settings calls."""

    def __init__(self, books: Books) -> None:
        self._books = books

    def modules(self, call: Call) -> Answer:
        """`GET /settings/modules` and `/settings/modules/{api_name}`."""
        wanted = call.params.get("name")
        if wanted is not None and wanted not in self._books.modules:
            raise Refused("INVALID_MODULE")
        names = [wanted] if wanted else list(self._books.modules)
        return Answer(200, {"modules": [self._module(name) for name in names]})

    def fields(self, call: Call) -> Answer:
        """`GET /settings/fields?module=`."""
        module = self._books.modules.get(call.query.get("module", ""))
        if "module" not in call.query:
            raise Refused("REQUIRED_PARAM_MISSING", {"param": "module"})
        if module is None:
            raise Refused("INVALID_MODULE")
        return Answer(200, {"fields": [_field(spec, place) for place, spec in enumerate(module.fields.values())]})

    def users(self, call: Call) -> Answer:
        """`GET /users?type=CurrentUser|ActiveUsers`."""
        known = [USER] if call.query.get("type") == "CurrentUser" else [USER, CLERK]
        users = [{**_user(user), "time_zone": str(self._books.zone)} for user in known]
        info = {"per_page": 200, "count": len(users), "page": 1, "more_records": False}
        return Answer(200, {"users": users, "info": info})

    def org(self, _: Call) -> Answer:
        """`GET /org`."""
        zone = str(self._books.zone)
        return Answer(200, {"org": [{"id": str(FIRST_ID + 7), "zgid": "700000007", "time_zone": zone}]})

    def _module(self, name: str) -> dict[str, Any]:
        place = list(self._books.modules).index(name)
        words = name.replace("_", " ")
        return {
            "api_name": name,
            "module_name": name,
            "singular_label": words.rstrip("s"),
            "plural_label": words,
            "id": str(FIRST_ID + 2_000 + place),
            "api_supported": True,
            "creatable": True,
            "editable": True,
            "deletable": True,
            "viewable": True,
            "generated_type": "default",
            "status": "visible",
        }


def _user(user: dict[str, str]) -> dict[str, Any]:
    first, _, last = user["name"].partition(" ")
    return {
        "id": user["id"],
        "full_name": user["name"],
        "first_name": first,
        "last_name": last,
        "email": user["email"],
        "status": "active",
    }


def _field(spec: FieldSpec, place: int) -> dict[str, Any]:
    writable = not spec.read_only
    return {
        "id": str(FIRST_ID + 3_000 + place),
        "api_name": spec.name,
        "field_label": spec.label,
        "data_type": "text" if spec.type == "tags" else spec.type,
        "json_type": _JSON_TYPES.get(spec.type, "string"),
        "length": spec.length,
        "system_mandatory": spec.mandatory,
        "read_only": spec.read_only,
        "field_read_only": spec.read_only,
        "custom_field": spec.custom,
        "visible": True,
        "unique": {"casesensitive": False} if spec.unique else {},
        "external": {"type": "org", "show": True} if spec.external else None,
        "lookup": {"module": {"api_name": spec.lookup}} if spec.lookup else {},
        "pick_list_values": [_pick(value, number) for number, value in enumerate(spec.picks)],
        "operation_type": {
            "web_create": writable,
            "web_update": writable,
            "api_create": writable,
            "api_update": writable,
        },
    }


def _pick(value: str, number: int) -> dict[str, Any]:
    return {
        "id": str(FIRST_ID + 5_000 + number),
        "actual_value": value,
        "display_value": value,
        "reference_value": value,
        "colour_code": None,
    }
