"""The sheet's true caps: more contacts than page tokens reach (sheet 4: 100,000), read whole, in flat memory; two jobs."""

from __future__ import annotations

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.command import kehub
from tests.conftest import NOW
from tests.kill_site import Site, prepare, shop_files, twin


@contextmanager
def crowded(tmp_path: Path, settings: str, **options: Any) -> Iterator[tuple[Site, int]]:
    """A brand whose Zoho holds more than 100,000 contacts, two hundred a page, and how many they are."""
    with twin(146_000, credits=5_000_000, **options) as url:
        site = prepare(
            tmp_path / "brand", str(tmp_path / "brand" / "kehub.db"), url, shop_files(tmp_path / "files", 40)
        )
        config = site.folder / "kehub.yaml"
        config.write_text(
            config.read_text("utf-8").replace('"page_size": 50', f'"page_size": 200, {settings}'), "utf-8"
        )
        held = len(site.control("state")["records"]["Contacts"])
        assert held > 100_000
        yield site, held


def contacts(site: Site) -> tuple[dict[str, Any], dict[str, int], int]:
    """What a first run read of the contacts, the calls that it made, and the most memory a process took, in MB."""
    ended = kehub(site.folder, "sync", "--only", "zoho", "--stream", "customers", "--plan-only", "--json", limit=1800)
    assert ended.code == 3, ended.err
    stream = next(s for s in ended.facts["streams"] if s["stream"] == "customers")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024  # the twin is not counted: it still runs
    return stream, site.control("counters")["calls"], peak


@pytest.mark.slow
def test_a_listing_of_more_than_100_000_contacts_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    with crowded(tmp_path, '"bulk_from": 0') as (site, held):
        stream, calls, peak = contacts(site)
    assert stream["new"] + stream["quarantined"] == held
    assert stream["certificate"]
    assert calls["GET /crm/v8/{module}"] >= 500
    assert calls["POST /crm/v8/coql"] >= 1
    print(f"{held} contacts, {sum(calls.values())} calls, peak {peak} MB")


@pytest.mark.slow
def test_more_than_100_000_contacts_are_read_by_bulk_read_with_a_few_calls(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    with crowded(tmp_path, '"bulk_from": 20000', bulk_rows=60_000, bulk_seconds=0) as (site, held):
        stream, calls, _ = contacts(site)
    assert stream["new"] + stream["quarantined"] == held
    assert stream["certificate"] == "swept"
    assert calls["POST /crm/bulk/v8/read"] == -(-held // 60_000)
    assert sum(calls.values()) < 40
    print(f"{held} contacts, {sum(calls.values())} calls")
