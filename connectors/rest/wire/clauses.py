"""The smaller things that a stream declares: what changed since, totals, deletes, the lines of an order."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from connectors.rest.wire.paging import Paging
from connectors.rest.wire.paths import Word
from connectors.rest.wire.times import Times
from hub.connector import ConnectorSettings


class Since(Times):
    """Asking for what changed: `param` is the lower bound of a row's time of change, `until` the upper one ("": none).

    `format` and `zone` are those of the bounds. `sent_in`: query or body. `feed: partial` where the system knows that
    not every change moves that time; then `sweep_days` should find the rest.
    """

    param: str
    until: str = ""
    sent_in: Literal["query", "body"] = "query"
    feed: Literal["full", "partial"] = "full"

    @model_validator(mode="after")
    def _two_names(self) -> Since:
        if not self.param or self.param == self.until:
            raise ValueError("`param` and `until` are two parameters, each with a name of its own")
        return self


class Total(ConnectorSettings):
    """Where an answer tells how many rows the question has in all: a `path` in it, or a `header`."""

    path: str = ""
    header: str = ""

    @model_validator(mode="after")
    def _one_place(self) -> Total:
        if bool(self.path) == bool(self.header):
            raise ValueError("a total has one place: write `path`, or `header`")
        return self


class Deletes(ConnectorSettings):
    """How the hub learns that a row is gone.

    `flag`: the listing goes on to show it, and its `field` holds one of `values`. `path`: a listing of its own, with
    `path`, `records`, `id`, `paging` and `since` (what is left out is as in the stream). `absence`: it is missing from
    two complete reads. `none`: never.
    """

    by: Literal["none", "flag", "path", "absence"] = "none"
    field: str = ""
    values: tuple[Word, ...] = ()
    path: str = ""
    records: str | None = None
    id: str = ""
    paging: Paging | None = None
    since: Since | None = None
    total: Total | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Deletes:
        if self.by == "flag" and not (self.field and self.values):
            raise ValueError("a flag needs `field` and `values`: which field, and what it holds when a row is gone")
        if self.by == "path" and not self.path:
            raise ValueError("`by: path` needs `path`: where the deleted rows are listed")
        takes = {"flag": {"field", "values"}, "path": {"path", "records", "id", "paging", "since", "total"}}
        odd = sorted(self.model_fields_set - {"by"} - takes.get(self.by, set()))
        if odd:
            raise ValueError(f'"{odd[0]}" says nothing with `by: {self.by}`; take it out, or choose another way')
        return self

    @property
    def feeds(self) -> bool:
        """Whether the system itself tells."""
        return self.by in ("flag", "path")


class Lines(ConnectorSettings):
    """The positions of an order: `path` is their list in the row, the other keys are their fields."""

    path: str
    sku: str
    name: str = ""
    batch: str = ""
    category: str = ""
    quantity: str = ""
    unit_price: str = ""
    discount: str = ""
    refunded: str = ""
