"""The sandbox: an invented brand in a folder of its own, with stand-ins for its systems running on this computer.

    found = up(Path("try-out"), people=500)     # stand-ins in the background, two shops' files, kehub.yaml, .env
    down(Path("try-out"))

The folder is the sandbox's own: `up` begins afresh there, and refuses a folder with any other configuration.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson

from hub.clock import system_clock
from hub.errors import Conflict, SettingsError
from hub.store import create_store
from hub.testing import standin
from hub.testing.people import Population
from hub.testing.sandbox_yaml import SYSTEMS, configuration, environment
from hub.testing.shopfiles import write_shop_files
from hub.testing.standin import StandIn
from hub.vault import master_key, write_key_file

OPTIONS: Mapping[str, tuple[str, ...]] = {
    "zoho": ("rewrite_phones=true",),  # as the real ones may
    "fxiaoke": ("rewrite_phones=true", "calls=1000"),  # ten times a real tenant's, as in sandbox_yaml
    "woocommerce": ("rewrite_phones=true",),
}
"""How the stand-ins differ from what they are by default."""

_NOTE, _CONFIG, _ENV, _STORE, _KEY, _LOG = (
    "sandbox.json", "kehub.yaml", ".env", "kehub.db", "sandbox.key", "sandbox.log",
)  # fmt: skip
_LEFTOVERS = (_NOTE, _CONFIG, _ENV, f"{_STORE}*", _KEY, _LOG)


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: its invented people, and its stand-ins."""

    folder: str
    people: int
    seed: int
    today: str
    systems: tuple[StandIn, ...]

    def system(self, name: str) -> StandIn:
        """The stand-in for a system; SettingsError when it is not one of the sandbox's."""
        for each in self.systems:
            if each.system == name:
                return each
        known = ", ".join(each.system for each in self.systems)
        raise SettingsError(f"no stand-in plays {name}", where=self.folder, remedy=f"there are: {known}")


def up(
    folder: Path,
    *,
    people: int = 500,
    seed: int = 7,
    today: date | None = None,
    port: int = 0,
    systems: Sequence[str] = SYSTEMS,
) -> Sandbox:
    """Start afresh in `folder`; Conflict when it runs already, SettingsError when the folder is somebody else's.

    The first stand-in takes `port`, the others the numbers after it; 0 takes free ones.
    """
    chosen = _known(systems)
    _refuse(folder)
    folder.mkdir(parents=True, exist_ok=True)
    _clean(folder)
    population = Population(people, seed, today or system_clock().now().date())
    wanted = [(name, _arguments(name, population, port and port + place)) for place, name in enumerate(chosen)]
    started = tuple(standin.start(wanted, folder / _LOG))
    found = Sandbox(str(folder.resolve()), people, seed, population.today.isoformat(), started)
    (folder / _NOTE).write_bytes(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2))
    _export(population, folder / "files")
    _configure(folder, {each.system: each.url for each in started})
    return found


def running(folder: Path) -> Sandbox | None:
    """The folder's sandbox, when a stand-in of it is alive."""
    try:
        found = _read(orjson.loads((folder / _NOTE).read_bytes()))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return found if any(standin.alive(each.pid) for each in found.systems) else None


def down(folder: Path) -> bool:
    """Stop the folder's stand-ins; False when none runs. The files stay."""
    found = running(folder)
    stopped = [standin.stop(each.pid) for each in found.systems] if found else []
    return any(stopped)


def _read(note: Any) -> Sandbox:
    return Sandbox(**{**note, "systems": tuple(StandIn(**each) for each in note["systems"])})


def _known(systems: Sequence[str]) -> list[str]:
    """The systems asked for, in the order in which they are trusted."""
    unknown = sorted(set(systems) - set(SYSTEMS))
    if unknown or not systems:
        asked = ", ".join(unknown) or "nothing"
        raise SettingsError(f"no stand-in for {asked}", where="--systems", remedy=f"there are: {', '.join(SYSTEMS)}")
    return [name for name in SYSTEMS if name in systems]


def _refuse(folder: Path) -> None:
    found = running(folder)
    if found is not None:
        raise Conflict("this sandbox is up already", where=found.folder, remedy="`kehub sandbox down` stops it")
    if (folder / _CONFIG).exists() and not (folder / _NOTE).exists():
        remedy = "choose another folder"
        raise SettingsError("this folder holds a configuration of its own", where=str(folder / _CONFIG), remedy=remedy)


def _clean(folder: Path) -> None:
    for pattern in _LEFTOVERS:
        for left in folder.glob(pattern):
            left.unlink()


def _arguments(name: str, population: Population, port: int) -> list[str]:
    """The command line of a stand-in's process."""
    given = ["--people", str(population.size), "--seed", str(population.seed)]
    given += ["--today", population.today.isoformat(), "--port", str(port)]
    return given + [word for option in OPTIONS[name] for word in ("--set", option)]


def _export(population: Population, files: Path) -> None:
    """The shops' files, a minute old: a file that was just written may not be whole yet and is not read."""
    write_shop_files(population, files)
    then = system_clock().now().timestamp() - 60
    for file in files.iterdir():
        os.utime(file, (then, then))


def _configure(folder: Path, urls: Mapping[str, str]) -> None:
    """Configuration, secrets, key and empty store. The key may lie beside the store: nobody in it is real."""
    (folder / _CONFIG).write_text(configuration(tuple(urls), _KEY), encoding="utf-8")
    secret = os.open(folder / _ENV, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(secret, "w", encoding="utf-8") as out:
        out.writelines(f"{name}={value}\n" for name, value in environment(urls).items())
    write_key_file(folder / _KEY)
    create_store(str(folder / _STORE), master_key(_KEY, folder), system_clock()).close()
