"""Six systems at once, under every fault that can strike each of them: when the weather clears, all of them agree."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from connectors.fxiaoke.twin import STAND as FXIAOKE
from connectors.hubspot.twin import STAND as HUBSPOT
from connectors.rest.twin import STAND as REST
from connectors.shopify.twin import STAND as SHOPIFY
from connectors.woocommerce.twin import STAND as WOOCOMMERCE
from connectors.zoho.twin import STAND as ZOHO
from hub.clock import FixedClock
from hub.testing.leaks import found_in, found_under
from hub.testing.people import CANARIES, Population
from hub.testing.twin import Stage
from sync.mapping import pick
from tests.conftest import NOW
from tests.six_systems import CREATES, Brand, Storm, stages

STANDS = (ZOHO, FXIAOKE, WOOCOMMERCE, HUBSPOT, SHOPIFY, REST)
SEEDS = (*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 24)))


@pytest.fixture(scope="module")
def served() -> Iterator[Mapping[str, tuple[Stage, str]]]:
    with stages(STANDS) as found:
        yield found


@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_storm_over_six_systems_all_agree(
    seed: int, tmp_path: Path, served: Mapping[str, tuple[Stage, str]]
) -> None:
    brand = Brand(tmp_path, FixedClock(NOW), STANDS, served, Population(24, seed))
    storm = Storm(brand, seed)
    storm.blow(6)
    brand.calm()
    assert_the_hub_holds_what_the_systems_hold(brand)
    assert_each_tier_is_the_same_wherever_a_customer_is(brand)
    assert_the_last_words_of_clerks_stand(storm)
    assert_nobody_was_made_twice(brand)
    for name, front in brand.fronts.items():
        assert dict(front.twin.counts.violations) == {}, name
        assert front.twin.counts.rows["delete"] == 0, name
    assert found_in("\n".join(brand.told).encode(), CANARIES) == []
    assert found_under(tmp_path, CANARIES) == []


def assert_the_hub_holds_what_the_systems_hold(brand: Brand) -> None:
    for name, front in brand.fronts.items():
        for stream in front.streams:
            assert set(front.held_records(stream)) == set(front.ids(stream)), f"{name} {stream}"
    assert brand.look(lambda store: store.quarantine.counts()) in ({}, [])


def assert_each_tier_is_the_same_wherever_a_customer_is(brand: Brand) -> None:
    sql = "SELECT r.ext, d.value FROM record r JOIN decision d ON d.customer = r.customer WHERE r.connection = :c" \
          " AND r.stream = 'customers' AND r.gone = 0 AND d.programme = 'main' AND d.to_day = 0"  # fmt: skip
    for name, front in brand.fronts.items():
        decided = dict(brand.look(lambda store, name=name: list(store.db.rows(sql, {"c": name}))))
        assert decided.keys() == set(front.ids()), name
        there = {id_: str(pick(row, front.decided.theirs)) for id_, row in front.rows().items()}
        assert there == {id_: front.tier(value) for id_, value in decided.items()}, name


def assert_the_last_words_of_clerks_stand(storm: Storm) -> None:
    """What stands there is the clerk's word, or a later one about the same customer that came from another system."""
    for (system, id_), word in storm.words.items():
        front = storm.brand.fronts[system]
        if id_ in front.rows():
            there = str(front.value(id_, front.typed))
            assert there == word or number(there) > number(word), (system, id_)


def assert_nobody_was_made_twice(brand: Brand) -> None:
    for name in CREATES:
        if front := brand.fronts.get(name):
            keys = [key for row in front.rows().values() if (key := pick(row, front.aim.create_key))]
            assert len(keys) == len(set(keys)), name


def number(text: str) -> int:
    """The place of the clerk's word that a name holds in the order of all; -1 where it holds none."""
    found = re.search(r"Word\d+x(\d+)", text)
    return int(found.group(1)) if found else -1
