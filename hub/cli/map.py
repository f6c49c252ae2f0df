"""`kehub map test CONNECTION ID`: how a record of theirs becomes one of ours, and what would be written back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import typer

from hub.cli.edge import command_app
from hub.cli.opening import Json, opened
from hub.cli.show import Facts, cell, emit, show
from hub.connector import Connector, Field, Mapping, Row, Tagged, Window
from hub.errors import Rejected, SettingsError
from hub.settings import Connection
from sync import tags
from sync.mapping import LISTS, owner, pick, write
from sync.normalise import Normaliser
from sync.reading import spelled
from sync.setup import Setup

app = command_app(help="Show how a record of theirs becomes one of ours, and back.")


@app.callback()
def family() -> None:
    """Show how a record of theirs becomes one of ours, and back."""


@app.command(name="test")
def try_one(ctx: typer.Context, connection: str, id: str, json: Json = False) -> None:
    """Read one record from the system and show its way through the mapping, field by field. Nothing is stored."""
    with opened(ctx) as setup:
        found = setup.config.connection(connection)
        facts = _facts(setup, found, _row(setup, found, id))
    if json:
        emit(facts)
        return
    columns = ("their field", "theirs", "our field", "ours", "owner", "written back as")
    rows = [
        [f["theirs"], cell(f["raw"], 30), f["ours"], f["value"] or f["flaw"], f["owner"], f["back"]]
        for f in facts["fields"]
    ]
    show(columns, rows)
    print(f"This row goes to quarantine: {facts['rejected']}" if facts["rejected"] else "This row is taken.")


def _reader(setup: Setup, connection: Connection) -> Normaliser:
    """The connection's stream of customers: the one that is written, else the first."""
    readers = [reader for reader in setup.readers(connection) if reader.stream.noun == "customers"]
    if not readers:
        raise SettingsError("this connection has no stream of customers", where=connection.name)
    target = setup.connector(connection).target()
    return next((reader for reader in readers if target and reader.stream.name == target.stream), readers[0])


def _row(setup: Setup, connection: Connection, id_: str) -> Row:
    """Their row, in one call where the system can be asked for one, else by reading until it comes."""
    connector = setup.connector(connection)
    if connector.target() is not None and type(connector).fetch is not Connector.fetch:
        row = connector.fetch([id_]).get(id_)
    else:
        row = _searched(connector, _reader(setup, connection), id_)
    if row is None:
        raise SettingsError("the system has no record of this id", where=connection.name, remedy="check the id")
    return row


def _searched(connector: Connector[Any], reader: Normaliser, id_: str) -> Row | None:
    window = Window(None, datetime.now(UTC))
    rows = (row for page in connector.read(reader.stream, window, None) for row in page.rows)
    return next((row for row in rows if str(pick(row, reader.stream.mapping.id)) == id_), None)


def _facts(setup: Setup, connection: Connection, row: Row) -> Facts:
    reader, rejected = _reader(setup, connection), ""
    mapping = reader.stream.mapping
    if setup.connector(connection).target() is None:
        mapping = replace(mapping, fields=tuple(replace(entry, write=False) for entry in mapping.fields))
    try:
        reader(row)
    except Rejected as fault:
        rejected = f"{fault.field}: {fault.what}" if fault.field else fault.what
    return {
        "stream": reader.stream.name,
        "rejected": rejected,
        "fields": [_field(setup, mapping, entry, row) for entry in mapping.fields],
    }


def _field(setup: Setup, mapping: Mapping, entry: Field, row: Row) -> Facts:
    """One entry of the mapping table on this row; `back` is what the hub would send for the same value."""
    raw, flaw = pick(row, entry.theirs), ""
    value: Any = None
    if entry.ours != "lines":
        try:
            value = tags.seen(entry, raw) if tags.is_tags(entry) else spelled(entry, raw, setup.config.place)
        except ValueError as fault:
            flaw = f"left empty: {fault}"
    writable = entry.write and value is not None and entry.ours not in LISTS
    back = write(Mapping(mapping.id, (entry,)), {entry.ours: value}, row).get(entry.theirs) if writable else None
    back = list(back.all) if isinstance(back, Tagged) else back
    return {
        "theirs": entry.theirs, "raw": raw, "ours": entry.ours, "value": value, "flaw": flaw,
        "owner": owner(entry) if entry.write else "never written", "back": back,
    }  # fmt: skip
