"""`kehub connectors new`: the package of a connector that is not there yet, complete and passing its tests."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from hub.cli.opening import configuration_path
from hub.plugins import GROUP, load_plugins
from hub.settings.folders import plugin_folders


def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The connector's type, as a configuration names it: lower case.")],
    to: Annotated[Path, typer.Option(metavar="FOLDER", help="Where its folder is made.")] = Path("."),
    package: Annotated[
        bool,
        typer.Option(
            "--package/--no-package",
            help="A package that can be installed, with tests; or only the code, for a folder of plugins.",
        ),
    ] = True,
) -> None:
    """Make the package of a new connector: it works against a twin of its own, and is there to be changed."""
    from hub.testing.scaffold import write_package

    known = load_plugins(folders=plugin_folders(configuration_path(ctx))).connectors()
    taken = {*known, *(point.name for point in entry_points(group=GROUP))}
    made = write_package(name, to, taken, package=package)
    for path in made:
        print(path)
    home = to / made[0].relative_to(to).parts[0]
    code = home / f"kehub_{name}" if package else home
    print(f"Next: kehub connectors score {code}")
    if package:
        print(f"      cd {home} && python -m pytest")
