"""Store registers, till exports and spreadsheets: CSV and Excel files as streams."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.connector import Connector, hookimpl


@hookimpl
def kehub_connectors() -> Sequence[type[Connector[Any]]]:
    """The connector of this package; imported only when asked for, so that `kehub --help` stays quick."""
    from connectors.csv_file.connector import CsvFile

    return [CsvFile]
