"""What nearly every command begins with: the configuration it was asked for, the store behind it, and who asks."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from hub.clock import system_clock
from hub.model import Brand
from hub.plugins import load_plugins, refuse_foreign
from hub.settings import Configuration, load
from hub.settings.load import LoadedRules, load_rules
from sync.setup import Setup, open_setup

As = Annotated[str, typer.Option("--as", metavar="NAME", help="Who does this; without it, the user of this computer.")]
Json = Annotated[bool, typer.Option("--json", help="Print the facts as JSON.")]


def configuration_path(ctx: typer.Context) -> Path:
    """The path that `--config` or KEHUB_CONFIG gave."""
    return Path(ctx.obj or "kehub.yaml")


def configuration(ctx: typer.Context) -> Configuration:
    """The checked configuration; SettingsError tells everything wrong with it."""
    refuse_foreign()
    return load(configuration_path(ctx), load_plugins())


def rules_of(path: Path, brand: Brand | None = None) -> LoadedRules:
    """The rules of a file alone; SettingsError tells everything wrong with them."""
    refuse_foreign()
    return load_rules(path, load_plugins(), brand)


@contextmanager
def opened(ctx: typer.Context, actor: str = "", as_of: date | None = None) -> Iterator[Setup]:
    """Configuration and store, closed again whatever happens."""
    setup = open_setup(configuration(ctx), system_clock(), actor or this_user(), as_of)
    try:
        yield setup
    finally:
        setup.close()


def this_user() -> str:
    """The user of this computer, as every write notes who asked for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # a container's user may have no name
        return f"uid {os.getuid()}" if hasattr(os, "getuid") else "unknown"
