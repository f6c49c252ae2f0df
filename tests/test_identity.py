"""Who is who in the invented population, held against the truth: right merges, wrong ones, missed ones and why.

docs/identity.md tells the same figures; this test is what they come from.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.testing.people import Person, Population
from sync.resolve.names import same_name
from sync.setup import Setup
from tests.conftest import NOW
from tests.sandbox_site import Sandbox, Stages

PAGE = Path(__file__).parent.parent / "docs" / "identity.md"
NO_KEY = "with no key in common"
REASONS = {"names": "asked about as several people on one phone", "crowded": "asked about as a crowded key"}
KNOWN = {NO_KEY, *REASONS.values()}
Place = tuple[str, str]
"""A customer record: connection and external id."""


@dataclass
class Judged:
    """The hub's view of who is who beside the truth; a pair is two records of people."""

    people: Population
    truth: dict[Place, int]
    customer: dict[Place, str] = field(default_factory=dict)
    keys: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    names: dict[str, list[str]] = field(default_factory=dict)
    """The names in a customer's records."""
    asked: dict[str, str] = field(default_factory=dict)
    """Key -> the kind of the open question about it."""

    def look(self, setup: Setup) -> Judged:
        """Take it from the store."""
        db = setup.store.db
        sql = "SELECT rid, connection, ext, customer FROM record WHERE noun = 'customers' AND stream = 'customers'"
        places = {rid: (connection, ext) for rid, connection, ext, _ in db.rows(sql)}
        self.customer = {(connection, ext): customer for _, connection, ext, customer in db.rows(sql)}
        for key, rid in db.rows("SELECT key, rid FROM identity ORDER BY rid"):
            if rid in places:
                self.keys[places[rid]].add(bytes(key).hex())
        for customer, records in setup.store.records.of_customers(sorted(set(self.customer.values()))).items():
            self.names[customer] = [record.body.said("name") or "" for record in records]
        self.asked = {q.subject: q.kind for q in setup.store.questions.open() if q.kind in ("names", "crowded")}
        return self

    def person(self, place: Place) -> Person:
        """Whose record it is."""
        return self.people.person(self.truth[place])

    def pairs(self, group: Callable[[Place], object]) -> Iterator[tuple[Place, Place]]:
        """All pairs of records within the groups."""
        found: dict[object, list[Place]] = defaultdict(list)
        for place in sorted(self.truth):
            found[group(place)].append(place)
        for members in found.values():
            yield from combinations(members, 2)

    def joined(self) -> list[tuple[Place, Place]]:
        """Pairs that the hub made one customer."""
        return list(self.pairs(self.customer.__getitem__))

    def wrong(self) -> list[tuple[Place, Place]]:
        """Joined, and two people."""
        return [pair for pair in self.joined() if self.truth[pair[0]] != self.truth[pair[1]]]

    def missed(self) -> list[tuple[Place, Place]]:
        """One person, and not joined."""
        return [pair for pair in self.pairs(self.truth.__getitem__) if len({self.customer[each] for each in pair}) > 1]

    def reason(self, pair: tuple[Place, Place]) -> str:
        """Why a pair was missed: which questions stand about the keys that the two records share."""
        common = self.keys[pair[0]] & self.keys[pair[1]]
        kinds = {self.asked.get(key, "joined by nothing though free") for key in common}
        return " and ".join(sorted(REASONS.get(kind, kind) for kind in kinds)) or NO_KEY

    def told(self) -> str:
        """The figures in a line."""
        joined, wrong, missed = len(self.joined()), len(self.wrong()), len(self.missed())
        right = joined - wrong
        why = ", ".join(
            f"{count} {reason}" for reason, count in sorted(Counter(map(self.reason, self.missed())).items())
        )
        return (
            f"{len(self.truth)} records of {len(set(self.truth.values()))} people: {right} pairs joined rightly,"
            f" {wrong} wrongly, {missed} missed ({why}): precision {right / joined:.3f},"
            f" recall {right / (right + missed):.3f}"
        )


def judged(folder: Path, stands: Stages, size: int, seed: int = 7) -> Judged:
    """After the first sync of a sandbox."""
    sandbox = Sandbox(folder, FixedClock(NOW), stands, Population(size, seed))
    sandbox.sync()
    with sandbox.opened() as setup:
        return Judged(sandbox.people, sandbox.truth()).look(setup)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, stands: Stages) -> Judged:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEHUB_KEY", "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=")
        return judged(tmp_path_factory.mktemp("identity"), stands, 600)


def test_the_figures_of_the_page_are_those_of_the_population(
    found: Judged, record_property: Callable[[str, object], None]
) -> None:
    record_property("told", f"Who is who: {found.told()}")
    assert found.told() in " ".join(PAGE.read_text(encoding="utf-8").split())


def test_only_people_of_one_phone_whom_nothing_tells_apart_are_joined_wrongly(found: Judged) -> None:
    assert_wrong_ones_are_explained(found)
    assert len(found.wrong()) < 0.01 * len(found.joined())


def test_whoever_was_missed_has_no_key_in_common_or_is_asked_about(found: Judged) -> None:
    assert {found.reason(pair) for pair in found.missed()} <= KNOWN


def test_nobody_is_joined_by_the_phone_of_a_shop_and_a_person_is_asked(found: Judged) -> None:
    behind = {place for place in found.truth if found.person(place).shop_phone}
    assert len({found.truth[place] for place in behind}) >= 12
    assert not [pair for pair in found.wrong() if behind & set(pair)]
    shared = Counter(key for place in behind for key in found.keys[place])
    phone, holders = shared.most_common(1)[0]
    assert holders > 8
    assert found.asked[phone] == "crowded"


def test_a_family_on_one_phone_is_parted_by_name_and_asked_about(found: Judged) -> None:
    homes: dict[int, list[Place]] = defaultdict(list)
    for place in found.truth:
        if (household := found.person(place).household) is not None:
            homes[household].append(place)
    shared = [places for places in homes.values() if len({found.truth[place] for place in places}) > 1]
    mixed = [places for places in shared if len({found.customer[place] for place in places}) == 1]
    asked = [places for places in shared if any(found.asked.get(key) for place in places for key in found.keys[place])]
    assert len(shared) > 20
    assert len(mixed) < 0.05 * len(shared)
    assert len(asked) > 0.9 * len(shared)  # of the others most never meet: one of them has no phone in any record


def test_a_phone_typed_wrongly_joins_nobody_else(found: Judged) -> None:
    """Two digits swapped make another number: such a record stays alone, or comes along by its e-mail or card."""
    wrong = {place for pair in found.wrong() for place in pair}
    typed = [place for place in found.truth if not found.person(place).shop_phone and found.person(place).phone]
    assert not wrong & {place for place in typed if found.person(place).household is None}


@pytest.mark.slow
@pytest.mark.parametrize("seed", [7, 8, 9])
def test_two_thousand_people_are_told_apart_as_well(
    seed: int, tmp_path: Path, stands: Stages, record_property: Callable[[str, object], None]
) -> None:
    found = judged(tmp_path, stands, 2000, seed)
    record_property("told", f"Who is who, population {seed}: {found.told()}")
    assert_wrong_ones_are_explained(found)
    assert {found.reason(pair) for pair in found.missed()} <= KNOWN
    assert len(found.wrong()) <= 0.02 * len(found.joined())


def assert_wrong_ones_are_explained(found: Judged) -> None:
    """They are at home under one phone, and their names are the same or in two scripts, which nobody can compare."""
    for one, other in found.wrong():
        assert found.person(one).household == found.person(other).household is not None
        names = found.names[found.customer[one]]
        namesakes = found.person(one).name == found.person(other).name
        assert namesakes or any(same_name(a, b) is None for a, b in combinations(filter(None, names), 2)), names
