"""`kehub listen` as a process: what it has answered outlives its death, and several of them share one store."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import orjson
import pytest

from hub.cli import main
from hub.clock import FixedClock
from hub.deliveries import Hint
from hub.store import create_store, open_store
from tests.command import kehub
from tests.conftest import MASTER, NOW
from tests.receiving import KEY_SECRET, SECRET, post, tell

ROOT = Path(__file__).parent.parent
YAML = """
brand: {{name: Test brand}}
store: "{location}"
receiver:
  answer_seconds: 20
  keys: {{site-1: "${{EVENT_KEY}}"}}
connections:
  shop:
    type: woocommerce
    url: http://127.0.0.1:9
    consumer_key: ${{WOO_KEY}}
    consumer_secret: ${{WOO_SECRET}}
    webhook_secret: ${{WOO_HOOKS}}
"""
SECRETS = {"WOO_KEY": "ck", "WOO_SECRET": "cs", "WOO_HOOKS": SECRET, "EVENT_KEY": KEY_SECRET}


@pytest.fixture
def folder(tmp_path: Path, location: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {**SECRETS, "KEHUB_CLOCK": NOW.isoformat(), "PYTHONPATH": str(ROOT)}.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "kehub.yaml").write_text(YAML.format(location=location), encoding="utf-8")
    create_store(location, MASTER, clock).close()
    return tmp_path


@contextmanager
def listening(folder: Path, failpoint: str = "") -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A receiver in a process of its own: its address, and the process."""
    process = subprocess.Popen(
        [sys.executable, "-c", "from hub.cli import main; main()", "listen", "--port", "0"],
        cwd=folder, env={**os.environ, "KEHUB_FAILPOINT": failpoint}, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    told = process.stderr.readline()
    try:
        assert told.startswith("Listening on "), told + process.stderr.read()
        yield told.split()[-1], process
    finally:
        process.kill()
        process.wait()
        process.stderr.close()


def kept(location: str, clock: FixedClock) -> set[int]:
    store = open_store(location, MASTER, clock)
    found = {int(one.ext) for one in store.hints.waiting("shop").get("orders", [])}
    store.close()
    return found


def test_what_was_answered_outlives_a_kill_in_the_same_moment(folder: Path, location: str, clock: FixedClock) -> None:
    answered: set[int] = set()
    sent = iter(range(5001, 9999))
    for last in (1, 9):
        with listening(folder) as (url, process), ThreadPoolExecutor(4) as many:

            def one(number: int, url: str = url, process: subprocess.Popen[str] = process, last: int = last) -> None:
                with suppress(httpx.HTTPError):
                    if post(url, {"id": number}).status_code == 200:
                        answered.add(number)
                        if len(answered) >= last:
                            process.send_signal(signal.SIGKILL)

            list(many.map(one, [next(sent) for _ in range(24)]))
            assert process.wait(30) == -signal.SIGKILL
    assert len(answered) >= 9
    assert answered <= kept(location, clock)


@pytest.mark.parametrize(("moment", "then"), [("before", "now"), ("after", "before")])
def test_a_kill_around_the_commit_leaves_a_delivery_that_may_be_repeated(
    folder: Path, location: str, clock: FixedClock, moment: str, then: str
) -> None:
    with listening(folder, f"commit:heard:{moment}:2") as (url, process):
        assert post(url, {"id": 5001}).status_code == 200
        with pytest.raises(httpx.HTTPError):
            post(url, {"id": 5002})
        assert process.wait(30) == -signal.SIGKILL
    assert kept(location, clock) == ({5001} if moment == "before" else {5001, 5002})
    with listening(folder) as (url, _):
        assert post(url, {"id": 5002}).json() == {"heard": then}
    assert kept(location, clock) == {5001, 5002}


def test_several_processes_share_one_store(folder: Path, location: str, clock: FixedClock) -> None:
    with listening(folder) as (one, _), listening(folder) as (other, _), ThreadPoolExecutor(6) as many:

        def send(turn: int) -> str:
            return str(post((one, other)[turn % 2], {"id": 5001 + turn // 2}).json()["heard"])

        answers = list(many.map(send, range(24)))
        visit = {"id": "v", "kind": "app_open", "at": "2026-03-01T08:00:00Z", "who": {"member_card": "7"}}
        told = [tell(url, visit, NOW.timestamp()).json()["taken"] for url in (one, other)]
    assert (answers.count("now"), answers.count("before")) == (12, 12)
    assert told == [1, 0]
    assert kept(location, clock) == set(range(5001, 5013))


def test_a_stopped_receiver_has_written_its_counts_and_ends_well(
    folder: Path, location: str, clock: FixedClock
) -> None:
    with listening(folder) as (url, process):
        assert httpx.post(f"{url}/hooks/shop", content=b"{}").status_code == 401
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    store = open_store(location, MASTER, clock)
    assert store.hints.refusals() == {("shop", "forged"): 1}
    store.close()


def test_status_and_hints_tell_what_waits_and_a_person_puts_a_request_away(
    folder: Path,
    location: str,
    clock: FixedClock,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def said(*arguments: str, code: int = 0) -> str:
        with pytest.raises(SystemExit) as end:
            main(arguments)
        assert end.value.code == code
        return capsys.readouterr().out

    monkeypatch.chdir(folder)
    store = create_store(location, MASTER, clock)
    store.hints.hear("shop", "a", [Hint("orders", "5001"), Hint("customers", "7", "erase")], 9)
    store.hints.refused({("shop", "forged"): 2})
    store.close()
    told = said("status")
    assert "Told by webhooks and not read yet: shop 1" in told
    assert "Requests of people about what is known of them: 1" in told
    facts = orjson.loads(said("hints", "list", "--json"))
    assert [(one["connection"], one["id"]) for one in facts["requests"]] == [("shop", "7")]
    assert facts["refused"] == [{"connection": "shop", "reason": "forged", "count": 2}]
    assert "1 ask for their data" in said("doctor", code=2)
    said("hints", "done", "shop", "8", code=2)
    said("hints", "done", "shop", "7")
    assert orjson.loads(said("hints", "list", "--json"))["requests"] == []


def test_a_port_in_use_is_told_as_such(folder: Path) -> None:
    with listening(folder) as (url, _):
        done = kehub(folder, "listen", "--port", url.rpartition(":")[2])
    assert done.code == 2
    assert "cannot listen here" in done.err
