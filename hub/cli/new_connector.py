"""`kehub connectors new`: the package of a connector that is not there yet, complete and passing its tests."""

from __future__ import annotations

from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated

import typer

from hub.plugins import GROUP, load_plugins


def new(
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

    taken = {*load_plugins().connectors(), *(point.name for point in entry_points(group=GROUP))}
    made = write_package(name, to, taken, package=package)
    for path in made:
        print(path)
    home = to / made[0].relative_to(to).parts[0]
    code = home / f"kehub_{name}" if package else home
    print(f"Next: kehub connectors score {code}")
    if package:
        print(f"      cd {home} && python -m pytest")
