"""A line of cells, as every kind of file is split into."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from hub.errors import Transient


class Line(NamedTuple):
    """One row of cells, the number of its first line in the file and, if it cannot be used, why.

    `open`: the file ends in the middle of this line, or its writer puts no line break behind the last one.
    """

    number: int
    cells: list[str]
    fault: str = ""
    open: bool = False


Lines = Callable[[], Iterator[Line]]
"""A file's lines, from its start at each call."""


def filled(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines that are not empty."""
    return (line for line in lines if line.fault or any(cell.strip() for cell in line.cells))


def cut_off(where: str, what: str) -> Transient:
    """What is said of a file that ends too early: it may be whole next time."""
    return Transient(f"{what}: the file is cut off", where=where, remedy="wait for all of it, or export it again")
