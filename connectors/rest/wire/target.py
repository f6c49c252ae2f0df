"""What a connection says of writing to its customers: the calls, what they answer, and how a lost create is found again."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, NonNegativeInt, PositiveFloat, model_validator

from connectors.rest.wire.paths import Word
from hub.connector import ConnectorSettings

_ID, _KEY = "{id}", "{key}"


class Verb(ConnectorSettings):
    """One call that writes. `{id}` in the path is the row's id; `wrap` the envelope of the row, or of the list of rows;
    `body` what goes along each time."""

    method: Literal["PATCH", "PUT", "POST"] = "PATCH"
    path: str = Field(pattern=r"^/?[^?#\s]+$")
    wrap: str = ""
    body: dict[str, Any] = Field(default_factory=dict)


class Batch(ConnectorSettings):
    """Many rows in one call, at most `max_rows`; `id_field` is where a row carries its id.

    `results` is the path of the list that tells what became of each. `join: order`: they are in the order of the rows;
    `id`: each names its row in `result_id` (a create: in the field of the create's key). A row went well when `ok_field`
    holds one of `ok`; else `code` and `field` are the paths of why. What follows from a code is told by the connection's
    `errors`: `busy` and `quota` are tried later in the run, `transient` is unclear, `permission` is refused for good,
    everything else is rejected.
    """

    max_rows: int = Field(100, ge=1, le=1000)
    id_field: str = "id"
    results: str
    join: Literal["order", "id"] = "order"
    result_id: str = "id"
    ok_field: str
    ok: tuple[Word, ...] = Field(min_length=1)
    code: str = ""
    field: str = ""


class ById(ConnectorSettings):
    """Reading rows by id, for the guard. One a call: `path` holds `{id}`, `records` is the path of the row. Many a call:
    `param` takes up to `max_ids` ids with commas between, `records` is the path of the rows. `absent` are the words (of
    `errors`) for a row that is not there; 404 and 410 always are."""

    path: str = Field(pattern=r"^/?[^?#\s]+$")
    param: str = ""
    max_ids: int = Field(100, ge=1, le=1000)
    records: str = ""
    absent: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _one_or_many(self) -> ById:
        if (_ID in self.path) == bool(self.param):
            raise ValueError(
                "one row a call has {id} in its `path`, many a call a `param` for the ids: write one of them"
            )
        return self


class Lookup(ConnectorSettings):
    """Finding what a create has made: `{key}` in the path, or `param`, takes the create's key; `records` is the path of
    what is found."""

    path: str = Field(pattern=r"^/?[^?#\s]+$")
    param: str = ""
    records: str = ""

    @model_validator(mode="after")
    def _by_the_key(self) -> Lookup:
        if (_KEY in self.path) == bool(self.param):
            raise ValueError("a look-up goes by the key: write {key} in its `path`, or a `param`, one of them")
        return self


class WriteSettings(ConnectorSettings):
    """`stream` is the one whose rows are written. `update` and `create` are calls for one row, or with `batch` for many.

    `read` gives rows by id: each batch is read again just before it is written, and after it. A create needs `create_key`, a
    field of theirs that is unique and carries the hub's key, and `lookup`, or `idempotency_header`, under which the
    system takes a create once. `answer_id` is the path of the new id in the answer of a single create. `clear` writes an
    emptied field as null or as an empty text. `version` is a field of theirs that goes up with every write. `tags`: how
    a field of tags is written. `settle_seconds`: how long a new row may stay out of sight.
    """

    stream: str = "customers"
    update: Verb
    create: Verb | None = None
    batch: Batch | None = None
    read: ById
    lookup: Lookup | None = None
    create_key: str = ""
    idempotency_header: str = ""
    answer_id: str = "id"
    clear: Literal["null", "empty"] = "null"
    version: str = ""
    tags: Literal["none", "list", "text"] = "none"
    settle_seconds: NonNegativeInt = 60
    seconds_per_call: PositiveFloat = 0.5
    side_effects: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sensible(self) -> WriteSettings:
        if self.batch is None and _ID not in self.update.path:
            raise ValueError("the path of an update has no {id}: write it as /members/{id}, or declare `batch`")
        paths = [verb.path for verb in (self.update, self.create) if verb]
        if self.batch is not None and any(_ID in path for path in paths):
            raise ValueError("a batch names many rows: take {id} out of its path; `id_field` carries the ids")
        if self.create is None:
            odd = [name for name in ("create_key", "lookup", "idempotency_header") if getattr(self, name)]
            if odd:
                raise ValueError(f'"{odd[0]}" is about creates: declare `create`, or take it out')
            return self
        self._creates_once(self.create)
        return self

    def _creates_once(self, create: Verb) -> None:
        """A create whose answer gets lost must be found again, or be harmless to repeat."""
        if _ID in create.path:
            raise ValueError("a row that is made has no id yet: take {id} out of the path of `create`")
        if not self.create_key:
            raise ValueError("a create needs `create_key`: a unique field of theirs that carries the hub's key")
        if self.batch and self.idempotency_header:
            raise ValueError("`idempotency_header` names one row: it says nothing with `batch`; declare `lookup`")
        if not (self.lookup or self.idempotency_header):
            raise ValueError("a create whose answer gets lost could be made twice: declare `lookup`")
