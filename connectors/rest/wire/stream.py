"""What a connection says of one stream: where its rows are, how they are walked, what they mean."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveInt, model_validator

from connectors.rest.wire.clauses import Deletes, Lines, Since, Total
from connectors.rest.wire.entry import RestField
from connectors.rest.wire.paging import Paging
from connectors.rest.wire.times import Times
from hub.connector import ConnectorSettings, Mapping, Stream, Strength
from hub.connector import Field as Entry
from hub.model import NOUNS, NounName

Param = str | int | bool
_WANTED = {"orders": ("number", "placed_at", "total"), "cases": ("number", "opened_at")}
_DAY = timedelta(days=1)


class RestStream(ConnectorSettings):
    """One listing. `name` is the stream's, `noun` what its rows are (by default its name).

    `path` is asked by `method`, with `params` and (POST) `body`. `records` is the path of the rows in the answer, `id`
    and `modified` their fields. `times` says how times without a zone, or as numbers, are meant. `paging`, `since`,
    `total`, `deletes`, `lines`: see below. `overlap_minutes` are read again each time; `sweep_days`: how often
    everything is read (0: only on demand); `remembers_days`: how far the feeds look back (0: for ever). `counts: false`
    where another system counts these orders. `hidden_rows` are counted by the total and never shown to this account.
    `personal_ids`: ids that identify a person (phone numbers) are kept as keyed hashes.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    noun: NounName
    path: str = Field(pattern=r"^/?[^?#\s]+$")
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, Param] = Field(default_factory=dict)
    body: dict[str, Any] = Field(default_factory=dict)
    records: str = ""
    id: str = Field(min_length=1)
    modified: str = ""
    times: Times = Times()
    paging: Paging = Paging()
    since: Since | None = None
    total: Total | None = None
    deletes: Deletes = Deletes()
    overlap_minutes: NonNegativeInt = 5
    sweep_days: NonNegativeInt = 0
    remembers_days: NonNegativeInt = 0
    counts: bool = True
    hidden_rows: NonNegativeInt = 0
    personal_ids: bool = False
    lines: Lines | None = None
    fields: tuple[RestField, ...]

    @model_validator(mode="before")
    @classmethod
    def _named_after_its_noun(cls, given: Any) -> Any:
        """The noun by the stream's name, and each entry of the field map told of it."""
        if not isinstance(given, dict):
            return given
        given = {"noun": given.get("name"), **given}
        noun, fields = given["noun"], given.get("fields")
        if isinstance(fields, list | tuple) and isinstance(noun, str) and noun in NOUNS:
            given["fields"] = [{"noun": noun, **one} if isinstance(one, dict) else one for one in fields]
        return given

    @model_validator(mode="after")
    def _sensible(self) -> RestStream:
        bodies = [part.sent_in for part in (self.paging, self.since) if part is not None]
        if self.method == "GET" and (self.body or "body" in bodies):
            raise ValueError("a GET has no body: write `method: POST`, or `params` and `sent_in: query`")
        if not self.fields:
            raise ValueError(
                "a stream without `fields` says nothing: write at least one, such as {ours: name, theirs: name}"
            )
        ours = {field.ours for field in self.fields}
        for name in _WANTED.get(self.noun, ()):
            if name not in ours:
                raise ValueError(f"{self.noun} cannot be without `{name}`: map it in `fields`")
        pairs = [(field.ours, field.theirs) for field in self.fields]
        if twice := [pair for pair in pairs if pairs.count(pair) > 1]:
            raise ValueError(f'"{twice[0][0]}" is mapped to "{twice[0][1]}" twice; take one out')
        if self.lines and self.noun != "orders":
            raise ValueError("only orders have `lines`; take it out")
        if self.personal_ids and self.paging.next_row:
            raise ValueError(
                "`next_row` keeps an id as it is, and `personal_ids` says that none may be: choose another mark"
            )
        self._proves_what_it_says()
        return self

    def _proves_what_it_says(self) -> None:
        """Refuse what could never be true: absence that nobody can be sure of, or never looks for."""
        if self.deletes.by != "absence":
            return
        if not (self.total or self.paging.tells_its_end):
            raise ValueError("absence needs a listing that tells its end: declare `total`, or the paging's `more`")
        if self.since and not self.sweep_days:
            raise ValueError("absence shows in complete reads only: write `sweep_days`, such as 7")

    @property
    def strength(self) -> Strength:
        """The most that a read can prove: totals bracket it, and absence counts where the listing tells its end."""
        if self.total:
            return "swept"
        return "swept" if self.deletes.by == "absence" else "chain"

    def mapping(self) -> Mapping:
        """The field map as the core reads it."""
        lines = (Entry("lines", "lines", write=False),) if self.lines else ()
        return Mapping(self.id, (*(field.entry() for field in self.fields), *lines), self.modified)

    def stream(self) -> Stream:
        """The stream as the core knows it."""
        feed: Literal["full", "partial", "none"] = "none" if self.since is None else self.since.feed
        gone: Literal["feed", "absence", "none"] = "feed" if self.deletes.feeds else _PLAIN[self.deletes.by]
        sweep, back = self.sweep_days * _DAY, self.remembers_days * _DAY
        return Stream(
            self.name, self.noun, self.mapping(), self.strength, feed, gone, self.counts, self.personal_ids,
            timedelta(minutes=self.overlap_minutes), 0.2 if self.strength == "swept" else 0.0, back or None, sweep or None,
        )  # fmt: skip

    def rows_a_page(self, otherwise: PositiveInt) -> int:
        """How many rows a page is asked for."""
        return self.paging.size or otherwise


_PLAIN: dict[str, Literal["absence", "none"]] = {"absence": "absence", "none": "none"}
