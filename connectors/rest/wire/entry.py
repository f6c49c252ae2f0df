"""One entry of a declared field map, in the words of the `fields` that every connection has."""

from __future__ import annotations

import difflib
from typing import Literal

import pydantic
from pydantic import PositiveInt, model_validator

from connectors.rest.fields import FORMS, PREFIXED, form_of
from connectors.rest.wire.paths import in_a_list
from hub.connector import ConnectorSettings, Field, Owner
from hub.model import DECIDED, NOUNS, Buyer, NounName

FormName = Literal["text", "line", "code", "phone", "email", "date", "moment", "number", "flag", "gender"]


class RestField(ConnectorSettings):
    """`ours` is our field, `theirs` its place in their row (dots walk into objects).

    `form`: how it is spelled, by default as is natural for the field. `owner` (theirs, hub, shared) wins a conflict;
    `write: false` is only read. `values` translates ours to theirs. `fill_empty` writes only where theirs is empty,
    `max_length` is the longest text taken, `required` a field that must not be empty. `noun` comes from the stream.
    """

    ours: str
    theirs: str
    form: FormName | None = None
    owner: Owner | None = None
    write: bool | None = None
    fill_empty: bool = False
    values: dict[str, str] = pydantic.Field(default_factory=dict)
    max_length: PositiveInt | None = None
    required: bool = False
    noun: NounName = "customers"

    @model_validator(mode="after")
    def _sensible(self) -> RestField:
        known = our_fields(self.noun)
        if self.ours == "tags":
            raise ValueError("tags are mapped in the connection's own `fields:`, beside `streams:`")
        if self.ours == "lines":
            raise ValueError("the lines of an order are declared by the stream's `lines:`")
        if self.ours not in known and not (self.noun == "customers" and self.ours.startswith(PREFIXED)):
            near = difflib.get_close_matches(self.ours, known, 1)
            guess = f'; did you mean "{near[0]}"?' if near else "; your own are written custom.NAME"
            raise ValueError(f'"{self.ours}" is no field of {self.noun}{guess}')
        if not self.theirs:
            raise ValueError(f'where is "{self.ours}" in their rows? write `theirs:`')
        if in_a_list(self.theirs) and self.write is not False:
            raise ValueError(f'"{self.theirs}" is a place in a list, which is only read: add `write: false`')
        if self.decided and self.owner not in (None, "hub"):
            raise ValueError(f'"{self.ours}" is decided by the hub: its owner is always `hub`')
        if self.ours.startswith("consents.") and self.write:
            raise ValueError("consents are never written: what somebody agreed to is theirs to say; take `write` out")
        if self.write is False and (self.fill_empty or self.owner == "hub"):
            raise ValueError(
                "`write: false` is only read; take out `fill_empty` and `owner: hub`, or let it be written"
            )
        return self

    @property
    def decided(self) -> bool:
        """Whether the hub decides it."""
        return self.ours.partition(".")[0] in DECIDED

    def entry(self) -> Field:
        """The entry as the core reads it."""
        form = FORMS[self.form] if self.form else form_of(self.ours)
        owner: Owner = "hub" if self.decided else self.owner or "theirs"
        writes = not self.ours.startswith("consents.") if self.write is None else self.write
        return Field(
            self.ours, self.theirs, form, owner, writes, self.fill_empty, self.values, self.max_length, self.required
        )


def our_fields(noun: NounName) -> list[str]:
    """What `ours` can name in a stream of this noun, names of a brand's own apart."""
    own = list(NOUNS[noun].model_fields)
    buyer = [f"buyer.{name}" for name in Buyer.model_fields] if "buyer" in own else []
    return [*own, *buyer, *(DECIDED if noun == "customers" else ())]
