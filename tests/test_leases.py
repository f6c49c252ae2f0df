"""Leases: one holder a task; a dead one is replaced at once, a slow one can no longer write."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest

from hub.clock import FixedClock
from hub.errors import Conflict
from hub.process import this_process
from hub.store.database import Database
from hub.store.leases import SECONDS, Leases

TASK = "push:crm"


def started(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def held_by(database: Database, holder: str, seconds: int = SECONDS, clock: FixedClock | None = None) -> None:
    now = int(clock.now().timestamp()) if clock else 0
    database.execute(
        "INSERT INTO lease (task, holder, fence, until) VALUES (:task, :holder, 7, :until)",
        {"task": TASK, "holder": holder, "until": now + seconds},
    )


def test_a_second_holder_is_refused_with_the_name_of_the_first(database: Database, clock: FixedClock) -> None:
    first, second = Leases(database, clock), Leases(database, clock)
    first.take([TASK])
    with pytest.raises(Conflict, match=f"process {os.getpid()} on {socket.gethostname()}"):
        second.take([TASK])
    first.release()
    second.take([TASK])
    second.release()


def test_all_tasks_are_taken_or_none(database: Database, clock: FixedClock) -> None:
    first, second = Leases(database, clock), Leases(database, clock)
    first.take([TASK])
    with pytest.raises(Conflict):
        second.take(["decide", TASK, "read:crm"])
    first.take(["decide", "read:crm"])
    for task in (TASK, "decide", "read:crm"):
        first.check(task)
        with pytest.raises(Conflict):
            second.check(task)
    first.release()


def test_a_holder_whose_lease_ended_is_replaced_and_fenced_off(database: Database, clock: FixedClock) -> None:
    slow, quick = Leases(database, clock), Leases(database, clock)
    slow.take([TASK])
    clock.advance(timedelta(seconds=SECONDS + 1))
    quick.take([TASK])
    quick.check(TASK)
    with pytest.raises(Conflict, match="taken this task over"):
        slow.check(TASK)
    slow.release()  # gives nothing back that is another's
    quick.check(TASK)
    quick.release()


def test_taking_a_task_again_fences_off_what_this_process_began_before(database: Database, clock: FixedClock) -> None:
    leases = Leases(database, clock)
    leases.take([TASK])
    leases.take([TASK])
    leases.check(TASK)
    ((fence,),) = database.rows("SELECT fence FROM lease WHERE task = :task", {"task": TASK})
    assert fence == 2
    leases.release()


def dead_process() -> str:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    holder = f"{socket.gethostname()}/{process.pid}/{started(process.pid)}/abc"
    process.kill()
    process.wait()
    return holder


def test_a_holder_on_this_host_that_died_is_replaced_at_once(database: Database, clock: FixedClock) -> None:
    held_by(database, dead_process(), clock=clock)
    leases = Leases(database, clock)
    leases.take([TASK])
    leases.check(TASK)
    leases.release()


def test_a_process_number_used_again_by_another_process_counts_as_dead(database: Database, clock: FixedClock) -> None:
    held_by(database, f"{socket.gethostname()}/{os.getpid()}/1/abc", clock=clock)
    leases = Leases(database, clock)
    leases.take([TASK])
    leases.check(TASK)
    leases.release()


def test_a_killed_holder_that_its_parent_has_not_buried_counts_as_dead(database: Database, clock: FixedClock) -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    holder = f"{socket.gethostname()}/{process.pid}/{started(process.pid)}/abc"
    process.kill()
    state = Path(f"/proc/{process.pid}/stat")
    while state.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.01)
    held_by(database, holder, clock=clock)
    leases = Leases(database, clock)
    leases.take([TASK])
    leases.check(TASK)
    leases.release()
    process.wait()


@pytest.mark.parametrize(
    "holder", ["elsewhere/1/1/abc", f"{socket.gethostname()}/{os.getpid()}//abc"], ids=["elsewhere", "untold"]
)
def test_a_holder_of_whom_nothing_can_be_known_is_trusted_until_its_lease_ends(
    database: Database, clock: FixedClock, holder: str
) -> None:
    """Another host's process, or one on a system that does not tell when a process started."""
    held_by(database, holder, clock=clock)
    leases = Leases(database, clock)
    with pytest.raises(Conflict):
        leases.take([TASK])
    clock.advance(timedelta(seconds=SECONDS + 1))
    leases.take([TASK])
    leases.check(TASK)
    leases.release()


def test_what_was_never_taken_or_given_back_cannot_be_worked_on(database: Database, clock: FixedClock) -> None:
    leases = Leases(database, clock)
    with pytest.raises(Conflict, match="does not hold the task"):
        leases.check(TASK)
    leases.take([TASK])
    leases.check(TASK)
    leases.release()
    with pytest.raises(Conflict):
        leases.check(TASK)


def test_this_process_is_told_apart_from_all_others() -> None:
    host, pid, began, extra = this_process().split("/")
    assert (host, int(pid), began) == (socket.gethostname(), os.getpid(), started(os.getpid()))
    assert extra != this_process().rpartition("/")[2]
