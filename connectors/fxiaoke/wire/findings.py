"""Proving that the connection may do what it has to: sign-in, objects, fields, options, the field of creates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from connectors.fxiaoke.fields import OPTIONAL
from connectors.fxiaoke.wire.entity import Entity, field_of
from hub.connector import Answer, Field, Finding, Mapping, Row, Tools
from hub.errors import HubError, PermissionMissing, Rejected, Transient

_COMPUTED = ("formula", "count", "quote", "auto_number")
_SENT = ("owner", "record_type")  # with each create
_SYSTEM = ("life_status", "lock_status", "is_deleted", "create_time", "last_modified_time", "created_by",
           "last_modified_by", "version")  # fmt: skip


@dataclass(frozen=True)
class Examined:
    """A stream's object with its mapping; `written` when it is the target. `key`: the field of creates, or ""."""

    entity: Entity
    mapping: Mapping
    written: bool = False
    key: str = ""


@dataclass(frozen=True)
class Examiner:
    """Looks at one connection; `creates`: the site lets the hub create customers there."""

    tools: Tools
    examined: tuple[Examined, ...]
    creates: bool = False

    def findings(self) -> Iterator[Finding]:
        """One finding for each thing looked at; when nobody can sign in, that is the only one."""
        fault = self._sign_in()
        yield Finding("sign-in", fault is None, "" if fault is None else _remedy(fault))
        if fault is not None:
            return
        for one in self.examined:
            yield from self._object(one)
        if self.creates and not self.examined[0].key:
            remedy = "make a unique text field in Fxiaoke and name it there: nothing is created without"
            yield Finding("setting key_field", False, remedy)

    def _sign_in(self) -> HubError | None:
        """What keeps the credentials from working; an object that cannot be read is no matter of these."""
        try:
            self.examined[0].entity.query((), (), 1)
        except Rejected:
            return None
        except HubError as fault:
            return fault
        return None

    def _object(self, one: Examined) -> Iterator[Finding]:
        subject = f"object {one.entity.name}"
        try:
            one.entity.query((), (), 1)
            known = _fields(one.entity.described())
        except (Rejected, PermissionMissing):
            remedy = "there is none of this name that the acting user may read: correct it, or grant the right"
            yield Finding(subject, False, remedy)
        except HubError as fault:
            yield Finding(subject, False, _remedy(fault))
        else:
            flaws = [flaw for entry in one.mapping.fields for flaw in self._field(one, entry, known)]
            flaws += self._key(one, known)
            yield from dict.fromkeys(flaws)
            yield Finding(subject, True)

    def _field(self, one: Examined, entry: Field, known: dict[str, Row]) -> Iterator[Finding]:
        name = entry.theirs.partition(".")[0]
        subject = f"field {one.entity.name}.{name}"
        described = known.get(field_of(name))
        if name == one.mapping.id or name in OPTIONAL:
            return
        if described is None:
            yield Finding(subject, False, f"create it in Fxiaoke, or map {entry.ours} to another one in `fields`")
        elif entry.write and one.written:
            if described.get("type") in _COMPUTED or name in _SYSTEM or name not in known:
                remedy = f"Fxiaoke does not let it be changed: map {entry.ours} with `write: false`"
                yield Finding(subject, False, remedy)
            yield from self._options(subject, entry, described)

    def _options(self, subject: str, entry: Field, described: Row) -> Iterator[Finding]:
        """Whether a select field has all values that may be sent; its options are told with their labels."""
        there = {str(one.get("value")): str(one.get("label")) for one in described.get("options") or ()}
        ours = self.tools.decides.get(entry.ours, tuple(entry.values))
        missing = [value for one in ours if (value := entry.values.get(one, one)) not in there]
        if there and missing:
            options = ", ".join(f"{value} ({label})" if value != label else value for value, label in there.items())
            remedy = f"its options are {options}; translate {', '.join(missing)} with `values` in the field map"
            yield Finding(subject, False, remedy)

    def _key(self, one: Examined, known: dict[str, Row]) -> Iterator[Finding]:
        """Whether a create can carry its key, and all that the object requires."""
        if not (one.key and self.creates):
            return
        subject, described = f"field {one.entity.name}.{one.key}", known.get(one.key)
        if described is None:
            yield Finding(subject, False, "create it in Fxiaoke: single line text, unique")
        elif described.get("is_unique") is False or described.get("type") != "text":
            yield Finding(subject, False, "let it be a unique text field: creates rely on it")
        sent = {entry.theirs for entry in one.mapping.writable()} | {one.key, *_SENT, *_SYSTEM}
        for name, field in known.items():
            if field.get("is_required") and name not in sent and field.get("type") not in _COMPUTED:
                yield Finding(f"field {one.entity.name}.{name}", False, "each record needs it: map it in `fields`")


def _fields(answer: Answer) -> dict[str, Row]:
    """The described fields by name."""
    try:
        found = answer.json()["data"]["describe"]["fields"]
    except (TypeError, KeyError):
        found = None
    if not isinstance(found, dict):
        raise Transient("the object's description holds no fields")
    return {name: field for name, field in found.items() if isinstance(field, dict)}


def _remedy(fault: HubError) -> str:
    if isinstance(fault, Transient):
        return f"{fault}: if it stays, check `host`"  # another host than the gateway answers with a web page
    return fault.remedy or str(fault)
