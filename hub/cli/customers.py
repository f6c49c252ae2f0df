"""`kehub customers find|show|edit|grant|ungrant|merge|split|undo`: find and correct customers, judge who is who."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import typer

from hub.cli.drift_facts import drift_facts, drift_told
from hub.cli.edge import command_app
from hub.cli.finding import known_by, named_like, the_customer
from hub.cli.opening import As, Json, opened
from hub.cli.portrait import corrections, fields, grants
from hub.cli.show import Facts, block, cell, emit
from hub.cli.show import show as show_table
from hub.cli.why import Who, corrections_told, tell_fields
from hub.errors import SettingsError
from sync import granting, staff, verdict
from sync.setup import Setup

app = command_app(help="Find, show, correct, merge and split customers.")


@app.command()
def find(
    ctx: typer.Context,
    text: str,
    most: Annotated[int, typer.Option(min=1, help="How many to show.")] = 20,
    json: Json = False,
) -> None:
    """Find customers by id, phone, e-mail, member card, CONNECTION:ID, or a part of the name."""
    with opened(ctx) as setup:
        found = known_by(setup, text) or named_like(setup, text, most)
        facts = [_brief(setup, customer) for customer in found[:most]]
    if json:
        emit(facts)
        return
    rows = [[f["customer"], f["name"], f["phone"], f["email"], f["tier"], f["stage"], _places(f)] for f in facts]
    columns = ("customer", "name", "phone", "email", "tier", "stage", "known to")
    show_table(columns, rows, empty="Nobody is known by this.")


def _places(facts: Facts) -> str:
    """The connections that know a customer, with the number of records where there are several."""
    counts = Counter(record.partition(":")[0] for record in facts["records"])
    return ", ".join(name if count == 1 else f"{name} x{count}" for name, count in counts.items())


def _brief(setup: Setup, customer: str) -> Facts:
    records = setup.store.records.of_customers([customer])[customer]
    golden = setup.survivorship.golden(records)
    decided = setup.store.decisions.standing([customer])[customer]
    return {
        "customer": customer,
        **{name: golden.get(name) for name in ("name", "phone", "email")},
        "tier": decided.get(setup.main_tier),
        "stage": decided.get("stage"),
        "records": [f"{record.connection}:{record.ext}" for record in records if not record.gone],
    }


@app.command()
def show(ctx: typer.Context, customer: Who, json: Json = False) -> None:
    """Show a customer's fields, who said them, and the corrections by staff."""
    with opened(ctx) as setup:
        name = the_customer(setup, customer)
        records = setup.store.records.of_customers([name])[name]
        drift = drift_facts(setup, setup.store.drifts.list(customer=name))
        said = {
            "fields": fields(setup, records), "drift": drift, "corrections": corrections(records),
            "grants": grants(setup, name),
        }  # fmt: skip
        facts = {**_brief(setup, name), **said}
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    print(f"{facts['customer']}, tier {cell(facts['tier'])}, stage {cell(facts['stage'])}")
    tell_fields(facts, zone)
    block("changed there", drift_told(facts["drift"], zone))
    block("judged", corrections_told(facts))
    block("granted", _grants_told(facts["grants"]))


@app.command()
def edit(
    ctx: typer.Context,
    customer: Annotated[str, typer.Argument(metavar="[CUSTOMER]", show_default=False)] = "",
    values: Annotated[list[str] | None, typer.Argument(metavar="FIELD=VALUE...", show_default=False)] = None,
    reason: Annotated[str, typer.Option(help="Why; stays with the correction.")] = "",
    expires: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="D", help="The last day on which it holds.")
    ] = None,
    take_back: Annotated[str, typer.Option(metavar="CORRECTION", help="Undo a correction instead.")] = "",
    actor: As = "",
    json: Json = False,
) -> None:
    """Correct fields of a customer, or take a correction back. Systems get it with the next plan."""
    with opened(ctx, actor) as setup:
        if take_back:
            staff.take_back(setup, take_back)
            setup.record("customers edit --take-back", correction=take_back)
            facts = {"correction": take_back, "in_force": False}
        else:
            name = the_customer(setup, _given(customer, values, reason))
            day = expires.date() if expires else None
            made = staff.correct(setup, name, _pairs(values or []), reason, day)
            setup.record("customers edit", correction=made, customer=name)
            facts = {"customer": name, "correction": made, "in_force": True}
    _tell_edit(facts, json)


def _given(customer: str, values: list[str] | None, reason: str) -> str:
    if not customer or not values:
        remedy = "kehub customers edit CUSTOMER FIELD=VALUE --reason TEXT"
        raise SettingsError("who is to be corrected, and what?", remedy=remedy)
    if not reason.strip():
        raise SettingsError("a correction needs a reason", where="--reason", remedy='--reason "told us at the till"')
    return customer


def _pairs(texts: list[str]) -> dict[str, str]:
    """FIELD=VALUE as a mapping; SettingsError for anything else (its text may be personal and is not repeated)."""
    if not all("=" in text for text in texts):
        raise SettingsError("not of the form FIELD=VALUE", remedy='quote values with blanks: "name=Wei Zhang"')
    return dict(text.split("=", 1) for text in texts)


def _tell_edit(facts: Facts, json: bool) -> None:
    if json:
        emit(facts)
    elif facts["in_force"]:
        print(f"Correction {facts['correction']} holds for {facts['customer']} from the next `kehub sync` on.")
        print(f"Undo it: `kehub customers edit --take-back {facts['correction']}`")
    else:
        print(f"Correction {facts['correction']} is taken back; the next `kehub sync` decides without it.")


@app.command()
def grant(
    ctx: typer.Context,
    customer: Who,
    programme: Annotated[str, typer.Argument(metavar="PROGRAMME", help="A programme of tiers in the rules.")],
    tier: Annotated[str, typer.Argument(metavar="TIER", help="The customer shows at least this one.")],
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], metavar="D", help="The last day on which it holds.")],
    reason: Annotated[str, typer.Option(help="Why; stays with the grant.")],
    since: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], metavar="D", help="The first day; without it, today."),
    ] = None,
    actor: As = "",
    json: Json = False,
) -> None:
    """Grant a customer a tier until a day, whatever the facts earn. Systems get it with the next plan."""
    if not reason.strip():
        raise SettingsError("a grant needs a reason", where="--reason", remedy='--reason "press contact"')
    with opened(ctx, actor) as setup:
        name = the_customer(setup, customer)
        first = since.toordinal() if since else setup.as_of
        made = granting.grant(setup, name, programme, tier, until.toordinal(), reason, first)
        setup.record("customers grant", grant=made, customer=name)
        facts = next(one for one in grants(setup, name) if one["grant"] == made)
    if json:
        emit(facts)
        return
    print(f"{name} shows at least {tier} of {programme} from {facts['from']} to {facts['until']}: grant {made}.")
    print(f"Undo it: `kehub customers ungrant {made}`")


@app.command()
def ungrant(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="GRANT", help="The id that `grant` gave; `show` tells it.")],
    actor: As = "",
    json: Json = False,
) -> None:
    """Withdraw a granted tier: yesterday was its last day."""
    with opened(ctx, actor) as setup:
        customer = granting.withdraw(setup, name)
        setup.record("customers ungrant", grant=name, customer=customer)
    if json:
        emit({"grant": name, "customer": customer, "in_force": False})
    else:
        print(f"Grant {name} is withdrawn; the next `kehub sync` decides {customer} without it.")


def _grants_told(granted: Sequence[Facts]) -> Iterator[str]:
    for one in granted:
        over = "" if one["in_force"] else ", not in force"
        who = f"says {one['actor']}: {cell(one['reason'])}"
        yield f"{one['programme']}: {one['tier']} from {one['from']} to {one['until']}, {who} [grant {one['grant']}{over}]"


Reason = Annotated[str, typer.Option(help="Why; stays with the verdict.")]


@app.command()
def merge(ctx: typer.Context, customer: Who, other: Who, reason: Reason, actor: As = "", json: Json = False) -> None:
    """Judge that two customers are one person, whatever their keys say. `kehub sync` joins them."""
    with opened(ctx, actor) as setup:
        names = [the_customer(setup, customer), the_customer(setup, other)]
        made = verdict.merge(setup, names[0], names[1], _judged(reason))
        setup.record("customers merge", verdict=made, customers=names)
    _tell_verdict({"verdict": made, "kind": "same", "customers": names, "in_force": True}, json)


@app.command()
def split(
    ctx: typer.Context,
    customer: Who,
    records: Annotated[list[str], typer.Argument(metavar="CONNECTION:EXTERNAL_ID...", help="The records that leave.")],
    reason: Reason,
    actor: As = "",
    json: Json = False,
) -> None:
    """Judge that some records of a customer are another person's. `kehub sync` parts them."""
    with opened(ctx, actor) as setup:
        name = the_customer(setup, customer)
        made = verdict.split(setup, name, records, _judged(reason))
        setup.record("customers split", verdict=made, customer=name)
    _tell_verdict({"verdict": made, "kind": "apart", "customers": [name], "in_force": True}, json)


@app.command()
def undo(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="VERDICT", help="The id that merge or split gave; `why` shows it.")],
    actor: As = "",
    json: Json = False,
) -> None:
    """Take a merge or a split back: what was judged before stands again."""
    with opened(ctx, actor) as setup:
        verdict.undo(setup, name)
        setup.record("customers undo", verdict=name)
    _tell_verdict({"verdict": name, "in_force": False}, json)


def _judged(reason: str) -> str:
    if not reason.strip():
        raise SettingsError("a verdict needs a reason", where="--reason", remedy='--reason "moved, new number"')
    return reason


def _tell_verdict(facts: Facts, json: bool) -> None:
    if json:
        emit(facts)
    elif facts["in_force"]:
        print(f"Verdict {facts['verdict']} ({facts['kind']}) holds from the next `kehub sync` on.")
        print(f"Undo it: `kehub customers undo {facts['verdict']}`")
    else:
        print(f"Verdict {facts['verdict']} is taken back; the next `kehub sync` goes by what is left.")
