"""Whether somebody wrote to a record in the moments of our own write: between the guard's look, the write, the read-back.

A time of change or a count of versions tells; where a system gives neither, nobody can tell, and an edit of the very
field that we write, made in those moments before our write, is lost to everybody.
"""

from __future__ import annotations

from collections.abc import Collection

from hub.connector import Mapping, Row, RowResult, Target
from hub.store.records import Incoming
from sync.mapping import pick, places


def edited(target: Target, before: Row, after: Row, result: RowResult, seen: Incoming | None) -> bool | None:
    """Whether somebody else wrote to the record between our looks at it; None where nobody can tell.

    Equal times prove nothing: they are whole seconds in many systems.
    """
    steps = _steps(target, before, after)
    later = result.stored is not None and seen is not None and seen.modified > int(result.stored.timestamp())
    if later or (steps is not None and steps > 1):
        return True
    return None if steps is None else False


def overwrote(target: Target, mapping: Mapping, written: Collection[str], before: Row, after: Row) -> bool:
    """Whether a write that was not ours left no trace: then it was to a field of `written` (ours), just before us."""
    steps = _steps(target, before, after)
    if steps is None or steps < 2:
        return False
    others = {entry.theirs for entry in mapping.fields} - places(mapping, written)
    return all(pick(before, name) == pick(after, name) for name in others)


def _steps(target: Target, before: Row, after: Row) -> int | None:
    counts = [str(row.get(target.version, "")) for row in (before, after)]
    if not target.version or not all(count.isdecimal() for count in counts):
        return None
    return int(counts[1]) - int(counts[0])
