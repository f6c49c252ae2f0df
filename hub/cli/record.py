"""`kehub connectors record`: a system's answers as fixtures, with everything personal replaced."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hub.cli.opening import Json, opened
from hub.cli.show import Facts, emit, show

To = Annotated[Path, typer.Option("--to", metavar="FOLDER", help="Where the files go; an empty folder or a new one.")]
Streams = Annotated[list[str] | None, typer.Option("--stream", metavar="S", help="Only this stream; may be repeated.")]
Pages = Annotated[int, typer.Option("--pages", min=0, metavar="N", help="At most so many pages of each stream.")]


def record(
    ctx: typer.Context,
    connection: Annotated[str, typer.Argument(metavar="CONNECTION")],
    to: To,
    stream: Streams = None,
    pages: Pages = 0,
    json: Json = False,
) -> None:
    """Read a connection and save what it answers as test data, personal values replaced by invented ones.

    Nothing is written to the system. Ids are replaced so that references hold; tokens are left out. What is not known
    to be harmless is replaced. Before a file is written, all of it is searched for the values of before. Read the files
    through before you give them away.
    """
    from hub.testing.recording.session import Session

    with opened(ctx) as setup:
        chosen = setup.config.connection(connection)
        network = setup.config.network
        session = Session(
            lambda: setup.bare(chosen), setup.clock, setup.store.tokens, tuple(stream or ()), pages,
            network.proxy or "", network.ca_bundle or "", network.timeout_seconds,
        )  # fmt: skip
        facts = session.record(to)
    if json:
        emit(facts)
    else:
        _tell(facts)


def _tell(facts: Facts) -> None:
    told = [[one["field"], one["as"], one["kept"], one["replaced"]] for one in facts["fields"]]
    show(("field", "as", "kept", "replaced"), told)
    rows = ", ".join(f"{count} {name}" for name, count in facts["rows"].items())
    print(f"{facts['exchanges']} exchanges with {rows} are in {facts['folder']}")
    if facts["checks"]["bad"]:
        print(f"{facts['checks']['bad']} checks of the connection failed: see `kehub doctor`")
    print("Read the files through before you give them away.")
