"""`kehub doctor`: everything a run needs, looked at one by one; each line says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import typer

from hub.cli.checks import Check, look_over
from hub.cli.edge import DONE, FAILED, USAGE, command_app, leave
from hub.cli.opening import Json, configuration_path
from hub.cli.show import emit, show

app = command_app()


@app.command()
def doctor(ctx: typer.Context, json: Json = False) -> None:
    """Check everything a run needs, and say what to do about what is missing."""
    found = list(look_over(configuration_path(ctx)))
    if json:
        emit([asdict(check) for check in found])
    else:
        show(("", "area", "what", "found, or what to do"), _rows(found))
    bad = {check.area for check in found if not check.good}
    leave(USAGE if bad - {"connection"} else FAILED if bad else DONE)


def _rows(found: list[Check]) -> Iterator[list[object]]:
    for check in found:
        yield ["ok" if check.good else "NO", check.area, check.subject, check.note]
    bad = sum(1 for check in found if not check.good)
    yield ["", "", "", f"{bad} to mend" if bad else "all is well"]
