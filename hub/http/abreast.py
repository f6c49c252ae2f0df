"""Questions asked side by side by a few threads, and their answers in the order of the questions."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import SimpleQueue
from typing import Generic, TypeVar

from hub.clock import Clock

AHEAD = 2
"""How many questions a thread are under way or answered and not yet taken: what a slow answer lets pile up."""

_NAP = 0.5

D = TypeVar("D")
Q = TypeVar("Q")
A = TypeVar("A")


class Dismissed(Exception):
    """Nobody waits for the answer any more."""


@dataclass(frozen=True)
class StoppableClock:
    """A clock whose pauses end soon when `stop` is set: by Dismissed."""

    clock: Clock
    stop: threading.Event

    def now(self) -> datetime:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        end = self.clock.now() + timedelta(seconds=seconds)
        while (left := (end - self.clock.now()).total_seconds()) > 0:
            if self.stop.is_set():
                raise Dismissed
            self.clock.sleep(min(left, _NAP))


@dataclass
class Abreast(Generic[D]):
    """At most `width` threads, each asking by a door of its own that `opened` gives and that it closes itself.

    `doors` are those that were opened. Who begins questions dismisses the threads in the end; they are of no use then.
    """

    width: int
    opened: Callable[[Clock], AbstractContextManager[D]]
    clock: Clock
    doors: list[D] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)
    _tasks: SimpleQueue[Callable[[D], None] | None] = field(default_factory=SimpleQueue)

    def answers(self, ask: Callable[[D, Q], A], questions: Iterable[Q]) -> Iterator[A]:
        """The answers, in order; the error of the first question that failed, after all answers before it.

        Questions are taken from their iterator only as far as there is room. When this generator ends, is closed or
        fails, no thread is left.
        """
        waiting: deque[Future[A]] = deque()
        try:
            for question in questions:
                if len(waiting) >= AHEAD * self.width:
                    yield waiting.popleft().result()
                waiting.append(self.begin(ask, question))
            while waiting:
                yield waiting.popleft().result()
        finally:
            self.dismiss()

    def begin(self, ask: Callable[[D, Q], A], question: Q) -> Future[A]:
        """Have one question asked as soon as a thread is free."""
        answer: Future[A] = Future()

        def task(door: D) -> None:
            try:
                answer.set_result(ask(door, question))
            except BaseException as fault:
                answer.set_exception(fault)

        self._tasks.put(task)
        if len(self._threads) < self.width:
            name = f"{threading.current_thread().name}-{len(self._threads) + 1}"
            self._threads.append(threading.Thread(target=self._work, name=name, daemon=True))
            self._threads[-1].start()
        return answer

    def dismiss(self) -> None:
        """Let no thread be left: questions under way are waited for, and what was not begun is never asked."""
        self._stop.set()
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        with self.opened(StoppableClock(self.clock, self._stop)) as door:
            self.doors.append(door)
            while (task := self._tasks.get()) is not None:
                if not self._stop.is_set():
                    task(door)
