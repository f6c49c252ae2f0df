"""How a twin is told to misbehave.

    faults.set({"429": {"times": 3, "retry_after": "0"}, "drop_after": {"times": 1, "path": "/upsert"}})

A fault strikes `times` matching calls (null: every one), after letting `skip` of them pass. It matches by `on` (`read`,
`write`, `auth`, or `any`, which is every call but `auth`) and by `path`, a part of the call's path. The other keys are
the fault's own. `MEANINGS` tells what each fault does, `DEFAULT_ON` which calls it strikes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

KINDS = ("read", "write", "auth")

MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "429": "Refused as too many calls; retry_after is sent as it stands (null: no such header).",
        "500": "Refused by a server in trouble; retry_after as with 429.",
        "drop_before": "The connection ends without an answer; nothing has happened.",
        "drop_after": "The connection ends without an answer; the write took effect.",
        "error_in_200": "The system's own error under status 200; nothing has happened.",
        "html_in_200": "A maintenance page under status 200; nothing has happened.",
        "truncated": "A JSON answer that ends half-way.",
        "stall_after_write": "The write takes effect at once, its answer comes after so many seconds.",
        "dead_token": "All access tokens die; with for_good they cannot be renewed either.",
        "rewritten_phones": "Phones are stored in another form than they came in.",
        "duplicate_row": "A page of a listing holds a row twice.",
        "undecodable_row": "A name in a listing holds half a surrogate pair.",
        "crossed_edit": "A clerk sets values on the first record of a write, a second before it (when: before) or after.",
        "drift": "A record changes just after its page was read; kind is modify, delete or create.",
    }
)
"""Every fault in a sentence."""

DEFAULT_ON: Mapping[str, str] = MappingProxyType(
    {
        "429": "any",
        "500": "any",
        "drop_before": "write",
        "drop_after": "write",
        "error_in_200": "any",
        "html_in_200": "any",
        "truncated": "read",
        "stall_after_write": "write",
        "dead_token": "any",
        "rewritten_phones": "write",
        "duplicate_row": "read",
        "undecodable_row": "read",
        "crossed_edit": "write",
        "drift": "read",
    }
)
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
        meant = kind != "auth" if self.on == "any" else kind == self.on
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
    """The faults that are set on one twin."""

    def __init__(self) -> None:
        self._set: dict[str, Fault] = {}

    def set(self, wanted: Mapping[str, Mapping[str, Any]]) -> None:
        """Set faults by name; a fault that was set before is replaced. ValueError names an unknown one."""
        for name, options in wanted.items():
            if name not in DEFAULT_ON:
                raise ValueError(f"no fault {name!r}; there are {', '.join(DEFAULT_ON)}")
            self._set[name] = _fault(name, dict(options))

    def clear(self, *names: str) -> None:
        """Forget these faults, or all of them."""
        for name in names or tuple(self._set):
            self._set.pop(name, None)

    def strikes(self, name: str, kind: str, path: str) -> dict[str, Any] | None:
        """The fault's options when it strikes this call, else None. A strike is used up by asking."""
        fault = self._set.get(name)
        if fault is None or not fault.matches(kind, path) or not fault.strike():
            return None
        return fault.options

    def listed(self) -> dict[str, dict[str, Any]]:
        """What is set, with the strikes that remain."""
        return {
            name: {"on": fault.on, "path": fault.path, "times": fault.times, "skip": fault.skip, **fault.options}
            for name, fault in self._set.items()
        }


def _fault(name: str, options: dict[str, Any]) -> Fault:
    times = options.pop("times", 1)
    return Fault(
        name=name,
        on=str(options.pop("on", DEFAULT_ON[name])),
        path=str(options.pop("path", "")),
        times=None if times is None else int(times),
        skip=int(options.pop("skip", 0)),
        options=options,
    )
