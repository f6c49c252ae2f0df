"""The folders of plugins that a configuration names, found before anything else of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from hub.errors import SettingsError
from hub.settings.check import Checker
from hub.settings.environment import Environment, read_environment
from hub.settings.problems import Problems, Spot
from hub.settings.rule_shape import Shape
from hub.settings.shape import Folders
from hub.settings.tree import Table, parse, walk


class _PluginsFile(Shape):
    plugins: Folders = ()


def folders_of(tree: Table, home: Path, environment: Environment, problems: Problems) -> tuple[Path, ...]:
    """The folders that a file names, relative to `home`; one that is not there is a problem.

    A value of another kind is none here: who checks the whole file tells.
    """
    file = Checker(environment, Problems(problems.file)).validated(_PluginsFile, tree.only({"plugins"}), Spot())
    named = () if file is None else (file.plugins,) if isinstance(file.plugins, str) else file.plugins
    found = []
    for place, name in enumerate(named):
        folder = home / Path(name).expanduser()
        if folder.is_dir():
            found.append(folder.resolve())
        else:
            steps = walk(tree, ("plugins", place)) or walk(tree, ("plugins",))
            problems.add(steps[-1][1].spot, f'"plugins": there is no folder "{name}"', remedy="make it, or take it out")
    return tuple(found)


def plugin_folders(path: Path, environ: Mapping[str, str] | None = None) -> tuple[Path, ...]:
    """The folders of plugins that the configuration at `path` names, whatever else is wrong with it; () without one."""
    path = path / "kehub.yaml" if path.is_dir() else path
    unheard = Problems(str(path))
    try:
        tree = parse(path.read_bytes(), unheard)
        return folders_of(tree, path.resolve().parent, read_environment(path.parent, environ, unheard), unheard)
    except (OSError, SettingsError):
        return ()
