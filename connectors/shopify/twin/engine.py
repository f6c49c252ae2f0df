"""Running GraphQL against the schema, with graphql-core: what a document is, what it costs, what it finds.

Only this module imports graphql-core, and only a twin that serves imports this module: the hub itself needs none of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    ExecutionResult,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from connectors.shopify.twin.sdl import READING, WRITING
from hub.testing.twin import Call

SCHEMA: GraphQLSchema = build_schema(READING + WRITING)
_PAGED = ("customers", "orders", "lineItems", "metafieldDefinitions")


@dataclass(frozen=True)
class Context:
    """What resolvers know of a call; `bulk`: connections are whole."""

    call: Call
    bulk: bool = False


@dataclass(frozen=True)
class Operation:
    """One operation that was understood, with its variables; or the errors that it was refused with."""

    document: Any
    node: OperationDefinitionNode | None
    name: str
    variables: Mapping[str, Any]
    errors: tuple[GraphQLError, ...] = ()

    @property
    def mutates(self) -> bool:
        """Whether it is a mutation."""
        return self.node is not None and self.node.operation is OperationType.MUTATION

    @property
    def fields(self) -> list[FieldNode]:
        """The fields at its top."""
        return [one for one in self.node.selection_set.selections if isinstance(one, FieldNode)] if self.node else []

    def argument(self, field: FieldNode, name: str) -> Any:
        """The value of a field's argument, where it is a variable or a plain text; None for others."""
        for one in field.arguments or ():
            if one.name.value == name:
                value = one.value
                return (
                    self.variables.get(value.name.value)
                    if isinstance(value, VariableNode)
                    else getattr(value, "value", None)
                )
        return None


def understood(query: str, variables: Mapping[str, Any] | None = None, name: str | None = None) -> Operation:
    """A document, parsed and checked against the schema."""
    try:
        document = parse(query)
    except GraphQLError as error:
        return Operation(None, None, "", {}, (error,))
    found = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    chosen = [one for one in found if name is None or (one.name and one.name.value == name)]
    if len(chosen) != 1:
        return Operation(document, None, "", {}, (GraphQLError("An operation name is required"),))
    node = chosen[0]
    title = node.name.value if node.name else ""
    return Operation(document, node, title, dict(variables or {}), tuple(validate(SCHEMA, document)))


def told(errors: tuple[GraphQLError, ...] | list[GraphQLError]) -> list[dict[str, Any]]:
    """Errors as the shop shows them: one about a field that does not exist has a code of its own."""
    shown = []
    for error in errors:
        one: dict[str, Any] = dict(error.formatted)
        if not (error.extensions or {}).get("code"):
            unknown = error.message.startswith("Cannot query field")
            one["extensions"] = {"code": "undefinedField" if unknown else "argumentLiteralsIncompatible"}
        shown.append(one)
    return shown


def run(operation: Operation, root: Mapping[str, Any], context: Context) -> ExecutionResult:
    """Carry an operation out."""
    found = execute_sync(
        SCHEMA, operation.document, root_value=root, context_value=context,
        variable_values=dict(operation.variables), operation_name=operation.name or None,
    )  # fmt: skip
    return found


def cost(operation: Operation, mutation: int) -> int:
    """What an operation costs at most: a point an object, those of a connection times its size, so many a mutation."""
    assert operation.node is not None
    fragments = {
        one.name.value: one for one in operation.document.definitions if isinstance(one, FragmentDefinitionNode)
    }
    kind = SCHEMA.mutation_type if operation.mutates else SCHEMA.query_type
    whole = _selected(operation, operation.node.selection_set, kind, fragments)
    return whole + (mutation * len(operation.fields) if operation.mutates else 0)


def objects(value: Any) -> int:
    """How many objects an answer holds."""
    if isinstance(value, dict):
        return 1 + sum(map(objects, value.values()))
    return sum(map(objects, value)) if isinstance(value, list) else 0


def _selected(
    operation: Operation, chosen: SelectionSetNode | None, kind: Any, fragments: Mapping[str, FragmentDefinitionNode]
) -> int:
    whole = 0
    for one in chosen.selections if chosen else ():
        if isinstance(one, FieldNode):
            whole += _field(operation, one, kind, fragments)
        elif isinstance(one, InlineFragmentNode):
            inner = SCHEMA.get_type(one.type_condition.name.value) if one.type_condition else kind
            whole += _selected(operation, one.selection_set, inner, fragments)
        else:
            spread = fragments[one.name.value]  # type: ignore[attr-defined]
            inner = SCHEMA.get_type(spread.type_condition.name.value)
            whole += _selected(operation, spread.selection_set, inner, fragments)
    return whole


def _field(operation: Operation, field: FieldNode, kind: Any, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    definition = (
        kind.fields.get(field.name.value) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else None
    )
    inner = get_named_type(definition.type) if definition else None
    if not isinstance(inner, GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType):
        return 0
    below = _selected(operation, field.selection_set, inner, fragments)
    name = field.name.value
    if inner.name.endswith("Connection"):
        return below * _first(operation, field) if name in _PAGED else below
    if inner.name.endswith("Edge") or (name == "nodes" and kind is not SCHEMA.query_type):
        return below + (0 if inner.name.endswith("Edge") else 1)
    if name == "nodes":
        return (1 + below) * _length(operation, field)
    return 0 if inner.name in ("PageInfo", "Count") else 1 + below


def _first(operation: Operation, field: FieldNode) -> int:
    for one in field.arguments or ():
        if one.name.value in ("first", "last"):
            value = one.value
            if isinstance(value, IntValueNode):
                return int(value.value)
            found = operation.variables.get(value.name.value) if isinstance(value, VariableNode) else None
            return found if isinstance(found, int) else 1
    return 1


def _length(operation: Operation, field: FieldNode) -> int:
    for one in field.arguments or ():
        if isinstance(one.value, VariableNode):
            return len(operation.variables.get(one.value.name.value) or ())
        if isinstance(one.value, ListValueNode):
            return len(one.value.values)
    return 1
