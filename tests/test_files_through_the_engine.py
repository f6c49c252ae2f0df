"""Store files through the whole engine: shrinking, absence, unchanged files."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import FixedClock
from tests.brand import Brand

YAML = """
brand: {{name: Test brand}}
store: "{store}"
connections:
  till:
    type: csv_file
    streams:
      customers: {{path: members.csv, mode: snapshot, key: [id], settle_seconds: 0, shrink_brake: 0.2,
                   columns: {{name: name, phone: phone}}}}
# {crm}{till}
"""


@pytest.fixture
def brand(tmp_path: Path, location: str, clock: FixedClock) -> Brand:
    made = Brand(tmp_path, location, clock, yaml=YAML)
    write(made, range(20))
    return made


def write(brand: Brand, numbers: range) -> None:
    """The file as the till exports it, an hour before now."""
    path = brand.folder / "members.csv"
    rows = "".join(f"{number},P{number},138000000{number:02}\n" for number in numbers)
    path.write_text("id,name,phone\n" + rows, encoding="utf-8")
    then = brand.clock.now().timestamp() - 3600
    os.utime(path, (then, then))


def living(brand: Brand) -> int:
    setup = brand.setup()
    try:
        return setup.store.records.counts().get(("till", "customers"), 0)
    finally:
        setup.close()


def answer(brand: Brand, word: str) -> None:
    setup = brand.setup()
    try:
        (question,) = [each for each in setup.store.questions.open() if each.kind == "shrink"]
        setup.store.questions.answer(question.id, word, "tester")
    finally:
        setup.close()


def test_absence_from_two_sweeps_with_a_grace_period_means_gone(brand: Brand) -> None:
    brand.sync()
    write(brand, range(18))
    brand.sync()
    assert living(brand) == 20
    brand.sync()
    assert living(brand) == 20  # twice, but not far enough apart
    brand.clock.advance(timedelta(hours=13))
    brand.sync()
    assert living(brand) == 18
    write(brand, range(19))
    brand.sync()
    assert living(brand) == 19  # back again


def test_a_file_that_shrank_takes_nobody_away_before_a_person_says_so(brand: Brand) -> None:
    brand.sync()
    write(brand, range(5))
    for _ in range(3):
        report = brand.sync()
        brand.clock.advance(timedelta(hours=13))
    assert report.lanes[0].outcomes["customers"].trouble
    assert report.state == "waiting"
    assert living(brand) == 20
    answer(brand, "yes")
    for _ in range(2):
        brand.sync()
        brand.clock.advance(timedelta(hours=13))
    assert living(brand) == 5


def test_the_brake_on_a_shrinking_source_does_not_wear_off(brand: Brand) -> None:
    brand.sync()
    write(brand, range(5))
    for _ in range(22):
        brand.clock.advance(timedelta(hours=13))
        assert brand.sync().state == "waiting"
    assert living(brand) == 20


def test_a_source_that_is_empty_asks_even_without_a_brake(brand: Brand) -> None:
    brand.file.write_text(brand.file.read_text("utf-8").replace("shrink_brake: 0.2", "shrink_brake: 0"), "utf-8")
    brand.sync()
    write(brand, range(0))
    for _ in range(3):
        assert brand.sync().state == "waiting"
        brand.clock.advance(timedelta(hours=13))
    assert living(brand) == 20
    answer(brand, "yes")
    for _ in range(2):
        brand.sync()
        brand.clock.advance(timedelta(hours=13))
    assert living(brand) == 0


def test_an_unchanged_file_writes_nothing_to_the_store(brand: Brand) -> None:
    brand.sync()
    setup = brand.setup()
    before = setup.store.db.rows("SELECT ext, fingerprint, body, customer FROM record ORDER BY ext")
    setup.close()
    report = brand.sync()
    outcome = report.lanes[0].outcomes["customers"]
    assert (outcome.new, outcome.changed, outcome.unchanged) == (0, 0, 20)
    assert report.decided is not None
    assert report.decided.due == 0
    setup = brand.setup()
    assert setup.store.db.rows("SELECT ext, fingerprint, body, customer FROM record ORDER BY ext") == before
    setup.close()


def test_a_file_that_vanished_is_no_empty_file(brand: Brand) -> None:
    brand.sync()
    (brand.folder / "members.csv").unlink()
    report = brand.sync()
    assert report.state == "failed"
    assert living(brand) == 20
