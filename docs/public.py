"""The reference of what authors of connectors may use: every public name, from its own source and docstring."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from inspect import cleandoc
from typing import Any

Definition = ast.ClassDef | ast.FunctionDef | ast.Assign | ast.AnnAssign


def place_of(module: str, name: str) -> tuple[str, str]:
    """The module in which a name is defined, and its name there: followed through imports from the public one."""
    for node in _source(module).body:
        if _defines(node, name):
            return module, name
    for node in ast.walk(_source(module)):
        if isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return place_of(node.module, alias.name)
    raise LookupError(f"{module} does not say where {name} comes from")


def definition(module: str, name: str) -> Definition:
    """The source of a public name."""
    home, own = place_of(module, name)
    return next(node for node in _source(home).body if _defines(node, own))


def told(module: str, name: str) -> str:
    """The docstring of a public name: a class's or function's own, or the text below a value; "" without one."""
    home, own = place_of(module, name)
    body = _source(home).body
    for node, after in zip(body, [*body[1:], None], strict=True):
        if _defines(node, own):
            if isinstance(node, ast.ClassDef | ast.FunctionDef):
                return ast.get_docstring(node) or ""
            return _text(after)
    return ""


def reference(module: str, names: list[str]) -> Iterator[str]:
    """The part of the page on some names of a module: a table of them, then one after the other."""
    yield "| name | what it is |\n|---|---|\n"
    for name in names:
        yield f"| [`{name}`](#{name.lower()}) | {_first(told(module, name))} |\n"
    for name in names:
        yield from entry(module, name)


def entry(module: str, name: str) -> Iterator[str]:
    """One name: its signature or fields as the source has them, its docstring, and of a class what it can do."""
    node = definition(module, name)
    yield f"\n### {name}\n\n```python\n{signature(node)}\n```\n\n{told(module, name)}\n"
    if isinstance(node, ast.ClassDef):
        kind = getattr(import_module(module), name)
        for member in methods(node):
            yield f"\n**`{_head(member)}`**\n\n{_told_of(kind, member.name)}\n"


def signature(node: Definition) -> str:
    """What stands in a box: a class with its fields (and how it is made), a function's head, a value."""
    if isinstance(node, ast.ClassDef):
        bases = f"({', '.join(ast.unparse(base) for base in node.bases)})" if node.bases else ""
        lines = [f"    {line}" for line in _inside(node)]
        return "\n".join([f"class {node.name}{bases}:", *(lines or ["    ..."])])
    if isinstance(node, ast.FunctionDef):
        return f"def {_head(node)}"
    text = ast.unparse(node.value) if node.value else ""
    value = " = " + (re.sub(r"\b_\w+", "...", text) if len(text) < 100 else "...")
    if isinstance(node, ast.AnnAssign):
        return f"{ast.unparse(node.target)}: {ast.unparse(node.annotation)}{value}"
    return f"{ast.unparse(node.targets[0])}{value}"


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """The public methods and properties that a class defines, but for those that say nothing of their own."""
    found = [one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]
    return [one for one in found if ast.get_docstring(one)]


def _inside(node: ast.ClassDef) -> Iterator[str]:
    """Public fields with their defaults and what is said below them, then the way to make one."""
    for one, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and not ast.unparse(one.target).startswith("_"):
            about = _first(_text(after))
            yield ast.unparse(one) + (f"  # {about}" if about else "")
        elif isinstance(one, ast.FunctionDef) and one.name == "__init__":
            yield f"def {_head(one)}"


def _head(node: ast.FunctionDef) -> str:
    """A function's name, parameters and result; a property's without brackets."""
    result = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    if any(ast.unparse(one).rpartition(".")[2] in ("property", "cached_property") for one in node.decorator_list):
        return node.name + result
    return f"{node.name}({ast.unparse(node.args)}){result}"


def _told_of(kind: Any, name: str) -> str:
    return cleandoc(inspect.getdoc(inspect.getattr_static(kind, name)) or inspect.getdoc(getattr(kind, name)) or "")


def _defines(node: ast.AST, name: str) -> bool:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return node.name == name
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _text(node: ast.AST | None) -> str:
    """The text that a statement is, as one stands below a value; "" for any other statement."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return cleandoc(node.value.value)
    return ""


def _first(text: str) -> str:
    """The first sentence of a docstring, on one line."""
    line = " ".join(text.partition("\n\n")[0].split())
    return (line.partition(". ")[0].rstrip(".") + ".").replace("|", "\\|") if line else ""


@cache
def _source(module: str) -> ast.Module:
    return ast.parse(inspect.getsource(import_module(module)))


def connector_page(note: str) -> str:
    """`hub.connector`, and what its names lead to: the door to the network and the errors."""
    kit = import_module("hub.connector")
    errors = [node.name for node in _source("hub.errors").body if isinstance(node, ast.ClassDef)]
    return "".join([
        f"# Reference: connectors\n\n{note}What a connector imports from `hub.connector`, the door that it is handed, and"
        " the errors that it raises.\n[The tutorial](../tutorial/first-connector.md) shows the most of it at work.\n\n"
        "## hub.connector\n\n", *reference("hub.connector", kit.__all__),
        "\n## The door\n\n`tools.http` of a connector, and no other way to the network.\n\n",
        *reference("hub.http.door", ["Door"]),
        "\n## hub.errors\n\n", *reference("hub.errors", errors),
    ])  # fmt: skip


def testing_page(note: str) -> str:
    """`hub.testing`, the contract, and every check of it."""
    from hub.testing.contract.card import TIERS
    from hub.testing.contract.run import all_checks

    kit, contract = import_module("hub.testing"), import_module("hub.testing.contract")
    parts = [
        f"# Reference: tests of a connector\n\n{note}What is public of `hub.testing`: the names below, and nothing else."
        " The faults are in [a page of their own](../faults.md).\n\n## hub.testing\n\n"
        f"{cleandoc(kit.__doc__ or '')}\n\n", *reference("hub.testing", kit.__all__),
        f"\n## hub.testing.contract\n\n{cleandoc(contract.__doc__ or '')}\n\n",
        *reference("hub.testing.contract", [name for name in contract.__all__ if name not in kit.__all__]),
        "\n## The checks\n\nEvery check of the contract, by its tier. A fault may strike those that can be disturbed.\n\n"
        "| check | tier | what it proves | can be disturbed |\n|---|---|---|---|\n",
    ]  # fmt: skip
    for tier in TIERS:
        for name, one in all_checks().items():
            if one.tier == tier:
                parts.append(f"| `{name}` | {tier} | {one.says} | {'yes' if one.disturbed else 'no'} |\n")
    return "".join(parts)
