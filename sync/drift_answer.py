"""A person says whose word counts on a field that somebody there changed."""

from __future__ import annotations

from dataclasses import replace

from hub.errors import SettingsError
from hub.store.drifts import Drift
from sync import staff
from sync.mapping import is_decided
from sync.setup import Setup


def accept(setup: Setup, drift: Drift) -> str:
    """Let theirs stand; gives what follows, in a sentence.

    A field of the customer becomes a correction by staff, which every system gets and which is undone as one. What the
    hub decides, and a field that was emptied, is only left as it is in this one record, until the answer is `ours`.
    """
    setup.record("questions answer", connection=drift.connection, drift=drift.id, answer="theirs")
    if drift.owner == "shared":
        return _conflict(setup, drift, "theirs")
    made = "" if drift.state == "accepted" else _corrected(setup, drift)
    with setup.store.db.writing("accept", durable=True):
        setup.store.drifts.save([replace(drift, state="accepted", rounds=0)])
        setup.store.questions.drop("drift", drift.ext, drift.connection, drift.field, answered=True)
        _plan_again(setup, drift)
    if made:
        return f"Correction {made} holds everywhere; undo it: `kehub customers edit --take-back {made}`"
    return f"It is left as it is there; undo it: `kehub questions answer {drift.id} ours`"


def refuse(setup: Setup, drift: Drift) -> str:
    """Let ours stand there again; gives what follows, in a sentence."""
    setup.record("questions answer", connection=drift.connection, drift=drift.id, answer="ours")
    if drift.owner == "shared":
        return _conflict(setup, drift, "hub")
    questions = setup.store.questions
    questions.answer(questions.id_of("drift", drift.connection, drift.field, drift.ext), "hub", setup.actor)
    with setup.store.db.writing("refuse", durable=True):
        if drift.state == "accepted":
            setup.store.drifts.save([replace(drift, state="open")])
        _plan_again(setup, drift)
    return "`kehub sync` plans to write ours back."


def _conflict(setup: Setup, drift: Drift, answer: str) -> str:
    questions = setup.store.questions
    if not questions.answer(questions.id_of("conflict", drift.connection, drift.field, drift.ext), answer, setup.actor):
        raise SettingsError("there is no question about this yet", where=drift.id, remedy="`kehub sync` asks it")
    with setup.store.db.writing("answer"):
        _plan_again(setup, drift)
    return "`kehub sync` goes on from there."


def _corrected(setup: Setup, drift: Drift) -> str:
    """The correction that theirs becomes; "" where the field cannot be corrected."""
    head = drift.field.partition(".")[0]
    known = {name.partition(".")[0] for name in staff.correctable()}
    customer = _customer(setup, drift)
    if is_decided(drift.field) or drift.theirs is None or head not in known or customer is None:
        return ""
    reason = f"theirs accepted from {drift.connection}"
    return staff.correct(setup, customer, {drift.field: str(drift.theirs)}, reason, None)


def _plan_again(setup: Setup, drift: Drift) -> None:
    """A change that stands in the plan must not be pushed before the customer is planned again."""
    plans, customer = setup.store.plans, _customer(setup, drift)
    if customer is None:
        return
    setup.store.people.make_due([customer])
    for row in plans.of_customer(customer):
        if (row.connection, row.ext) == (drift.connection, drift.ext) and drift.field in row.fields:
            plans.remove(row)
            former = plans.open(drift.connection)
            plans.publish(former.run if former else 0, drift.connection)


def _customer(setup: Setup, drift: Drift) -> str | None:
    found = setup.store.records.by_exts(drift.connection, drift.stream, [drift.ext]).get(drift.ext)
    return found.customer if found else None
