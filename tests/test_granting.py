"""Tiers that staff grant: a floor from a day to a day, told by name and reason, withdrawn with yesterday."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.errors import SettingsError
from sync import granting
from tests.scene import PHONE, THREE, Scene
from tests.test_cli_site import Site, site

__all__ = ["site"]


@pytest.fixture
def scene(tmp_path: Path, clock: FixedClock) -> Iterator[Scene]:
    found = Scene(tmp_path, str(tmp_path / "kehub.db"), clock, yaml=THREE)
    found.customer("till", "7", phone=PHONE)
    found.sync()
    yield found
    found.close()


def main_tier(scene: Scene) -> str:
    return scene.decided(scene.who("till", "7"))["main"]


def test_a_granted_tier_shows_from_its_first_to_its_last_day(scene: Scene) -> None:
    scene.grant("till", "7", "main", "gold", 2)
    seen = []
    for _ in range(4):
        scene.sync()
        seen.append(main_tier(scene))
        scene.advance(days=1)
    assert seen == ["gold", "gold", "gold", "member"]


def test_a_withdrawn_grant_had_yesterday_as_its_last_day(scene: Scene) -> None:
    made = scene.grant("till", "7", "main", "gold", 30)
    scene.sync()
    scene.advance(days=1)
    scene.hub.as_of = scene.today.toordinal()
    assert granting.withdraw(scene.hub, made) == scene.who("till", "7")
    scene.sync()
    assert main_tier(scene) == "member"
    with pytest.raises(SettingsError, match="no grant in force"):
        granting.withdraw(scene.hub, made)


def test_each_grant_has_an_id_of_its_own(scene: Scene) -> None:
    assert scene.grant("till", "7", "main", "gold", 5) != scene.grant("till", "7", "main", "gold", 5)


@pytest.mark.parametrize(
    ("programme", "tier", "days", "told"),
    [
        ("mian", "gold", 1, 'no programme of tiers is called "mian"; did you mean "main"'),
        ("stage", "loyal", 1, "no programme of tiers"),
        ("main", "glod", 1, 'no tier of main is called "glod"; did you mean "gold"'),
        ("main", "member", 1, "everybody is at least"),
        ("main", "gold", -1, "is before the first"),
    ],
)
def test_a_wrong_grant_is_refused(scene: Scene, programme: str, tier: str, days: int, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        scene.grant("till", "7", programme, tier, days)


def test_a_tier_is_granted_shown_and_withdrawn_at_the_command_line(site: Site) -> None:
    site.settled()
    told = ("--until", "2026-12-31", "--reason", "press", "--as", "anna")
    made = site.facts("customers", "grant", "crm:a0", "main", "gold", *told)
    assert (made["tier"], made["from"], made["until"]) == ("gold", "2026-03-01", "2026-12-31")
    site.kehub("sync", code=3)
    why = site.kehub("why", "crm:a0")
    assert f"gold granted from 2026-03-01 to 2026-12-31 by anna [{made['grant']}]" in why
    (shown,) = site.facts("customers", "show", "crm:a0")["grants"]
    assert (shown["grant"], shown["programme"], shown["tier"]) == (made["grant"], "main", "gold")
    assert (shown["actor"], shown["reason"], shown["in_force"]) == ("anna", "press", True)
    assert site.facts("customers", "show", "crm:a0")["tier"] == "gold"
    assert "main: gold from 2026-03-01 to 2026-12-31, says anna: press" in site.kehub("customers", "show", "crm:a0")
    assert "is withdrawn" in site.kehub("customers", "ungrant", made["grant"])
    assert site.facts("customers", "show", "crm:a0")["grants"][0]["in_force"] is False
    site.kehub("customers", "ungrant", made["grant"], code=2)
    assert "no grant in force" in site.err


def test_a_grant_needs_a_reason_and_a_tier_that_is_there(site: Site) -> None:
    site.settled()
    site.kehub("customers", "grant", "crm:a0", "main", "glod", "--until", "2026-12-31", "--reason", "x", code=2)
    assert 'did you mean "gold"' in site.err
    site.kehub("customers", "grant", "crm:a0", "main", "gold", "--until", "2026-12-31", "--reason", " ", code=2)
    assert "a grant needs a reason" in site.err
