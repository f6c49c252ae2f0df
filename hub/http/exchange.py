"""One request and what its answer, or the lack of one, means for what happens next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any, Literal
from urllib.parse import quote, urlsplit

from hub.errors import HubError, QuotaExceeded, Rejected, Transient
from hub.http.answer import Answer
from hub.http.budget import PATIENCE
from hub.http.dialect import Dialect, Judgement, judge
from hub.http.transport import Body, Fault

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_KEPT = re.compile(r"[A-Za-z][A-Za-z_.-]{0,39}|[vV]\d+(\.\d+)*|\d{4}-\d{2}|\d+\.\d+\.\d+|\{\w+\}|")


@dataclass(frozen=True)
class Call:
    """A request as a connector states it; see `Door.request`."""

    method: str
    path: str
    params: Mapping[str, Any] = field(default_factory=dict, repr=False)
    json: Any = field(default=None, repr=False)
    body: Body = field(default_factory=Body, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    parts: Mapping[str, str] = field(default_factory=dict, repr=False)
    writes: bool = False
    repeatable: bool | None = None
    cost: int = 1
    bucket: str = "calls"
    expects: Literal["json", "bytes", "zip"] = "json"
    timeout: float | None = None

    @property
    def safe(self) -> bool:
        """Whether sending it twice does no harm."""
        return self.method in _READS and not self.writes if self.repeatable is None else self.repeatable

    @property
    def shape(self) -> str:
        """Method and path for an error: no query, and no segment that could be an id, a name or an address."""
        path = urlsplit(self.path).path
        return f"{self.method} {'/'.join(part if _KEPT.fullmatch(part) else '{id}' for part in path.split('/'))}"

    def filled(self) -> str:
        """The path with `{name}` replaced by the quoted part of that name."""
        return re.sub(r"\{(\w+)\}", self._part, self.path) if self.parts else self.path

    def _part(self, found: re.Match[str]) -> str:
        value = self.parts[found[1]]
        if value in ("", ".", ".."):  # would ask for the list, or its parent, instead of one row
            raise Rejected("not an id", where=self.shape, field=found[1])
        return quote(value, safe="")


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt.

    `again`: sending once more is safe and makes sense. `wait`: the pause in seconds the system asks for, None where it
    names none. `busy`: it refused for now and did nothing. `rest`: let all processes rest until then.
    """

    answer: Answer | None = None
    error: HubError | None = None
    again: bool = False
    wait: float | None = None
    busy: bool = False
    rest: datetime | None = None


def weigh(call: Call, got: Answer | Fault, dialect: Dialect, *, connection: str, now: datetime) -> Outcome:
    """Whether an attempt succeeded, failed for good, or should be made again."""
    where = f"{connection} {call.shape}"
    if isinstance(got, Fault):
        again = not got.remedy and (call.safe or not got.sent)
        return Outcome(error=got.error(where, writes=call.writes), again=again)
    if got.ok and not _readable(call, got):
        what = "not an archive" if call.expects == "zip" else "not JSON"
        error = Transient(f"the answer is cut off or {what}", where=where, unclear=call.writes)
        return Outcome(error=error, again=call.safe)
    judged = judge(dialect, got, connection=connection, where=where, now=now)
    if judged is None:
        return Outcome(answer=got)
    return _failed(call, judged, _pause(judged.error, got, dialect, now), now)


def _readable(call: Call, answer: Answer) -> bool:
    """Whether the body of a good answer is what was asked for: an archive to its end, or whole JSON where it was read."""
    if call.expects == "bytes" or answer.empty:
        return True
    if call.expects == "zip":
        from zipfile import is_zipfile

        return is_zipfile(BytesIO(answer.content))
    try:
        return answer.json() is not None or call.method != "GET" or answer.content.strip() == b"null"
    except Transient:
        return False


def _pause(error: HubError, answer: Answer, dialect: Dialect, now: datetime) -> float | None:
    if isinstance(error, QuotaExceeded):
        return max(0.0, (error.until - now).total_seconds())
    return dialect.pause(answer, now) if isinstance(error, Transient) else None


def _failed(call: Call, judged: Judgement, wait: float | None, now: datetime) -> Outcome:
    error, busy = judged.error, judged.busy or isinstance(judged.error, QuotaExceeded)
    if isinstance(error, Transient) and not (busy or judged.told):
        error.unclear = call.writes
    rest = now + timedelta(seconds=wait) if wait is not None else None
    again = busy or (isinstance(error, Transient) and call.safe)
    if rest is None or wait is None or wait <= PATIENCE:
        return Outcome(error=error, again=again, wait=wait, busy=busy, rest=rest)
    if isinstance(error, Transient) and not error.unclear:
        error = QuotaExceeded("the system asks to be left alone", until=rest, where=error.where, code=error.code)
    return Outcome(error=error, rest=rest)
