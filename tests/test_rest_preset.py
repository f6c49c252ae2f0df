"""The preset of a declared REST system at work: `kehub init`, the service's address, and the commands that a brand runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.cli import main
from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.conftest import NOW
from tests.rest_site import stand

PRESET = Path(__file__).parent.parent / "config" / "rest-membership.yaml"


def kehub(capsys: pytest.CaptureFixture[str], config: Path, *arguments: str, code: int = 0) -> str:
    with pytest.raises(SystemExit) as ended:
        main(["--config", str(config), *arguments])
    out, err = capsys.readouterr()
    assert ended.value.code == code, out + err
    return out


def test_the_preset_goes_from_init_to_a_second_sync_without_a_change(
    stage: tuple[Stage, str], clock: FixedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    monkeypatch.setenv("CLUB_TOKEN", "club-secret")
    for name in ("KEHUB_CONFIG", "KEHUB_KEY"):
        monkeypatch.delenv(name, raising=False)
    twin = stand(stage[0], clock)
    big = twin.books.add_member({"name": "王芳", "mobile": "13912340000", "email": "fang@club.cn"})
    twin.books.add_purchase({"member": big.number, "total": "3500.00"})
    folder = tmp_path / "brand"
    config = folder / "kehub.yaml"
    kehub(capsys, config, "init", str(folder), "--preset", "rest-membership", "--key-file", str(tmp_path / "brand.key"))
    text = config.read_text(encoding="utf-8").replace("https://club.example.com", stage[1])
    config.write_text(text, encoding="utf-8")

    kehub(capsys, config, "doctor")
    report = _facts(kehub(capsys, config, "sync", "--json", code=3))  # all members at once: a brake asks first
    assert [(one["stream"], one["certificate"]) for one in report["streams"]] == [
        ("customers", "swept"), ("orders", "swept"),
    ]  # fmt: skip
    assert report["errors"] == []
    shown = _facts(kehub(capsys, config, "map", "test", "club", big.number, "--json"))
    assert {one["ours"]: one["value"] for one in shown["fields"]}["phone"] == "+8613912340000"
    kehub(capsys, config, "apply", report["plans"][0]["digest"], "--release", "share")
    assert (big.values["level"], big.values["stage"]) == ("gold", "first_time")
    assert all(one.values["level"] for one in twin.books.members.values() if not one.closed)
    assert {tuple(write["fields"]) for write in twin.counts.writes} == {("level", "stage")}
    again = _facts(kehub(capsys, config, "sync", "--json", code=3))  # a question is still open: one phone, two people
    assert (again["plans"], again["brakes"], again["errors"], again["questions"]) == ([], [], [], 1)


def _facts(out: str) -> Any:
    return orjson.loads(out)


def test_the_preset_is_told_in_english_and_chinese() -> None:
    text = PRESET.read_text(encoding="utf-8")
    first, second, *_ = text.splitlines()
    assert first.isascii()
    assert re.search("[\u4e00-\u9fff]", second)
    sections = re.findall(r"(?:^ *#.*\n)+(?=\S|  \S)", text, re.MULTILINE)
    assert all(re.search("[\u4e00-\u9fff]", section) for section in sections)
    assert max(map(len, text.splitlines())) <= 130
