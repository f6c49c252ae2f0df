"""How a listing is cut into pages, and by what it tells its end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, NonNegativeInt, model_validator

from hub.connector import ConnectorSettings

Way = Literal["none", "page", "offset", "cursor", "token", "link"]

_MARKS = ("next", "next_header", "next_row")
_TAKES: Mapping[Way, tuple[str, ...]] = {
    "none": (),
    "page": ("param", "size_param", "size", "first", "more", "last", "pages", "short_ends", "sent_in"),
    "offset": ("param", "size_param", "size", "first", "more", "last", "overlap_rows", "short_ends", "sent_in"),
    "cursor": ("param", "size_param", "size", *_MARKS, "more", "last", "sent_in"),
    "token": ("param", "size_param", "size", "next", "next_header", "more", "last", "sent_in"),
    "link": ("size_param", "size", "next", "next_header", "more", "last"),
}


class Paging(ConnectorSettings):
    """`by` chooses how pages are asked for.

    `none`: one answer holds everything. `page`: by number, from `first` (1). `offset`: by the number of rows before it;
    pages overlap by `overlap_rows` (1), so that rows which move up hide none (0 where offsets must be multiples of the
    size). `cursor`: by a mark in the parameter `param`, beside all others. `token`: likewise, but the mark stands for the
    whole question and goes alone. `link`: by the address of the next page. `param` is the parameter of number, offset
    or mark, `size_param` that of the rows a page, `size` how many (by default the connection's `page_size`); `sent_in`
    the query or the body.

    Where the next mark is: `next` (a path in the answer), `next_header`, or `next_row` (a field of the page's last row).
    A link is in the header `Link` (rel=next) unless one of the first two says otherwise. An answer without a mark (or with
    null, false, 0 or an empty text) is the last. `more` is the path of a flag whose `false` is the end, `last` of one whose
    `true` is, `pages` that of the number of pages. Else numbered pages end
    where the stream's `total` is reached, or, without one, with an empty page; with `short_ends` also with a page that is
    not full.
    """

    by: Way = "none"
    param: str = ""
    size_param: str = ""
    size: Annotated[int, Field(ge=2, le=10_000)] | None = None
    first: NonNegativeInt = 1
    overlap_rows: Literal[0, 1] = 1
    next: str = ""
    next_header: str = ""
    next_row: str = ""
    more: str = ""
    last: str = ""
    pages: str = ""
    short_ends: bool = False
    sent_in: Literal["query", "body"] = "query"

    @model_validator(mode="after")
    def _sensible(self) -> Paging:
        odd = sorted(self.model_fields_set - {"by", *_TAKES[self.by]})
        if odd:
            raise ValueError(f'"{odd[0]}" says nothing with `by: {self.by}`; take it out, or choose another way')
        if self.by not in ("none", "link") and not self.param:
            raise ValueError(f'`by: {self.by}` needs "param": the parameter that carries it')
        marks = [name for name in _MARKS if getattr(self, name)]
        if self.by in ("cursor", "token") and not marks:
            raise ValueError(f"a {self.by} needs a place where the next mark is found: write {self._places}")
        if len(marks) > 1:
            raise ValueError(f"`{marks[0]}` and `{marks[1]}` both say where the next mark is; keep one of them")
        if self.more and self.last:
            raise ValueError("`more` and `last` both say where the end is; keep one of them")
        if self.next_row and not (self.more or self.last):
            raise ValueError("a mark made of the last row never runs out: write `more` or `last`, which tells the end")
        if (self.param and self.param == self.size_param) or (self.short_ends and not self.size_param):
            raise ValueError(
                "`short_ends` needs `size_param`: how full a page is must be asked for"
                if self.short_ends
                else "`param` and `size_param` are one parameter; each needs a name of its own"
            )
        return self

    @property
    def _places(self) -> str:
        return "`next`, `next_header` or `next_row`" if self.by == "cursor" else "`next` or `next_header`"

    @property
    def numbered(self) -> bool:
        """Whether the place of any page can be told without the page before."""
        return self.by in ("page", "offset")

    @property
    def start(self) -> int | str | None:
        """Where the first page is."""
        if not self.numbered:
            return None
        return self.first if self.by == "page" or "first" in self.model_fields_set else 0

    @property
    def tells_its_end(self) -> bool:
        """Whether the system says which page is the last, so that nobody has to guess it from what is missing."""
        return bool(self.more or self.last or self.pages) or not self.numbered
