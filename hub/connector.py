"""All that a connector author needs.

A connector states what it can do (`streams`, `target`), proves that it may (`check`), reads pages and writes batches.
The core does the rest: HTTP, tokens, budget, retries, marks, certificates, quarantine, diffs, receipts, echoes.

    class Shop(Connector):
        type = "shop"
        Settings = ShopSettings
        def streams(self): return (CUSTOMERS,)
        def read(self, stream, window, position): ...yield Page(...)

    @hookimpl
    def kehub_connectors(): return [Shop]
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Mapping as Rows
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, ClassVar, Generic, Literal, TypeVar

import pluggy
from pydantic import BaseModel, ConfigDict

from hub.clock import Clock
from hub.deliveries import Delivery, Heard, Hint
from hub.forms import CODE, DATE, EMAIL, FLAG, GENDER, LINE, MOMENT, NUMBER, PHONE, TEXT, Form, Place
from hub.http.answer import Answer
from hub.http.auth import Auth, Basic, OAuthRefresh, Outgoing, StaticHeader, TokenAuth
from hub.http.budget import Limit
from hub.http.dialect import Consequence, Dialect
from hub.http.keyring import Keyring, Token
from hub.maker import FactMaker
from hub.model import NounName
from hub.names import PARTS, whole_name
from hub.polling import pauses
from hub.tags import NO_TAGS, TagCall, Tagged, Tagging, TagRule, tag_calls

__all__ = [
    "CODE", "DATE", "EMAIL", "FLAG", "GENDER", "LINE", "MOMENT", "NUMBER", "PHONE", "TEXT", "Answer", "Auth",
    "BadRow", "Basic", "Connector", "ConnectorSettings", "Consequence", "Delivery", "Dialect", "End", "FactMaker",
    "Field", "Finding", "Form", "Heard", "Hint", "Keyring", "Limit", "Mapping", "OAuthRefresh", "Outgoing", "Page",
    "Place", "Row", "RowResult", "StaticHeader", "Stream", "TagCall", "TagRule", "Tagged", "Tagging", "Target", "Token",
    "TokenAuth", "Tools", "Window", "Write", "hookimpl", "pauses", "tag_calls", "whole_name",
]  # fmt: skip

hookimpl = pluggy.HookimplMarker("kehub")
"""Marks a function of a plugin as one of KeHub's hooks (`hub.hookspecs`), found by its name."""

Strength = Literal["chain", "bracketed", "swept"]
Owner = Literal["theirs", "hub", "shared"]
Row = dict[str, Any]
"""A JSON object of theirs, by their names: foreign JSON enters here."""


class ConnectorSettings(BaseModel):
    """Base of a connector's settings: the YAML check, the console's form and the docs are made from it.

    Mark secrets with `pydantic.SecretStr`; the configuration refuses them in the clear (`${ENV}` only).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True)
class Field:
    """One entry of a mapping: our field, theirs, and how both are compared.

    `ours` is a field of the noun's model, `custom.NAME`, `consents.CHANNEL` (a flag of theirs that means "opted out"),
    `buyer.FIELD`, or a decided one (`id`, `tier`, `stage`, `tags`: always hub-owned). `theirs` is their name; dots walk
    into objects. `owner` says who wins a conflict; `write` whether the hub may send it at all; `values` translates
    ours -> theirs for picklists. `fill_empty` writes only where theirs is empty. `personal: False` is for fields that
    are neither direct identifiers nor free text. `tags` says, for the field `tags`, which ones a customer gets and
    which are the hub's.
    """

    ours: str
    theirs: str
    form: Form = LINE
    owner: Owner = "theirs"
    write: bool = True
    fill_empty: bool = False
    values: Rows[str, str] = field(default_factory=dict)
    max_length: int | None = None
    required: bool = False
    tags: TagRule = NO_TAGS


@dataclass(frozen=True)
class Mapping:
    """The table that reads both ways between one stream of theirs and one of our nouns.

    `id` and `modified` are their names of the record id and of the time of last change ("" where there is none).
    """

    id: str
    fields: tuple[Field, ...]
    modified: str = ""

    def writable(self) -> tuple[Field, ...]:
        """The entries that the hub may send."""
        return tuple(entry for entry in self.fields if entry.write)

    @cached_property
    def names_in_parts(self) -> bool:
        """Whether the system has no field for a whole name, or only one that holds a part of it."""
        parts = {entry.theirs for entry in self.fields if entry.ours in PARTS}
        return all(entry.theirs in parts for entry in self.fields if entry.ours == "name")


@dataclass(frozen=True)
class Stream:
    """One thing a connection reads.

    `strength` is the best certificate its reads can earn. `deletes`: `feed` (the system lists them), `absence` (a
    complete read without the record, twice) or `none`. `change_feed` tells how far its "changed since" can be trusted.
    `counts: False` marks orders that another system counts. `personal_ids`: its ids identify a person (phone numbers
    as ids) and are stored as a keyed hash. `overlap` is read again each time, against late and equal timestamps.
    `remembers` is how far back its feeds look: when the last complete read is older, the next one is a full one. A
    stream with a delete feed whose `strength` is swept also finds by absence what the feed no longer tells. `sweep`: a
    complete read is due when the latest one is that old, for streams whose deletes show by absence only.
    """

    name: str
    noun: NounName
    mapping: Mapping
    strength: Strength = "chain"
    change_feed: Literal["full", "partial", "none"] = "full"
    deletes: Literal["feed", "absence", "none"] = "none"
    counts: bool = True
    personal_ids: bool = False
    overlap: timedelta = timedelta(minutes=5)
    shrink_brake: float = 0.0
    remembers: timedelta | None = None
    sweep: timedelta | None = None


@dataclass(frozen=True)
class Window:
    """What one read has to cover: changes in [since, until), or everything when `since` is None.

    `until` was chosen before the first request, in the server's time. `full` asks for a complete read in any case.
    """

    since: datetime | None
    until: datetime

    @property
    def full(self) -> bool:
        """Whether everything is to be read."""
        return self.since is None


@dataclass(frozen=True)
class BadRow:
    """A row that could not even be decoded: its place (file and line, page and index), the reason, its raw text."""

    place: str
    reason: str
    raw: bytes = b""


@dataclass(frozen=True)
class End:
    """What a read can prove when it ends by the system's own end mark.

    `before` and `after` are the window's totals as the system gave them at both ends, None where it gives none: a read
    that met fewer ids than both is read again. `swept` says that the read walked every id, so that absence means
    something. `shortfall` is the number of rows this account may not see. `living`: the totals are of what was alive after
    the deletes were read, so an id that was met, and then told to be deleted, counts no longer among those met.
    """

    before: int | None = None
    after: int | None = None
    swept: bool = False
    shortfall: int = 0
    living: bool = False


@dataclass(frozen=True)
class Page:
    """One page: foreign rows as decoded JSON objects, ids reported as deleted, and where the next page starts.

    `position` must be JSON and hold all that `read` needs to go on after this page in another process. The last page
    carries `end`. A page without `end` as the last one is a partial read: it never moves the watermark.
    """

    rows: Sequence[Row] = ()
    position: Row | None = None
    gone: Sequence[str] = ()
    bad: Sequence[BadRow] = ()
    end: End | None = None
    restart: bool = False
    places: Sequence[str] = ()


@dataclass(frozen=True)
class Target:
    """What a connection can be written to: its customers.

    `batch` is the most rows a call takes. `guard`: `read_first` (the core reads the batch again just before),
    `conditional` (and the system refuses by itself what changed since, as `Write.seen` tells: by Conflict for the whole
    batch) or `none`. `version` is their field that goes up by one with every write to a record ("" = there is none).
    `create_key` is their unique field that carries a create's intent key ("" = never creates). `native_idempotency`:
    repeating a create with the same key is harmless. `settle`: how long after an unclear create a look-up that finds
    nothing may still be wrong. `one_by_one` (the rows of a batch go out one a call) and `seconds_per_call` feed the
    forecast.
    """

    stream: str = "customers"
    batch: int = 100
    guard: Literal["conditional", "read_first", "none"] = "read_first"
    version: str = ""
    create_key: str = ""
    native_idempotency: bool = False
    settle: timedelta = timedelta(0)
    creates: bool = False
    one_by_one: bool = False
    seconds_per_call: float = 0.5
    side_effects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Write:
    """One row of a batch, by their field names: an update of `external_id`, or a create carrying `create_key`.

    The value of a field of tags is a `Tagged`. `seen` is their row as `fetch` gave it for the guard just before; empty
    without a guard.
    """

    key: str
    values: Row
    external_id: str | None = None
    create_key: str | None = None
    seen: Row = field(default_factory=dict)


@dataclass(frozen=True)
class RowResult:
    """What became of one `Write`, matched by `key`.

    ok, unchanged: done. refused: policy, never retried. rejected: `code` and `field` say why; tried again next run.
    retry_after: try later in this run. unknown: it may have happened. `left` are their fields that a row which is ok
    may have gone without: they count as written only where the read-back shows them, else they are planned again.
    `stored` is the time of change that the answer gives the record, where it gives one: a later time at the read-back
    is somebody else's edit.
    """

    key: str
    outcome: Literal["ok", "unchanged", "refused", "rejected", "retry_after", "unknown"]
    external_id: str | None = None
    code: str = ""
    field: str = ""
    left: tuple[str, ...] = ()
    stored: datetime | None = None


@dataclass(frozen=True)
class Finding:
    """One line of `kehub doctor`: what was looked at, whether it is good, and what to do if not."""

    subject: str
    good: bool
    remedy: str = ""


def _own_mapping(stream: Stream) -> Mapping:
    return stream.mapping


@dataclass(frozen=True)
class Tools:
    """What the core hands a connector: its name, an HTTP door of its own, the clock, the brand's place, a folder.

    `http` is a `hub.http.door.Door` (None for connectors that state `uses_http = False`); its `side_by_side` fetches
    numbered pages at once, as many as the dialect's `concurrency`, and gives them in order; its `ahead` fetches what an
    answer tells will be asked for next. Relative paths in settings are relative to `folder`, the configuration's.
    `mapping` gives a stream's mapping with the site's field map laid over it (the stream that `read` gets has it
    already). `creates`: the site lets the hub create customers there. `decides`: the values that the brand's rules can
    give a decided field (`tier`, `tier.PROGRAMME`, `stage`), for `check`.
    """

    connection: str
    clock: Clock
    place: Place
    folder: str
    http: Any = None
    mapping: Callable[[Stream], Mapping] = _own_mapping
    creates: bool = False
    decides: Rows[str, Sequence[str]] = field(default_factory=dict)


S = TypeVar("S", bound=ConnectorSettings)


class Connector(Generic[S]):
    """Base of all connectors. Construction does no I/O; a connector object serves one thread at a time."""

    type: ClassVar[str]
    Settings: ClassVar[builtins.type[ConnectorSettings]]
    uses_http: ClassVar[bool] = True
    hooks: ClassVar[bool] = False
    """Whether `webhook` understands what the system posts."""
    erases: ClassVar[bool] = False
    """Whether `erase` makes the system forget people for good."""
    version: ClassVar[str] = ""
    """Their API's version and its sunset date, as printed by `connectors list`."""

    def __init__(self, settings: S, tools: Tools) -> None:
        self.settings = settings
        self.tools = tools

    @classmethod
    def tagging(cls, settings: S) -> Tagging | None:
        """How customers are tagged there; None where they cannot be. Asked while the configuration is checked."""
        return None

    def dialect(self) -> Dialect:
        """How the system speaks; asked once, before there is a door."""
        raise NotImplementedError("a connector that uses the network states its dialect")

    def streams(self) -> Sequence[Stream]:
        """The streams of this connection, in the order in which they should be read."""
        raise NotImplementedError("a connector states its streams")

    def target(self) -> Target | None:
        """What can be written; None for a connection that is only read."""
        return None

    def check(self) -> Iterable[Finding]:
        """Prove credentials, scopes, fields and limits; one finding each; names what is missing."""
        return ()

    def server_time(self) -> datetime:
        """The system's own time, from which a window's upper bound is taken; the hub's clock where it has none."""
        return self.tools.clock.now()

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """Yield the window's pages from `position` (None: its start) to the page that carries `end`.

        Raise `hub.errors.HubError` kinds; yield a page with `restart=True` when the system no longer knows `position`.
        """
        raise NotImplementedError("a connector reads")

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        """The target's rows as they are now, by id, in one call a batch; absent ids are left out."""
        raise NotImplementedError("a target can be read by id")

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        """Send one batch; one result a row. An unclear answer raises Transient(unclear=True) or gives `unknown`."""
        raise NotImplementedError("a target can be written")

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        """Which of these create keys were used there already, as key -> external id.

        A record that somebody there has removed since counts, where the system still shows it. "" as the id means
        that the system cannot tell; a key that is left out was never used.
        """
        return {}

    def webhook(self, delivery: Delivery) -> Heard:
        """Prove that a delivery is the system's own, by its signature over the raw body, and say what it speaks of.

        Raise `hub.errors.AuthError` for one that is not, `Rejected` for one that is and makes no sense.
        """
        raise NotImplementedError("a connector that states `hooks` hears its webhooks")

    def named(self, stream: Stream, ids: Sequence[str]) -> dict[str, Row]:
        """Rows of a stream by id, for hints; absent ids are left out. By default the target's rows, by `fetch`."""
        target = self.target()
        if target is None or target.stream != stream.name:
            raise NotImplementedError("this stream is not read by id")
        return self.fetch(ids)

    def erase(self, ids: Sequence[str]) -> Sequence[RowResult]:
        """Let the system forget these people for good, also in what it keeps of the deleted; one result an id, its key.

        ok: nothing of them is there (any more), so that to ask again is harmless. No run calls it: only a person who
        acts on somebody's own wish does.
        """
        raise NotImplementedError("a connector that states `erases` erases")
