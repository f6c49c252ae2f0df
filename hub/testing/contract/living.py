"""Checks on living with a system for years: tokens, quotas, trouble, and leaving it alone when it asks for that."""

from __future__ import annotations

from datetime import timedelta

from hub.testing.contract.check import check, networked, signed_in, writer
from hub.testing.contract.rig import Rig


@check("careful", signed_in)
def a_token_that_dies_is_renewed_once(rig: Rig) -> None:
    """A token that dies in the middle of a read is renewed, and the read goes on."""
    rig.settle()
    rig.clock.advance(timedelta(days=1))
    rig.twin.counts.reset()
    rig.twin.faults.set({"dead_token": {"on": "read", "skip": 1}})
    outcome = rig.read(full=True)
    assert outcome.certificate, "the read did not survive it"
    assert rig.twin.counts.kinds["auth"] <= 4, f"{rig.twin.counts.kinds['auth']} calls to sign in"
    assert not rig.twin.counts.violations, f"limits were broken: {dict(rig.twin.counts.violations)}"


@check("careful", signed_in)
def another_client_s_token_is_no_reason_to_race(rig: Rig) -> None:
    """When another client takes the token away again and again, it does not race for it."""
    rig.settle()
    rig.twin.counts.reset()
    rig.twin.faults.set({"racing_token": {"on": "read", "times": None}})
    rig.read()
    rig.twin.faults.clear()
    assert rig.twin.counts.kinds["auth"] <= 8, f"{rig.twin.counts.kinds['auth']} calls to sign in"
    rig.clock.advance(timedelta(days=1))
    rig.rest()
    rig.agrees()


@check("careful", networked)
def credentials_that_end_stop_it(rig: Rig) -> None:
    """Credentials that are no longer good end the run with an error that says what to do, after a few calls."""
    rig.settle()
    rig.clock.advance(timedelta(days=1))
    rig.twin.counts.reset()
    rig.twin.faults.set({"dead_token": {"for_good": True, "times": None, "on": "any"}})
    report = rig.sync(plan_only=True)
    calls = sum(rig.twin.counts.kinds.values())
    if rig.twin.counts.statuses.keys() & {"401", "403", "400"} or report.errors:
        assert report.errors[rig.connection].remedy, "the error says nothing of what to do"
        assert calls <= 12, f"{calls} calls with credentials that are no longer good"


@check("gentle", networked)
def a_long_wait_is_left_to_the_next_run(rig: Rig) -> None:
    """A system that asks for a day's rest is left alone: the run ends, and the next one comes back later."""
    rig.settle()
    rig.clock.advance(timedelta(hours=1))
    rig.twin.counts.reset()
    rig.twin.faults.set({"429": {"retry_after": "86400", "times": None, "on": "read"}})
    began = rig.clock.now()
    rig.read()
    assert rig.clock.now() - began < timedelta(hours=12), "it waited for the whole day"
    assert rig.twin.counts.kinds["read"] <= 8, f"{rig.twin.counts.kinds['read']} calls to a system that asked for rest"
    rig.twin.faults.clear()
    rig.clock.advance(timedelta(days=1))
    rig.rest()
    rig.agrees()


@check("gentle", networked)
def a_short_wait_is_waited_for(rig: Rig) -> None:
    """A system that asks for some seconds gets them, and the run goes on."""
    rig.settle()
    rig.clock.advance(timedelta(hours=1))
    rig.twin.faults.set({"429": {"retry_after": "3", "times": 2, "on": "read"}})
    outcome = rig.read(full=True)
    assert outcome.certificate, "two short waits ended the read"
    rig.agrees()


@check("gentle", networked)
def trouble_is_not_hammered(rig: Rig) -> None:
    """A system that is out of order is asked a few times, with pauses, and then left to the next run."""
    rig.settle()
    rig.clock.advance(timedelta(hours=1))
    rig.twin.counts.reset()
    began = rig.clock.now()
    rig.twin.faults.set({"500": {"times": None, "on": "any"}})
    rig.read()
    calls = rig.twin.counts.kinds["read"]
    assert calls <= 12, f"{calls} calls to a system that is out of order"
    assert calls < 2 or rig.clock.now() > began, "it asked again without a pause"


@check("gentle", networked)
def keeps_to_the_budget(rig: Rig) -> None:
    """It never makes more calls than the system allows, nor more at once."""
    rig.settle()
    for _ in range(3):
        rig.read(full=True)
    assert not rig.twin.counts.violations, f"limits were broken: {dict(rig.twin.counts.violations)}"


@check("careful", writer)
def a_wait_while_writing_loses_nothing(rig: Rig) -> None:
    """A write that is refused as one too many is sent later, once."""
    rig.settle()
    chosen = rig.ids()[2]
    rig.promote(chosen)
    rig.twin.faults.set({"429": {"retry_after": "2", "times": 2, "on": "write"}})
    rig.run()
    rig.rest()
    assert str(rig.value(chosen, rig.decided)) == rig.tier("gold"), "the tier did not arrive"
    assert len(rig.writes()) == 1, f"{len(rig.writes())} writes for one change"
