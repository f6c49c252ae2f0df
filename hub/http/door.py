"""One door to the network for each connection: credentials, budget, time-outs, retries, and errors by consequence.

    answer = self.tools.http.request("GET", "/crm/v8/Contacts", params={"fields": "Email"})
    for row in answer.rows("data"): ...

Only what is safe to repeat is repeated: reads, requests marked `repeatable`, and whatever provably never arrived or was
refused as "busy". A request that writes and whose answer stays away raises Transient(unclear=True).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import parse_qsl, urlsplit

from hub import failpoints
from hub.clock import Clock
from hub.errors import AuthError, Conflict, HubError, QuotaExceeded, Rejected, SettingsError, Transient
from hub.http.abreast import AHEAD, Abreast
from hub.http.ahead import Ahead
from hub.http.answer import Answer
from hub.http.auth import OAuthRefresh, Outgoing, exchange_code
from hub.http.budget import Budget, BudgetStore
from hub.http.dialect import Dialect
from hub.http.exchange import Call, Outcome, weigh
from hub.http.keyring import Keyring, TokenStore
from hub.http.transport import Body, Fault, Line

if TYPE_CHECKING:
    from tenacity import RetryCallState, Retrying

_TOKEN_TIMEOUT = 20.0  # well inside the minute for which a process may claim the renewal
_LONGEST_STEP = 30.0

Q = TypeVar("Q")
A = TypeVar("A")


@dataclass
class Counts:
    """What a door did, for the run's record; `waited` in seconds. Requests for tokens count as calls."""

    calls: int = 0
    writes: int = 0
    retries: int = 0
    waited: float = 0.0

    def add(self, other: Counts) -> None:
        """Count what another door did."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))


@dataclass(frozen=True)
class _CountingClock:
    clock: Clock
    counts: Counts

    def now(self) -> datetime:
        return self.clock.now()

    def sleep(self, seconds: float) -> None:
        self.counts.waited += seconds
        self.clock.sleep(seconds)


@dataclass
class _Progress:
    """What happened to one request so far."""

    renewed: bool = False
    unclear: bool = False


class Door:
    """One connection's way to its system; serves one thread. Use it as a context manager, or close it."""

    def __init__(
        self,
        connection: str,
        dialect: Dialect,
        *,
        clock: Clock,
        tokens: TokenStore | None = None,
        budgets: BudgetStore | None = None,
        proxy: str = "",
        ca_bundle: str = "",
        leave: Callable[[], None] = lambda: None,
        lines: Callable[[str, str, float], Line] = Line,
    ) -> None:
        """`leave` is what a thread of this door's making does last, for what the store keeps a thread. `lines` opens the
        line from proxy, CA bundle and patience."""
        self.connection = connection
        self.counts = Counts()
        self.skew: timedelta | None = None
        """Their clock less ours, by the latest answer; None before the first one."""
        self._dialect = dialect
        self._clock = _CountingClock(clock, self.counts)
        self._line = lines(proxy, ca_bundle, dialect.timeout)
        self._keyring = Keyring(connection, self._clock, tokens, self._ask)
        self._budget = Budget(connection, dialect.limits, budgets, self._clock)
        self._another: Callable[..., Door] = partial(
            type(self),
            connection,
            dialect,
            tokens=tokens,
            budgets=budgets,
            proxy=proxy,
            ca_bundle=ca_bundle,
            lines=lines,
        )
        self._leave = leave

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | bytes | None = None,
        files: Any = None,
        headers: Mapping[str, str] | None = None,
        parts: Mapping[str, str] | None = None,
        writes: bool = False,
        repeatable: bool | None = None,
        cost: int = 1,
        bucket: str = "calls",
        expects: Literal["json", "bytes", "zip"] = "json",
        timeout: float | None = None,
    ) -> Answer:
        """Ask the system, and return its answer, or raise the HubError kind that says what happens next.

        `path` is relative to the system's base address, or a whole address (credentials go to the system's own hosts
        only); `{name}` in it is filled from `parts`, quoted. `params` that are None are left out. `writes`: it changes
        something there. `repeatable`: sending it twice does no harm (None: reads do none). `cost` is taken from the
        limits that count `bucket`. `expects`: "bytes" for downloads, whose body is not looked at; "zip" for archives,
        which must have their end.
        """
        call = Call(
            method.upper(), path, params or {}, json, Body(data, files), headers or {}, parts or {},
            writes, repeatable, cost, bucket, expects, timeout,
        )  # fmt: skip
        progress = _Progress()
        outcome = self._attempt(call, progress)
        if outcome.again:
            told = iter((outcome,))
            outcome = self._retrying()(lambda: next(told, None) or self._attempt(call, progress))
        return self._concluded(call, outcome, progress)

    def side_by_side(self, ask: Callable[[Door, Q], A], questions: Iterable[Q]) -> Iterator[A]:
        """Ask several questions at once, as many as the dialect's `concurrency`; the answers come in their order.

        `ask` is called in other threads, with a door of that thread, and must not use this one; budget and token are
        shared, calls count here. A question that fails raises its error in its place, after the answers before it; the
        others are then no longer asked. Close the generator, or read it to its end, in the thread that began it.
        """
        if self._dialect.concurrency == 1:
            yield from (ask(self, question) for question in questions)
            return
        threads = self._abreast(self._dialect.concurrency)
        try:
            yield from threads.answers(ask, questions)
        finally:
            self._count_others(threads)

    def ahead(
        self, ask: Callable[[Door, Q], A], foreseen: Callable[[Q, A], Iterable[Q]], room: int | None = None
    ) -> Ahead[Door, Q, A]:
        """What asks questions, and those that `foreseen` tells from an answer ahead of their turn; see `Ahead`.

        `room` is how many of these, one after the other; by default as many as `side_by_side` has, and as there none
        where the dialect's `concurrency` is one. `ask` is called in other threads too, with a door of that thread. Close
        it in the thread that uses it.
        """
        width = self._dialect.concurrency if room is None else 1
        if room is None:
            room = AHEAD * width if width > 1 else 0
        return Ahead(self, ask, foreseen, room, lambda: self._abreast(width), self._count_others)

    def _abreast(self, width: int) -> Abreast[Door]:
        """Threads with doors like this one."""

        @contextmanager
        def opened(clock: Clock) -> Iterator[Door]:
            door = self._another(clock=clock)
            try:
                yield door
            finally:
                with suppress(HubError):  # what could not be given back counts as spent until its window is over
                    door.close()
                self._leave()

        return Abreast(width, opened, self._clock.clock)

    def _count_others(self, threads: Abreast[Door]) -> None:
        for door in threads.doors:
            self.counts.add(door.counts)

    def server_now(self) -> datetime:
        """The system's time now. When nothing was asked yet, one HEAD without credentials finds it out.

        Our own time where the system does not tell, or does not answer.
        """
        if self.skew is None:
            base = self._base()  # may ask for a token, which tells the time as well
            if self.skew is None:
                self._budget.spend("calls", 1)
                self._send(Outgoing("HEAD", base, headers=dict(self._dialect.headers)), Body(), _TOKEN_TIMEOUT)
                self._budget.answered("calls", 1)
        return self._clock.now() + (self.skew or timedelta(0))

    def login(self, code: str, redirect_uri: str = "") -> None:
        """For `kehub login`: turn a code into tokens and store them."""
        if not isinstance(self._dialect.auth, OAuthRefresh):
            raise SettingsError(
                "this system has no sign-in by code", where=self.connection, remedy="set its secrets in the settings"
            )
        exchange_code(self._dialect.auth, self._keyring, code, redirect_uri)

    def close(self) -> None:
        """Give back the unspent budget and hang up."""
        self._budget.close()
        self._line.close()

    def __enter__(self) -> Door:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _retrying(self) -> Retrying:
        from tenacity import Retrying, retry_if_result, stop_after_attempt, wait_exponential_jitter

        growing = wait_exponential_jitter(multiplier=1, max=_LONGEST_STEP)
        return Retrying(
            stop=stop_after_attempt(self._dialect.tries),
            retry=retry_if_result(lambda outcome: outcome.again),
            wait=lambda state: growing(state) if (wait := _outcome(state).wait) is None else wait,
            sleep=self._clock.sleep,
            before_sleep=self._count_retry,
            retry_error_callback=_outcome,
        )

    def _count_retry(self, state: RetryCallState) -> None:
        self.counts.retries += 1

    def _attempt(self, call: Call, progress: _Progress) -> Outcome:
        """One attempt; once a request, a token that was refused is renewed and the request sent again at once."""
        try:
            outcome = self._once(call)
            if isinstance(outcome.error, AuthError) and self._dialect.auth.renewable and not progress.renewed:
                progress.renewed = True
                self._keyring.refuse()
                outcome = self._once(call)
        except HubError as error:
            outcome = Outcome(error=error)
        progress.unclear |= isinstance(outcome.error, Transient) and outcome.error.unclear
        return outcome

    def _once(self, call: Call) -> Outcome:
        outgoing = self._outgoing(call)  # may wait for a token; a call is spent when it is about to leave
        self._budget.spend(call.bucket, call.cost)
        if call.writes:
            self.counts.writes += 1
            failpoints.hit("write:before")
        got = self._send(outgoing, call.body, call.timeout)
        self._budget.answered(call.bucket, call.cost)
        if call.writes and isinstance(got, Answer):
            failpoints.hit("write:after")
        outcome = weigh(call, got, self._dialect, connection=self.connection, now=self._clock.now())
        if outcome.rest is not None:
            self._budget.block(call.bucket, outcome.rest)
        return outcome

    def _concluded(self, call: Call, outcome: Outcome, progress: _Progress) -> Answer:
        """The answer, or the error as the caller must see it after all attempts."""
        if outcome.answer is not None:
            return outcome.answer
        assert outcome.error is not None
        error = self._still_busy(call, outcome.error) if outcome.busy and outcome.again else outcome.error
        definite = isinstance(error, Rejected | Conflict) or (isinstance(error, Transient) and error.unclear)
        if progress.unclear and not definite:
            raise Transient("no clear answer", unclear=True, where=f"{self.connection} {call.shape}")
        raise error

    def _still_busy(self, call: Call, error: HubError) -> QuotaExceeded:
        """Busy to the last attempt: take the quota as used up, for every process."""
        until = self._clock.now() + self._dialect.rest
        self._budget.block(call.bucket, until)
        return QuotaExceeded("the system stays busy", until=until, where=error.where, code=error.code)

    def _outgoing(self, call: Call) -> Outgoing:
        base = self._base()
        path = call.filled()
        foreign = "://" in path and not self._trusted(path, base)
        url = path if "://" in path else f"{base.rstrip('/')}/{path.lstrip('/')}"
        headers = dict(call.headers) if foreign else {**self._dialect.headers, **call.headers}
        params = {name: value for name, value in call.params.items() if value is not None}
        outgoing = Outgoing(call.method, url, params, headers, call.json)
        if not foreign:
            self._dialect.auth.sign(outgoing, self._keyring)
        return _joined(outgoing)

    def _base(self) -> str:
        base = self._dialect.auth.base_url(self._keyring) or self._dialect.base_url
        if "://" not in base:
            raise SettingsError(
                "the system's address is missing", where=self.connection, remedy="write it as https://..."
            )
        return base

    def _trusted(self, url: str, base: str) -> bool:
        """Whether this address is the system's own, so that it may see the credentials."""
        theirs, ours = urlsplit(url), urlsplit(base)
        if theirs.scheme != ours.scheme:
            return False
        return theirs.netloc == ours.netloc or theirs.netloc in self._dialect.hosts

    def _ask(
        self, method: str, url: str, *, data: Any = None, json: Any = None, params: Mapping[str, Any] | None = None
    ) -> Answer:
        """Send a request for a token."""
        got = self._send(Outgoing(method, url, dict(params or {}), {}, json), Body(data), _TOKEN_TIMEOUT)
        if isinstance(got, Fault):
            raise got.error(f"{self.connection} token", writes=False)
        return got

    def _send(self, outgoing: Outgoing, body: Body, timeout: float | None) -> Answer | Fault:
        self.counts.calls += 1
        got = self._line.send(outgoing, body, timeout)
        if isinstance(got, Answer):
            self._learn(got)
        return got

    def _learn(self, answer: Answer) -> None:
        """What every answer tells by the way: their time, and what is left of a limit."""
        if answer.date is not None:
            self.skew = answer.date - self._clock.now()
        try:
            told = self._dialect.remaining(answer)
        except ValueError:
            return  # an odd header must not stop a run
        if told is not None:
            self._budget.learn(*told)


def _outcome(state: RetryCallState) -> Outcome:
    assert state.outcome is not None
    outcome: Outcome = state.outcome.result()
    return outcome


def _joined(outgoing: Outgoing) -> Outgoing:
    """Parameters and an address that has a query of its own, as one: httpx would drop the latter."""
    address, _, query = outgoing.url.partition("?")
    if query and outgoing.params:
        given: dict[str, list[str]] = {}
        for name, value in parse_qsl(query, keep_blank_values=True):
            given.setdefault(name, []).append(value)
        outgoing.url, outgoing.params = address, {**given, **outgoing.params}
    return outgoing
