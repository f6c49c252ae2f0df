"""Checks on writing: the smallest change, once, whatever becomes of the answer, and nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Iterator

from hub.connector import LINE, TEXT, Field, Write
from hub.testing.contract.check import check, maker, writer
from hub.testing.contract.rig import Rig

WIDE = "鸢尾 𠮷野家 Ünal 😀"
"""Characters of one to four bytes, one beyond the basic plane, and a picture."""


@check("works", writer)
def writes_what_the_hub_decides(rig: Rig) -> Iterator[None]:
    """What the hub decides of a customer is written, and stands there."""
    rig.settle()
    chosen = rig.ids()[2]
    rig.promote(chosen)
    yield
    rig.run()
    yield
    rig.rest()
    assert str(rig.value(chosen, rig.decided)) == rig.tier("gold"), "the tier did not arrive"


@check("works", writer)
def sends_only_what_changed(rig: Rig) -> Iterator[None]:
    """Of a record it sends the fields that change and no others, and of the other records nothing."""
    rig.settle()
    chosen = rig.ids()[2]
    rig.promote(chosen)
    before = rig.rows()
    yield
    rig.run()
    yield
    rig.rest()
    heads = {rig.decided.theirs.partition(".")[0], rig.decided.theirs}
    for write in rig.writes():
        assert write["id"] == chosen, "it wrote to a record that nothing changed for"
        assert set(write["fields"]) <= heads, f"it sent {', '.join(write['fields'])}"
    for id_, row in rig.rows().items():
        theirs = {entry.theirs for entry in rig.customers.mapping.fields} - {rig.decided.theirs}
        kept = {name: (rig.part(before[id_], name), rig.part(row, name)) for name in theirs if id_ in before}
        changed = [name for name, (was, now) in kept.items() if was != now and name not in rig.moving]
        assert not changed, f"a write changed {', '.join(changed)} as well"


@check("works", writer)
def sends_nothing_when_nothing_changed(rig: Rig) -> Iterator[None]:
    """What stands there as the hub wants it is not written again."""
    rig.settle()
    yield
    rig.run()
    rig.run(full=True)
    yield
    rig.rest()
    assert not rig.writes(), "it wrote although nothing had changed"


@check("careful", writer)
def one_plan_has_one_effect(rig: Rig) -> Iterator[None]:
    """A plan that is applied twice is written once."""
    rig.settle()
    rig.promote(rig.ids()[2])
    plan = rig.sync().plans[rig.connection]
    yield
    for _ in range(2):
        rig.tried(lambda: rig.apply(plan.digest))
    yield
    rig.rest()
    if not rig.disturbed:
        assert len(rig.writes()) == 1, f"one plan led to {len(rig.writes())} writes"
    assert str(rig.value(rig.ids()[2], rig.decided)) == rig.tier("gold"), "the tier did not arrive"


@check("careful", writer)
def one_bad_row_spoils_no_other(rig: Rig) -> None:
    """A batch in which one record no longer exists writes the others, and tells each row what became of it."""
    rig.settle()
    first, gone, last = rig.ids()[1:4]
    rig.clerk_deletes(gone)
    gold = {rig.decided.theirs: rig.tier("gold")}
    results = rig.send(*(Write(id_, gold, external_id=id_) for id_ in (first, gone, last)))
    assert set(results) == {first, gone, last}, "not every row has a result"
    assert results[gone].outcome in ("rejected", "refused"), f"the missing record is {results[gone].outcome}"
    if rig.aim.guard != "conditional" or results[first].outcome == "ok":
        for id_ in (first, last):
            assert results[id_].outcome in ("ok", "unchanged"), f"a good row is {results[id_].outcome}"
            assert str(rig.value(id_, rig.decided)) == rig.tier("gold"), "a good row was not written"
    assert gone not in rig.rows(), "the missing record came back"


@check("careful", writer)
def a_record_deleted_meanwhile_is_not_made_again(rig: Rig) -> Iterator[None]:
    """A record that goes between plan and apply stays gone."""
    rig.settle()
    chosen = rig.ids()[2]
    rig.promote(chosen)
    plan = rig.sync().plans[rig.connection]
    rig.clerk_deletes(chosen)
    there = set(rig.ids())
    yield
    rig.tried(lambda: rig.apply(plan.digest))
    yield
    rig.rest()
    assert set(rig.ids()) <= there, "a record was made that nobody asked for"


@check("careful", writer)
def what_a_clerk_types_meanwhile_stays(rig: Rig) -> Iterator[None]:
    """An edit between plan and apply is not written over."""
    rig.settle()
    chosen = rig.ids()[2]
    rig.promote(chosen)
    plan = rig.sync().plans[rig.connection]
    rig.clerk_types(chosen, "Typed")
    yield
    rig.tried(lambda: rig.apply(plan.digest))
    yield
    rig.rest()
    assert rig.value(chosen, rig.typed) == "Typed", "the clerk's word is gone"
    assert str(rig.value(chosen, rig.decided)) == rig.tier("gold"), "the tier did not arrive"


@check("careful", writer)
def an_answer_that_gets_lost_is_settled(rig: Rig) -> None:
    """A write whose answer is lost is looked after, not repeated blindly, and ends as it was meant."""
    rig.settle()
    chosen = rig.ids()[2]
    rig.promote(chosen)
    rig.lose_an_answer()
    rig.run()
    rig.rest()
    assert str(rig.value(chosen, rig.decided)) == rig.tier("gold"), "the tier did not arrive"
    assert len(rig.writes()) == 1, "it was written again though it had arrived"
    assert rig.tally().get("unknown", 0) == 0, "a receipt stays unclear"


@check("works", writer)
def an_empty_value_empties_a_field(rig: Rig) -> None:
    """Null empties a field, and a field that is not sent stays as it is."""
    rig.settle()
    chosen = rig.ids()[2]
    gold, typed = rig.tier("gold"), "Typed"
    rig.clerk_types(chosen, typed)
    assert rig.send(Write("a", {rig.decided.theirs: gold}, external_id=chosen))["a"].outcome in ("ok", "unchanged")
    result = rig.send(Write("b", {rig.decided.theirs: None}, external_id=chosen))["b"]
    assert result.outcome in ("ok", "unchanged", "rejected", "refused"), f"clearing is {result.outcome}"
    if result.outcome == "ok" and rig.decided.theirs not in result.left:
        assert rig.value(chosen, rig.decided) in (None, "", []), "the field is not empty"
    assert rig.value(chosen, rig.typed) == typed, "a field that was not sent changed"


@check("works", writer)
def keeps_every_character(rig: Rig) -> None:
    """Chinese, rare characters and pictures are stored as they are, or refused; never stored as something else."""
    rig.settle()
    chosen, field = rig.ids()[2], _text(rig)
    result = rig.send(Write("a", {field.theirs: WIDE}, external_id=chosen))["a"]
    if result.outcome == "ok" and field.theirs not in result.left:
        assert rig.value(chosen, field) == WIDE, "the text was stored as something else"
    else:
        assert result.outcome in ("ok", "rejected", "refused"), f"the text is {result.outcome}"


@check("careful", writer)
def cuts_nothing(rig: Rig) -> None:
    """A text that is too long is refused, never cut."""
    rig.settle()
    chosen, field, text = rig.ids()[2], _text(rig), "长" * 70_000
    before = rig.value(chosen, field)
    result = rig.send(Write("a", {field.theirs: text}, external_id=chosen))["a"]
    assert result.outcome in ("ok", "rejected", "refused"), f"the text is {result.outcome}"
    stored = rig.value(chosen, field)
    assert stored == (text if result.outcome == "ok" and field.theirs not in result.left else before), (
        "the text was cut"
    )


@check("works", maker)
def makes_a_customer_where_that_is_allowed(rig: Rig) -> Iterator[None]:
    """A customer whom the system does not know is made there once, under a key of its own."""
    rig.configure(create=True)
    rig.settle()
    rig.newcomer()
    there = set(rig.ids())
    yield
    rig.run()
    yield
    rig.rest()
    made = set(rig.ids()) - there
    assert len(made) == 1, f"{len(made)} records were made for one customer"


@check("careful", maker)
def makes_nobody_where_that_is_not_allowed(rig: Rig) -> None:
    """Without `create: true` nobody is made."""
    rig.settle()
    rig.newcomer()
    there = set(rig.ids())
    rig.run()
    rig.rest()
    assert set(rig.ids()) == there, "somebody was made"


@check("careful", maker)
def finds_by_its_key_whom_it_made(rig: Rig) -> None:
    """Whether a create took effect can be told by its key; a key that was never used finds nobody."""
    rig.configure(create=True)
    rig.settle()
    row = Write("a", rig.newborn(), create_key="kh7contractkeyone")
    made = rig.send(row)["a"]
    assert made.outcome == "ok", f"the create is {made.outcome} ({made.code} {made.field})"
    rig.clock.advance(rig.aim.settle)
    with rig.connector() as found:
        known = found.lookup(["kh7contractkeyone", "kh7contractkeytwo"])
    assert known.get("kh7contractkeyone") == made.external_id, "the key does not lead to the record"
    assert not known.get("kh7contractkeytwo"), "a key that was never used leads somewhere"


@check("careful", maker)
def a_create_whose_answer_is_lost_makes_one(rig: Rig) -> None:
    """A create whose answer is lost is looked up by its key and not made again."""
    rig.configure(create=True)
    rig.settle()
    rig.newcomer()
    there = set(rig.ids())
    rig.lose_an_answer()
    rig.run()
    rig.rest()
    made = set(rig.ids()) - there
    assert len(made) == 1, f"{len(made)} records were made for one customer"
    assert rig.tally().get("unknown", 0) == 0, "a receipt stays unclear"


@check("gentle", writer)
def writes_many_at_once(rig: Rig) -> None:
    """Many changes go out in batches, as few calls as the system allows."""
    rig.settle()
    chosen = rig.ids()[:10]
    for id_ in chosen:
        rig.promote(id_)
    rig.twin.counts.reset()
    rig.run()
    if not (rig.aim.one_by_one or rig.aim.batch == 1):
        calls = rig.twin.counts.kinds["write"]
        assert calls <= -(-len(chosen) // rig.aim.batch) + 1, f"{calls} calls for {len(chosen)} changes"
    assert all(str(rig.value(id_, rig.decided)) == rig.tier("gold") for id_ in chosen), "not all arrived"


def _text(rig: Rig) -> Field:
    """A field of theirs that the hub may write free text to; the one it decides where there is no other."""
    found = [entry for entry in rig.customers.mapping.writable() if entry.form in (LINE, TEXT) and not entry.values]
    return found[0] if found else rig.decided
