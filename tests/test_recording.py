"""Recordings of a system's answers: nobody is in them, references hold, and the connector reads them as it did before."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.clock import FixedClock
from hub.connector import Field, Mapping, Place, Stream, Tools, Window
from hub.errors import HubError, SettingsError, UnsafePlan
from hub.forms import CODE, DATE, EMAIL, LINE, MOMENT, PHONE
from hub.http.answer import Answer
from hub.testing import replayed
from hub.testing.leaks import found_under
from hub.testing.people import Population
from hub.testing.recording.fixture import exchanges_in, seed_in
from hub.testing.recording.invented import Invented
from hub.testing.recording.kinds import Kinds, by_name
from hub.testing.recording.leaks import leaks, refuse_leaks
from hub.testing.recording.scrub import Scrubber
from hub.testing.recording.session import InMemory, Session
from hub.testing.recording.tape import Heard, ReadingDoor
from hub.testing.twin import Stage, serving
from tests.reads import KINDS, sites

PEOPLE = Population(60, 5)
SYSTEMS = tuple(KINDS)


@dataclass
class Recorded:
    """A connection of a site, and a recording of it."""

    site: Any
    clock: FixedClock
    folder: Path

    def session(self, **options: Any) -> Session:
        return Session(self.connector, self.clock, self.tokens, **options)

    def connector(self) -> Any:
        with self.site.opened() as setup:
            own = setup.config.connection(self.site.connection)
            decides = setup.decides
        tools = Tools(own.name, self.clock, Place(), str(self.site.folder), mapping=own.mapping, decides=decides)
        return own.connector_class(own.settings, tools)

    @property
    def tokens(self) -> InMemory:
        return InMemory()

    def record(self, **options: Any) -> dict[str, Any]:
        return self.session(**options).record(self.folder)

    def answers(self, part: str = "") -> list[Any]:
        return [one.answer for one in exchanges_in(self.folder) if part in one.path and one.holds == "json"]


Make = Callable[..., Recorded]


@pytest.fixture
def recorded(twin_stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock) -> Make:
    def make(kind: str, size: int = 7, **twin: Any) -> Recorded:
        site = sites(twin_stage, tmp_path, clock)(kind, size=size, population=PEOPLE, **twin)
        return Recorded(site, clock, tmp_path / "recorded")

    return make


def everybody() -> dict[str, set[str]]:
    """What may be met of nobody: names of two signs or more, phones in all forms, addresses of both kinds."""
    found: dict[str, set[str]] = {"name": set(), "phone": set(), "email": set(), "street": set()}
    for person in PEOPLE.people:
        found["name"] |= {person.name}
        if person.phone:
            bare = person.phone.removeprefix("+86")
            found["phone"] |= {
                person.phone,
                bare,
                f"{bare[:3]} {bare[3:7]} {bare[7:]}",
                f"{bare[:3]}-{bare[3:7]}-{bare[7:]}",
            }
        if person.email:
            found["email"] |= {person.email, person.email.upper(), person.email.capitalize()}
        if person.street:
            found["street"] |= {person.street}
    return found


# Against the twins


@pytest.mark.parametrize("system", SYSTEMS)
def test_nobody_of_the_population_is_in_any_file(recorded: Make, system: str) -> None:
    made = recorded(system)
    facts = made.record()
    assert sum(facts["rows"].values()) > 30
    assert found_under(made.folder, everybody()) == []
    digits = re.sub(r"\D", "", "".join(path.read_text() for path in sorted(made.folder.iterdir())))
    assert [phone for phone in everybody()["phone"] if phone.isdecimal() and phone in digits] == []
    for secret in made.site.secrets().values():
        assert found_under(made.folder, {"secret": {secret}}) == []


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_connector_reads_the_recording_over_http_and_gets_as_many_rows(recorded: Make, system: str) -> None:
    made = recorded(system)
    rows = made.record()["rows"]
    replay = replayed(made.folder)
    made.site.twin = None
    with serving(replay) as url:
        made.site.write(url=url)
        connector = made.connector()
        with ReadingDoor(made.site.connection, connector.dialect(), clock=made.clock, tokens=InMemory()) as door:
            connector.tools = type(connector.tools)(**{**vars(connector.tools), "http": door})
            assert all(finding.good for finding in connector.check())
            for stream in connector.streams():
                stream = Stream(**{**vars(stream), "mapping": connector.tools.mapping(stream)})
                pages = list(connector.read(stream, Window(None, connector.server_time()), None))
                assert sum(len(page.rows) for page in pages) == rows[stream.name]
                assert pages[-1].end is not None
    assert replay.unanswered == []
