"""Members: list, search, those who left, one, change, create, and many of each in one call."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from connectors.rest.twin.books import ADDRESS, EMPTY, Books, Record, Unknown, Values
from connectors.rest.twin.listing import Asked, Listing, unmark
from connectors.rest.twin.options import ClubOptions
from connectors.rest.twin.replies import Refused, good
from hub.testing.twin import Answer, Call
from hub.testing.twin_rewrites import rewritten

Note = Callable[[str, str, str, Iterable[str]], None]
_KEPT = frozenset((*EMPTY, "address")) - {"status"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_LONGEST = 60


class Members:
    """The members' calls; `rewrites` tells whether phones are stored in another form than they came in."""

    def __init__(
        self, books: Books, options: ClubOptions, listing: Listing, note: Note,
        rewrites: Callable[[Call], bool], refuse: Callable[[str, str], Refused],
    ) -> None:  # fmt: skip
        self._books = books
        self._options = options
        self._listing = listing
        self._note = note
        self._rewrites = rewrites
        self._refuse = refuse

    # -- reading

    def listed(self, call: Call) -> Answer:
        """`GET /members`, `GET /purchases`, and `POST .../search` with the same words in the body."""
        asked = self._asked(call)
        module = "purchases" if "purchases" in call.template else "members"
        return self._listing.page(call, asked, module, self._found(asked, module), self._books.shown)

    def closed(self, call: Call) -> Answer:
        """`GET /members/closed`: the numbers of those who left, erased ones among them."""
        asked = self._asked(call)
        gone = [one for one in self._books.members.values() if one.closed]
        gone += [Record(number, {}, 0, self._books.stamp()) for number in sorted(self._books.erased)]
        show = lambda record: {"member_no": record.number, "left": self._books.time(record.changed)}  # noqa: E731
        return self._listing.page(call, asked, "closed", gone, show)

    def one(self, call: Call) -> Answer:
        """`GET /members/{number}`."""
        return good(self._books.shown(self._member(call.params["number"])))

    def _asked(self, call: Call) -> Asked:
        """What a call asks for; a token brings the question that it stands for."""
        asked: Asked = dict(self._body(call).get("query") or {}) if call.method == "POST" else dict(call.query)
        if self._options.paging == "token" and asked.get("mark"):
            return {**unmark(str(asked["mark"]), self._refuse), "mark": asked["mark"]}
        return asked

    def _found(self, asked: Asked, module: str) -> list[Record]:
        low, high = (str(asked[name]) if asked.get(name) else "" for name in ("since", "until"))
        since = self._books.read_time(low, self._refuse) if low else None
        until = self._books.read_time(high, self._refuse) if high else None
        numbers = str(asked["numbers"]).split(",") if asked.get("numbers") else None
        return [
            record
            for record in self._books.module(module).values()
            if (since is None or record.changed >= since)
            and (until is None or record.changed < until)
            and (numbers is None or record.number in numbers)
            and (not asked.get("ref") or record.values.get("ref") == asked["ref"])
            and (self._options.shows_closed or not record.closed)
        ]

    # -- writing

    def update(self, call: Call) -> Answer:
        """`PATCH /members/{number}`."""
        record = self._member(call.params["number"])
        self._change(record, self._row(self._body(call)), self._rewrites(call))
        return good(self._books.shown(record))

    def create(self, call: Call) -> Answer:
        """`POST /members`; a key that was seen before gives the member that it made."""
        key = call.headers.get("idempotency-key", "") if self._options.keyed_creates else ""
        if key in self._books.keys:
            return good(self._books.shown(self._books.members[self._books.keys[key]]))
        record = self._make(self._row(self._body(call)), self._rewrites(call))
        if key:
            self._books.keys[key] = record.number
        return good(self._books.shown(record))

    def many(self, call: Call) -> Answer:
        """`POST /members/batch`: row by row, a row with a number is changed, another one made."""
        rows = self._body(call).get("rows")
        if not isinstance(rows, list) or len(rows) > self._options.batch:
            raise self._refuse("2422", "rows")
        told = [self._told(row, self._rewrites(call)) for row in rows]
        failed = any(one["state"] == "failed" for one in told)
        answer = good({"rows": told})
        return Answer(self._options.batch_status, answer.body) if failed else answer

    def _told(self, row: Any, rewrites: bool) -> Values:
        """What becomes of one row of a batch."""
        try:
            row = row if isinstance(row, dict) else {}
            number = str(row.get("member_no") or "")
            values = self._row({"member": {one: row[one] for one in row if one != "member_no"}})
            if number:
                record = self._member(number)
                self._change(record, values, rewrites)
            else:
                record = self._make(values, rewrites)
        except Refused as refused:
            return {
                "member_no": str(row.get("member_no") or ""),
                "state": "failed",
                "why": int(refused.word),
                "field": refused.field,
            }
        return {"member_no": record.number, "state": "saved", "ref": record.values["ref"]}

    def _member(self, number: str) -> Record:
        try:
            record = self._books.find(number)
        except Unknown:
            raise self._refuse("2404", "") from None
        return record

    def _change(self, record: Record, values: Values, rewrites: bool) -> None:
        self._checked(values, record)
        self._books.merge(record, self._kept(values, rewrites))
        self._books.touch(record)
        self._note("update", "members", record.number, values)

    def _make(self, values: Values, rewrites: bool) -> Record:
        self._checked(values, None)
        record = self._books.add_member(self._kept(values, rewrites))
        self._note("insert", "members", record.number, values)
        return record

    def _checked(self, values: Values, own: Record | None) -> None:
        """Refuse what the service does not take: unknown fields, odd addresses, long names, a reference twice."""
        odd = sorted(set(values) - _KEPT) or sorted(set(values.get("address") or {}) - set(ADDRESS))
        if odd:
            raise self._refuse("2422", odd[0])
        email = values.get("email")
        if email and not _EMAIL.fullmatch(str(email)):
            raise self._refuse("2422", "email")
        if len(str(values.get("name") or "")) > _LONGEST:
            raise self._refuse("2422", "name")
        if own is not None and own.closed:
            raise self._refuse("1003", "")
        ref = values.get("ref")
        if ref and any(one is not own and one.values["ref"] == ref for one in self._books.members.values()):
            raise self._refuse("2409", "ref")

    def _kept(self, values: Values, rewrites: bool) -> Values:
        kept = rewritten(values, self._options.rewrites)
        phone = str(kept.get("mobile") or "").removeprefix("+86")
        if rewrites and len(phone) == 11 and phone.isdecimal():
            kept["mobile"] = f"{phone[:3]} {phone[3:7]} {phone[7:]}"
        return kept

    def _body(self, call: Call) -> Values:
        try:
            body = call.json()
        except ValueError:
            raise self._refuse("2422", "") from None
        if not isinstance(body, dict):
            raise self._refuse("2422", "")
        return body

    def _row(self, body: Values) -> Values:
        row = body.get("member")
        if not isinstance(row, dict):
            raise self._refuse("2422", "member")
        return row
