"""The calls of one listing, and what their answers hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from connectors.rest.wire.clauses import Since, Total
from connectors.rest.wire.leg import Mark
from connectors.rest.wire.paging import Paging
from connectors.rest.wire.paths import at, put, text
from hub.connector import Answer, Row, Window
from hub.errors import SettingsError, Transient

_NEXT = re.compile(r'<([^>]*)>[^,<]*;\s*rel="?next"?', re.IGNORECASE)


@dataclass(frozen=True)
class Sheet:
    """One page as it came. `next` is the next mark ("" where there is none), `more` what the flag says, if there is one."""

    rows: list[Any]
    total: int | None = None
    next: str = ""
    more: bool | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Listing:
    """One listing behind a connection's door. `secret` is the parameter that carries the key, for links that repeat it."""

    door: Any  # hub.http.door.Door
    base: str
    path: str
    records: str
    paging: Paging
    size: int
    method: str = "GET"
    params: Row = field(default_factory=dict)
    body: Row = field(default_factory=dict)
    since: Since | None = None
    total: Total | None = None
    secret: str = ""

    def sheet(self, mark: Mark, window: Window, size: int | None = None) -> Sheet:
        """The page at a mark."""
        answer = self._asked(mark, window, size or self.size)
        rows = answer.rows(self.records)
        paging = self.paging
        return Sheet(
            rows,
            _number(self._told(answer, self.total.path, self.total.header), "total") if self.total else None,
            self._next(answer, rows),
            self._more(answer),
            _number(at(answer.json(), paging.pages), "number of pages") if paging.pages and not answer.empty else None,
        )

    def _asked(self, mark: Mark, window: Window, size: int) -> Answer:
        if self.paging.by == "link" and mark is not None:
            found: Answer = self.door.request("GET", str(mark))
            return found
        params: Row = dict(self.params)
        body: Row = _copied(self.body)
        alone = self.paging.by == "token" and mark is not None
        if alone:
            params, body = {}, {}
        elif self.since and window.since is not None:
            self._put(params, body, self.since.sent_in, self.since.param, self.since.bound(window.since))
            if self.since.until:
                self._put(
                    params, body, self.since.sent_in, self.since.until, self.since.bound(window.until, upper=True)
                )
        if self.paging.size_param and not alone:
            self._put(params, body, self.paging.sent_in, self.paging.size_param, size)
        if mark is not None and self.paging.param:
            self._put(params, body, self.paging.sent_in, self.paging.param, mark)
        params = {name: text(value) if isinstance(value, bool) else value for name, value in params.items()}
        sent = {"json": body} if self.method == "POST" else {}
        found = self.door.request(self.method, self.path, params=params, repeatable=True, **sent)
        return found

    @staticmethod
    def _put(params: Row, body: Row, where: str, name: str, value: Any) -> None:
        if where == "body":
            put(body, name, value)
        else:
            params[name] = value

    @staticmethod
    def _told(answer: Answer, path: str, header: str) -> Any:
        return answer.header(header) if header else None if answer.empty else at(answer.json(), path)

    def _more(self, answer: Answer) -> bool | None:
        """Whether more follows, as a flag says; None where there is none."""
        paging = self.paging
        if answer.empty or not (paging.more or paging.last):
            return None
        flag = _flag(at(answer.json(), paging.more or paging.last))
        return flag if paging.more else not flag

    def _next(self, answer: Answer, rows: list[Any]) -> str:
        paging = self.paging
        if paging.by == "link" and not (paging.next or paging.next_header):
            found = _NEXT.search(answer.header("link"))
            return self._home(found[1]) if found else ""
        if paging.next_row:
            return text(at(rows[-1], paging.next_row)) if rows else ""
        if paging.next or paging.next_header:
            told = text(self._told(answer, paging.next, paging.next_header) or None)
            told = "" if told == "0" else told
            return self._home(told) if told and paging.by == "link" else told
        return ""

    def _home(self, link: str) -> str:
        """A link without the secret that it may repeat, at the address that the connection knows; its host must be that one."""
        base, there = urlsplit(self.base), urlsplit(urljoin(f"{self.base.rstrip('/')}/{self.path.lstrip('/')}", link))
        if there.hostname != base.hostname:
            raise SettingsError(
                "the next page is said to be at another host",
                remedy="set `base_url` to the host that the system's own links name",
            )
        pairs = [pair for pair in parse_qsl(there.query, keep_blank_values=True) if pair[0] != self.secret]
        return urlunsplit((base.scheme, base.netloc, there.path, urlencode(pairs), ""))


def _copied(value: Any) -> Any:
    """Objects and lists anew, so that what is put into them stays out of the settings."""
    if isinstance(value, dict):
        return {name: _copied(part) for name, part in value.items()}
    return [_copied(part) for part in value] if isinstance(value, list) else value


def _number(found: Any, what: str) -> int:
    """A whole number; without it nobody could tell a whole listing from a part."""
    told = text(found)
    if not told.isdecimal():
        raise Transient(f"the listing does not tell its {what}", remedy="check where the settings say that it is")
    return int(told)


def _flag(found: Any) -> bool:
    """Whether more follows; what is neither yes nor no is no end."""
    word = text(found).lower()
    if word not in ("true", "false", "1", "0", "yes", "no", "y", "n"):
        raise Transient("the listing does not tell whether more follows", remedy="check `more` in the settings")
    return word in ("true", "1", "yes", "y")
