"""The site's field map: what a brand changes in, or adds to, a connector's own mapping."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from hashlib import blake2b
from typing import Annotated, Literal

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from hub.connector import Field as Entry
from hub.connector import Mapping, Owner
from hub.forms import FORMS, Place
from hub.model import DECIDED, NOUNS
from hub.settings.kinds import kinds, models
from hub.settings.problems import guess
from hub.tags import TAGS, TagRule

FormName = Literal["text", "line", "code", "phone", "email", "date", "moment", "number", "flag", "gender"]

_NATURAL: dict[str, FormName] = {
    "phone": "phone", "other_phones": "phone", "buyer.phone": "phone",
    "email": "email", "other_emails": "email", "buyer.email": "email",
    "birthday": "date", "gender": "gender", "note": "text", "text": "text", "resolution": "text",
    "total": "number", "refunded": "number",
    **dict.fromkeys(
        ("wechat_unionid", "wechat_openid", "member_card", "home_store", "adviser", "store", "staff", "code", "number",
         "sku", "batch", "source_ref", "currency", "buyer.external_id", "id", "tier", "stage"), "code",
    ),
}  # fmt: skip
_PREFIXED = ("custom.", "consents.", "sizes.", "named_dates.")
_OF_TAGS, _OF_VALUES = ("of", "prefix", "own"), ("form", "fill_empty", "max_length", "required")


def _natural(ours: str) -> FormName:
    if ours.startswith("consents."):
        return "flag"
    if ours.startswith("named_dates."):
        return "date"
    return "moment" if ours.endswith("_at") else _NATURAL.get(ours, "line")


def our_fields(stream: str) -> list[str]:
    """What `ours` can name in a stream of one of our nouns (`custom.NAME` and the like apart); empty for others."""
    noun = next((model for name, model in NOUNS.items() if name == stream), None)
    if noun is None:
        return []
    nested = [(name, part) for name, info in noun.model_fields.items() for part in models(kinds(info.annotation))]
    parts = [f"{name}.{field}" for name, part in nested for field in part.model_fields]
    return [*noun.model_fields, *parts, *(DECIDED if stream == "customers" else ())]


class SiteField(BaseModel):
    """One entry of the site's field map. A key left out is taken from the connector's own entry for the same field,
    where it has one; else the form is the natural one of the field and the owner is `theirs`.

    `of`, `prefix` and `own` are for `ours: tags`: the decided fields that give a customer a tag each, and which tags are
    the hub's own. All others are the staff's and stay as they are.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    ours: str
    theirs: str
    stream: str = "customers"
    form: FormName | None = None
    owner: Owner | None = None
    write: bool | None = None
    fill_empty: bool | None = None
    values: dict[str, str] | None = None
    max_length: int | None = None
    required: bool | None = None
    of: tuple[Annotated[str, Field(pattern=r"^(tier(\..+)?|stage)$")], ...] = ()
    prefix: str = ""
    own: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _sensible(self) -> SiteField:
        known = our_fields(self.stream)
        if known and self.ours not in known and not self.ours.startswith(_PREFIXED):
            raise ValueError(
                f'"{self.ours}" is no field of {self.stream}{guess(self.ours, known)}; your own are written custom.NAME'
            )
        if self.ours in DECIDED and self.owner not in (None, "hub"):
            raise ValueError(f'"{self.ours}" is decided by the hub: its owner is always `hub`')
        self._tags_apart()
        return self

    def _tags_apart(self) -> None:
        """Tags have keys of their own, and no others but `values`."""
        tagged, given = self.ours == TAGS, [name for name in _OF_TAGS if getattr(self, name)]
        if not tagged and given:
            raise ValueError(f'"{given[0]}" is for tags: write `ours: tags`')
        if tagged and not self.of:
            raise ValueError("what are the tags made of? write `of: [tier, stage]`, or one of them")
        if tagged and not (self.prefix.strip() or self.own):
            raise ValueError("which tags are the hub's? write a `prefix`, or list them as `own`")
        odd = [name for name in _OF_VALUES if getattr(self, name) is not None]
        if tagged and odd:
            raise ValueError(f'tags have no "{odd[0]}"')

    def over(self, own: Entry | None) -> Entry:
        """This entry laid over the connector's own one."""
        decided = self.ours in DECIDED
        base = own or Entry(self.ours, self.theirs, FORMS[_natural(self.ours)], "hub" if decided else "theirs")
        given = self.model_dump(exclude={"stream", "form", *_OF_TAGS}, exclude_none=True)
        rule = TagRule(self.of, self.prefix, self.own)
        return replace(base, **given, form=FORMS[self.form] if self.form else base.form, tags=rule)


def _once(fields: tuple[SiteField, ...]) -> tuple[SiteField, ...]:
    seen: set[tuple[str, str, str]] = set()
    for field in fields:
        key = (field.stream, field.ours, field.theirs)
        if key in seen:
            raise ValueError(f'"{field.ours}" is mapped to "{field.theirs}" twice')
        seen.add(key)
    if sum(field.ours == TAGS for field in fields) > 1:
        raise ValueError("a connection has one entry of tags; what they are made of is a list")
    return fields


SiteFields = Annotated[tuple[SiteField, ...], AfterValidator(_once)]


def merged(mapping: Mapping, stream: str, site: Iterable[SiteField]) -> Mapping:
    """A connector's mapping with the site's entries for this stream in place of those with the same `ours`."""
    entries = [entry for entry in site if entry.stream == stream]
    own = {entry.ours: entry for entry in reversed(mapping.fields)}
    replaced = {entry.ours for entry in entries}
    kept = tuple(entry for entry in mapping.fields if entry.ours not in replaced)
    return replace(mapping, fields=kept + tuple(entry.over(own.get(entry.ours)) for entry in entries))


def mapping_digest(mapping: Mapping, place: Place) -> str:
    """A name for how a stream is read: it changes when the same foreign row would give another record."""
    entries = [
        [f.ours, f.theirs, f.form.name, f.owner, sorted(f.values.items()), f.required, *_owned(f.tags)]
        for f in mapping.fields
    ]
    read = [mapping.id, mapping.modified, place.region, place.zone.key, entries]
    return blake2b(orjson.dumps(read), digest_size=16).hexdigest()


def _owned(rule: TagRule) -> list[list[str]]:
    """Which tags a reader takes for the hub's own."""
    return [[rule.prefix, *sorted(rule.own)]] if rule.of else []
