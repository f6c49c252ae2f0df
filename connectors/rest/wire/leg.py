"""How far a walk along a listing has come, as data that another process can go on from."""

from __future__ import annotations

from dataclasses import dataclass, field

Mark = int | str | None


class Shifted(Exception):
    """The listing moved in a way that leaves no certainty: the window is to be read again from its start."""


@dataclass
class Leg:
    """How far a walk has come, as data. `seen` is the page before, `read` the rows met, `turtle` an earlier mark, to
    notice marks that go round in a ring; `most` the rows of the fullest page, `first` and `total` the totals of the first
    and the last one."""

    mark: Mark = None
    page: int = 0
    seen: list[str] = field(default_factory=list)
    read: int = 0
    empty: int = 0
    most: int = 0
    first: int | None = None
    total: int | None = None
    turtle: str = ""
    lap: int = 1
    over: bool = False
