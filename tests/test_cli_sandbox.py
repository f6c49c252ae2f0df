"""The sandbox, through the command line: stand-ins in processes of their own and two shops' files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.testing import sandbox
from hub.testing.twin_faults import DEFAULT_ON
from tests.test_cli_site import Site, site

__all__ = ["site"]


@pytest.fixture
def _own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KEHUB_KEY")


def _records(site: Site, at: tuple[str, ...]) -> list[dict[str, Any]]:
    """All records of the first customer that the shop's phone book finds."""
    found = site.facts(*at, "customers", "find", "张", "--most", "50")
    known = next(each["customer"] for each in found if any(r.startswith("shop_a:A") for r in each["records"]))
    records = site.facts(*at, "why", known)["records"]
    return [record for record in records if record["stream"] == "customers"]


@pytest.mark.usefixtures("_own_key")
def test_the_sandbox_comes_up_takes_part_in_everything_and_goes_down(site: Site) -> None:
    folder = Path("try-out")
    found = site.facts("sandbox", "up", str(folder), "--people", "40")
    urls = [each["url"] for each in found["systems"]]
    try:
        site.kehub("sandbox", "up", str(folder), code=4)
        assert "up already" in site.err
        at = ("--config", str(folder))
        site.kehub(*at, "login", "crm", "--code", "1000.grant.twin")
        looked = {check["subject"]: check["good"] for check in site.facts(*at, "doctor")}
        assert all(looked[f"crm: {what}"] for what in ("sign-in", "clock", "asked from"))
        facts = site.facts(*at, "sync", code=3)
        assert facts["errors"] == []
        assert {s["connection"] for s in facts["streams"] if s["new"]} == {"crm", "fxiaoke", "shop", "shop_a", "shop_b"}
        for plan in facts["plans"]:
            done = site.facts(*at, "apply", plan["digest"], "--release", "share")
            assert done["plans"][0]["rows"] == {"ack": plan["rows"]}
        quiet = site.facts(*at, "sync", code=3)
        assert (quiet["plans"], quiet["errors"]) == ([], [])
        known = next(record["ext"] for record in _records(site, at) if record["connection"] == "shop_a")
        assert site.facts(*at, "map", "test", "shop_a", known)["rejected"] == ""
    finally:
        assert site.kehub("sandbox", "down", str(folder)) == "Stopped.\n"
    assert sandbox.running(folder) is None
    assert len(set(urls)) == 3
    assert all(url.startswith("http://127.0.0.1:") for url in urls)
    assert "No sandbox runs here" in site.kehub("sandbox", "down", str(folder))


def test_the_sandbox_leaves_a_folder_of_somebody_else_alone(site: Site) -> None:
    before = Path("kehub.yaml").read_bytes()
    site.kehub("sandbox", "up", ".", code=2)
    assert "a configuration of its own" in site.err
    assert Path("kehub.yaml").read_bytes() == before


@pytest.mark.usefixtures("_own_key")
def test_faults_are_switched_while_a_stand_in_runs(site: Site) -> None:
    folder = ("--dir", "try-out")
    site.kehub("sandbox", "faults", *folder, code=2)
    assert "no sandbox runs here" in site.err
    site.facts("sandbox", "up", "try-out", "--people", "30", "--systems", "woocommerce")
    try:
        on = site.facts("sandbox", "faults", "woocommerce", '429={"times": 3}', "500", *folder)
        assert {name: fault["times"] for name, fault in on["woocommerce"].items()} == {"429": 3, "500": 1}
        assert "3 times" in site.kehub("sandbox", "faults", *folder)
        assert set(site.facts("sandbox", "faults", "woocommerce", "500", "--clear", *folder)["woocommerce"]) == {"429"}
        assert site.facts("sandbox", "faults", "--clear", *folder) == {"woocommerce": {}}
        site.kehub("sandbox", "faults", "woocommerce", "430", *folder, code=2)
        assert "there are 429, 500" in site.err
        site.kehub("sandbox", "faults", "woocommerce", 'silent_cap={"total": 3}', *folder, code=2)
        assert "rows, totals" in site.err
        site.kehub("sandbox", "faults", "zoho", "429", *folder, code=2)
        assert "there are: woocommerce" in site.err
    finally:
        site.kehub("sandbox", "down", "try-out")
    assert set(site.facts("sandbox", "faults", "--list")) == set(DEFAULT_ON)
