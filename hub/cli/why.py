"""`kehub why CUSTOMER`: one screen for whoever stands before the customer. `--json` gives the same facts, and more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Annotated, Any

import typer

from hub.cli.drift_facts import drift_told
from hub.cli.edge import command_app
from hub.cli.finding import the_customer
from hub.cli.money import amount
from hub.cli.opening import Json, opened
from hub.cli.portrait import portrait
from hub.cli.show import Facts, block, cell, clock_time, day, emit, show
from hub.names import PARTS

app = command_app()

Who = Annotated[
    str, typer.Argument(metavar="CUSTOMER", help="An id, phone, e-mail, member card, or CONNECTION:EXTERNAL_ID.")
]
ADDRESS = ("country", "province", "city", "district", "street", "postcode")
FIRST = ("name", "phone", "other_phones", "email", "birthday", "gender")
ASKS = {">=": "at least", ">": "more than", "<=": "at most", "<": "less than", "=": "exactly", "<>": "other than"}
WIDTHS = (13, 28, 14, 10, 0)
ORDERS = 3
OVER = 5


@app.command()
def why(ctx: typer.Context, customer: Who, json: Json = False) -> None:
    """Show all that is known of a customer, and why it is so."""
    with opened(ctx) as setup:
        facts = portrait(setup, the_customer(setup, customer))
        zone = setup.config.place.zone
    if json:
        emit(facts)
        return
    names = {entry["field"]: entry["value"] for entry in facts["fields"]}
    also = f" (also known as {', '.join(facts['aliases'])})" if facts["aliases"] else ""
    print(f"{cell(names.get('name', ''))} {facts['customer']}{also}".strip())
    tell_fields(facts, zone)
    block("known to", _records(facts))
    block("judged", [*_verdicts(facts, zone), *corrections_told(facts)])
    block("bought", _bought(facts["bought"]))
    own = [order for order in facts["orders"] if order["counts"]]  # a copy is told with the order that counts
    block("last orders", [_order(order) for order in (own or facts["orders"])[:ORDERS]])
    block(
        "decided",
        [line for decision in facts["decisions"] for line in _decision(decision, facts["bought"]["currency"])],
    )
    block("segments", _segments(facts))
    block("our tags", _tags(facts))
    block("written", _written(facts, zone))
    block("changed there", drift_told(facts["drift"], zone))
    block("waits", _waiting(facts), empty="nothing")


def tell_fields(facts: Facts, zone: tzinfo) -> None:
    """The golden record: each field, who says so since when, and who says otherwise."""
    rows = [_said(entry, zone) for entry in _joined(facts["fields"])]
    show(
        ("field", "value", "says", "since", "others say"), rows, empty="No living record says anything.", widths=WIDTHS
    )


def _joined(entries: Sequence[Facts]) -> Iterator[Facts]:
    """The fields as one reads them: an address in one line, a name's parts only where there is no whole name."""
    address = [entry for name in ADDRESS for entry in entries if entry["field"] == name]
    named = any(entry["field"] == "name" for entry in entries)
    shown = [entry for entry in entries if entry["field"] not in (*ADDRESS, *(PARTS if named else ()))]
    yield from sorted(shown, key=lambda entry: FIRST.index(entry["field"]) if entry["field"] in FIRST else len(FIRST))
    if address:
        whole = " ".join(str(entry["value"]) for entry in address)
        yield {"field": "address", "value": whole, "others": [], "sources": address}


def _said(entry: Facts, zone: tzinfo) -> list[str]:
    sources = [each for each in entry.get("sources", [entry]) if each["connection"]]
    since = max((clock_time(each["since"], zone)[:10] for each in sources if each["since"]), default="")
    source = ", ".join(dict.fromkeys(each["connection"] for each in sources)) or "all together"
    value = clock_time(entry["value"], zone)[:10] if entry["field"] == "registered_at" else cell(entry["value"])
    differ = [
        f"{other['connection']}: {cell(other['value'])}" for other in entry["others"] if not _agrees(other, entry)
    ]
    agree = [other["connection"] for other in entry["others"] if _agrees(other, entry)]
    also = [f"also {', '.join(dict.fromkeys(agree))}"] if agree else []
    return [entry["field"], value, source, since, "; ".join([*dict.fromkeys(differ), *also])]


def _agrees(other: Facts, entry: Facts) -> bool:
    return bool(other["value"] == entry["value"])


def _records(facts: Facts) -> Iterator[str]:
    for record in facts["records"]:
        if record["connection"] != "staff":
            state = "" if record["state"] == "living" else f", {record['state']}"
            stream = "" if record["stream"] == "customers" else f" ({record['stream']})"
            ours = f"; ours there: {', '.join(record['ours'])}" if record["ours"] else ""
            because = f"{record['reason']}, run {record['run']}"
            yield f"{record['connection']}:{cell(record['ext'], 30)}{stream}{state}: {because}{ours}"
    for link in facts["parted"]:
        yield f"{link['connection']}:{cell(link['ext'], 30)} belonged here from run {link['from_run']} to {link['to_run']}"


def _verdicts(facts: Facts, zone: tzinfo) -> Iterator[str]:
    """What persons have judged about these records: who, when, why."""
    words = {"same": "is the same person as", "apart": "is not the person of"}
    for verdict in facts["verdicts"]:
        one, other = verdict["pairs"][0]
        more = f" (and {len(verdict['pairs']) - 1} more pairs)" if len(verdict["pairs"]) > 1 else ""
        state = f", undone by {verdict['undone_by']}" if verdict["undone"] else ""
        by = f"{verdict['actor']}, {clock_time(verdict['at'], zone)}: {cell(verdict['reason'])}"
        yield f"{one} {words[verdict['kind']]} {other}{more}, says {by} [verdict {verdict['id']}{state}]"


def corrections_told(facts: Facts) -> Iterator[str]:
    """Staff's corrections, with who, why and until when."""
    for found in facts["corrections"]:
        until = f"until {found['expires']}" if found["expires"] else "for good"
        state = until if found["in_force"] else "no longer in force"
        yield f"{cell(found['fields'])}, says {found['author']}: {cell(found['reason'])} [correction {found['id']}, {state}]"


def _bought(facts: Facts) -> Iterator[str]:
    currency = facts["currency"]
    if not facts["orders_life"]:
        yield "nothing that counts"
    else:
        windows = {"365d": "in the last 365 days", "life": "ever"}
        if facts["orders_365d"] == facts["orders_life"]:
            windows = {"life": "ever, all in the last 365 days"}
        for window, words in windows.items():
            yield f"{_sum(facts, window, currency)} {words}, from {_from(facts['sources'], window, currency)}"
        yield f"last on {facts['last']} ({facts['last_order']}), first on {facts['first']}"
    for once in facts["once"][:2]:
        yield f"counted once: {once['counts']} is also {', '.join(once['copies'])}"
    if len(facts["once"]) > 2:
        yield f"counted once, of the orders that several systems hold: {len(facts['once']) - 2} more"
    if facts["left_out"]:
        yield f"left out: {', '.join(f'{count} {reason}' for reason, count in facts['left_out'].items())}"


def _sum(facts: Facts, window: str, currency: str) -> str:
    count = facts[f"orders_{window}"]
    return f"{count} order{'s' * (count != 1)}, {amount(facts[f'spend_{window}'], currency)}"


def _from(sources: Sequence[Facts], window: str, currency: str) -> str:
    told = [f"{each['connection']} ({_sum(each, window, currency)})" for each in sources if each[f"orders_{window}"]]
    return ", ".join(told) or "no system"


def _order(order: Facts) -> str:
    back = f", {amount(order['refunded'], order['currency'])} given back" if order["refunded"] else ""
    elsewhere = ", counted elsewhere" if order["source_ref"] else ", not counted from this system"
    what = f"{order['placed_on']} {order['connection']}:{order['number']}, {order['store'] or order['channel']}"
    return f"{what}, {order['status']}, {amount(order['total'], order['currency'])}{back}{'' if order['counts'] else elsewhere}"


def _decision(decision: Facts, currency: str) -> Iterator[str]:
    """The standing value, the conditions that make it so with the customer's own figures, and the way to the next."""
    own = [
        clause_told(each, currency)
        for each in decision["clauses"]
        if each["value"] == decision["value"] and each["holds"]
    ]
    if "scores" in decision:
        own = [_scores(decision, currency)]
    because = f": {' and '.join(own)}" if own else ", as no other applies" if not decision["keeps"] else ""
    yield f"{decision['programme']}: {cell(decision['value'])} since {cell(decision['since'])}{because}"
    if decision["next"]:
        unmet = [
            each for each in decision["clauses"] if each["value"] == decision["next"]["value"] and not each["holds"]
        ]
        told = [_short(each, currency) for each in unmet]
        between = " or " if any(each["either"] for each in unmet) else " and "
        yield f"missing to {decision['next']['value']}: {between.join(told) or 'nothing'}"
    if decision["keeps"]:
        yield from _keeps(decision["keeps"])


def _scores(decision: Facts, currency: str) -> str:
    """The three scores with the figures behind them."""
    scores, window = decision["scores"], {"life": "ever"}.get(decision["window"], "in 365 days")
    if not scores:
        return "nothing bought yet" if decision["cuts_of"] else "nobody had bought when cut points were due"
    days, orders, spend = scores["recency"]["days"], scores["frequency"]["orders"], scores["monetary"]["spend"]
    told = (
        f"recency {scores['recency']['score']} (last order {days} day{'s' * (days != 1)} ago)",
        f"frequency {scores['frequency']['score']} ({orders} order{'s' * (orders != 1)} {window})",
        f"monetary {scores['monetary']['score']} ({amount(spend, currency)})",
    )
    return f"{', '.join(told)}; cut points of {decision['cuts_of']}"


def _segments(facts: Facts) -> Iterator[str]:
    """The segments the customer is in, and of the stays that are over the latest."""
    yield from (f"{stay['segment']} since {stay['from']}" for stay in facts["segments"] if not stay["to"])
    over = sorted((stay for stay in facts["segments"] if stay["to"]), key=lambda stay: stay["to"], reverse=True)
    yield from (f"was in {stay['segment']} from {stay['from']} to {stay['to']}" for stay in over[:OVER])
    if len(over) > OVER:
        yield f"was in segments {len(over) - OVER} times more"


def _keeps(keeps: Facts) -> Iterator[str]:
    if keeps["falls_on"]:
        short = f", short since {keeps['short_since']}" if keeps["short_since"] else ""
        yield f"falls to {keeps['falls_to']} on {keeps['falls_on']} if nothing is bought{short}"
    elif keeps["review_on"]:
        yield f"looked at again on {keeps['review_on']}"
    for grant in keeps["granted"]:
        yield f"{grant['value']} granted from {grant['from']} to {grant['until']} by {grant['actor']} [{grant['id']}]"


def _short(clause: Facts, currency: str) -> str:
    if clause["missing"] is None:
        return clause_told(clause, currency)
    return f"{_figure(clause, clause['missing'], currency)} ({clause_told(clause, currency)})"


def clause_told(clause: Facts, currency: str) -> str:
    """A comparison with the customer's own value and the one that is wanted."""
    if clause["operator"] not in ASKS or clause["wanted"] is None or clause["kind"] == "flag":
        found = f" (is {_figure(clause, clause['found'], currency)})" if clause["fact"] else ""
        return clause["text"] if clause["holds"] else f"needs {clause['text']}{found}"
    wanted, found = (_figure(clause, clause[side], currency) for side in ("wanted", "found"))
    need = "" if clause["holds"] else "needs "
    return f"{clause['label'] or clause['text']} {found}, {need}{ASKS[clause['operator']]} {wanted}"


def _tags(facts: Facts) -> Iterator[str]:
    """The hub's tags by record; one that nothing gives any more goes with the next plan."""
    by_record: dict[str, list[str]] = {}
    for tag in facts["tags"]:
        because = tag["because"] or "nothing any more"
        told = f"{tag['tag']} ({because}{'' if tag['there'] else ', not there yet'})"
        by_record.setdefault(f"{tag['connection']}:{tag['ext']}", []).append(told)
    for record, found in by_record.items():
        yield f"{record} {', '.join(found)}"


def _figure(clause: Facts, value: Any, currency: str) -> str:
    if isinstance(value, int | float) and clause["kind"] == "money":
        return amount(round(value), currency)
    if isinstance(value, int) and clause["kind"] == "day":
        return cell(day(value))
    return cell(round(value, 2) if isinstance(value, float) else value)


def _written(facts: Facts, zone: tzinfo) -> Iterator[str]:
    """The last write to each record, and every one that is not acknowledged."""
    seen: set[tuple[str, str]] = set()
    for receipt in facts["receipts"]:
        place = receipt["connection"], receipt["ext"]
        if place not in seen or receipt["state"] != "ack":
            code = f" {receipt['code']}" if receipt["code"] else ""
            at = f"{receipt['state']}{code} {clock_time(receipt['at'], zone)} by {receipt['actor']}"
            yield f"{place[0]}: {cell(receipt['fields'])}; {at} [{receipt['receipt']}]"
        seen.add(place)


def _waiting(facts: Facts) -> Iterator[str]:
    for row in facts["planned"]:
        changes = [
            f"{n} {cell(s['theirs'])} -> {cell(s['wanted'])} ({s['why']})" for n, s in sorted(row["fields"].items())
        ]
        yield f"planned for {row['connection']}:{row['ext'] or 'new'}: {', '.join(changes)}; {row['state']}"
    for held in facts["held"]:
        yield f"held: {held['programme']} {held['value']} since {held['since']}: {held['reason']}"
    for question in facts["questions"]:
        yield f"question {question['id']}: {question['text']}"
