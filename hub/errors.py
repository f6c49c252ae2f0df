"""Every error KeHub raises on purpose, named after what happens next.

    HubError                 one line for the reader: what, where, what to do
    ├── SettingsError        stop; a person corrects the configuration or the command      exit 2
    ├── AuthError            this system stops; a person signs in again                    exit 4
    ├── PermissionMissing    this call stops; a person grants a scope or a right           exit 4
    ├── QuotaExceeded        this system rests until `until`, the others go on             exit 4
    ├── Rejected             this row stops; it stays listed with code and field           exit 4
    ├── Conflict             somebody else was first: another process or an edit           exit 4
    ├── Transient            tried again by the door, then by the next run                 exit 4
    └── UnsafePlan           nothing is written before a person has approved or released   exit 3

An error carries facts, never text from a remote system, a name, an address or a token: remote error texts count as
personal. The edge (`hub.cli`) turns the facts into a sentence and an exit code.
"""

from __future__ import annotations

from datetime import datetime


class HubError(Exception):
    """A failure that KeHub understands.

    `what` says what is wrong, `where` names the place (file, line, column, connection, field), `remedy` says what to do.
    `code` is the remote system's own error code, where there is one.
    """

    exit_code = 4

    def __init__(self, what: str, *, where: str = "", remedy: str = "", code: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.remedy = remedy
        self.code = code

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        code = f" [{self.code}]" if self.code else ""
        remedy = f"; {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{code}{remedy}"


class SettingsError(HubError):
    """The configuration, the command line or the store's location is wrong."""

    exit_code = 2


class AuthError(HubError):
    """The system no longer accepts our credentials and renewing them did not help."""


class PermissionMissing(HubError):
    """The credentials are good but lack a scope or a right for this call."""


class QuotaExceeded(HubError):
    """The system's call budget is used up; `until` is the UTC time from which calling makes sense again."""

    def __init__(self, what: str, *, until: datetime, where: str = "", remedy: str = "", code: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy, code=code)
        self.until = until


class Rejected(HubError):
    """The system refuses this request or row for good; `field` is its own name of the offending field."""

    def __init__(self, what: str, *, field: str = "", where: str = "", remedy: str = "", code: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy, code=code)
        self.field = field


class Conflict(HubError):
    """Another process holds the task, or the row changed since it was planned."""


class Transient(HubError):
    """The answer is missing or unusable for now.

    `unclear` is true when a request that writes may have taken effect although no answer arrived.
    """

    def __init__(self, what: str, *, unclear: bool = False, where: str = "", remedy: str = "", code: str = "") -> None:
        super().__init__(what, where=where, remedy=remedy, code=code)
        self.unclear = unclear


class UnsafePlan(HubError):
    """A brake holds, an approval is missing or has expired, or the plan is no longer the approved one."""

    exit_code = 3
