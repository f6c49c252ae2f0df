"""Tricky cases of tiers from end to end, as data: what systems and people do, what a customer then holds, and why.

A case's steps are short sentences, divided by `;` (tests/test_tier_cases.py plays them on a tests.scene.Scene):

    customer SYSTEM ID [+A|+B|+C] [field=value ...]    entered or changed there; +A, +B and +C are phones
    order SYSTEM ID TOTAL DAYS_AGO [field=value ...]   bought at noon of the brand's day, by customer 7 where none is named
    change SYSTEM ORDER [field=value ...]              a later word on an order; without a field it is delivered again
    remove SYSTEM ID                                   the customer is deleted there
    fail SYSTEM                                        its next read fails: its streams are incomplete in the next run
    merge RECORD RECORD; split RECORD ...; undo        a person's verdict; `undo` takes the last one back
    grant RECORD TIER DAYS                             staff grant a tier from today to so many days from now, that day included
    rules NAME                                         somebody edits the rules, which then count from the next run's day
    advance DAYS; sync                                 time passes; a run
    tier RECORD TIER [DAYS_AGO]                        what its customer shows now [and since when]
    held RECORD TIER                                   to lower it to that tier waits for a complete read

The programme is `club`, today is Sunday 1 March 2026 in Shanghai, an order of day d is in the window on days d to d + 364.
"""

from __future__ import annotations

from typing import NamedTuple


class Case(NamedTuple):
    """One story; `rules` names the first of `RULES` in force."""

    name: str
    why: str
    steps: str
    rules: str = "earned"


def _club(policy: str, gold: str = "spend_365d >= 1000", silver: str = "spend_365d >= 100") -> str:
    downgrade, review, grace = policy.split()
    return f"""
rules:
  tiers:
    club:
      downgrade: {downgrade}
      review: {review}
      grace_days: {grace}
      ladder:
        - {{tier: gold, when: "{gold}"}}
        - {{tier: silver, when: "{silver}"}}
        - {{tier: member}}
"""


RULES: dict[str, str] = {
    "earned": _club("earned rolling 0"),
    "grace": _club("earned rolling 30"),
    "strict grace": _club("earned rolling 30", "spend_365d >= 2000"),
    "strict year": _club("earned anniversary 0", "spend_365d >= 2000"),
    "low": _club("earned rolling 0", "spend_365d >= 500"),
    "step": _club("one_step rolling 30"),
    "never": _club("never rolling 0"),
    "year": _club("earned anniversary 0"),
    "year grace": _club("earned anniversary 30"),
    "calendar year": _club("earned rolling 0", "spend_ytd >= 1000", "spend_ytd >= 100"),
    "calendar year kept": _club("earned anniversary 0", "spend_ytd >= 1000", "spend_ytd >= 100"),
    "lifetime": _club("earned rolling 0", "spend_life >= 1000", "spend_life >= 100"),
    "orders": _club("earned rolling 0", "orders_365d >= 3", "orders_365d >= 2"),
    "single": "\nrules:\n  tiers:\n    club:\n      ladder:\n        - {tier: member}\n",
}

GOLD = "customer till 7 +A; order till o1 1000 5; sync; tier till:7 gold 5; "
"""Five days ago somebody bought for 1000."""
OLD = "customer till 7 +A; order till o1 1000 364; sync; tier till:7 gold 364; "
"""An order for 1000 that leaves the window tomorrow."""
TWO = "customer till 7 +A; customer shop s +B; order till o1 600 10; order shop w1 600 5 customer=s; sync; "
"""Two people with 600 each."""

CASES = (
    # -- refunds and later words on orders
    Case("full refund after the upgrade", "The tier is a function of today's ledger: the order earns nothing, so gold was never earned.",
         GOLD + "advance 1; change till o1 refunded=1000; sync; tier till:7 member"),
    Case("partial refund to the next tier", "What remains of the order earned silver from its own day.",
         GOLD + "advance 1; change till o1 refunded=500; sync; tier till:7 silver 6"),
    Case("partial refund that changes nothing", "1200 less 200 is 1000: the threshold itself is enough.",
         "customer till 7 +A; order till o1 1200 5; sync; change till o1 refunded=200; sync; tier till:7 gold 5"),
    Case("partial refund by a cent too much", "999.99 is not 1000.",
         "customer till 7 +A; order till o1 1200 5; sync; change till o1 refunded=200.01; sync; tier till:7 silver 5"),
    Case("refund taken back", "A refund that was booked in error and removed leaves no trace in the ledger, so none in the tier.",
         GOLD + "change till o1 refunded=1000; sync; tier till:7 member; change till o1 refunded=0; sync; tier till:7 gold 5"),
    Case("refund of one of two", "600 + 300 is silver since the first order; a third order reaches gold on its own day.",
         "customer till 7 +A; order till o1 600 10; order till o2 600 5; sync; tier till:7 gold 5; change till o2 refunded=300; sync; "
         "tier till:7 silver 10; order till o3 100 0; sync; tier till:7 gold 0"),
    Case("a refund has no grace", "Grace is for facts that time takes away; what the ledger never earned was never held.",
         GOLD + "change till o1 refunded=1000; sync; tier till:7 member", "grace"),
    Case("refund while a shortfall runs", "Without the second order gold was never reached; silver of the first runs out in its own grace.",
         "customer till 7 +A; order till o1 600 360; order till o2 600 10; sync; tier till:7 gold 10; advance 5; sync; tier till:7 gold 15; "
         "change till o2 refunded=600; sync; tier till:7 silver 365; advance 30; sync; tier till:7 member 0", "grace"),
    Case("order delivered again", "The same words twice are one order.", GOLD + "change till o1; sync; change till o1; sync; tier till:7 gold 5"),
    Case("order cancelled after delivery", "A cancelled order earns nothing, whatever it was before.",
         "customer till 7 +A; order till o1 1000 5 status=delivered; sync; tier till:7 gold 5; change till o1 status=cancelled; sync; tier till:7 member"),
    Case("pending, then paid", "A pending order does not count; paid, it counts from the day it was placed on.",
         "customer till 7 +A; order till o1 1000 1 status=pending; sync; tier till:7 member; advance 3; change till o1 status=paid; sync; "
         "tier till:7 gold 4"),
    Case("pending for longer than the window", "When it is paid at last its day has left the window; the one run sees a tier won and lost.",
         "customer till 7 +A; order till o1 1000 1 status=pending; sync; advance 364; change till o1 status=paid; sync; tier till:7 member 0"),
    Case("order moved to another buyer", "The first buyer never bought it, the second did, on the order's day.",
         GOLD + "customer till 8 +B; advance 1; change till o1 customer=8; sync; tier till:7 member; tier till:8 gold 6"),
    Case("total corrected upwards", "The order was worth 1000 on its day, though it was keyed in as 100.",
         "customer till 7 +A; order till o1 100 9; sync; tier till:7 silver 9; change till o1 total=1000; sync; tier till:7 gold 9"),
    Case("late order", "It arrives today and counts from its own day, not from its arrival.",
         "customer till 7 +A; sync; tier till:7 member; order till o1 100 50; sync; tier till:7 silver 50"),
    Case("late order fills a gap", "Sold within the grace, told after the fall: today's ledger knows of no fall.",
         OLD + "advance 40; sync; tier till:7 member 9; order till late 1000 20; sync; tier till:7 gold 404", "grace"),
    Case("late order a day behind the grace", "Sold on the day after the fall: gold anew from that day.",
         OLD + "advance 40; sync; tier till:7 member 9; order till late 1000 8; sync; tier till:7 gold 8", "grace"),
    Case("order of the future", "It counts from its day on.",
         "customer till 7 +A; order till o1 1000 -2; sync; tier till:7 member; advance 1; sync; tier till:7 member; advance 1; sync; tier till:7 gold 0"),
    Case("order of the future, cancelled before", "It never came to its day.",
         "customer till 7 +A; order till o1 1000 -2; sync; change till o1 status=cancelled; advance 3; sync; tier till:7 member"),
    Case("copy of an order", "The shop's copy carries the till's number: 600 once is silver, twice would be gold.",
         "customer till 7 +A; customer shop s +A; order till o1 600 5; order shop w1 600 5 customer=s source_ref=o1; sync; "
         "tier till:7 silver 5; tier shop:s silver 5"),
    Case("another currency", "Money of another currency is not added up; corrected, the order counts from its day.",
         "customer till 7 +A; order till o1 1000 5 currency=USD; sync; tier till:7 member; change till o1 currency=CNY; sync; tier till:7 gold 5"),
    Case("currency corrected away", "It was dollars all along: gold was never earned here.",
         GOLD + "change till o1 currency=USD; sync; tier till:7 member"),
    Case("buyer known by phone only", "An order without a customer number finds its buyer by the phone.",
         "customer crm c +A; order shop w1 1000 5 phone=+8613812345678; sync; tier crm:c gold 5"),
    Case("order before its customer", "The order's buyer is read a run later; nothing of the order is lost.",
         "order till o1 1000 5 customer=9; sync; advance 1; customer till 9 +A; sync; tier till:9 gold 6"),
    # -- the window's edges and the brand's day
    Case("window edge, inside", "364 days old is the last day in the window.", "customer till 7 +A; order till o1 1000 364; sync; tier till:7 gold 364"),
    Case("window edge, outside", "365 days old is out, since today.", "customer till 7 +A; order till o1 1000 365; sync; tier till:7 member 0"),
    Case("two windows that meet on one day", "364 days ago and today: both count today only.",
         "customer till 7 +A; order till o1 600 364; order till o2 600 0; sync; tier till:7 gold 0; advance 1; sync; tier till:7 silver 0"),
    Case("two windows that miss each other by a day", "Never 1200 on one day; silver without a gap, as what is earned counts first.",
         "customer till 7 +A; order till o1 600 365; order till o2 600 0; sync; tier till:7 silver 365"),
    Case("a day without", "Out yesterday, bought again today: gold is new.",
         "customer till 7 +A; order till o1 1000 366; order till o2 1000 0; sync; tier till:7 gold 0"),
    Case("a day without, with a grace", "The same, but the shortfall of a day is forgotten.",
         "customer till 7 +A; order till o1 1000 366; order till o2 1000 0; sync; tier till:7 gold 366", "grace"),
    Case("half past midnight", "16:30 UTC is already 1 March in Shanghai.",
         "customer till 7 +A; order till o1 1000 0 placed=2026-02-28T16:30:00Z; sync; tier till:7 gold 0"),
    Case("a second before midnight", "15:59:59 UTC is still 28 February in Shanghai.",
         "customer till 7 +A; order till o1 1000 0 placed=2026-02-28T15:59:59Z; sync; tier till:7 gold 1"),
    Case("midnight of another zone", "1 March in Auckland, 20:00 on 28 February in Shanghai: the brand's day counts.",
         "customer till 7 +A; order till o1 1000 0 placed=2026-03-01T01:00:00+13:00; sync; tier till:7 gold 1"),
    Case("two zones, one window", "600 at 23:59 of the 28th there, 600 at 00:30 of the 1st here: gold on the later brand's day.",
         "customer till 7 +A; order till o1 600 0 placed=2026-02-27T23:59:00-05:00; order till o2 600 0 placed=2026-03-01T00:30:00+08:00; sync; "
         "tier till:7 gold 0; advance 364; sync; tier till:7 silver 0; advance 1; sync; tier till:7 member 0"),
    # -- grace, one step, never
    Case("grace on its days", "Out of the window tomorrow; 30 full days of grace; lowered on the thirtieth.",
         OLD + "advance 1; sync; tier till:7 gold 365; advance 29; sync; tier till:7 gold 394; advance 1; sync; tier till:7 member 0; "
         "advance 1; sync; tier till:7 member 1", "grace"),
    Case("nobody looked for weeks", "The fall is on its day, not on the day of the run that finds it.",
         OLD + "advance 51; sync; tier till:7 member 20", "grace"),
    Case("recovered on the last day of grace", "Forgotten.", OLD + "advance 30; order till o2 1000 0; sync; tier till:7 gold 394", "grace"),
    Case("recovered on the day of the fall", "What is earned on a day counts before anything is taken away on it.",
         OLD + "advance 31; order till o2 1000 0; sync; tier till:7 gold 395", "grace"),
    Case("something in between", "150 during the grace: the shortfall runs on, the fall ends at silver.",
         OLD + "advance 20; order till o2 150 0; sync; tier till:7 gold; advance 11; sync; tier till:7 silver 0", "grace"),
    Case("one step, then the next", "Each step has a grace of its own.",
         OLD + "advance 31; sync; tier till:7 silver 0; advance 29; sync; tier till:7 silver 29; advance 1; sync; tier till:7 member 0", "step"),
    Case("one step in one run", "A run after three months sees both steps, each on its day.", OLD + "advance 91; sync; tier till:7 member 30", "step"),
    Case("one step, then silver is earned", "An order for 100 in the second grace keeps what is held.",
         OLD + "advance 31; sync; order till o2 100 0; advance 60; sync; tier till:7 silver 60", "step"),
    Case("never lowered", "The order left the window years ago.", OLD + "advance 800; sync; tier till:7 gold 1164", "never"),
    Case("never lowered, but undone", "Never keeps what today's ledger earned; the refunded order earned nothing.",
         OLD + "advance 100; change till o1 refunded=1000; sync; tier till:7 member", "never"),
    # -- anniversaries
    Case("a year is a year", "The window ends on the anniversary of the order: nothing else bought, nothing kept.",
         "customer till 7 +A; order till o1 1000 300; sync; tier till:7 gold 300; advance 64; sync; tier till:7 gold 364; "
         "advance 1; sync; tier till:7 member 0", "year"),
    Case("29 February, common year", "Reached on 29 February 2024; confirmed on 28 February 2025, lost on 28 February 2026.",
         "customer till 7 +A; order till o1 1000 0 placed=2024-02-29T12:00:00+08:00; order till o2 1000 0 placed=2025-02-01T12:00:00+08:00; sync; "
         "tier till:7 member 1", "year"),
    Case("29 February, leap year again", "After three reviews on the 28th the fourth is on 29 February 2028.",
         "customer till 7 +A; order till o1 1000 0 placed=2024-02-29T12:00:00+08:00; order till o2 1000 0 placed=2025-02-01T12:00:00+08:00; "
         "order till o3 1000 19; sync; tier till:7 gold 731; advance 346; order till o4 1000 0; sync; tier till:7 gold 1077; "
         "advance 383; sync; tier till:7 gold 1460; advance 1; sync; tier till:7 member 0", "year"),
    Case("upgrade within the year", "Gold of 100 days ago starts a year of its own, whatever silver's year was.",
         "customer till 7 +A; order till o1 100 300; order till o2 950 100; sync; tier till:7 gold 100; advance 264; sync; tier till:7 gold 364; "
         "advance 1; sync; tier till:7 member 0", "year"),
    Case("the year after a fall", "Silver is held for a year from the fall, though its order leaves the window before.",
         OLD + "order till o2 100 10; advance 1; sync; tier till:7 silver 0; advance 364; sync; tier till:7 silver 364; "
         "advance 2; sync; tier till:7 member 1", "year"),
    Case("recovered after the anniversary",
         "On its 20th day of 30, by an order that still counts at the next review: gone at the one after, 2 March 2028, and its grace.",
         OLD + "advance 20; order till o2 1000 0; sync; tier till:7 gold 384; advance 741; sync; tier till:7 gold 1125; "
         "advance 1; sync; tier till:7 member 0", "year grace"),
    # -- programmes of other kinds
    Case("calendar year at New Year", "What was bought on 31 December counts for that year: lost on 1 January.",
         "customer till 7 +A; order till o1 1000 60; sync; tier till:7 member 59", "calendar year"),
    Case("calendar year, the brand's New Year", "16:30 UTC on 31 December is New Year's Day in Shanghai.",
         "customer till 7 +A; order till o1 1000 0 placed=2025-12-31T16:30:00Z; sync; tier till:7 gold 59", "calendar year"),
    Case("calendar year, kept for a year", "Earned on 31 December, held until the next, lowered on the anniversary.",
         "customer till 7 +A; order till o1 1000 60; sync; tier till:7 gold 60; advance 304; sync; tier till:7 gold 364; "
         "advance 1; sync; tier till:7 member 0", "calendar year kept"),
    Case("lifetime", "Nothing leaves a lifetime.", "customer till 7 +A; order till o1 1000 730; sync; tier till:7 gold 730; advance 900; sync; "
         "tier till:7 gold 1630", "lifetime"),
    Case("lifetime with a refund", "A refund years later still counts against the order it is for.",
         "customer till 7 +A; order till o1 2000 730; order till o2 50 20; sync; tier till:7 gold 730; change till o1 refunded=1950; sync; "
         "tier till:7 silver 20", "lifetime"),
    Case("orders are counted", "An order given back in full is none, one given back in part is one, one of nothing is one.",
         "customer till 7 +A; order till o1 10 9; order till o2 10 8; order till o3 0 7; sync; tier till:7 gold 7; change till o2 refunded=9; sync; "
         "tier till:7 gold 7; change till o2 refunded=10; sync; tier till:7 silver 7", "orders"),
    Case("a programme of one tier", "There is nothing to earn and nothing to lose.",
         "customer till 7 +A; sync; tier till:7 member; order till o1 1000 0; sync; advance 400; sync; tier till:7 member", "single"),
    # -- who is who
    Case("merged by a person", "One person all along: 1200 since the second order.",
         TWO + "tier till:7 silver 10; merge till:7 shop:s; sync; tier till:7 gold 5; tier shop:s gold 5"),
    Case("split of a merged gold", "Each is what it is alone, since its own day.",
         TWO + "merge till:7 shop:s; sync; tier till:7 gold 5; split shop:s; sync; tier till:7 silver 10; tier shop:s silver 5"),
    Case("merge undone", "The verdict taken back, all is as before.",
         TWO + "merge till:7 shop:s; sync; advance 3; undo; sync; tier till:7 silver 13; tier shop:s silver 8"),
    Case("merged by a key, and apart again", "The same phone makes one customer; another phone makes two.",
         TWO + "customer shop s +A; sync; tier till:7 gold 5; customer shop s +B; sync; tier till:7 silver 10; tier shop:s silver 5"),
    Case("never lowered, but split", "Only both together earned gold; apart, nobody ever did, so there is nothing to keep.",
         TWO + "merge till:7 shop:s; sync; tier till:7 gold 5; split shop:s; sync; tier till:7 silver 10; tier shop:s silver 5", "never"),
    Case("merged after a fall", "The other half bought within the grace: the one person never fell.",
         OLD + "customer shop s +B; advance 20; order shop w1 1000 0 customer=s; advance 20; sync; tier till:7 member 9; "
         "merge till:7 shop:s; sync; tier till:7 gold 404", "grace"),
    Case("the source is gone", "A record gone at its source keeps its orders, and the customer the tier.",
         GOLD + "customer crm c +A; sync; remove till 7; sync; tier crm:c gold 5"),
    # -- streams that were not read
    Case("a fall on a day without the till", "Perhaps the till has a new order: the fall waits, and comes with the next complete read.",
         OLD + "advance 1; fail till; sync; tier till:7 gold; held till:7 member; sync; tier till:7 member"),
    Case("the missing order is found", "It ends the wait; gold was never lost.",
         OLD + "advance 1; fail till; sync; held till:7 member; order till o2 1000 0; sync; tier till:7 gold 365"),
    Case("a fall at the end of a grace waits too", "Grace over on a day that is incomplete: held like any lowering.",
         OLD + "advance 31; fail till; sync; tier till:7 gold; held till:7 member; sync; tier till:7 member", "grace"),
    Case("another system's failure is no reason to wait", "The shop does not know the customer.",
         OLD + "advance 1; fail shop; sync; tier till:7 member 0"),
    Case("a merged customer waits for both", "Through the other record the shop knows the customer.",
         OLD + "customer shop s +A; sync; advance 1; fail shop; sync; tier till:7 gold; held shop:s member; sync; tier till:7 member"),
    Case("rising never waits", "What is known is enough for gold.",
         "customer till 7 +A; customer shop s +A; order till o1 600 5; sync; advance 1; order shop w1 600 0 customer=s; fail till; sync; tier till:7 gold 0"),
    Case("a refund waits too", "The lowering by a refund is a lowering: the till, not read on this day yet, may know of an order that makes up for it.",
         "customer till 7 +A; customer shop s +A; order shop w1 1000 5 customer=s; sync; advance 1; change shop w1 refunded=1000; fail till; sync; "
         "tier till:7 gold; held till:7 member; sync; tier till:7 member"),
    # -- grants
    Case("granted for thirty days", "The last day is included.",
         "customer till 7 +A; sync; grant till:7 gold 30; sync; tier till:7 gold 0; advance 30; sync; tier till:7 gold 30; "
         "advance 1; sync; tier till:7 member 0"),
    Case("granted through a merge", "The grant follows its record: the one customer shows it.",
         "customer till 7 +A; customer shop s +B; order till o1 600 10; sync; grant shop:s gold 30; sync; tier shop:s gold 0; "
         "tier till:7 silver 10; merge till:7 shop:s; sync; tier till:7 gold 0; advance 31; sync; tier till:7 silver 0"),
    Case("granted, merged, split", "The grant stays with the record that it was given to.",
         "customer till 7 +A; customer shop s +B; sync; grant till:7 gold 30; merge till:7 shop:s; sync; tier shop:s gold 0; "
         "split shop:s; sync; tier till:7 gold 0; tier shop:s member"),
    Case("earned under a grant", "Bought within it: held on without a seam.",
         "customer till 7 +A; sync; grant till:7 gold 9; sync; advance 9; order till o1 1000 0; sync; tier till:7 gold 9; advance 1; sync; tier till:7 gold 10"),
    Case("a grant does not stop the clock", "The shortfall ran out under the grant; on the day after it nothing is left.",
         OLD + "grant till:7 gold 60; advance 60; sync; tier till:7 gold 424; advance 1; sync; tier till:7 member 0", "grace"),
    Case("a grant of less shows after the fall", "Silver granted shows when gold is gone.",
         OLD + "grant till:7 silver 60; sync; tier till:7 gold 364; advance 1; sync; tier till:7 silver 0; advance 60; sync; tier till:7 member 0"),
    Case("a refund under a grant", "Gold still shows, as staff said; when the grant ends there is nothing beneath.",
         GOLD + "grant till:7 gold 9; change till o1 refunded=1000; sync; tier till:7 gold 0; advance 10; sync; tier till:7 member 0"),
    # -- other rules
    Case("the bar is raised", "What the old rules gave stays until its review; a shortfall begins with the new rules.",
         GOLD + "rules strict grace; sync; tier till:7 gold 5; advance 29; sync; tier till:7 gold 34; advance 2; sync; tier till:7 silver 1", "grace"),
    Case("the bar is raised, by the year", "Held until the anniversary of the day it was reached on.",
         GOLD + "rules strict year; sync; tier till:7 gold 5; advance 359; sync; tier till:7 gold 364; advance 1; sync; tier till:7 member 0", "year"),
    Case("the bar is lowered", "Better from the new rules' first day, not from the past.",
         "customer till 7 +A; order till o1 600 5; sync; tier till:7 silver 5; rules low; sync; tier till:7 gold 0"),
    Case("a grace where there was none", "Gold stood when the bar was raised: it has its grace, as if the old rules had remembered.",
         GOLD + "rules strict grace; sync; tier till:7 gold; advance 29; sync; tier till:7 gold; advance 2; sync; tier till:7 silver 1"),
    Case("a grace given up and taken again", "What stood under the rules between counts, not what was held before them.",
         OLD + "rules earned; advance 1; sync; tier till:7 member; advance 1; rules grace; sync; tier till:7 member", "grace"),
    Case("rules changed while merged", "What one of them held before it was merged is of no account any more.",
         "customer till 7 +A; order till o1 1000 300; customer shop s +B; sync; tier till:7 gold 300; merge till:7 shop:s; sync; advance 200; "
         "sync; tier shop:s member 105; rules strict grace; sync; tier shop:s member; tier till:7 member", "grace"),
    Case("rules changed while merged, and split",
         "What the one customer held is held by the one whose id it was, for the grace; the other is judged by its own ledger.",
         TWO + "merge till:7 shop:s; sync; tier till:7 gold 5; advance 1; rules strict grace; sync; tier till:7 gold 6; "
         "split shop:s; sync; tier shop:s gold 6; tier till:7 silver; advance 31; sync; tier shop:s silver; tier till:7 silver", "grace"),
    Case("never, then a grace", "Kept for years under the old rules; the new ones give everybody their grace first.",
         OLD + "advance 500; sync; tier till:7 gold 864; rules grace; advance 29; sync; tier till:7 gold 893; advance 2; sync; tier till:7 member 0", "never"),
)  # fmt: skip
