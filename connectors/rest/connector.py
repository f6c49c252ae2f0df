"""A declared REST system: streams as the settings list them, customers written where the settings say how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from connectors.rest.wire.dialect import dialect
from connectors.rest.wire.findings import Examiner
from connectors.rest.wire.listing import Listing
from connectors.rest.wire.reading import Reading
from connectors.rest.wire.rows import Rows
from connectors.rest.wire.settings import RestSettings
from connectors.rest.wire.single import Reader
from connectors.rest.wire.stream import RestStream
from connectors.rest.wire.target import WriteSettings
from connectors.rest.wire.writing import Writer
from hub.connector import (
    Connector,
    Dialect,
    Finding,
    Page,
    Row,
    RowResult,
    Stream,
    Tagging,
    Target,
    Window,
    Write,
)


class Rest(Connector[RestSettings]):
    """One REST system, as its connection declares it."""

    type = "rest"
    Settings = RestSettings
    version = "as declared"

    @classmethod
    def tagging(cls, settings: RestSettings) -> Tagging | None:
        """Tags live in any field that the site maps them to, where the settings say how they are written."""
        if settings.write is None or settings.write.tags == "none":
            return None
        return Tagging(r".+", refused="," if settings.write.tags == "text" else "")

    def dialect(self) -> Dialect:
        """Address, credentials, budget; the words that say no."""
        return dialect(self.settings)

    def streams(self) -> Sequence[Stream]:
        """As the settings list them."""
        return tuple(one.stream() for one in self.settings.streams)

    def target(self) -> Target | None:
        """Customers, where the settings say how they are written."""
        own = self.settings.write
        if own is None:
            return None
        return Target(
            stream=own.stream,
            batch=own.batch.max_rows if own.batch else 50,
            version=own.version,
            create_key=own.create_key,
            native_idempotency=bool(own.idempotency_header),
            settle=timedelta(seconds=own.settle_seconds),
            creates=own.create is not None,
            one_by_one=own.batch is None,
            seconds_per_call=own.seconds_per_call,
            side_effects=own.side_effects,
        )

    def check(self) -> Iterable[Finding]:
        """Credentials, each stream's rows, ids and mapped fields, its filter by time, and reading by id."""
        return Examiner(self).findings()

    def server_time(self) -> datetime:
        """The system's time, by the header Date of its answers."""
        found: datetime = self.tools.http.server_now()
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """The window as the stream declares it; see `wire/walk.py`."""
        own = self.settings.stream(stream.name)
        feed = self.deleted(own)
        id_ = own.deletes.id or own.id
        return Reading(Rows(own, stream.mapping), self.listing(own), feed, id_, window).pages(position)

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """Customers by id; what is not there, or says that it is gone, is left out."""
        return self._reader.fetch(ids)

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Update by the system's own id; create under the key that the settings name."""
        return Writer(self.tools.http, self._write, self.settings.errors, self._rows).write(batch)

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """The rows that carry these create keys."""
        return self._reader.lookup(create_keys)

    def listing(self, own: RestStream) -> Listing:
        """The listing of a stream."""
        size = own.rows_a_page(self.settings.page_size)
        return Listing(
            self.tools.http, self.settings.base_url, own.path, own.records, own.paging, size, own.method, own.params,
            own.body, own.since, own.total, self.settings.auth.in_the_query,
        )  # fmt: skip

    def deleted(self, own: RestStream) -> Listing | None:
        """The listing of a stream's deleted rows; what it leaves out is as in the stream."""
        gone = own.deletes
        if gone.by != "path":
            return None
        paging = gone.paging or own.paging
        size = paging.size or self.settings.page_size
        records = own.records if gone.records is None else gone.records
        return Listing(
            self.tools.http, self.settings.base_url, gone.path, records, paging, size,
            since=gone.since or own.since, total=gone.total, secret=self.settings.auth.in_the_query,
        )  # fmt: skip

    @property
    def _write(self) -> WriteSettings:
        if self.settings.write is None:
            raise NotImplementedError("this connection declares no `write`")
        return self.settings.write

    @property
    def _rows(self) -> Rows:
        own = self.settings.stream(self._write.stream)
        return Rows(own, self.tools.mapping(own.stream()))

    @property
    def _reader(self) -> Reader:
        return Reader(self.tools.http, self._write, self._rows)
