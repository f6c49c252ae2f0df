"""The score cards of our connectors, and the page of the contract that they are played by."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from hub.testing.contract.card import MEANS, TIERS, Card, claimed, markdown
from hub.testing.contract.faults import BREAKS
from hub.testing.contract.run import all_checks
from hub.testing.found import stand_of


@cache
def card_of(name: str) -> Card:
    """The card that the tests of a connector prove."""
    return claimed(stand_of(name))


def card_page(note: str, name: str) -> str:
    """A connector's card."""
    head, _, rest = markdown(card_of(name)).partition("\n\n")
    return f"{head}\n\n{note}{rest}"


def readme_cell(name: str) -> str:
    """What the README's table says of a connector's card."""
    done, all_ = card_of(name).tally()
    return f"[{done} of {all_}](docs/scores/{name}.md)"


def contract_page(note: str) -> str:
    """Every check, and which fault can break which."""
    return "".join([
        "# The contract of a connector\n\n", note,
        "Every connector is played against its twin: each check alone, and under the faults that can break it. In a"
        " connector's own tests that is one line, `test_contract = contract(STAND)`; `kehub connectors score TYPE` prints"
        " the same as a card (`--faults` plays the pairs too).\n", *_checks(), *_pairs(),
    ])  # fmt: skip


def _checks() -> Iterator[str]:
    for tier in TIERS:
        yield f"\n## {tier.capitalize()}\n\n{MEANS[tier].capitalize()}.\n\n| check | what holds |\n|---|---|\n"
        for one in all_checks().values():
            if one.tier == tier:
                yield f"| `{one.name}` | {one.says} |\n"


def _pairs() -> Iterator[str]:
    pairs = sum(map(len, BREAKS.values()))
    yield f"\n## Faults\n\nThe {pairs} pairs that every run of the tests plays; `make test-all` plays every fault with"
    yield " every check that can be disturbed. What each fault does stands in [faults.md](faults.md).\n"
    yield "\n| fault | checks it can break |\n|---|---|\n"
    for fault, names in BREAKS.items():
        yield f"| `{fault}` | {', '.join(f'`{name}`' for name in names)} |\n"
