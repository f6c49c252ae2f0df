"""`kehub why` for a person of all four systems: one screen, every figure with its source, the same facts in JSON."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from hub.cli import main
from hub.clock import FixedClock
from hub.testing.demo_checks import everywhere
from hub.testing.people import Population
from hub.testing.sandbox import Sandbox as Running
from sync import verdict
from tests.conftest import NOW
from tests.four_systems import Stages
from tests.sandbox_site import Sandbox

PEOPLE = Population(120, 7)
SCREEN = Path(__file__).parent / "screens" / "why.txt"
Told = Callable[..., str]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory, stands: Stages) -> Sandbox:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEHUB_KEY", "bW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW1tbW0=")
        made = Sandbox(tmp_path_factory.mktemp("why"), FixedClock(NOW), stands, PEOPLE)
        made.rounds(1)
        return made


@pytest.fixture
def why(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """What `kehub why` prints, in a terminal of so many columns."""
    monkeypatch.chdir(sandbox.folder)
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())

    def told(*arguments: str, columns: int = 100) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        with pytest.raises(SystemExit) as ended:
            main(["why", *arguments])
        out, err = capsys.readouterr()
        assert ended.value.code == 0, err
        return "\n".join(line.rstrip() for line in out.splitlines()) + "\n"

    return told


def somebody(number: int = 0) -> str:
    """The demo's person: a member of shop A whom every system knows, who bought most."""
    return list(everywhere(Running("", PEOPLE.size, PEOPLE.seed, PEOPLE.today.isoformat(), ())))[number]


def test_one_screen_for_a_shop_manager(why: Told) -> None:
    text = why(somebody())
    assert len(text.splitlines()) <= 45
    assert text == SCREEN.read_text(encoding="utf-8"), f"if it should look so, write it to {SCREEN.name}:\n{text}"


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_no_line_is_wider_than_the_terminal_with_chinese_characters_in_it(why: Told, columns: int) -> None:
    text = why(somebody(), columns=columns)
    assert any(unicodedata.east_asian_width(char) == "W" for char in text)
    assert max(map(width, text.splitlines())) <= columns


def width(line: str) -> int:
    """Columns in a terminal, where a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in line)


def test_every_figure_has_its_source(why: Told, sandbox: Sandbox) -> None:
    for member in everyone(sandbox):
        sourced(orjson.loads(why(member, "--json")))


def everyone(sandbox: Sandbox) -> list[str]:
    """Members of both shops, many enough to meet returns, guests, copies and shared phones."""
    tills = [("shop_a", "pos:A"), ("shop_b", "pos:B")]
    return [f"{connection}:{seen.key}" for connection, till in tills for seen in PEOPLE.sightings(till)[:25]]


def sourced(facts: dict[str, Any]) -> None:
    """Fields, sums, decisions and writes each say where they come from."""
    records = {(record["connection"], record["ext"]) for record in facts["records"]}
    for entry in facts["fields"]:
        if entry["field"] not in ("other_phones", "other_emails", "interests"):
            assert (entry["connection"], entry["ext"]) in records
            assert entry["since"]
    bought = facts["bought"]
    for figure in ("orders_365d", "spend_365d", "orders_life", "spend_life"):
        assert sum(source[figure] for source in bought["sources"]) == bought[figure], figure
    assert bought["last"] == max((source["last"] for source in bought["sources"]), default=None)
    assert bool(bought["last_order"]) == bool(bought["orders_life"])
    for decision in facts["decisions"]:
        assert decision["since"]
        own = [clause for clause in decision["clauses"] if clause["value"] == decision["value"]]
        assert all(clause["holds"] and clause["found"] is not None for clause in own)
    for receipt in facts["receipts"]:
        assert receipt["receipt"]
        assert receipt["actor"] == "tester"
        assert (receipt["connection"], receipt["ext"]) in records


def test_an_order_that_two_systems_hold_counts_once_and_says_so(why: Told, sandbox: Sandbox) -> None:
    seen = 0
    for member in everyone(sandbox):
        facts = orjson.loads(why(member, "--json"))["bought"]
        for once in facts["once"]:
            assert once["copies"]
            assert once["counts"].startswith(("shop_a:", "shop_b:"))
            assert all(copy.startswith(("crm:", "shop:", "fxiaoke:")) for copy in once["copies"])
        copies = sum(len(once["copies"]) for once in facts["once"])
        assert copies <= facts["left_out"].get("counted elsewhere", 0)
        seen += copies
    assert seen > 10


def test_what_waits_is_told_a_plan_a_question_and_a_verdict(why: Told, tmp_path: Path, stands: Stages) -> None:
    """Nothing is written yet, the phone is several people's, and somebody has judged."""
    with pytest.MonkeyPatch.context() as patch:
        fresh = Sandbox(tmp_path, FixedClock(NOW), stands, PEOPLE)
        fresh.sync()
        with fresh.opened() as setup:
            asked = next(q for q in setup.store.questions.open() if q.kind == "names")
            one, *others = setup.store.records.holding(bytes.fromhex(asked.subject), 8)
            other = next(record for record in others if record.customer != one.customer)
            made = verdict.merge(setup, str(one.customer), str(other.customer), "her maiden name")
        patch.chdir(tmp_path)
        text = why(f"{one.connection}:{one.ext}")
    for told in ("planned for", f"question {asked.id}", "her maiden name", f"verdict {made}", "is the same person as"):
        assert told in text, told
