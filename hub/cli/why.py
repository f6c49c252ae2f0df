"""`kehub why CUSTOMER`: one screen for whoever stands before the customer."""

from __future__ import annotations

from datetime import tzinfo
from typing import Annotated

import typer

from hub.cli.drift_facts import tell_drift
from hub.cli.edge import command_app
from hub.cli.finding import the_customer
from hub.cli.money import amount
from hub.cli.opening import Json, opened
from hub.cli.portrait import portrait
from hub.cli.show import Facts, cell, clock_time, emit, show

app = command_app()

Who = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="An id, phone, e-mail, member card, or CONNECTION:EXTERNAL_ID.")
]


@app.command()
def why(ctx: typer.Context, customer: Who, json: Json = False) -> None:
    """Show all that is known of a customer, and why it is so."""
    with opened(ctx) as setup:
        facts = portrait(setup, the_customer(setup, customer))
        zone, currency = setup.config.place.zone, setup.config.brand.currency
    if json:
        emit(facts)
        return
    names = {entry["field"]: entry["value"] for entry in facts["fields"]}
    also = f" (also known as {', '.join(facts['aliases'])})" if facts["aliases"] else ""
    print(f"{cell(names.get('name', ''))} {facts['customer']}{also}".strip())
    tell_fields(facts, zone)
    _tell_records(facts)
    _tell_verdicts(facts, zone)
    for decision in facts["decisions"]:
        _tell_decision(decision, currency)
    _tell_waiting(facts, currency)
    _tell_written(facts, zone)
    tell_drift(facts["drift"], zone)
    tell_corrections(facts)


def tell_fields(facts: Facts, zone: tzinfo) -> None:
    """The golden record: each field, who says so since when, and who says otherwise."""
    rows = []
    for entry in facts["fields"]:
        others = [
            f"{'the same' if other['value'] == entry['value'] else cell(other['value'])} ({other['connection']})"
            for other in entry["others"]
        ]
        source = f"{entry['connection']}:{entry['ext']}" if entry["connection"] else "all together"
        since = clock_time(entry["since"], zone)[:10] if entry["since"] else ""
        rows.append([entry["field"], cell(entry["value"], 40), source, since, "; ".join(dict.fromkeys(others))])
    show(("field", "value", "says", "since", "others say"), rows, empty="No living record says anything.")


def _tell_records(facts: Facts) -> None:
    rows = [
        [f"{r['connection']}.{r['stream']}", r["ext"], r["state"], r["run"], r["reason"], r["ours"]]
        for r in facts["records"]
    ]
    show(("records", "id there", "state", "#run", "joined because", "our own values"), rows)
    for link in facts["parted"]:
        print(f"{link['connection']}:{link['ext']} belonged here from run {link['from_run']} to run {link['to_run']}")


def _tell_verdicts(facts: Facts, zone: tzinfo) -> None:
    """What persons have judged about these records: who, when, why."""
    rows = [
        [v["id"], v["kind"], "; ".join(" / ".join(pair) for pair in v["pairs"][:3]), v["actor"],
         clock_time(v["at"], zone), v["reason"], f"undone by {v['undone_by']}" if v["undone"] else "in force"]
        for v in facts["verdicts"]
    ]  # fmt: skip
    show(("verdict", "kind", "records", "by", "at", "because", "state"), rows)


def _tell_decision(decision: Facts, currency: str) -> None:
    print(f"{decision['programme']}: {cell(decision['value'])}, since {cell(decision['since'])}")
    for clause in decision["clauses"]:
        wanted, found = (_figure(clause["fact"], clause[side], currency) for side in ("wanted", "found"))
        mark = "yes" if clause["holds"] else "no"
        print(f"  {clause['value']:<12} {clause['fact']} {clause['operator']} {wanted}: {found}, {mark}")
    if decision["next"]:
        missing = [f"{_figure(m['fact'], m['missing'], currency)} in {m['fact']}" for m in decision["next"]["missing"]]
        print(f"  missing to {decision['next']['value']}: {', '.join(missing) or 'nothing'}")


def _figure(fact: str, value: object, currency: str) -> str:
    return amount(value, currency) if fact.startswith("spend") and isinstance(value, int) else cell(value)


def _tell_waiting(facts: Facts, currency: str) -> None:
    for held in facts["held"]:
        print(f"Held: {held['programme']} -> {held['value']} since {held['since']}: {held['reason']}")
    orders = [
        [o["placed_on"], f"{o['connection']}:{o['number']}", o["store"], o["status"], amount(o["total"], o["currency"]),
         amount(o["refunded"], o["currency"]), o["counts"]]
        for o in facts["orders"]
    ]  # fmt: skip
    show(("last orders", "number", "store", "status", "#total", "#refunded", "counts"), orders)
    planned = [
        [f"{row['connection']}:{row['ext'] or 'new'}", name, side["theirs"], side["wanted"], side["why"], row["state"]]
        for row in facts["planned"]
        for name, side in sorted(row["fields"].items())
    ]
    show(("planned", "field", "from", "to", "why", "state"), planned)


def _tell_written(facts: Facts, zone: tzinfo) -> None:
    rows = [
        [f"{r['connection']}:{r['ext']}", r["fields"], r["state"], r["code"], clock_time(r["at"], zone), r["actor"]]
        for r in facts["receipts"]
    ]
    show(("written", "fields", "state", "code", "at", "approved by"), rows)


def tell_corrections(facts: Facts) -> None:
    """Staff's corrections, with who, why and until when."""
    rows = [
        [c["id"], c["fields"], c["author"], c["reason"], c["expires"] or "never", c["in_force"]]
        for c in facts["corrections"]
    ]
    show(("correction", "fields", "by", "because", "expires", "in force"), rows)
