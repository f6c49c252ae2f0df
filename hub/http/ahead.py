"""Asking what will be asked next before its turn comes: the next page, while the one before it is looked at.

What comes next is known from an answer as long as nothing moves. Who turns elsewhere is never misled: answers that nobody
asks for are thrown away, and after a few of those nothing is asked ahead. An error is raised when its question's turn comes.
Nor is anything asked ahead of a system that hardly lets one wait.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from hub.http.abreast import Abreast

D = TypeVar("D")
Q = TypeVar("Q")
A = TypeVar("A")

_MISSES = 3

NEAR = 0.005
"""Where answers are there after so many seconds, threads that ask ahead, and answers that lie about, cost more than waiting."""

_LAST = 4
"""How many answers tell: the quickest of them, since one that was slow says more about this machine than about theirs."""


@dataclass
class Ahead(Generic[D, Q, A]):
    """Questions of one kind, asked by `door`, and ahead of their turn by the threads that `hired` gives and `left` takes.

    `foreseen` tells from a question and its answer what will be asked next; at most `room` of these are under way or
    answered and not yet asked for; with none, nothing is asked ahead. Close it: threads may be at work.
    """

    door: D
    ask: Callable[[D, Q], A]
    foreseen: Callable[[Q, A], Iterable[Q]]
    room: int
    hired: Callable[[], Abreast[D]]
    left: Callable[[Abreast[D]], None]
    _threads: Abreast[D] | None = None
    _begun: deque[tuple[Q, Future[tuple[A, float]]]] = field(default_factory=deque)
    _rest: Iterator[Q] = field(default_factory=lambda: iter(()))
    _waits: deque[float] = field(default_factory=lambda: deque(maxlen=_LAST))
    _misses: int = 0

    def answer(self, question: Q) -> A:
        """The answer to a question whose turn has come."""
        if self._begun and self._begun[0][0] == question:
            answer, waited = self._begun.popleft()[1].result()
        else:
            self._misses += bool(self._begun)
            self.close()
            answer, waited = self._timed(self.door, question)
        self._waits.append(waited)
        if self.room and self._misses < _MISSES and min(self._waits) > NEAR:
            self._look_ahead()
            if not self._begun:
                self._rest = iter(self.foreseen(question, answer))
                self._look_ahead()
        return answer

    def close(self) -> None:
        """Ask no more, and let no thread be left."""
        self._rest = iter(())
        self._begun.clear()
        if self._threads is not None:
            threads, self._threads = self._threads, None
            threads.dismiss()
            self.left(threads)

    def _look_ahead(self) -> None:
        """Begin what comes next, as far as there is room."""
        while len(self._begun) < self.room and (coming := next(self._rest, None)) is not None:
            if self._threads is None:
                self._threads = self.hired()
            self._begun.append((coming, self._threads.begin(self._timed, coming)))

    def _timed(self, door: D, question: Q) -> tuple[A, float]:
        """The answer, and for how many seconds it was waited for: work of this thread on it does not count."""
        began = time.monotonic() - time.thread_time()
        answer = self.ask(door, question)
        return answer, time.monotonic() - time.thread_time() - began
