"""Serve a twin in a process of its own, until SIGTERM.

    python -m hub.testing.serve zoho --port 8801 --people 500 --seed 7 --today 2026-03-01 --set page_cap=400

When it is ready it prints one line of JSON: {"name": "zoho", "url": "http://127.0.0.1:8801", "pid": 4711}. The twin is
`TWIN` of the module `connectors.NAME.twin`, of the module `twin` beside the class of an outsider's connector of that
type (installed, or in a folder that `--plugins` names), or of the module whose dotted name is given.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from hub.clock import Clock, FixedClock, system_clock
from hub.errors import HubError
from hub.testing.found import twin_module
from hub.testing.people import TODAY, Population
from hub.testing.stand import twin_of
from hub.testing.twin import Twin
from hub.testing.twin_server import bind, server_for, url_of


def main(arguments: Sequence[str] | None = None) -> None:
    """Build the twin that the command line asks for and serve it."""
    wanted = _parser().parse_args(arguments)
    try:
        population = Population(wanted.people, wanted.seed, wanted.today)
        twin = build(wanted.name, population, _clock(wanted), wanted.options, wanted.plugins)
        twin.faults.set(wanted.faults)
    except (ValueError, ModuleNotFoundError, HubError) as error:
        sys.exit(f"cannot serve {wanted.name}: {error}")
    twin.latency = wanted.latency
    listening = bind(wanted.port)
    print(json.dumps({"name": wanted.name, "url": url_of(listening), "pid": os.getpid()}), flush=True)
    server_for(twin).run(sockets=[listening])


def build(
    name: str, population: Population, clock: Clock, options: Sequence[str] = (), folders: Sequence[Path] = ()
) -> Twin:
    """The twin of a name, with `key=value` options set on its frozen `options`; ValueError names an unknown one."""
    module = twin_module(name, folders)
    kind = getattr(module, "TWIN", None) or module.STAND.twin
    own = getattr(kind, "Options", None)
    known = {field.name for field in dataclasses.fields(own)} if own else set()
    values: dict[str, Any] = {}
    for option in options:
        key, _, text = option.partition("=")
        if key not in known:
            raise ValueError(f"no option {key!r}; there are {', '.join(sorted(known)) or 'none'}")
        values[key] = _value(text)
    return twin_of(kind, population, clock, values)


def _value(text: str) -> Any:
    """An option's value: JSON where it is JSON (lists become tuples), else the text."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return tuple(value) if isinstance(value, list) else value


def _clock(wanted: argparse.Namespace) -> Clock:
    if wanted.clock == "real":
        return system_clock()
    return FixedClock(wanted.at or datetime.now(UTC), timedelta(seconds=wanted.tick))


def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m hub.testing.serve", description=__doc__.partition("\n")[0])
    parser.add_argument("name", help="the twin: zoho, ..., or a module that has TWIN")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    parser.add_argument("--people", type=int, default=200, help="size of the population")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--today", type=date.fromisoformat, default=TODAY, help="the population's day, YYYY-MM-DD")
    parser.add_argument("--clock", choices=("real", "fast"), default="real", help="real obeys KEHUB_CLOCK")
    parser.add_argument("--at", type=_moment, help="where a fast clock starts (default: now)")
    parser.add_argument("--tick", type=float, default=0.0, help="seconds by which a fast clock moves at each look")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds that each call takes")
    parser.add_argument("--faults", type=json.loads, default={}, help="JSON, as for POST /_twin/faults")
    parser.add_argument("--plugins", type=Path, action="append", default=[], help="a folder of plugins")
    parser.add_argument("--set", dest="options", action="append", default=[], metavar="OPTION=VALUE")
    return parser


if __name__ == "__main__":
    main()
