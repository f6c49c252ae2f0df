"""Tiers that staff grant: a floor from a day up to and including another, with a name and a reason.

A grant belongs to the customer's first living record, so that it goes where the record goes when customers are merged and
split. What it does to the tier is told in `rules/standing.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from hub.errors import SettingsError
from hub.settings.problems import guess
from hub.store.holdings import Granted
from rules.ruleset import Programme
from sync.plan import first_record
from sync.setup import Setup


def grant(
    setup: Setup, customer: str, programme: str, tier: str, until_day: int, reason: str, from_day: int | None = None
) -> str:
    """Grant a tier to a customer from a day (today) to another; returns the id by which it can be withdrawn."""
    begins = setup.as_of if from_day is None else from_day
    _checked(setup, programme, tier, begins, until_day)
    first = first_record(setup.store.records.of_customers([customer])[customer])
    if first is None:
        raise SettingsError("this customer has no living record", where=customer, remedy="see `kehub customers show`")
    number = len(setup.store.holdings.granted([customer]).get(customer, ()))
    told = (customer, programme, tier, str(begins), str(until_day), str(number))
    name = setup.store.vault.name("grant", *told, length=10).lower()
    given = Granted(name, customer, programme, tier, begins, until_day, setup.actor, reason)
    with setup.store.db.writing("grant", durable=True):
        setup.store.holdings.grant(first.rid, given)
        setup.store.people.make_due([customer])
    return name


def withdraw(setup: Setup, name: str) -> str:
    """End a grant: yesterday was its last day. Returns the customer."""
    with setup.store.db.writing("grant", durable=True):
        customer = setup.store.holdings.withdraw(name, setup.as_of - 1)
        if customer is None:
            remedy = "`kehub customers show CUSTOMER` tells the grants"
            raise SettingsError("no grant in force has this id", where=name, remedy=remedy)
        setup.store.people.make_due([customer])
    return customer


def tier_programme(setup: Setup, name: str) -> Programme:
    """The tier programme of this name; SettingsError when there is none."""
    known = [one for one in setup.rules.programmes if one.kind == "tier"]
    found = next((one for one in known if one.name == name), None)
    if found is None:
        raise _unknown("programme of tiers", name, (one.name for one in known))
    return found


def _checked(setup: Setup, programme: str, tier: str, from_day: int, until_day: int) -> None:
    known = tier_programme(setup, programme)
    if tier not in known.values:
        raise _unknown(f"tier of {programme}", tier, known.values)
    if tier == known.values[-1]:
        raise SettingsError(f'everybody is at least "{tier}"', where=programme, remedy="grant a tier above it")
    if until_day < from_day:
        first, last = date.fromordinal(from_day), date.fromordinal(until_day)
        raise SettingsError(f"the last day, {last}, is before the first, {first}", where="--until")


def _unknown(what: str, name: str, known: Iterable[str]) -> SettingsError:
    names = list(known)
    return SettingsError(
        f'no {what} is called "{name}"{guess(name, names)}', remedy="known: " + (", ".join(names) or "none")
    )
