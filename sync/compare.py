"""Three ways, per field: base (last agreed) | theirs (last seen) | wanted.

    theirs = wanted                 agree silently
    base   = theirs, wanted moved   write
    theirs moved                    by the field's owner: hub writes and says so, theirs is taken, shared is a question
    no base yet                     hub-owned and differing is a write, theirs-owned is taken, shared is a question

All sides are canonical spellings; a system that hands our words back in a looser form (an echo) is heard in that form.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Literal, NamedTuple

from hub.connector import Field
from hub.forms import LOOSER
from sync.mapping import owner

Verdict = Literal["nothing", "agree", "take", "write", "ask"]


class Sides(NamedTuple):
    """The three sides of one field; `has_base` tells "agreed on nothing there" from "never agreed".

    `declined` is what was wanted when theirs was taken, `unkept` what we wrote and they did not keep. `keep`: nothing to
    say of the field is no reason to empty it.
    """

    has_base: bool
    base: Any
    theirs: Any
    wanted: Any
    declined: Any = None
    has_declined: bool = False
    theirs_is_ours: bool = False
    keep: bool = False
    unkept: Any = None
    has_unkept: bool = False


def same(one: Any, other: Any, forms: Collection[str] = ()) -> bool:
    """Whether two canonical values are one, in the declared form or in a looser one the system has shown."""
    if one == other:
        return True
    if not (isinstance(one, str) and isinstance(other, str)):
        return False
    return any(LOOSER[form](one) == LOOSER[form](other) for form in forms)


def compare(entry: Field, sides: Sides, forms: Collection[str] = ()) -> tuple[Verdict, str]:
    """What to do with one field, and why in one phrase."""
    if same(sides.theirs, sides.wanted, forms):
        return ("nothing" if sides.has_base and same(sides.base, sides.theirs, forms) else "agree"), ""
    if entry.fill_empty and sides.theirs is not None and not sides.theirs_is_ours:
        return _settled(sides, forms)
    if sides.wanted is None and (sides.keep or not sides.theirs_is_ours):
        return _settled(sides, forms)  # we know nothing better: only our own words are cleared
    if not sides.has_base:
        return first_look(entry, sides.theirs)
    if same(sides.base, sides.theirs, forms):
        return ("nothing", "") if _left(entry, sides, forms) else ("write", _since_agreed(sides, forms))
    return _moved(entry, sides)


def _left(entry: Field, sides: Sides, forms: Collection[str]) -> bool:
    """Whether what is wanted is left unwritten: they did not keep it, or it was theirs to decline."""
    unkept = sides.has_unkept and same(sides.wanted, sides.unkept, forms)
    declined = sides.has_declined and same(sides.wanted, sides.declined, forms)
    return unkept or (declined and owner(entry) != "hub")


def _since_agreed(sides: Sides, forms: Collection[str]) -> str:
    declined = sides.has_declined and same(sides.wanted, sides.declined, forms)
    return "differs there, the hub owns it" if declined else "changed in the hub"


def _settled(sides: Sides, forms: Collection[str]) -> tuple[Verdict, str]:
    return ("nothing" if sides.has_base and same(sides.base, sides.theirs, forms) else "take"), ""


def first_look(entry: Field, theirs: Any) -> tuple[Verdict, str]:
    """What to do with a field on which nothing was agreed yet, where another value is wanted than theirs."""
    if owner(entry) == "hub":
        return "write", "not there yet" if theirs in (None, []) else "differs there, the hub owns it"
    if entry.fill_empty and theirs is None:
        return "write", "empty there"
    return ("ask", "never agreed") if owner(entry) == "shared" else ("take", "")


def _moved(entry: Field, sides: Sides) -> tuple[Verdict, str]:
    if owner(entry) == "hub":
        return "write", "changed there, the hub owns it"
    if owner(entry) == "shared":
        return "ask", "changed there and here"
    return "take", ""
