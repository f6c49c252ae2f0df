"""A new connector's package, made from the one in `sprout`, which is tested like any other connector.

Its words `sprout`, `Sprout` and `SPROUT` become the new connector's; everything else stays as it is.
"""

from __future__ import annotations

import keyword
import re
import shutil
from collections.abc import Iterable
from importlib.resources import files
from pathlib import Path

from hub.errors import SettingsError
from hub.testing.scaffold.texts import PAGE, PYPROJECT, TEST

LONGEST = 24
"""The most characters of a name, so that no line of the code gets too long by it."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_CODE = ("__init__.py", "connector.py", "fields.py", "twin.py")


def flaw_in(name: str, taken: Iterable[str]) -> str:
    """Why a connector cannot have this name; "" when it can. `taken` are the types that there are."""
    if not _NAME.fullmatch(name) or not 2 <= len(name) <= LONGEST:
        return f"a name is 2 to {LONGEST} lower-case letters and digits, with a letter first and single _ between words"
    if name in taken:
        return "a connector of this name is here already"
    if keyword.iskeyword(name):
        return "this is a word of Python's own"
    words = {word for text in _code().values() for word in re.findall(r"\w+", text)}
    used = sorted({f"{_class(name)}{rest}" for rest in ("", "Settings", "Twin")} & words)
    return f"its class would be called {used[0]}, as one that every connector imports" if used else ""


def package_of(name: str, *, package: bool = True) -> dict[str, str]:
    """The text of each file of a new connector by its path.

    A distribution that can be installed, with tests and a page; or, with `package=False`, only the folder with the code
    and its page, as it may lie among the plugins beside a configuration.
    """
    if package:
        project = {"pyproject.toml": PYPROJECT, f"tests/test_{name}.py": TEST, f"docs/{name}.md": PAGE}
        texts = project | {f"kehub_{name}/{file}": text for file, text in _code().items()}
        home = f"kehub-{name.replace('_', '-')}"
    else:
        texts, home = {**_code(), "README.md": PAGE}, name
    return {f"{home}/{path}": _renamed(text, name) for path, text in texts.items()}


def write_package(name: str, to: Path, taken: Iterable[str], *, package: bool = True) -> list[Path]:
    """Make a new connector in a folder of its own in `to`; the files that were made.

    SettingsError where the name will not do, or the folder is there already: nothing is ever overwritten.
    """
    if flaw := flaw_in(name, taken):
        raise SettingsError(f'no connector can be called "{name}": {flaw}', remedy="choose another name")
    texts = package_of(name, package=package)
    home = to / next(iter(texts)).partition("/")[0]
    if home.exists() or home.is_symlink():
        raise SettingsError("this is there already", where=str(home), remedy="move it away, or give another --to")
    try:
        home.mkdir(parents=True)
    except OSError as fault:
        raise SettingsError(f"the folder cannot be made ({fault.strerror})", where=str(home)) from None
    try:
        return [_written(to / path, text) for path, text in texts.items()]
    except OSError as fault:
        shutil.rmtree(home, ignore_errors=True)  # half a package is none; the folder is our own
        raise SettingsError(f"cannot be written ({fault.strerror})", where=str(home)) from None


def _written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def _code() -> dict[str, str]:
    """The code of the connector that the others are made from."""
    home = files("hub.testing.scaffold.sprout")
    return {file: (home / file).read_text("utf-8") for file in _CODE}


def _class(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _renamed(text: str, name: str) -> str:
    named = text.replace("kehub-sprout", f"kehub-{name.replace('_', '-')}")
    return named.replace("sprout", name).replace("Sprout", _class(name)).replace("SPROUT", name.upper())
