"""`kehub questions list|drift|answer`: what only a person can answer, and what somebody there made of our words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import typer

from hub.cli.drift_facts import ANSWERS, answerable, drift_facts, tell_drift
from hub.cli.edge import command_app
from hub.cli.opening import As, Json, opened
from hub.cli.show import Facts, cell, emit, show
from hub.errors import SettingsError
from hub.store.drifts import Drift
from hub.store.questions import Question
from sync import verdict
from sync.drift_answer import accept, refuse
from sync.setup import Setup

app = command_app(help="What only a person can answer: list, and answer; the drift inbox.")


@dataclass(frozen=True)
class Kind:
    """A kind of question: how it is asked, and what can be answered."""

    text: str
    answers: tuple[str, ...] = ("seen",)


_WHOSE, _SURE = ANSWERS, ("yes", "no")
_STORED = {"ours": "hub"}
"""How an answer is stored, where not as it is given; the stored word may be given as well."""

KINDS = {
    "first": Kind("{field} of {count} records in {connection} differs from ours: whose word counts?", _WHOSE),
    "conflict": Kind("{field} was changed there and here ({connection}:{subject}): whose word counts?", _WHOSE),
    "drift": Kind(
        "{field} was changed there again after {count} write-backs ({connection}:{subject}): whose word counts?", _WHOSE
    ),
    "shrink": Kind("{connection}.{field} went from {subject} records: are the missing ones really gone?", _SURE),
    "deleted": Kind(
        "{connection} says that {count} records of {field} are deleted ({subject}): are they really?", _SURE
    ),
    "held": Kind("{subject} has waited for a complete read: decide {field} without it?", _SURE),
    "crowded": Kind("{count} records share one {field}, which joins nobody: is it a shop's or an agent's?"),
    "names": Kind("{count} records share one {field} and look like several people: are they one?", ("same", "seen")),
    "cluster": Kind("{count} records would become one customer ({subject}), which is more than the limit."),
    "echo": Kind("{connection} hands {field} back in another spelling ({subject})."),
    "not_kept": Kind("{connection} did not keep what was written to {field} ({subject})."),
    "too_long": Kind("{field} is too long for {connection} ({count} records)."),
}
"""Every kind that the steps ask. `seen` closes a question that changes nothing by being answered."""


@app.command(name="list")
def list_questions(ctx: typer.Context, json: Json = False) -> None:
    """List what waits for an answer, with some samples."""
    with opened(ctx) as setup:
        facts = [question_facts(setup, question) for question in setup.store.questions.open(samples=True)]
    if json:
        emit(facts)
        return
    rows = [[f["id"], f["text"], "; ".join(_sample(each) for each in f["samples"][:3]), f["answers"]] for f in facts]
    show(("id", "question", "samples", "answers"), rows, empty="No questions.")
    if facts:
        print("Answer: `kehub questions answer ID ANSWER`")


@app.command()
def drift(
    ctx: typer.Context,
    every: Annotated[bool, typer.Option("--all", help="Also what is settled, with how it ended.")] = False,
    json: Json = False,
) -> None:
    """Show what staff changed there since we wrote it: written back, taken over, or waiting for an answer."""
    with opened(ctx) as setup:
        facts = drift_facts(setup, setup.store.drifts.list(every=every))
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    tell_drift(facts, zone, empty="Nothing drifted.")
    if any(entry["answers"] for entry in facts):
        print("Leave theirs standing: `kehub questions answer ID theirs`; ours again: `kehub questions answer ID ours`")


def question_facts(setup: Setup, question: Question) -> Facts:
    """A question with its text, its possible answers, and samples by which to judge."""
    kind = KINDS.get(question.kind, Kind("{kind}: {subject}"))
    shown = {name: getattr(question, name) for name in ("kind", "connection", "field", "subject", "count")}
    samples = question.samples if isinstance(question.samples, list) else []
    if question.kind in ("crowded", "names"):  # the subject is the keyed hash of what is shared
        shown["subject"], samples = "", _sharers(setup, bytes.fromhex(question.subject))
    if question.kind in ("shrink", "deleted"):
        shown["subject"] = question.subject.replace(">", " to ")
    return {"id": question.id, **shown, "text": kind.text.format(**shown), "answers": kind.answers, "samples": samples}


def _sharers(setup: Setup, key: bytes) -> list[Facts]:
    """The first few records that hold a key, with their names."""
    return [
        {"ext": f"{record.connection}:{record.ext}", "name": record.body.values.get("name")}
        for record in setup.store.records.holding(key, 5)
    ]


def _sample(sample: object) -> str:
    if not isinstance(sample, dict):
        return cell(sample, 30)
    if "name" in sample:
        return cell(sample["name"], 16)
    sides = f": {cell(sample['theirs'], 24)} / ours {cell(sample['wanted'], 24)}" if "theirs" in sample else ""
    return f"{cell(sample.get('ext'))}{sides}"


@app.command()
def answer(ctx: typer.Context, question: str, answer: str, actor: As = "") -> None:
    """Answer a question; what follows from it is planned by the next run."""
    with opened(ctx, actor) as setup:
        entry = setup.store.drifts.find(question.lower())
        if entry is not None:
            _answer_drift(setup, entry, answer)
            return
        found, answer = _checked(setup, question, _STORED.get(answer, answer))
        if found.kind == "drift":
            place = setup.store.drifts.of_records(found.connection, [found.subject])
            _answer_drift(setup, place[found.subject, found.field], answer)
            return
        if answer == "same":  # the verdict ends the question, and its undoing asks it again
            made = verdict.same(setup, bytes.fromhex(found.subject), f"answer to question {found.id}")
            print(f"Verdict {made}; undo it: `kehub customers undo {made}`")
        else:
            setup.store.questions.answer(found.id, answer, setup.actor)
        if found.kind in ("first", "conflict"):
            with setup.store.db.writing("answer"):
                setup.store.people.make_connection_due(found.connection)
    print(f"Answered: {answer}. `kehub sync` goes on from there.")


def _answer_drift(setup: Setup, entry: Drift, answer: str) -> None:
    """Say whose word counts on one field that somebody there changed."""
    if not answerable(entry):
        raise SettingsError("this is settled already", where=entry.id, remedy="see `kehub questions drift --all`")
    if answer not in (*ANSWERS, *_STORED.values()):
        raise SettingsError("not an answer to this", where=entry.id, remedy=f"answers: {', '.join(ANSWERS)}")
    print(f"Answered: {answer}. {accept(setup, entry) if answer == 'theirs' else refuse(setup, entry)}")


def _checked(setup: Setup, name: str, answer: str) -> tuple[Question, str]:
    found = next((each for each in setup.store.questions.open() if each.id == name.lower()), None)
    if found is None:
        raise SettingsError("no open question has this id", where=name, remedy="see `kehub questions list`")
    allowed = KINDS[found.kind].answers if found.kind in KINDS else ("seen",)
    if answer not in [_STORED.get(word, word) for word in allowed]:
        raise SettingsError("not an answer to this question", where=name, remedy=f"answers: {', '.join(allowed)}")
    return found, answer
