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

_WIDTH = 110


def place_of(module: str, name: str) -> tuple[str, str]:
    """The module in which a name is defined, and its name there: followed through imports from the public one."""
    for node in _source(module).body:
        if _defines(node, name):
            return module, name
    for found in ast.walk(_source(module)):
        if isinstance(found, ast.ImportFrom) and found.module:
            for alias in found.names:
                if (alias.asname or alias.name) == name:
                    return place_of(found.module, alias.name)
    raise LookupError(f"{module} does not say where {name} comes from")


def definition(module: str, name: str) -> ast.stmt:
    """The source of a public name: a class, a function, or an assignment."""
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
    node, source = definition(module, name), _written(place_of(module, name)[0])
    yield f"\n### {name}\n\n```python\n{signature(module, name)}\n```\n\n{told(module, name)}\n"
    if isinstance(node, ast.ClassDef):
        kind = getattr(import_module(module), name)
        for member in methods(node):
            yield f"\n**`{head(source, member)}`**\n\n{_told_of(kind, member.name)}\n"


def signature(module: str, name: str) -> str:
    """What stands in a box: a class with its fields (and how it is made), a function's head, a value."""
    node, source = definition(module, name), _written(place_of(module, name)[0])
    if isinstance(node, ast.ClassDef):
        bases = f"({', '.join(_segment(source, base) for base in node.bases)})" if node.bases else ""
        lines = [f"    {line}" for line in _inside(source, node)]
        return "\n".join([f"class {node.name}{bases}:", *(lines or ["    ..."])])
    if isinstance(node, ast.FunctionDef):
        return _boxed(source, node)
    assert isinstance(node, ast.Assign | ast.AnnAssign), f"{name} is neither class, function nor value"
    text = _segment(source, node.value) if node.value else ""
    value = " = " + (re.sub(r"\b_\w+", "...", text) if len(text) < 100 else "...")
    if isinstance(node, ast.AnnAssign):
        return f"{name}: {_segment(source, node.annotation)}{value}"
    return f"{name}{value}"


def methods(node: ast.ClassDef) -> list[ast.FunctionDef]:
    """The public methods and properties that a class defines, but for those that say nothing of their own."""
    found = [one for one in node.body if isinstance(one, ast.FunctionDef) and not one.name.startswith("_")]
    return [one for one in found if ast.get_docstring(one)]


def head(source: str, node: ast.FunctionDef) -> str:
    """A function's name, parameters and result, as they are written; a property's without brackets."""
    result = f" -> {_segment(source, node.returns)}" if node.returns else ""
    if any(_segment(source, one).rpartition(".")[2] in ("property", "cached_property") for one in node.decorator_list):
        return node.name + result
    return f"{node.name}({', '.join(_parameters(source, node.args))}){result}"


def _boxed(source: str, node: ast.FunctionDef) -> str:
    """A function's head as a line of Python, with one parameter a line where it would be too long."""
    line = f"def {head(source, node)}: ..."
    if len(line) <= _WIDTH:
        return line
    result = f" -> {_segment(source, node.returns)}" if node.returns else ""
    return "\n".join(
        [f"def {node.name}(", *(f"    {one}," for one in _parameters(source, node.args)), f"){result}: ..."]
    )


def _parameters(source: str, found: ast.arguments) -> Iterator[str]:
    plain = [*found.posonlyargs, *found.args]
    defaults = [None] * (len(plain) - len(found.defaults)) + list(found.defaults)
    for one, default in zip(plain, defaults, strict=True):
        yield _parameter(source, one, default)
    if found.vararg or found.kwonlyargs:
        yield f"*{_segment(source, found.vararg)}" if found.vararg else "*"
    for one, default in zip(found.kwonlyargs, found.kw_defaults, strict=True):
        yield _parameter(source, one, default)
    if found.kwarg:
        yield f"**{_segment(source, found.kwarg)}"


def _parameter(source: str, one: ast.arg, default: ast.expr | None) -> str:
    if default is None:
        return _segment(source, one)
    return f"{_segment(source, one)} = {_segment(source, default)}"


def _inside(source: str, node: ast.ClassDef) -> Iterator[str]:
    """Public fields with their defaults and what is said below them, then the way to make one."""
    for one, after in zip(node.body, [*node.body[1:], None], strict=True):
        if isinstance(one, ast.AnnAssign) and not _segment(source, one.target).startswith("_"):
            about = _first(_text(after))
            yield " ".join(_segment(source, one).split()) + (f"  # {about}" if about else "")
        elif isinstance(one, ast.FunctionDef) and one.name == "__init__":
            yield from _boxed(source, one).splitlines()


def _segment(source: str, node: ast.AST) -> str:
    """What a node looks like in its file."""
    return ast.get_source_segment(source, node) or ""


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
def _written(module: str) -> str:
    return inspect.getsource(import_module(module))


@cache
def _source(module: str) -> ast.Module:
    return ast.parse(_written(module))


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
    """`hub.testing`, and the contract as tests."""
    kit, contract = import_module("hub.testing"), import_module("hub.testing.contract")
    return "".join([
        f"# Reference: tests of a connector\n\n{note}What is public of `hub.testing`: the names below, and nothing else."
        "\n[The contract](../contract.md) has the checks, [faults](../faults.md) what a twin can be told to do, and"
        "\n[the tutorial](../tutorial/first-connector.md) shows the most of it at work.\n\n"
        f"## hub.testing\n\n{cleandoc(kit.__doc__ or '')}\n\n", *reference("hub.testing", kit.__all__),
        f"\n## hub.testing.contract\n\n{cleandoc(contract.__doc__ or '')}\n\n",
        *reference("hub.testing.contract", [name for name in contract.__all__ if name not in kit.__all__]),
    ])  # fmt: skip
