"""How a twin is told to misbehave.

    faults.set({"429": {"times": 3, "retry_after": "0"}, "drop_after": {"times": 1, "path": "/upsert"}})

A fault strikes `times` matching calls (null: every one), after letting `skip` of them pass. It matches by `on` (`read`,
`write`, `auth`, `any`, which is every call but `auth`, or `every`) and by `path`, a part of the call's path. The other
keys are the fault's own. `FAULTS` is the table of all: what each does, which calls it strikes, which options it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

KINDS = ("read", "write", "auth", "any", "every")


@dataclass(frozen=True)
class Option:
    """An option of a fault's own: what it takes, in words, and whether a value is such a one."""

    takes: str
    fits: Callable[[Any], bool]


@dataclass(frozen=True)
class Known:
    """A fault there is: its meaning in a sentence, the calls and how many it strikes unless told, its own options."""

    meaning: str
    on: str = "read"
    times: int | None = 1
    options: Mapping[str, Option] = field(default_factory=dict)


def _one_of(*words: str) -> Option:
    return Option(" or ".join(words), lambda value: value in words)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_FLAG = Option("true or false", lambda value: isinstance(value, bool))
_AFTER = Option("the header's text, or null", lambda value: value is None or isinstance(value, str | int))
_ROWS = Option("a whole number, or null for half of them", lambda value: value is None or _whole(value))
_WAIT = Option("seconds", lambda value: isinstance(value, int | float) and not isinstance(value, bool) and value >= 0)
_AHEAD = Option("seconds, negative for behind", lambda value: isinstance(value, int | float) and value is not True)

COMMON: Mapping[str, Option] = MappingProxyType(
    {
        "on": _one_of(*KINDS),
        "path": Option("a part of a call's path", lambda value: isinstance(value, str)),
        "times": Option("a whole number, or null for every call", lambda value: value is None or _whole(value)),
        "skip": Option("a whole number", _whole),
    }
)
"""The options of every fault."""

FAULTS: Mapping[str, Known] = MappingProxyType(
    {
        "429": Known(
            "Refused as too many calls; retry_after is sent as it stands (null: no such header).",
            "any",
            options={"retry_after": _AFTER},
        ),
        "500": Known(
            "Refused by a server in trouble; retry_after as with 429.", "any", options={"retry_after": _AFTER}
        ),
        "drop_before": Known("The connection ends without an answer; nothing has happened.", "write"),
        "drop_after": Known("The connection ends without an answer; the write took effect.", "write"),
        "stall_before": Known(
            "Nothing happens for so many seconds, then the connection ends; nothing has happened.",
            "any",
            options={"seconds": _WAIT},
        ),
        "stall_after_write": Known(
            "The write takes effect at once, its answer comes after so many seconds.",
            "write",
            options={"seconds": _WAIT},
        ),
        "error_in_200": Known("The system's own error under status 200; nothing has happened.", "any"),
        "html_in_200": Known("A maintenance page under status 200; nothing has happened.", "any"),
        "truncated": Known("A JSON answer that ends half-way."),
        "dead_token": Known(
            "All access tokens die; with for_good they cannot be renewed either. No effect without tokens (WooCommerce).",
            "any",
            options={"for_good": _FLAG},
        ),
        "racing_token": Known(
            "Another client fetches a token, and the one that a call comes with dies. No effect without tokens.", "any"
        ),
        "clock_skew": Known(
            "The system's clock is ahead by so many seconds; with header_only the Date header only, as behind a proxy.",
            "every",
            None,
            {"seconds": _AHEAD, "header_only": _FLAG},
        ),
        "rewritten_phones": Known("Phones are stored in another form than they came in.", "write"),
        "silent_cap": Known(
            "A listing ends after so many rows and says that this is its end; totals are honest, or lying along.",
            times=None,
            options={"rows": _ROWS, "totals": _one_of("honest", "lying")},
        ),
        "short_page": Known("A page holds half the rows that were asked for, although more follow."),
        "empty_page": Known("A page comes without its rows; totals and marks are as they would be."),
        "skipped_page": Known("A page is passed over: the one behind it comes in its place."),
        "repeated_page": Known("The position asked for is passed over: the page before comes once more."),
        "shuffled_rows": Known("A page's rows come in another order than asked for."),
        "duplicate_row": Known("A page of a listing holds a row twice."),
        "undecodable_row": Known("A name in a listing holds half a surrogate pair."),
        "failed_job": Known(
            "An export job ends in failure. This and the next four: only where there are such jobs (Zoho, Shopify)."
        ),
        "lying_count": Known("An export job counts one row more than there are in its file."),
        "short_file": Known("An export's file lacks half of its rows; the job counts them all."),
        "repeated_rows": Known("The file of an export's next page repeats the last rows of the one before."),
        "lost_result": Known("An export job that was done, and its file, are no longer known."),
        "crossed_edit": Known(
            "A clerk sets values on the first record of a write, a second before it or after.",
            "write",
            options={
                "when": _one_of("before", "after"),
                "values": Option("their fields and values", lambda value: isinstance(value, dict)),
            },
        ),
        "drift": Known(
            "A record changes just after its page was read; kind is modify, delete or create.",
            options={"kind": _one_of("modify", "delete", "create")},
        ),
    }
)
"""Every fault there is."""

MEANINGS: Mapping[str, str] = MappingProxyType({name: known.meaning for name, known in FAULTS.items()})
"""Every fault in a sentence."""

DEFAULT_ON: Mapping[str, str] = MappingProxyType({name: known.on for name, known in FAULTS.items()})
"""Every fault with the kind of call it strikes unless told otherwise."""


@dataclass
class Fault:
    """One fault that is set: where it strikes, how often still, and its own options."""

    name: str
    on: str
    path: str = ""
    times: int | None = 1
    skip: int = 0
    options: dict[str, Any] = field(default_factory=dict)

    def matches(self, kind: str, path: str) -> bool:
        """Whether a call of this kind and path is one that the fault may strike."""
        meant = self.on == "every" or (kind != "auth" if self.on == "any" else kind == self.on)
        return meant and self.path in path

    def strike(self) -> bool:
        """Use up one matching call; True when it is struck."""
        if self.skip > 0:
            self.skip -= 1
            return False
        if self.times is not None:
            if self.times <= 0:
                return False
            self.times -= 1
        return True


class Faults:
    """The faults that are set on one twin; `struck` counts how often each one struck."""

    def __init__(self) -> None:
        self._set: dict[str, Fault] = {}
        self.struck: Counter[str] = Counter()

    def set(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Set faults by name; one that was set before is replaced. ValueError tells what is wrong; then none is set."""
        self._set.update({name: fault(name, options) for name, options in wanted.items()})

    def clear(self, *names: str) -> None:
        """Forget these faults, or all of them."""
        for name in names or tuple(self._set):
            self._set.pop(name, None)

    def strikes(self, name: str, kind: str, path: str) -> dict[str, Any] | None:
        """The fault's options when it strikes this call, else None. A strike is used up by asking."""
        fault = self._set.get(name)
        if fault is None or not fault.matches(kind, path) or not fault.strike():
            return None
        self.struck[name] += 1
        return fault.options

    def listed(self) -> dict[str, dict[str, Any]]:
        """What is set, with the strikes that remain."""
        return {
            name: {"on": fault.on, "path": fault.path, "times": fault.times, "skip": fault.skip, **fault.options}
            for name, fault in self._set.items()
        }


def fault(name: str, options: Mapping[str, Any]) -> Fault:
    """The fault that a wish means; ValueError names the faults or options there are, or what an option takes."""
    known = FAULTS.get(name)
    if known is None:
        raise ValueError(f"no fault {name!r}; there are {', '.join(FAULTS)}")
    if not isinstance(options, Mapping):
        raise ValueError(f"{name}: options are an object, such as {{}}")
    own = known.options
    for option, value in options.items():
        taken = COMMON.get(option) or own.get(option)
        if taken is None:
            raise ValueError(f"{name} has no option {option!r}; there are {', '.join((*COMMON, *own))}")
        if not taken.fits(value):
            raise ValueError(f"{name}: {option} is {taken.takes}")
    rest = {option: value for option, value in options.items() if option in own}
    given = {option: value for option, value in options.items() if option in COMMON}
    return Fault(**{"name": name, "on": known.on, "times": known.times, "options": rest, **given})
