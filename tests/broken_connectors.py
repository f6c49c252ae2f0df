"""Connectors that are wrong on purpose, each in one way, and the check of the contract that has to catch it."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, ClassVar

from connectors.fxiaoke.connector import Fxiaoke
from connectors.fxiaoke.twin import STAND as FXIAOKE
from connectors.memory.connector import Memory
from connectors.memory.twin import STAND as MEMORY
from connectors.woocommerce.connector import WooCommerce
from connectors.woocommerce.twin import STAND as WOOCOMMERCE
from connectors.woocommerce.wire.settings import WooSettings
from connectors.zoho.connector import Zoho
from connectors.zoho.twin import STAND as ZOHO
from hub.connector import (
    Connector,
    Delivery,
    Dialect,
    End,
    Field,
    Finding,
    Heard,
    Hint,
    Page,
    Row,
    RowResult,
    Stream,
    Target,
    Window,
    Write,
)  # fmt: skip
from hub.errors import AuthError, HubError, Rejected, Transient
from hub.testing.stand import Stand


@dataclass(frozen=True)
class Broken:
    """A connector that is wrong, the stand it plays on, the check named for it, and the fault that brings it to light."""

    stand: Stand
    caught_by: str
    fault: str = ""


BROKEN: dict[str, Broken] = {}
_STANDS = {Memory: replace(MEMORY, type="broken"), WooCommerce: WOOCOMMERCE, Zoho: ZOHO, Fxiaoke: FXIAOKE}


def caught_by(check: str, fault: str = "", **settings: Any) -> Any:
    """Enter a class in the table of broken connectors; its docstring says what is wrong with it."""

    def entered(kind: type[Connector[Any]]) -> type[Connector[Any]]:
        stand = next(stand for base, stand in _STANDS.items() if issubclass(kind, base))
        if issubclass(kind, Memory):
            kind.type = "broken"
        whole = replace(stand, connector=kind, settings={**stand.settings, **settings}, exempt={})
        BROKEN[str(kind.__doc__)] = Broken(whole, check, fault)
        return kind

    return entered


# -- reading


@caught_by("reads_every_record")
class DropsTheLastPage(Memory):
    """drops the last page"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        pages = list(super().read(stream, window, position))
        yield from [*pages[:-2], pages[-1]]


@caught_by("reads_page_by_page")
class ReadsAPageTwice(Memory):
    """reads a page twice"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            yield page
            if page.rows:
                yield page


@caught_by("reads_every_record")
class ForgetsItsEnd(Memory):
    """ends without its end"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        yield from (replace(page, end=None) for page in super().read(stream, window, position))


@caught_by("goes_on_at_every_page")
class SkipsAPageWhenItGoesOn(Memory):
    """skips a page when it goes on"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        pages = super().read(stream, window, position)
        if position is not None:
            next(pages, None)
        yield from pages


@caught_by("goes_on_at_every_page")
class PutsATimeIntoItsPosition(Memory):
    """has a position that is no JSON"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            yield replace(page, position=page.position and {**page.position, "at": datetime.now(UTC)})


@caught_by("a_quiet_run_asks_little")
class ReadsEverythingEachTime(Memory):
    """reads everything in each run"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        return super().read(stream, replace(window, since=None), position)


@caught_by("meets_a_row_that_comes_late")
class OverlapsNothing(Memory):
    """overlaps nothing"""

    def streams(self) -> Sequence[Stream]:
        return [replace(one, overlap=timedelta(0)) for one in super().streams()]


@caught_by("tells_rows_of_the_same_moment_apart")
class GoesOnBehindTheMoment(Memory):
    """goes on behind the moment instead of behind the row"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        seen = ""
        for page in super().read(stream, window, position):
            rows = [row for row in page.rows if row["modified"] > seen]
            seen = max([seen, *(row["modified"] for row in page.rows)])
            yield replace(page, rows=rows)


@caught_by("reads_nothing_of_the_future")
class ReadsTheFuture(Memory):
    """takes a window of the future for all time"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        ahead = window.since is not None and window.since > self.tools.clock.now()
        return super().read(stream, replace(window, since=None) if ahead else window, position)


@caught_by("an_error_in_a_200_is_no_page")
class TakesAnErrorForTheEnd(WooCommerce):
    """takes an error in a 200 for the end"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        try:
            yield from super().read(stream, window, position)
        except HubError:
            yield Page(end=End(0, 0, swept=True))


@caught_by("a_first_read_is_whole_or_does_not_count", "500")
class EndsWhereTheSystemBreaks(Memory):
    """moves the watermark on a partial read"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        try:
            yield from super().read(stream, window, position)
        except Transient:
            yield Page(end=End(swept=True))


@caught_by("a_silent_cap_is_noticed")
class BelievesEveryEnd(WooCommerce):
    """certifies a read without looking at totals"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        listing = self._listing(stream.name)
        rows = [row for page in super().read(stream, window, position) for row in page.rows] if window.since else None
        if rows is None:
            rows, offset = [], 0
            while found := listing.found(orderby="id", order="asc", offset=offset):
                rows, offset = rows + found, offset + len(found)
        yield Page(rows=rows, end=End(len(rows), len(rows), swept=True))


@caught_by("a_row_that_cannot_be_read_stops_nobody")
class StopsAtABadRow(WooCommerce):
    """stops at a row that cannot be read"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            try:
                "".join(str(value) for row in page.rows for value in row.values()).encode()
            except UnicodeEncodeError as error:
                raise Rejected("a row cannot be read") from error
            yield page


@caught_by("tells_when_a_row_changed")
class TakesLocalTimeForUtc(WooCommerce):
    """takes the shop's local time for UTC"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            yield replace(page, rows=[self._local(row) for row in page.rows])

    def _local(self, row: Row) -> Row:
        told = row.get("date_modified_gmt")
        local = told and (datetime.fromisoformat(told).replace(tzinfo=UTC) + timedelta(hours=8)).isoformat()
        return {**row, "date_modified_gmt": local}


@caught_by("learns_of_deletes")
class PassesOverDeletes(Memory):
    """passes over the list of deletes"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        yield from (replace(page, gone=()) for page in super().read(stream, window, position))


@caught_by("reading_writes_nothing")
class MarksWhatItRead(Memory):
    """marks in the system what it has read"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            for row in page.rows:
                self.system.receive({"id": row["id"], "seen": "yes"}, "update")
            yield page


# -- stating and checking


@caught_by("states_itself_without_asking")
class AsksWhileItStates(WooCommerce):
    """asks the system while it states its streams"""

    def streams(self) -> Sequence[Stream]:
        if self.tools.http is not None:
            self._listing("customers").page({}, 0, 1)
        return super().streams()


@caught_by("doctor_names_wrong_credentials")
class IsAlwaysWell(WooCommerce):
    """finds everything well without asking"""

    def check(self) -> Iterable[Finding]:
        return [Finding("key", True)]


@caught_by("doctor_is_content_with_a_healthy_system")
class LooksAtNothing(WooCommerce):
    """looks at nothing when it is checked"""

    def check(self) -> Iterable[Finding]:
        return ()


class OpenSettings(WooSettings):
    """Settings with a secret that is not marked as one."""

    consumer_secret: str  # type: ignore[assignment]


@caught_by("takes_secrets_from_the_environment_only")
class ShowsItsSecret(WooCommerce):
    """takes its secret in the clear"""

    Settings = OpenSettings

    def dialect(self) -> Dialect:
        own = self.settings.model_dump()
        hidden = {**own, "consumer_key": self.settings.consumer_key.get_secret_value()}
        return type(self).__mro__[1](WooSettings(**hidden), self.tools).dialect()  # type: ignore[no-any-return]


@caught_by("tells_its_version")
class HasNoVersion(WooCommerce):
    """does not tell its version"""

    version = ""


# -- writing


@caught_by("sends_only_what_changed")
class SendsTheWholeRecord(Memory):
    """sends unchanged fields"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        def whole(entry: Write) -> Write:
            known = self.system.customers.get(entry.external_id or "", {})
            same = {name: known[name] for name in ("name", "city") if name in known}
            return replace(entry, values={**same, **entry.values})

        return super().write([whole(entry) for entry in batch])


@caught_by("an_empty_value_empties_a_field")
class TakesNullForMissing(Memory):
    """takes null for missing"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        def given(entry: Write) -> Write:
            return replace(entry, values={name: value for name, value in entry.values.items() if value is not None})

        return super().write([given(entry) for entry in batch])


@caught_by("an_empty_value_empties_a_field")
class TakesMissingForNull(Memory):
    """takes missing for null"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        return super().write([replace(entry, values={"name": None, **entry.values}) for entry in batch])


@caught_by("one_bad_row_spoils_no_other")
class IgnoresRowResults(WooCommerce):
    """ignores the results of single rows"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        return [replace(found, outcome="ok", code="", field="") for found in super().write(batch)]


@caught_by("one_bad_row_spoils_no_other")
class FailsAsAWhole(WooCommerce):
    """fails as a whole for one bad row"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        results = super().write(batch)
        if any(found.outcome == "rejected" for found in results):
            raise Rejected("a row was refused")
        return results


@caught_by("a_record_deleted_meanwhile_is_not_made_again", guard=False)
class MakesTheVanishedAgain(Memory):
    """makes a record again that somebody deleted"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        for entry in batch:
            if entry.external_id:
                self.system.customers.setdefault(entry.external_id, {"id": entry.external_id, "modified": ""})
        return super().write(batch)

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        return {id_: {"id": id_} for id_ in ids} | super().fetch(ids)


@caught_by("a_create_whose_answer_is_lost_makes_one")
class RetriesACreate(WooCommerce):
    """retries a create whose answer got lost"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        try:
            return super().write(batch)
        except Transient:
            again = [replace(entry, create_key=f"{entry.create_key}x", values={**entry.values, "email": "again@b.cn"})
                     if entry.create_key else entry for entry in batch]  # fmt: skip
            return super().write(again)


@caught_by("finds_by_its_key_whom_it_made")
class LosesTheKey(Memory):
    """makes records without their key"""

    def lookup(self, create_keys: Sequence[str]) -> dict[str, str]:
        return {}


@caught_by("keeps_every_character")
class LosesPictures(Memory):
    """loses characters beyond the basic plane"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        def plain(value: Any) -> Any:
            return "".join(char for char in value if ord(char) < 0x10000) if isinstance(value, str) else value

        return super().write(
            [replace(entry, values={name: plain(value) for name, value in entry.values.items()}) for entry in batch]
        )


@caught_by("cuts_nothing")
class CutsLongTexts(Memory):
    """cuts texts that are too long"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        def cut(value: Any) -> Any:
            return value[:255] if isinstance(value, str) else value

        return super().write(
            [replace(entry, values={name: cut(value) for name, value in entry.values.items()}) for entry in batch]
        )


@caught_by("writes_many_at_once")
class WritesOneByOne(WooCommerce):
    """writes one row a call though it takes a hundred"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        return [found for entry in batch for found in super(WritesOneByOne, self).write([entry])]


@caught_by("writes_what_the_hub_decides", "drop_before")
class ClaimsThatAllIsWell(WooCommerce):
    """claims that a write went well though nothing was heard of it"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        self.claimed = [(entry.external_id or "", entry.values) for entry in batch]
        try:
            return super().write(batch)
        except Transient:
            return [RowResult(entry.key, "ok", external_id=entry.external_id) for entry in batch]

    def fetch(self, ids: Sequence[str]) -> dict[str, Row]:
        found = super().fetch(ids)
        for id_, values in getattr(self, "claimed", ()):
            found[id_] = {**found.get(id_, {}), **values}
        return found

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            yield replace(page, rows=[{**row, "meta_data.kehub_tier": "gold"} for row in page.rows])


# -- safety


@caught_by("never_writes_a_consent")
class MirrorsConsent(Memory):
    """mirrors consent"""

    def streams(self) -> Sequence[Stream]:
        first, *others = super().streams()
        entries = (*first.mapping.fields, Field("consents.sms", "no_sms"))
        return [replace(first, mapping=replace(first.mapping, fields=entries)), *others]


@caught_by("consent_is_in_no_mirror")
class GivesConsentWithACreate(Memory):
    """gives a consent with a create"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        return super().write([replace(entry, values={**entry.values, "no_mail": False}) for entry in batch])


@caught_by("nothing_personal_is_told", "500")
class TellsRowsInErrors(Memory):
    """puts a row into an error"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        try:
            yield from super().read(stream, window, position)
        except Transient as error:
            raise Transient(f"no answer after {list(self.system.customers.values())[:5]}") from error


@caught_by("nothing_personal_is_told")
class LogsRows(Memory):
    """logs rows"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            logging.getLogger("broken").debug("read %s", page.rows)
            yield page


@caught_by("no_secret_is_told", "500")
class TellsItsSecret(WooCommerce):
    """puts a secret into an error"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        try:
            self._listing("orders").page({}, 0, 1)
            yield from super().read(stream, window, position)
        except Transient as error:
            secret = self.settings.consumer_secret.get_secret_value()
            raise Transient(f"no answer with consumer_secret={secret}") from error


@caught_by("no_address_names_a_person")
class LooksForPeopleByMail(WooCommerce):
    """looks for people by their mail in the address of a call"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            for row in page.rows:
                if row.get("email"):
                    self._listing("customers").found(email=row["email"])
            yield page


@caught_by("emptiness_deletes_nobody")
class TakesEmptinessForDeletes(WooCommerce):
    """tells everybody as deleted when a listing is empty"""

    known: ClassVar[set[str]] = set()

    def streams(self) -> Sequence[Stream]:
        return [replace(one, shrink_brake=0.0, deletes="feed") for one in super().streams()]

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        met: set[str] = set()
        for page in super().read(stream, window, position):
            met |= {str(row["id"]) for row in page.rows}
            yield page if page.end is None or met else replace(page, gone=sorted(self.known))
        if stream.name == "customers" and met:
            self.known.clear()
            self.known.update(met)


@caught_by("refuses_a_webhook_of_somebody_else")
class HearsEverybody(WooCommerce):
    """hears webhooks of whoever sends them"""

    def webhook(self, delivery: Delivery) -> Heard:
        try:
            return super().webhook(delivery)
        except AuthError:
            return Heard("key", hints=[Hint("customers", "1")])


@caught_by("refuses_a_webhook_that_was_changed")
class ReadsBeforeItProves(WooCommerce):
    """proves a webhook by what it means instead of by its bytes"""

    def webhook(self, delivery: Delivery) -> Heard:
        plain = json.dumps(json.loads(delivery.body)).encode()
        return super().webhook(replace(delivery, body=plain))


@caught_by("hears_what_changed")
class NamesRepetitionsAnew(WooCommerce):
    """has a key of its own for each repetition of a webhook"""

    def webhook(self, delivery: Delivery) -> Heard:
        return replace(super().webhook(delivery), key=str(next(_COUNTED)))


_COUNTED = count()


@caught_by("forgets_for_good")
class EmptiesInsteadOfErasing(Memory):
    """claims to have erased somebody whom it only hides"""

    def erase(self, ids: Sequence[str]) -> Sequence[RowResult]:
        for id_ in ids:
            if row := self.system.customers.pop(id_, None):
                self.system.orders[f"hidden-{id_}"] = {**row, "id": f"hidden-{id_}"}
        return [RowResult(id_, "ok", external_id=id_) for id_ in ids]


# -- living


@caught_by("trouble_is_not_hammered")
class Hammers(WooCommerce):
    """asks a system that is out of order again and again"""

    def dialect(self) -> Dialect:
        return replace(super().dialect(), tries=40)


@caught_by("a_long_wait_is_left_to_the_next_run")
class WaitsForADay(WooCommerce):
    """does not heed the time that a system asks for"""

    def dialect(self) -> Dialect:
        return replace(super().dialect(), pause=lambda answer, now: 0.0, tries=60)


@caught_by("keeps_to_the_budget")
class KnowsNoBudget(Fxiaoke):
    """keeps to no budget"""

    def dialect(self) -> Dialect:
        return replace(super().dialect(), limits=())


@caught_by("a_token_that_dies_is_renewed_once")
class KeepsADeadToken(Zoho):
    """does not renew a token that died"""

    def dialect(self) -> Dialect:
        known = super().dialect()
        codes = {
            code: "rejected" if consequence == "auth" else consequence for code, consequence in known.codes.items()
        }
        return replace(known, codes=codes, failed=lambda answer: Rejected("no") if answer.status == 401 else None)


@caught_by("makes_nobody_where_that_is_not_allowed")
class MakesWhoeverIsMissing(Memory):
    """makes customers that nobody asked for"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        self.system.receive({"id": f"extra{len(self.system.customers)}", "name": "Extra"}, "create")
        return super().write(batch)

    def target(self) -> Target | None:
        return super().target()


@caught_by("one_plan_has_one_effect")
class WritesTwice(Memory):
    """writes every row twice"""

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        super().write(batch)
        return super().write(batch)


@caught_by("what_a_clerk_types_meanwhile_stays")
class WritesBackWhatItRead(Memory):
    """writes back the row as it was read"""

    read_before: ClassVar[dict[str, Row]] = {}

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            self.read_before.update({row["id"]: row for row in page.rows} if stream.name == "customers" else {})
            yield page

    def write(self, batch: Sequence[Write]) -> Sequence[RowResult]:
        old = [{"name": self.read_before.get(entry.external_id or "", {}).get("name")} for entry in batch]
        return super().write([replace(one, values={**row, **one.values}) for one, row in zip(batch, old, strict=True)])


@caught_by("a_first_read_is_whole_or_does_not_count", "undecodable_row")
class HidesBadRows(WooCommerce):
    """leaves out rows that it cannot read and tells nobody"""

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        for page in super().read(stream, window, position):
            rows = [row for row in page.rows if "\\ud800" not in ascii(row)]
            yield replace(page, rows=rows, end=page.end and End(swept=True))
