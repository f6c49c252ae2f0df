"""Whether the properties of a kind of object can hold what is mapped to them, by HubSpot's own description."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from connectors.hubspot.fields import OPTIONAL
from hub.connector import Field, Finding, Row

_FITS = {
    "number": ("number", "string"), "moment": ("datetime", "string", "date"), "flag": ("bool", "enumeration", "string"),
    "date": ("date", "string", "datetime"), "phone": ("phone_number", "string", "number"), "email": ("string",),
}  # fmt: skip
"""By form: the types of theirs that can hold it; any text fits into a text or among options."""
_TEXTS = ("string", "enumeration", "number", "phone_number")


@dataclass(frozen=True)
class Properties:
    """The described properties of one kind of object, by name; `decides` are the values that rules can give."""

    kind: str
    known: Mapping[str, Row]
    decides: Mapping[str, Sequence[str]]

    def flaws(self, entry: Field, *, written: bool) -> Iterator[Finding]:
        """What keeps an entry of the mapping from being read, or written where its stream is the target."""
        name = entry.theirs
        subject, described = f"property {self.kind}.{name}", self.known.get(name)
        if described is None:
            if name not in OPTIONAL:
                yield Finding(subject, False, f"make it in HubSpot, or map {entry.ours} to another one in `fields`")
        elif entry.write and written:
            if not _writable(described):
                remedy = f"HubSpot does not let it be changed: map {entry.ours} with `write: false`"
                yield Finding(subject, False, remedy)
            type_ = str(described.get("type"))
            if type_ not in _FITS.get(entry.form.name, _TEXTS):
                yield Finding(
                    subject, False, f"it is of the type {type_}, which holds no {entry.form.name}: map another"
                )
            yield from self._options(subject, entry, described)

    def key(self, name: str) -> Iterator[Finding]:
        """Whether the property that carries a create's key is there and unique, which it can only be made to be."""
        subject, described = f"property {self.kind}.{name}", self.known.get(name)
        if described is None:
            remedy = "make it in HubSpot: single-line text, and tick that values must be unique before it is saved"
            yield Finding(subject, False, remedy)
        elif not described.get("hasUniqueValue") or described.get("type") != "string":
            remedy = "creates rely on a unique text: uniqueness is set when a property is made, so make another one"
            yield Finding(subject, False, remedy)

    def _options(self, subject: str, entry: Field, described: Row) -> Iterator[Finding]:
        """Whether a property has all options that may be sent: by their internal values, not by the labels shown."""
        there = {str(one.get("value")) for one in described.get("options") or ()}
        missing = [value for value in dict.fromkeys(self._sent(entry)) if value not in there]
        if described.get("type") == "enumeration" and missing:
            remedy = f"add {', '.join(missing)} to its options (internal values), or translate with `values`"
            yield Finding(subject, False, remedy)
        if entry.ours == "tags" and described.get("fieldType") != "checkbox":
            yield Finding(subject, False, "let it be a property of multiple checkboxes: tags are several")

    def _sent(self, entry: Field) -> Iterator[str]:
        if entry.ours != "tags":
            words = self.decides.get(entry.ours, tuple(entry.values))
            yield from (entry.values.get(one, one) for one in words)
        for part in entry.tags.of:
            yield from (entry.tags.tag(entry.values.get(one, one)) for one in self.decides.get(part, ()))


def _writable(described: Row) -> bool:
    about = described.get("modificationMetadata")
    read_only = bool(about.get("readOnlyValue")) if isinstance(about, dict) else False
    return not (read_only or described.get("calculated"))
