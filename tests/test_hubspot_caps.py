"""HubSpot's true caps: more contacts changed in one millisecond than Search reaches, and the list beyond it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.connector import Window
from hub.testing.twin import Stage
from tests.hubspot_site import Site, ids, read, stand
from tests.site import opener

MANY = 10_250


@pytest.mark.slow
def test_an_import_of_more_than_ten_thousand_contacts_in_one_instant_is_read_whole(
    stage: tuple[Stage, str], tmp_path: Path, clock: FixedClock
) -> None:
    site: Site = opener(Site, stand, stage, tmp_path, clock)({"settings": "    edition: enterprise"})
    site.file.write_text(site.file.read_text().replace("    edition: professional\n", ""), encoding="utf-8")
    start = clock.now()
    clock.advance(timedelta(minutes=1))
    imported = [site.insert(lastname=f"C{number}").id for number in range(MANY)]
    clock.advance(timedelta(minutes=1))
    later = [site.insert(lastname=f"D{number}").id for number in range(50)]
    clock.advance(timedelta(hours=1))
    window = Window(start, clock.now())
    with site.connector() as crm:
        pages = read(crm, window)
    assert set(ids(pages)) == {*imported, *later}
    end = pages[-1].end
    assert end is not None
    assert (end.before, end.after) == (MANY + 50, MANY + 50)
    assert len(pages) < MANY / 200 + 5
    assert set(site.twin.counts.statuses) <= {"200", "404"}  # 404: asking for the time at the bare address
