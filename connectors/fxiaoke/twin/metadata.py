"""What objects and fields there are (sheet section 3, metadata)."""

from __future__ import annotations

from typing import Any

from connectors.fxiaoke.twin.options import FxiaokeOptions
from connectors.fxiaoke.twin.records import Books
from connectors.fxiaoke.twin.replies import Refused, good
from connectors.fxiaoke.twin.schema import NAMES, FieldSpec
from connectors.fxiaoke.twin.tokens import json_of
from hub.testing.twin import Answer, Call


class Metadata:
    """The calls that describe."""

    def __init__(self, books: Books, options: FxiaokeOptions) -> None:
        self._books = books
        self._options = options

    def objects(self, call: Call) -> Answer:
        """`object/list`."""
        return good(data={"objects": [_object(name) for name in self._books.tables]})

    def describe(self, call: Call) -> Answer:
        """`object/describe`: the name is looked for where the option says."""
        body = json_of(call)
        inner = body.get("data")
        where = body if self._options.describe_name == "top" else inner if isinstance(inner, dict) else {}
        table = self._books.tables.get(str(where.get("apiName")))
        if table is None:
            raise Refused
        fields = {name: _field(spec) for name, spec in table.fields.items()}
        return good(data={"describe": {**_object(table.name), "fields": fields}})


def _object(name: str) -> dict[str, Any]:
    kind = "custom" if name.endswith("__c") else "package"
    return {
        "describeApiName": name,
        "describeDisplayName": NAMES.get(name, name),
        "defineType": kind,
        "isActive": True,
    }


def _field(spec: FieldSpec) -> dict[str, Any]:
    found: dict[str, Any] = {"type": spec.type, "label": spec.label, "is_required": spec.required}
    found["is_unique"] = spec.unique
    if spec.options:
        found["options"] = [{"label": label, "value": value} for value, label in spec.options]
    if spec.type in ("number", "currency", "percentile"):
        found["decimal_places"] = 2
    if spec.type in ("date", "date_time"):
        found["time_zone"] = "GMT+8"
    if spec.target:
        found["target_api_name"] = spec.target
    return found
