"""Leases: who works on what. A task is `read:CONNECTION`, `push:CONNECTION` or `decide`.

A lease has a holder, a fencing number that grows with each take-over, and an end that a heartbeat moves. Each transaction
of the task checks its number first, so a holder that slept too long can no longer write.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from hub.clock import Clock
from hub.errors import Conflict, HubError
from hub.process import alive, this_process
from hub.store.database import Database

SECONDS = 60
RENEW_EVERY = 10


@dataclass(frozen=True)
class Lease:
    """A task this process holds, and its fencing number."""

    task: str
    fence: int


class Leases:
    """Takes, renews, checks and gives back leases of this process."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._me = this_process()
        self._held: dict[str, Lease] = {}
        self._stop = threading.Event()
        self._beat: threading.Thread | None = None

    def take(self, tasks: Iterable[str]) -> None:
        """Take all tasks or none; Conflict names the holder of the first that is taken."""
        wanted = sorted(tasks)
        with self._db.writing("lease"):
            taken = [self._take(task) for task in wanted]
        self._held.update((lease.task, lease) for lease in taken)
        if self._beat is None and self._held:
            self._beat = threading.Thread(target=self._renew_until_stopped, name="kehub-leases", daemon=True)
            self._beat.start()

    def _take(self, task: str) -> Lease:
        rows = self._db.rows("SELECT holder, fence, until FROM lease WHERE task = :task", {"task": task})
        holder, fence, until = rows[0] if rows else ("", 0, 0)
        if holder and holder != self._me and until > self._now() and alive(holder):
            host, pid = holder.split("/")[:2]
            raise Conflict(
                f"another process is at work on {task} (process {pid} on {host})",
                where=task,
                remedy="wait for it to end, then run again",
            )
        self._db.execute(
            "INSERT INTO lease (task, holder, fence, until) VALUES (:task, :me, :fence, :until)"
            " ON CONFLICT (task) DO UPDATE SET holder = excluded.holder, fence = excluded.fence, until = excluded.until",
            {"task": task, "me": self._me, "fence": fence + 1, "until": self._now() + SECONDS},
        )
        return Lease(task, fence + 1)

    def check(self, task: str) -> None:
        """Inside a write transaction: make sure that this process still holds `task`."""
        lease = self._held.get(task)
        if lease is None:
            raise Conflict("this process does not hold the task", where=task, remedy="run again")
        rows = self._db.rows("SELECT holder, fence FROM lease WHERE task = :task", {"task": task})
        if not rows or tuple(rows[0]) != (self._me, lease.fence):
            raise Conflict("another process has taken this task over", where=task, remedy="run again")

    def release(self, tasks: Iterable[str] | None = None) -> None:
        """Give back some tasks, or all."""
        names = list(self._held) if tasks is None else [task for task in tasks if task in self._held]
        if not names:
            return
        with self._db.writing("lease"):
            for task in names:
                lease = self._held.pop(task)
                self._db.execute(
                    "UPDATE lease SET holder = '', until = 0 WHERE task = :task AND holder = :me AND fence = :fence",
                    {"task": task, "me": self._me, "fence": lease.fence},
                )
        if not self._held and self._beat is not None:
            self._stop.set()
            self._beat.join()
            self._beat, self._stop = None, threading.Event()

    def _renew_until_stopped(self) -> None:
        while not self._stop.wait(RENEW_EVERY):
            with suppress(HubError), self._db.writing("lease_renew"):  # the next beat tries again
                self._db.execute(
                    "UPDATE lease SET until = :until WHERE holder = :me",
                    {"until": self._now() + SECONDS, "me": self._me},
                )
        self._db.leave()

    def _now(self) -> int:
        return int(self._clock.now().timestamp())
