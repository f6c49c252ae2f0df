"""The files of a recording: one JSON file an exchange, a page of facts about all of them, and the seed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import orjson

from hub.errors import SettingsError

FACTS, SEED = "recording.json", "seed.json"


@dataclass(frozen=True)
class Exchange:
    """One exchange, scrubbed. `query` are pairs of name and value; `holds` tells whether the answer's body is `json`,
    `none`, or `other`, which is not kept."""

    stream: str
    method: str
    path: str
    query: list[list[Any]] = field(default_factory=list)
    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    answer: Any = None
    holds: str = "json"


def refuse_full(folder: Path) -> None:
    """SettingsError for a folder that holds something: nothing of somebody's is overwritten."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        remedy = "choose another folder, or empty this one"
        raise SettingsError("there is something here already", where=str(folder), remedy=remedy)


def write(folder: Path, exchanges: Sequence[Exchange], facts: dict[str, Any], seed: dict[str, Any]) -> None:
    """Write everything beside the folder and put it there at once, so that it is whole or not there."""
    refuse_full(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for place, exchange in enumerate(exchanges, 1):
            _put(made / f"{place:04d}.json", asdict(exchange))
        _put(made / FACTS, facts)
        _put(made / SEED, seed)
        made.chmod(0o755)
        if folder.exists():
            folder.rmdir()
        os.replace(made, folder)
    except BaseException:
        shutil.rmtree(made, ignore_errors=True)
        raise


def _put(path: Path, value: Any) -> None:
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def exchanges_in(folder: Path) -> list[Exchange]:
    """The exchanges of a recording in their order; SettingsError where there is none."""
    files = sorted(folder.glob("[0-9]*.json"))
    if not files or not (folder / FACTS).is_file():
        remedy = "`kehub connectors record` writes one"
        raise SettingsError("there is no recording here", where=str(folder), remedy=remedy)
    return [Exchange(**orjson.loads(file.read_bytes())) for file in files]


def seed_in(folder: Path) -> dict[str, Any]:
    """The rows of a recording by stream."""
    found: dict[str, Any] = orjson.loads((folder / SEED).read_bytes())
    return found
