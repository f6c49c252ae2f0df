"""Places in the rows of a page, looked up together: a row, and an object in it, is gone into once for all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Mapping as Rows
from itertools import repeat
from operator import itemgetter
from typing import Any

from sync.mapping import pick

Column = Sequence[Any]
Pick = Callable[[Rows[str, Any]], tuple[Any, ...]]


class Places:
    """Reads places (`phone`, `billing.phone`) out of rows, a column each, in the order given."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        inner: dict[str, list[str]] = {}
        for head, _, rest in (name.partition(".") for name in dict.fromkeys(names) if name.count(".") == 1):
            inner.setdefault(head, []).append(rest)
        self._outer = _Together("", [*(name for name in dict.fromkeys(names) if name and "." not in name), *inner])
        self._inner = {head: _Together(f"{head}.", rest) for head, rest in inner.items()}

    def __call__(self, rows: Sequence[Rows[str, Any]]) -> list[Column]:
        """What stands there, None where a row has nothing."""
        found = self._outer.columns(rows)
        for head, together in self._inner.items():
            if head in found:
                found |= together.columns(found[head])
        return [
            found[name] if self._plainly(name, found, rows) else [pick(row, name) for row in rows]
            for name in self._names
        ]

    @staticmethod
    def _plainly(name: str, found: Rows[str, Column], rows: Sequence[Rows[str, Any]]) -> bool:
        """Whether the look-up of all told it; a name with dots in it may be one field's."""
        return name in found and not ("." in name and any(map(dict.__contains__, rows, repeat(name))))


class _Together:
    """Names that most rows have all of."""

    def __init__(self, prefix: str, names: Sequence[str]) -> None:
        self._full = [prefix + name for name in names]
        self._pick: Pick | None = itemgetter(*names, names[0]) if names else None  # of one name it would give no tuple

    def columns(self, objects: Sequence[Any]) -> dict[str, Column]:
        """By name; none at all where one of the objects is no such or lacks one of them."""
        if self._pick is None:
            return {}
        try:
            return dict(zip(self._full, zip(*map(self._pick, objects), strict=True), strict=False))
        except (KeyError, TypeError, IndexError):
            return {}
