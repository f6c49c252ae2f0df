"""Checks on safety: consent, emptiness, and what must never be seen in a log, an address or on a disk."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from hub.connector import Delivery
from hub.errors import AuthError
from hub.testing.contract.check import check, eraser, hearer, maker, networked, writer
from hub.testing.contract.rig import Rig
from hub.testing.leaks import found_in, found_under
from hub.testing.people import CANARIES


@check("careful")
def never_writes_a_consent(rig: Rig) -> None:
    """No consent is among the fields that it may write."""
    for name, one in rig.streams.items():
        written = [entry.ours for entry in one.mapping.writable() if entry.ours.startswith("consents.")]
        assert not written, f"{name}: it may write {', '.join(written)}"


@check("careful", maker)
def consent_is_in_no_mirror(rig: Rig) -> Iterator[None]:
    """A customer who is made there, or whose fields are written, gets no consent with it."""
    rig.configure(create=True)
    rig.settle()
    rig.newcomer(no_mail=True)
    rig.promote(rig.ids()[2])
    consents = {entry.theirs for entry in rig.customers.mapping.fields if entry.ours.startswith("consents.")}
    before = {id_: [rig.part(row, name) for name in sorted(consents)] for id_, row in rig.rows().items()}
    yield
    rig.run()
    yield
    rig.rest()
    for write in rig.writes():
        assert not consents & set(write["fields"]), "a consent was sent"
    for id_, row in rig.rows().items():
        if id_ in before:
            assert [rig.part(row, name) for name in sorted(consents)] == before[id_], "a consent changed"


@check("careful", networked)
def emptiness_deletes_nobody(rig: Rig) -> None:
    """A system that suddenly shows nobody, and says so, loses nobody here, and nothing is written anywhere."""
    rig.settle()
    held, there = {name: rig.held_records(name).keys() for name in rig.streams}, rig.rows()
    rig.twin.faults.set({"silent_cap": {"rows": 0, "totals": "lying", "times": None}})
    for _ in range(2):
        rig.clock.sleep(31 * 86_400)
        rig.run(full=True)
    rig.twin.faults.clear()
    for name, before in held.items():
        assert before <= rig.held_records(name).keys(), f"{name}: records are gone with an empty answer"
    assert rig.rows().keys() == there.keys(), "records were made or deleted because a system showed nobody"
    for entry in rig.customers.mapping.fields:
        emptied = [id_ for id_, row in there.items() if rig.part(row, entry.theirs) and not rig.value(id_, entry)]
        assert not emptied, f"{entry.theirs} was emptied because a system showed nobody"


@check("careful")
def nothing_personal_is_told(rig: Rig) -> Iterator[None]:
    """No name, phone or address is in an error, a log, or readable on the disk."""
    with _logged() as log:
        rig.run()
        yield
        rig.run()
        rig.run(full=True)
        yield
        rig.rest()
    told = "\n".join([*log, *rig.told]).encode()
    assert not found_in(told, CANARIES), "something personal was told"
    assert not found_under(rig.kept(), CANARIES), "something personal is readable on the disk"


@check("careful", lambda rig: "" if rig.stand.secrets else "it has no secrets")
def no_secret_is_told(rig: Rig) -> Iterator[None]:
    """No secret and no token is in an error, a log, or readable on the disk."""
    with _logged() as log:
        rig.run()
        yield
        rig.run(full=True)
        yield
        rig.rest()
    secrets = {"secret": [text for text in rig.stand.secrets.values() if len(text) >= 6 and not text.isdigit()]}
    assert not found_in("\n".join([*log, *rig.told]).encode(), secrets), "a secret was told"
    assert not found_under(rig.kept(), secrets), "a secret is readable on the disk"


@check("careful", networked)
def no_address_names_a_person(rig: Rig) -> None:
    """The addresses it calls hold nobody's name, phone or mail, since every proxy keeps addresses."""
    rig.settle()
    if rig.target and rig.target.creates:
        rig.configure(create=True)
        rig.newcomer()
        rig.lose_an_answer()
        rig.run()
        rig.rest()
    called = "\n".join(rig.called).encode()
    assert rig.called, "nothing was called"
    assert not found_in(called, {**CANARIES, "newcomer": rig.newcomers}), "an address names somebody"


@check("careful", writer)
def a_first_plan_waits_for_approval(rig: Rig) -> None:
    """Nothing is written before somebody approved it."""
    report = rig.sync()
    assert report.plans, "there was nothing to plan"
    assert not rig.twin.counts.writes, "it wrote without an approval"


@check("works", hearer)
def hears_what_changed(rig: Rig) -> None:
    """A webhook names the record that changed, under one key however often it comes."""
    one, other = rig.ids()[1:3]
    delivery = rig.told_of(one, "Told")
    heard = rig.heard(delivery)
    assert (rig.customers.name, one) in {(hint.stream, hint.external_id) for hint in heard.hints}, (
        "the record is not named"
    )
    assert rig.heard(delivery).key == heard.key, "a repetition has another key"
    assert rig.heard(rig.told_of(other, "Told")).key != heard.key, "another delivery has the same key"


@check("careful", hearer)
def refuses_a_webhook_of_somebody_else(rig: Rig) -> None:
    """A webhook that is signed with another secret, or not at all, is refused."""
    forged = rig.told_of(rig.ids()[1], "Forged", signed_with="somebody else")
    for delivery in (forged, replace(forged, headers={"content-type": "application/json"})):
        assert _is_refused(rig, delivery), "it was heard"


@check("careful", hearer)
def refuses_a_webhook_that_was_changed(rig: Rig) -> None:
    """A webhook of which one byte is another is refused, though its meaning be the same."""
    delivery = rig.told_of(rig.ids()[1], "Told")
    assert _is_refused(rig, replace(delivery, body=delivery.body[:-1] + b" " + delivery.body[-1:])), "it was heard"


def _is_refused(rig: Rig, delivery: Delivery) -> bool:
    try:
        rig.heard(delivery)
    except AuthError:
        return True
    return False


@check("careful", eraser)
def forgets_for_good(rig: Rig) -> None:
    """Whom it is told to erase, the system holds no word of, and to ask again is harmless; all others stay."""
    rig.settle()
    one, *others = rig.ids()
    there = json.dumps(rig.twin.state(), default=str, ensure_ascii=False)
    words = [word for word in rig.words(one) if there.count(word) == 1]
    assert words, "there is nothing to tell this person by"
    rig.erased(one)
    rig.erased(one)
    assert rig.ids() == others, "not only this person is gone, or not at all"
    left = json.dumps(rig.twin.state(), default=str, ensure_ascii=False)
    assert not [word for word in words if word in left], "the system still holds something of this person"
    rig.clock.advance(timedelta(hours=1))
    rig.run()
    rig.rest()
    assert rig.ids() == others, "the person came back"


@contextmanager
def _logged() -> Iterator[list[str]]:
    """Every line that anything on the hub's side logs, at any level."""
    lines: list[str] = []

    class Note(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if not record.name.startswith("uvicorn"):  # the twin's own server
                lines.append(record.getMessage())

    note, root = Note(), logging.getLogger()
    level = root.level
    root.addHandler(note)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(note)
