"""What faults make of the pages of a listing: a twin asks here where it cuts a page, and where it shows one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

Row = dict[str, Any]  # JSON
Struck = Callable[[str, Any], Row | None]
"""Whether a fault strikes a call: its options, or None. A strike is used up by asking."""
T = TypeVar("T")


class Pages:
    """The faults of one twin's listings."""

    def __init__(self, struck: Struck) -> None:
        self._struck = struck

    def capped(self, call: Any, found: Sequence[T]) -> tuple[Sequence[T], int]:
        """What a listing holds, in its order, as far as it is shown; and the total that is told with it."""
        if (cap := self._struck("silent_cap", call)) is None:
            return found, len(found)
        rows = cap.get("rows")
        shown = found[: len(found) // 2 if rows is None else rows]
        return shown, len(shown) if cap.get("totals") == "lying" else len(found)

    def cut(self, call: Any, start: int, size: int) -> tuple[int, int]:
        """Where a page really begins and how many rows it has, where these were asked for."""
        if self._struck("short_page", call) is not None:
            return start, max(1, size // 2)
        if self._struck("skipped_page", call) is not None:
            return start + size, size
        if start and self.ignored(call):
            return max(0, start - size), size
        return start, size

    def ignored(self, call: Any) -> bool:
        """Whether the position that a call asks for is passed over, so that the page before comes again."""
        return self._struck("repeated_page", call) is not None

    def shown(self, call: Any, rows: list[Row], title: str, drift: Callable[[str], None]) -> list[Row]:
        """A page's rows as they come out. `title` is the field that names a row; `drift` lets its first one change."""
        if not rows:
            return rows
        if self._struck("empty_page", call) is not None:
            return []
        if self._struck("duplicate_row", call) is not None:
            rows = [*rows, rows[0]]
        if self._struck("undecodable_row", call) is not None:
            rows = [{**rows[0], title: "张\ud800"}, *rows[1:]]
        if self._struck("shuffled_rows", call) is not None:
            rows = rows[::-1]
        if (found := self._struck("drift", call)) is not None:
            drift(str(found.get("kind", "modify")))
        return rows
