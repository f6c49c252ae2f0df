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
    """At most `width` threads, each asking by a door of its own that `opened` gives and that it closes itself."""

    width: int
    opened: Callable[[Clock], AbstractContextManager[D]]
    clock: Clock
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def answers(self, ask: Callable[[D, Q], A], questions: Iterable[Q]) -> Iterator[A]:
        """The answers, in order; the error of the first question that failed, after all answers before it.

        Questions are taken from their iterator only as far as there is room. When this generator ends, is closed or
        fails, no thread is left: those under way are waited for, and what was not begun is never asked.
        """
        asked: SimpleQueue[tuple[Q, Future[A]] | None] = SimpleQueue()
        waiting: deque[Future[A]] = deque()
        try:
            for question in questions:
                if len(waiting) >= AHEAD * self.width:
                    yield waiting.popleft().result()
                waiting.append(Future())
                asked.put((question, waiting[-1]))
                if len(self._threads) < self.width:
                    self._hire(ask, asked)
            while waiting:
                yield waiting.popleft().result()
        finally:
            self._stop.set()
            for _ in self._threads:
                asked.put(None)
            for thread in self._threads:
                thread.join()

    def _hire(self, ask: Callable[[D, Q], A], asked: SimpleQueue[tuple[Q, Future[A]] | None]) -> None:
        name = f"{threading.current_thread().name}-{len(self._threads) + 1}"
        thread = threading.Thread(target=self._work, args=(ask, asked), name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self, ask: Callable[[D, Q], A], asked: SimpleQueue[tuple[Q, Future[A]] | None]) -> None:
        with self.opened(StoppableClock(self.clock, self._stop)) as door:
            while (task := asked.get()) is not None:
                question, answer = task
                if self._stop.is_set():
                    continue
                try:
                    answer.set_result(ask(door, question))
                except BaseException as fault:
                    answer.set_exception(fault)
