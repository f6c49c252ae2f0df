"""The JSON Schema of `kehub.yaml`, for editors (`kehub schema`)."""

from __future__ import annotations

from typing import Any

from hub.settings.configuration import ConnectorClass
from hub.settings.connections import Catalogue
from hub.settings.shape import BUILT_IN, CONNECTION_NAME, ConnectionShape, KehubFile

Schema = dict[str, Any]


def json_schema(plugins: Catalogue) -> Schema:
    """The schema of the whole file; below `connections` each `type` brings the keys of its connector."""
    schema = KehubFile.model_json_schema()
    definitions: Schema = schema.setdefault("$defs", {})
    own = _hoisted(ConnectionShape.model_json_schema(), definitions)
    types = {name: found for name, found in sorted(plugins.connectors().items()) if name != BUILT_IN}
    branches = [_branch(name, found, own, definitions) for name, found in types.items()]
    schema["properties"]["connections"] = {
        "type": "object",
        "propertyNames": {"pattern": CONNECTION_NAME, "not": {"const": BUILT_IN}},
        "additionalProperties": {
            "type": "object",
            "required": ["type"],
            "properties": {"type": {"enum": list(types)}},
            "allOf": branches,
        },
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "kehub.yaml"}


def _hoisted(schema: Schema, definitions: Schema) -> Schema:
    definitions.update(schema.pop("$defs", {}))
    return schema


def _branch(name: str, connector: ConnectorClass, own: Schema, definitions: Schema) -> Schema:
    """If the type is `name`, then its keys and the common ones. Its models are named after it, so that two connectors
    may call theirs the same."""
    settings = connector.Settings.model_json_schema(ref_template=f"#/$defs/{name}.{{model}}")
    below = settings.pop("$defs", {})
    definitions.update({f"{name}.{model}": found for model, found in below.items()})
    definitions[name] = {
        "type": "object",
        "description": settings.get("description", ""),
        "properties": {**own["properties"], **settings.get("properties", {}), "type": {"const": name}},
        "required": ["type", *settings.get("required", ())],
        "additionalProperties": settings.get("additionalProperties", True),
    }
    condition = {"properties": {"type": {"const": name}}, "required": ["type"]}
    return {"if": condition, "then": {"$ref": f"#/$defs/{name}"}}
