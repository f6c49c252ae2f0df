"""The reference: every public name is in it, with a text of its own and with the fields and parameters it really has."""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import hub.testing
from docs.public import told

ROOT = Path(__file__).parent.parent
PAGES = {
    "hub.connector": "connector", "hub.http.door": "connector", "hub.errors": "connector",
    "hub.testing": "testing", "hub.testing.contract": "testing",
}  # fmt: skip


def public() -> Iterator[tuple[str, str]]:
    for module in ("hub.connector", "hub.testing", "hub.testing.contract"):
        yield from ((module, name) for name in import_module(module).__all__)
    yield "hub.http.door", "Door"
    errors = vars(import_module("hub.errors")).items()
    yield from (("hub.errors", name) for name, kind in errors if inspect.isclass(kind) and issubclass(kind, Exception))


NAMES = sorted(set(public()))


def section(module: str, name: str) -> str:
    """What the reference says of a name."""
    page = (ROOT / "docs" / "reference" / f"{PAGES[module]}.md").read_text(encoding="utf-8")
    found = re.findall(rf"^### {name}\n(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE)
    assert len(found) == 1, f"{name} is {len(found)} times in the page"
    return str(found[0])


def boxed(module: str, name: str) -> ast.stmt:
    """The definition that the page shows of a name."""
    box = re.search(r"```python\n(.*?)```", section(module, name), re.DOTALL)
    assert box, name
    (node,) = ast.parse(box[1]).body
    return node


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_every_public_name_has_a_text_and_the_page_shows_it(module: str, name: str) -> None:
    text = told(module, name)
    assert len(text.split()) > 1, f"{module}.{name} says nothing of itself"
    assert text in section(module, name)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_the_fields_and_parameters_that_are_shown_are_those_there_are(module: str, name: str) -> None:
    thing, node = getattr(import_module(module), name), boxed(module, name)
    if inspect.isfunction(thing):
        assert isinstance(node, ast.FunctionDef)
        assert shown(node) == there(thing)
    elif inspect.isclass(thing):
        assert isinstance(node, ast.ClassDef)
        assert [ast.unparse(base) for base in node.bases if "[" not in ast.unparse(base)] == bases(thing)
        inits = [one for one in node.body if isinstance(one, ast.FunctionDef)]
        if dataclasses.is_dataclass(thing):
            assert fields_shown(node) == fields_there(thing)
        elif "__init__" in vars(thing) and not issubclass(thing, pydantic_model()) and not is_protocol(thing):
            assert shown(inits[0]) == there(thing.__init__)  # type: ignore[misc]
    else:
        assert isinstance(node, ast.Assign | ast.AnnAssign)


@pytest.mark.parametrize(("module", "name"), NAMES)
def test_every_public_method_says_what_it_does_and_is_shown(module: str, name: str) -> None:
    kind = getattr(import_module(module), name)
    if not inspect.isclass(kind):
        return
    own = {one: inspect.unwrap(method) for one, method in members(kind) if not one.startswith("_")}
    for one, method in own.items():
        assert inspect.getdoc(getattr(kind, one)) or inspect.getdoc(method), f"{name}.{one} says nothing of itself"
    heads = dict(re.findall(r"^\*\*`(\w+)(.*?)`\*\*$", section(module, name), re.MULTILINE))
    saying = {one for one, method in own.items() if method.__doc__}
    assert heads.keys() == saying, name
    for one, head in heads.items():
        if head.startswith("("):
            (node,) = ast.parse(f"def {one}{head}: ...").body
            assert isinstance(node, ast.FunctionDef)
            assert shown(node) == there(own[one]), f"{name}.{one}"


def test_what_is_public_of_hub_testing_is_loaded_when_it_is_asked_for_and_not_before() -> None:
    script = "import sys, hub.testing; print(*sorted(name for name in sys.modules if '.' in name))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    ours = [name for name in done.stdout.split() if name.startswith(("hub.", "sync", "rules", "connectors"))]
    assert ours == ["hub.testing"]
    assert not {"starlette.app", "uvicorn.config", "pytest"} & set(done.stdout.split())


def test_hub_testing_names_the_same_for_readers_for_type_checkers_and_for_programs() -> None:
    tree = ast.parse(Path(hub.testing.__file__ or "").read_text(encoding="utf-8"))
    (checked,) = (node for node in tree.body if isinstance(node, ast.If))
    typed = {
        alias.name: node.module for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert typed.keys() == set(hub.testing.__all__) == hub.testing.HOME.keys() == set(dir(hub.testing))
    for name, home in hub.testing.HOME.items():
        assert getattr(hub.testing, name) is getattr(import_module(home), name)
        assert getattr(import_module(typed[name] or ""), name) is getattr(hub.testing, name)
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = hub.testing.no_such_name


def members(kind: type) -> Iterator[tuple[str, Any]]:
    """The methods and properties that a class defines itself, as functions."""
    for name, value in vars(kind).items():
        found = getattr(value, "__func__", None) or getattr(value, "fget", None) or getattr(value, "func", value)
        if inspect.isfunction(found) and found.__qualname__ == f"{kind.__qualname__}.{name}":
            yield name, found


def shown(node: ast.FunctionDef) -> list[tuple[str, bool]]:
    """The parameters in a head, and whether each must be given."""
    args, plain = node.args, [*node.args.posonlyargs, *node.args.args]
    free = len(plain) - len(args.defaults)
    found = [(one.arg, place < free) for place, one in enumerate(plain)]
    found += [(args.vararg.arg, False)] if args.vararg else []
    found += [(one.arg, default is None) for one, default in zip(args.kwonlyargs, args.kw_defaults, strict=True)]
    return found + ([(args.kwarg.arg, False)] if args.kwarg else [])


def there(function: Any) -> list[tuple[str, bool]]:
    """The parameters that a function really has, and whether each must be given."""
    many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    found = inspect.signature(function).parameters.values()
    return [(one.name, one.default is one.empty and one.kind not in many) for one in found]


def fields_shown(node: ast.ClassDef) -> list[tuple[str, bool]]:
    """The fields in a box, and whether each must be given."""
    found = [
        one for one in node.body if isinstance(one, ast.AnnAssign) and "ClassVar" not in ast.unparse(one.annotation)
    ]
    return [(ast.unparse(one.target), not defaulted(one.value)) for one in found]


def defaulted(value: ast.expr | None) -> bool:
    """Whether what stands behind a field gives it a default; `field(repr=False)` does not."""
    if isinstance(value, ast.Call) and ast.unparse(value.func) == "field":
        return any(one.arg in ("default", "default_factory") for one in value.keywords)
    return value is not None


def fields_there(kind: Any) -> list[tuple[str, bool]]:
    """The public fields that a data class adds to its bases, and whether each must be given."""
    own = vars(kind).get("__annotations__", {})
    return [
        (one.name, one.default is dataclasses.MISSING and one.default_factory is dataclasses.MISSING)
        for one in dataclasses.fields(kind)
        if one.name in own and not one.name.startswith("_")
    ]


def bases(kind: type) -> list[str]:
    """The names of a class's bases, `object` and those with parameters left out."""
    return [base.__name__ for base in kind.__bases__ if base not in (object,) and base.__name__ != "Generic"]


def pydantic_model() -> type:
    from pydantic import BaseModel

    return BaseModel


def is_protocol(kind: type) -> bool:
    return bool(getattr(kind, "_is_protocol", False))
