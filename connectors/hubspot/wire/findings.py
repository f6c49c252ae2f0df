"""Proving that the connection may do what it has to: token, scopes, properties with their options, calls, the API's end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from connectors.hubspot.fields import ASSOCIATED
from connectors.hubspot.wire.objects import Objects
from connectors.hubspot.wire.properties import Properties
from connectors.hubspot.wire.settings import HubSpotSettings
from connectors.hubspot.wire.versions import served_until, signs_in_until
from hub.connector import Finding, Mapping, Tools
from hub.errors import AuthError, HubError, PermissionMissing, Rejected, SettingsError

_USAGE = "/account-info/v3/api-usage/daily/private-apps"
_DETAILS = "/account-info/v3/details"
_MOST, _SOON = 0.9, timedelta(days=90)


@dataclass(frozen=True)
class Examined:
    """A stream's objects with its mapping; `written` when it is the target. `key`: the property of creates, or ""."""

    objects: Objects
    mapping: Mapping
    written: bool = False
    key: str = ""


@dataclass(frozen=True)
class Examiner:
    """Looks at one connection."""

    tools: Tools
    examined: tuple[Examined, ...]
    settings: HubSpotSettings

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing looked at; when the token is no good, that is the only one."""
        fault = self._sign_in()
        yield Finding("token", fault is None, "" if fault is None else fault.remedy or str(fault))
        if fault is not None:
            return
        for scope, call in self._calls():
            yield _scope(scope, call)
        for one in self.examined:
            yield from self._properties(one)
        if self.settings.private:
            yield from self._usage()
        yield from self._ends()

    def _sign_in(self) -> HubError | None:
        """What keeps the token from working; a scope that is missing is no matter of these."""
        try:
            self.tools.http.request("GET", _DETAILS)
        except (AuthError, SettingsError) as fault:
            return fault
        except (PermissionMissing, Rejected):
            return None
        except HubError as fault:
            return fault
        return None

    def _calls(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for one in self.examined:
            objects, name = one.objects, one.objects.name
            yield f"crm.objects.{name}.read", lambda objects=objects: objects.listed(1)  # type: ignore[misc]
            yield f"crm.schemas.{name}.read", lambda objects=objects: objects.described()  # type: ignore[misc]
            for deed in ("update", "upsert") if one.key else ("update",) if one.written else ():
                yield (
                    f"crm.objects.{name}.write",
                    lambda objects=objects, deed=deed: objects.write(deed, ()),  # type: ignore[misc]
                )
        if len(self.examined) > 1:
            orders = self.examined[1].objects
            yield "associations of orders with contacts", lambda: orders.associated(["0"], "contacts")

    def _properties(self, one: Examined) -> Iterator[Finding]:
        try:
            known = {str(row.get("name")): row for row in one.objects.described()}
        except HubError:
            return  # said above
        looked = Properties(one.objects.name, known, self.tools.decides)
        fields = [entry for entry in one.mapping.fields if entry.theirs not in (one.mapping.id, ASSOCIATED)]
        flaws = [flaw for entry in fields for flaw in looked.flaws(entry, written=one.written)]
        flaws += looked.key(one.key) if one.key else ()
        yield from dict.fromkeys(flaws)
        if not flaws:
            yield Finding(f"properties of {one.objects.name}", True)

    def _usage(self) -> Iterator[Finding]:
        """How much of the day's calls is used, and when they are given anew."""
        try:
            answer = self.tools.http.request("GET", _USAGE)
            rows: list[Any] = answer.rows("results")
            used, most = max((int(row["currentUsage"]), int(row["usageLimit"])) for row in rows)
            again = datetime.fromisoformat(str(rows[0].get("resetsAt") or "")).strftime("%Y-%m-%d %H:%M UTC")
        except (HubError, ValueError, KeyError, TypeError):
            return  # not every token may ask
        yield Finding(f"calls of the day: {used} of {most} are used", used < most * _MOST, f"wait until {again}")

    def _ends(self) -> Iterator[Finding]:
        now = self.tools.clock.now()
        ends = [(f"API version {self.settings.api_version}", served_until(self.settings.api_version), "api_version")]
        if not self.settings.private and (end := signs_in_until(self.settings.token_path)):
            ends.append((f"sign-in at {self.settings.token_path}", end, "token_path"))
        for subject, end, setting in ends:
            remedy = f"set `{setting}` to a later one before that day"
            yield Finding(f"{subject}: served until {end:%Y-%m-%d}", now < end - _SOON, remedy)


def _scope(scope: str, call: Callable[[], object]) -> Finding:
    """Whether a call is let in. An empty batch may be refused for being empty: then the scope is there."""
    subject = f"scope {scope}"
    try:
        call()
    except PermissionMissing as fault:
        return Finding(subject, False, fault.remedy)
    except Rejected:
        return Finding(subject, True)
    except HubError as fault:
        return Finding(subject, False, fault.remedy or str(fault))
    return Finding(subject, True)
