"""Proving that the connection may do what it has to: sign-in, scopes, fields, picklists, credits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.zoho.wire.bulk_findings import bulk_findings
from connectors.zoho.wire.dialect import remaining
from connectors.zoho.wire.export import Export
from connectors.zoho.wire.module import Module
from connectors.zoho.wire.tags import FIELD, Tags
from hub.connector import Field, Finding, Mapping, Row, Tools
from hub.errors import HubError, PermissionMissing, Rejected

_FEW = 0.1


@dataclass(frozen=True)
class Examined:
    """A stream's module with its mapping; `written` when it is the target. `key`: the field of creates, or ""."""

    module: Module
    mapping: Mapping
    written: bool = False
    key: str = ""


@dataclass(frozen=True)
class Examiner:
    """Looks at one connection; `credits` are those of 24 hours, `makes_tags` says that the hub makes tags."""

    tools: Tools
    examined: tuple[Examined, ...]
    credits: int
    makes_tags: bool = False
    exports: tuple[Export, ...] = ()

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing looked at; when nobody can sign in, that is the only one."""
        fault = self._sign_in()
        yield Finding("sign-in", fault is None, "" if fault is None else fault.remedy or str(fault))
        if fault is not None:
            return
        for scope, call in self._calls():
            yield from self._scope(scope, call)
        for one in self.examined:
            yield from self._fields(one)
        for export in self.exports:
            yield from bulk_findings(export, self.tools.connection)
        yield from self._credits()

    def _sign_in(self) -> HubError | None:
        """What keeps the credentials from working; a scope that is missing, or a module, is no matter of these."""
        try:
            self.examined[0].module.listed(["id"], 1)
        except (PermissionMissing, Rejected):
            return None
        except HubError as fault:
            return fault
        return None

    def _calls(self) -> Iterator[tuple[str, Callable[[], object]]]:
        for one in self.examined:
            module, area = one.module, f"ZohoCRM.modules.{one.module.name.lower()}"
            yield f"{area}.READ", lambda module=module: module.listed(["Modified_Time"], 1)  # type: ignore[misc]
            if one.written:
                yield f"{area}.UPDATE", lambda module=module: module.try_to_write("PUT", "")  # type: ignore[misc]
            if one.key:
                yield f"{area}.CREATE", lambda module=module: module.try_to_write("POST", "/upsert")  # type: ignore[misc]
        first = self.examined[0].module
        yield "ZohoCRM.coql.READ", lambda: first.select(["id"], "id is not null", 1)
        yield "ZohoCRM.settings.fields.READ", first.described
        if any(entry.theirs == FIELD for one in self.examined for entry in one.mapping.fields):
            tags = Tags(first, self.makes_tags)
            yield "ZohoCRM.settings.tags.READ", tags.listed
            if self.makes_tags:
                yield "ZohoCRM.settings.tags.CREATE", lambda: tags.make(())

    def _scope(self, scope: str, call: Callable[[], Any]) -> Iterator[Finding]:
        subject = f"scope {scope}"
        try:
            call()
        except PermissionMissing:
            again = f"kehub login {self.tools.connection}"
            yield Finding(subject, False, f"add {scope} to the scopes and sign in again: {again}")
        except Rejected as fault:  # an empty batch is refused for being empty: the scope is there
            missing = fault.code == "INVALID_MODULE"
            yield Finding(subject, not missing, "no such module in this edition: switch the stream off" * missing)
        except HubError as fault:
            yield Finding(subject, False, fault.remedy or str(fault))
        else:
            yield Finding(subject, True)

    def _fields(self, one: Examined) -> Iterator[Finding]:
        name = one.module.name
        try:
            listed = one.module.described().rows("fields")
        except HubError:
            return  # said above
        known: dict[str, Row] = {row["api_name"]: row for row in listed}
        flaws = [flaw for entry in one.mapping.fields for flaw in self._field(name, entry, known, one.written)]
        flaws += _key(name, one.key, known)
        yield from dict.fromkeys(flaws)
        if not flaws:
            yield Finding(f"fields of {name}", True)

    def _field(self, module: str, entry: Field, known: dict[str, Row], written: bool) -> Iterator[Finding]:
        name = entry.theirs.partition(".")[0]
        subject = f"field {module}.{name}"
        if name in ("id", FIELD):  # tags are in every module, whether they are described as a field or not
            return
        if name not in known:
            yield Finding(subject, False, f"create it in Zoho, or map {entry.ours} to another one in `fields`")
        elif entry.write and written:
            if not known[name].get("operation_type", {}).get("api_update", True):
                yield Finding(subject, False, f"Zoho does not let it be changed: map {entry.ours} with `write: false`")
            yield from self._picklist(subject, entry, known[name])

    def _picklist(self, subject: str, entry: Field, described: Row) -> Iterator[Finding]:
        """Whether a picklist knows all values that may be sent: those the site translates to, or the rules' own."""
        there = {pick["actual_value"] for pick in described.get("pick_list_values") or ()}
        ours = self.tools.decides.get(entry.ours, tuple(entry.values))
        missing = [value for one in ours if (value := entry.values.get(one, one)) not in there]
        if there and missing:
            remedy = f"add {', '.join(missing)} to the picklist, or translate with `values` in the field map"
            yield Finding(subject, False, remedy)

    def _credits(self) -> Iterator[Finding]:
        try:
            told = remaining(self.examined[0].module.listed(["id"], 1))
        except HubError:
            return  # said above
        if told is None:
            yield Finding("API credits: at least half of the day's are left", True)
        else:
            remedy = "wait, or buy more: the hub stops before the last one is used"
            yield Finding(f"API credits: {told[1]} left", told[1] > self.credits * _FEW, remedy)


def _key(module: str, key: str, known: dict[str, Row]) -> Iterator[Finding]:
    """Whether the field that carries a create's own key is there, is unique, and can be written."""
    if not key:
        return
    subject, described = f"field {module}.{key}", known.get(key)
    if described is None:
        yield Finding(subject, False, "create it in Zoho: single line, 120 characters, 'do not allow duplicate values'")
    elif not described.get("unique"):
        yield Finding(subject, False, "set 'do not allow duplicate values' on it: creates rely on it")
