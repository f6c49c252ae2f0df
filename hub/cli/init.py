"""`kehub init`: a folder with a configuration, a key outside of it, and an empty store."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
import yaml

from hub.cli.edge import command_app
from hub.clock import system_clock
from hub.errors import HubError, SettingsError
from hub.settings import presets, starter
from hub.store import create_store
from hub.vault import master_key, write_key_file

app = command_app()

_FILE = "kehub.yaml"


@app.command()
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR")],
    preset: Annotated[str, typer.Option(metavar="P", help="Where to start; `--preset list` lists all.")] = "starter",
    brand: Annotated[str, typer.Option(metavar="NAME", help="The brand's name; without it, the folder's.")] = "",
    key_file: Annotated[Path | None, typer.Option(metavar="PATH", help="Where the master key goes.")] = None,
    place: Annotated[str, typer.Option("--store", metavar="PLACE", help="A file, or a postgresql:// address.")] = "",
) -> None:
    """Write a configuration, its key and an empty store into a folder."""
    if preset == "list":
        print("\n".join(f"{name:<20} {line}" for name, line in presets().items()))
        return
    name = brand or folder.resolve().name
    text = starter(name, preset)
    _refuse(folder)
    key = (key_file or _key_place(name)).expanduser().absolute()
    text = _with(_with(text, "key_file", str(key)), "store", place)
    with ExitStack() as undo:  # whatever fails, nothing half-made is left
        _write(folder / _FILE, text, undo)
        given = bool(os.environ.get("KEHUB_KEY"))
        if not given:
            _make_key(key, undo)
        store = _make_store(folder, text, key)
        undo.pop_all()
    _tell(folder, store, None if given else key)


def _refuse(folder: Path) -> None:
    """Nothing that exists is overwritten."""
    if (folder / _FILE).exists():
        remedy = "edit it, or choose another folder"
        raise SettingsError("there is a configuration here already", where=str(folder / _FILE), remedy=remedy)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        raise SettingsError(f"the folder cannot be made ({fault.strerror})", where=str(folder)) from None


def _key_place(brand: str) -> Path:
    """~/.config/kehub/BRAND-ID.key: a copy of the store's folder does not carry its key."""
    base = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    slug = re.sub(r"[^a-z0-9]+", "-", brand.lower()).strip("-") or "brand"
    return Path(base) / "kehub" / f"{slug}-{secrets.token_hex(4)}.key"


def _with(text: str, name: str, value: str) -> str:
    """The configuration with another value at its top; as it is for an empty one."""
    if not value:
        return text
    line = f"{name}: {yaml.safe_dump(value, allow_unicode=True, width=10_000).splitlines()[0]}"
    made, count = re.subn(rf"^{name}:[^#\n]*", lambda _: f"{line} ", text, count=1, flags=re.MULTILINE)
    return made if count else f"{text.rstrip()}\n\n{line}\n"


def _write(path: Path, text: str, undo: ExitStack) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            undo.callback(path.unlink, missing_ok=True)
            file.write(text)
    except OSError as fault:
        remedy = "check the folder's rights"
        raise SettingsError(f"cannot be written ({fault.strerror})", where=str(path), remedy=remedy) from None


def _make_key(key: Path, undo: ExitStack) -> None:
    try:
        write_key_file(key)
    except FileExistsError:
        remedy = "give another --key-file; a key is never overwritten"
        raise SettingsError("there is a key here already", where=str(key), remedy=remedy) from None
    except OSError as fault:
        raise SettingsError(f"the key cannot be written ({fault.strerror})", where=str(key)) from None
    undo.callback(key.unlink, missing_ok=True)


def _make_store(folder: Path, text: str, key: Path) -> str:
    """The store that the configuration names; a file must be new, a database may hold other brands' schemas."""
    named = str(yaml.safe_load(text).get("store", "kehub.db"))
    master = master_key(str(key), folder)
    if "://" in named:
        create_store(os.path.expandvars(named), master, system_clock()).close()
        return named
    place = folder.resolve() / named
    if place.exists():
        remedy = "move it away, or choose another folder"
        raise SettingsError("there is a store here already", where=str(place), remedy=remedy)
    try:
        create_store(str(place), master, system_clock()).close()
    except HubError:
        for left in place.parent.glob(f"{place.name}*"):
            left.unlink()
        raise
    return str(place)


def _tell(folder: Path, store: str, key: Path | None) -> None:
    print(f"{folder / _FILE}: edit it; `kehub doctor` checks it.")
    print(f"{store}: the empty store.")
    if key:
        print(f"{key}: the master key. Keep a copy elsewhere: without it nobody can read the store.")
    else:
        print("The master key is the one in KEHUB_KEY; no key file was made.")
    print(f"Next: cd {folder} && kehub doctor && kehub sync")
