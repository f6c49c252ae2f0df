"""The sheet's true caps: more contacts than page tokens reach (sheet 4: 100,000), read whole, in flat memory."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from tests.command import kehub
from tests.conftest import NOW
from tests.kill_site import prepare, shop_files, twin


@pytest.mark.slow
def test_a_listing_of_more_than_100_000_contacts_is_read_to_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    with twin(146_000, credits=5_000_000) as url:
        site = prepare(
            tmp_path / "brand", str(tmp_path / "brand" / "kehub.db"), url, shop_files(tmp_path / "files", 40)
        )
        config = site.folder / "kehub.yaml"
        config.write_text(config.read_text("utf-8").replace('"page_size": 50', '"page_size": 200'), encoding="utf-8")
        held = len(site.control("state")["records"]["Contacts"])
        assert held > 100_000
        ended = kehub(
            site.folder, "sync", "--only", "zoho", "--stream", "customers", "--plan-only", "--json", limit=1800
        )
        assert ended.code == 3, ended.err
        stream = next(s for s in ended.facts["streams"] if s["stream"] == "customers")
        calls = site.control("counters")["calls"]
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024  # the twin is not counted: it still runs
    assert stream["new"] + stream["quarantined"] == held
    assert stream["certificate"]
    assert calls["GET /crm/v8/{module}"] >= 500
    assert calls["POST /crm/v8/coql"] >= 1
    print(f"{held} contacts, {sum(calls.values())} calls, peak {peak} MB")
