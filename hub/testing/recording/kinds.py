"""What a field is, by the connector's mapping, else by its name: an id, a phone, a name, a code that may stay."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from hub.connector import Field, Mapping, Stream

Kind = Literal["id", "phone", "email", "name", "birthday", "address", "text", "code", "moment", "number", "secret", ""]
"""`text` is any personal text, `code` a word out of a short list, "" what neither mapping nor name tells of."""

_OURS: dict[str, Kind] = {
    "phone": "phone", "other_phones": "phone", "email": "email", "other_emails": "email",
    "name": "name", "family_name": "name", "given_name": "name", "birthday": "birthday",
    "country": "address", "province": "address", "city": "address", "district": "address", "street": "address",
    "postcode": "address", "note": "text", "occupation": "text", "number": "id", "source_ref": "id", "external_id": "id",
    "member_card": "id", "wechat_unionid": "id", "wechat_openid": "id", "push_token": "id", "home_store": "id",
    "adviser": "id", "store": "id", "status": "code", "currency": "code", "channel": "code", "payment_method": "code",
    "tier": "code", "stage": "code", "gender": "code", "consents": "code", "language": "code",
}  # fmt: skip
_FORMS: dict[str, Kind] = {
    "phone": "phone", "email": "email", "number": "number", "moment": "moment", "flag": "code", "gender": "code",
}  # fmt: skip

_KEYS: tuple[tuple[Kind, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern))  # type: ignore[misc]
    for kind, pattern in (
        ("secret", r"token(?!_type)|secret|passw|signature|(^|_)sign?$|authori[sz]|cookie|session|nonce|api_?key"
                   r"|consumer_?key|permanent_?code|client_id|^oauth_|trace"),
        ("code", r"(^|_)(status|kind|type|currency|method|locale|unit|version|role|channel|operator|stage|stage_name)$"
                 r"|api_?name|fieldname|field_name|projection|^_?fields?$|^order(by)?$|^sort_(by|order)$|^module$|_type$"
                 r"|^key$|^code$|^context$|^objectapiname|error_?code$"),
        ("email", r"mail"),
        ("phone", r"phone|mobile|(^|[^a-z])tel\d*([^a-z]|$)|fax|whatsapp|手机|电话"),
        ("birthday", r"birth|(^|_)dob(_|$)|生日"),
        ("address", r"address|street|(^|_)(city|town|province|district|county|state|region|postcode|zip|location)$|postal"
                    r"|(^|_)(lat|lng|lon|latitude|longitude|geo|ip)(_|$)|地址"),
        ("number", r"total|price|amount|quantity|(^|_)(tax|count|qty|page|limit|offset|size|rate|balance|points|sum)$"
                   r"|per_page|discount|_tax$|expires|num$"),
        ("id", r"(^|_)(id|ids|uid|uuid|guid|no|number|sn|openid|unionid|include|exclude|ea)(__.?)?$"),
        ("name", r"name|nick|owner|contact|person|user|称呼|姓"),
        ("text", r"note|remark|comment|desc|备注"),
    )
)  # fmt: skip
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclass(frozen=True, eq=False)
class Kinds:
    """The mappings of a connection's streams; what the stream that is being read says goes before the others."""

    streams: tuple[Stream, ...]

    def of(self, path: Sequence[str], stream: str) -> Kind:
        """The kind of a value at a path of names, the outermost first."""
        return self._of(tuple(path), stream)

    @lru_cache(maxsize=8192)  # noqa: B019 - lives as long as one recording
    def _of(self, path: tuple[str, ...], stream: str) -> Kind:
        if not path:
            return ""
        for own in (True, False):
            for one in self.streams:
                if (one.name == stream) is own and (found := _mapped(one.mapping, path)):
                    return found
        return by_name(path[-1])

    @property
    def words(self) -> frozenset[str]:
        """What the mappings themselves name: fields of theirs, and the codes of picklists."""
        return frozenset(word for one in self.streams for word in _words(one.mapping))


def by_name(key: str) -> Kind:
    """What a field's name alone tells."""
    name = _CAMEL.sub("_", key).lower().replace("-", "_")
    return next((kind for kind, pattern in _KEYS if pattern.search(name)), "")


def _mapped(mapping: Mapping, path: tuple[str, ...]) -> Kind:
    if path[-1] == mapping.id:
        return "id"
    if path[-1] == mapping.modified:
        return "moment"
    found = [_kind(entry) for entry in mapping.fields if _ends(path, entry.theirs)]
    return next((kind for kind in ("name", *found) if kind in found), "")  # a name that is also a number is a name


def _ends(path: tuple[str, ...], theirs: str) -> bool:
    names = tuple(theirs.split("."))
    return path[-len(names) :] == names


def _kind(entry: Field) -> Kind:
    ours = entry.ours.removeprefix("buyer.").partition(".")[0]
    return _OURS.get(ours) or ("birthday" if entry.form.name == "date" else _FORMS.get(entry.form.name, ""))


def _words(mapping: Mapping) -> Iterable[str]:
    yield from (mapping.id, mapping.modified)
    for entry in mapping.fields:
        yield from entry.theirs.split(".")
        yield from entry.values.values()
