"""What a connection reads with: the walk of a window, and the export of a module, as the settings want them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from connectors.zoho.wire.bulk import Bulk
from connectors.zoho.wire.export import Export
from connectors.zoho.wire.module import Module, columns_of
from connectors.zoho.wire.place import Place
from connectors.zoho.wire.settings import ZohoSettings
from connectors.zoho.wire.tags import FIELD
from connectors.zoho.wire.walk import Walk
from hub.connector import Row, Stream, Tools, Window

_EXPORT_ROWS = 5
"""A page of an export holds so many pages of a list."""


@dataclass
class Reading:
    """Makes walks and exports of one connection; `time` is the system's. Remembers of what no export is of use."""

    tools: Tools
    settings: ZohoSettings
    time: Callable[[], datetime]
    refused: set[str] = field(default_factory=set)

    def walk(self, module: Module, stream: Stream, window: Window, position: Row | None) -> Walk:
        """The read of a window from a position on."""
        own = self.settings
        return Walk(
            module,
            columns_of(stream.mapping, f"{self.tools.connection}.{stream.name}"),
            window,
            self.now() if position is None else Place.of(position),
            own.page_size,
            own.coql_rows,
            own.coql_count,
            own.hidden(stream.name),
            () if own.coql_tags else (FIELD,),
            now=self.now,
            export=self.export(module, stream) if own.bulk_from else None,
        )

    def export(self, module: Module, stream: Stream) -> Export:
        """The export of a stream's module."""
        own, mapping = self.settings, stream.mapping
        bulk = Bulk(self.tools.http, f"/crm/bulk/{own.api_version}/read", module.name, own.bulk_credits)
        return Export(
            bulk, module, mapping, columns_of(mapping, self.tools.connection), self.tools.clock,
            own.page_size * _EXPORT_ROWS, own.bulk_from, own.bulk_tags, self.refused,
        )  # fmt: skip

    def now(self) -> Place:
        """The start of a read that begins now."""
        return Place.at(self.time(), self.tools.clock.now())
