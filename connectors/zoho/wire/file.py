"""The file of a Bulk Read job: its rows, unpacked as they are read, and whether they say what the list says."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from io import TextIOWrapper
from itertools import islice
from zipfile import ZipFile

from connectors.zoho.wire.cells import Columns, Unreadable
from connectors.zoho.wire.module import IDS, Module
from connectors.zoho.wire.place import Job
from hub.connector import Row


def rows_behind(job: Job, archive: ZipFile | None, columns: Columns, needed: set[str]) -> Iterator[Row]:
    """The rows of a job's file behind those that were given; from its start if it is another file than then.

    Unreadable where there is not just one file.
    """
    members = archive.infolist() if archive is not None else []
    if archive is None or len(members) != 1:
        raise Unreadable
    if job.checksum != members[0].CRC:
        job.checksum, job.given = members[0].CRC, 0
    return islice(rows_in(archive, columns, needed), job.given, None)


def rows_in(archive: ZipFile, columns: Columns, needed: set[str]) -> Iterator[Row]:
    """The rows of the file in an archive, which has these columns at least."""
    with archive, archive.open(archive.infolist()[0]) as packed:
        lines = csv.reader(TextIOWrapper(packed, "utf-8-sig", "surrogateescape", newline=""), strict=True)
        header = next(lines, [])
        if not needed <= set(header):
            raise Unreadable
        for cells in lines:
            if cells:
                row = columns.row(header, cells)
                if not row["id"]:
                    raise Unreadable
                yield row


def proven(module: Module, columns: Columns, rows: Sequence[Row], modified: str) -> bool:
    """Whether some rows of a file are those of the list: how a file spells its cells is documented in part only.

    A record that changed after the job looked at it is passed over.
    """
    sample = columns.sample(rows, IDS)
    listed = module.rows(list(columns.kinds), [row["id"] for row in sample])
    pairs = [(row, listed[row["id"]]) for row in sample if row["id"] in listed]
    same = [pair for pair in pairs if columns.same_version(*pair, modified)]
    return bool(same) and not any(columns.differ(*pair) for pair in same)
