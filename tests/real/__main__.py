"""Write the figures of docs/real-data.md and docs/real-data.svg: `make journey-page`.

The brand runs once, in a temporary folder. Nothing is written unless everything equals what the referee says.
"""

from __future__ import annotations

import os
import re
import sys
import time
from base64 import b64encode
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from hub.testing.site import MASTER
from rules.rfm import GROUPS
from tests.real.picture import svg
from tests.real.run import LAST, Done, Grocer, Referee, baskets, differences

DOCS = Path(__file__).parents[2] / "docs"
MARKS = "<!-- {}: written by `make journey-page` -->"
PROGRAMMES = {
    "card": ("platinum", "gold", "silver", "basic"), "club": ("star", "plus", "regular", "guest"),
    "stage": ("prospect", "first_time", "repeat", "loyal", "at_risk", "lost"),
}  # fmt: skip


def main(folder: Path) -> None:
    """Run, compare, write."""
    os.environ["KEHUB_KEY"] = b64encode(MASTER).decode()
    began = time.perf_counter()
    grocer = Grocer(folder)
    files = time.perf_counter() - began
    runs = list(grocer.days())
    began = time.perf_counter()
    referee = Referee(folder / "referee")
    judged = time.perf_counter() - began
    _equal(grocer, runs, referee)
    last = next(run for run in runs if run.day == LAST)
    parts = {"times": _times(runs, files, judged), "decisions": _decisions(runs), "groups": _groups(last)}
    page = (DOCS / "real-data.md").read_text(encoding="utf-8")
    for name, text in parts.items():
        page = _between(page, name, text)
    (DOCS / "real-data.md").write_text(page, encoding="utf-8")
    picture = svg(last.state["households"], f"2,469 households of a grocer on {LAST}")
    (DOCS / "real-data.svg").write_text(picture, encoding="utf-8")


def _equal(grocer: Grocer, runs: list[Done], referee: Referee) -> None:
    setup = grocer.open()
    wrong = [] if sorted(baskets(setup.store)) == sorted(referee.baskets()) else ["the baskets"]
    setup.close()
    for run in runs:
        wrong += [f"{run.day}: {each}" for each in differences(run.state, referee.state(run.day))]
    if wrong:
        sys.exit("\n".join(["KeHub and the referee differ; nothing was written", *wrong[:20]]))


def _between(page: str, name: str, text: str) -> str:
    start, end = MARKS.format(name), f"<!-- end of {name} -->"
    pattern = f"{re.escape(start)}.*?{re.escape(end)}"
    made, count = re.subn(pattern, lambda _: f"{start}\n\n{text}\n{end}", page, flags=re.DOTALL)
    assert count == 1, name
    return made


def _table(*rows: tuple[object, ...]) -> str:
    head, *rest = ("| " + " | ".join(map(str, row)) + " |" for row in rows)
    return "\n".join([head, "|" + "---|" * len(rows[0]), *rest]) + "\n"


def _times(runs: list[Done], files: float, judged: float) -> str:
    head = ("run", *runs[0].took, "most memory so far", "customers decided")
    rows = [
        (run.day, *(f"{busy:.0f} s ({wall:.0f} s)" for wall, busy in run.took.values()), f"{run.peak} MB", _due(run))
        for run in runs
    ]
    after = f"Making the files took {files:.0f} s, the referee {judged:.0f} s for all days together, on the wall."
    return f"{_table(head, *rows)}\n{after}\n"


def _due(run: Done) -> str:
    assert run.report.decided is not None
    return f"{run.report.decided.due:,}"


def _decisions(runs: list[Done]) -> str:
    return _table(("programme", "value", *(run.day for run in runs)), *_counts(runs))


def _counts(runs: list[Done]) -> Iterator[tuple[object, ...]]:
    for programme, values in PROGRAMMES.items():
        shares = [Counter(one["decided"][programme] for one in run.state["households"].values()) for run in runs]
        yield from ((f"`{programme}`", value, *(f"{share[value]:,}" for share in shares)) for value in values)


def _groups(run: Done) -> str:
    rows: list[tuple[object, ...]] = [
        ("group", "households", "average spend in 365 days", "average baskets in 365 days")
    ]
    for group in GROUPS[:-1]:
        facts = [one["facts"] for one in run.state["households"].values() if one["decided"]["rfm"] == group.name]
        spent, orders = (sum(each[name] for each in facts) for name in ("spend_365d", "orders_365d"))
        count = len(facts) or 1
        rows.append((group.label, f"{len(facts):,}", f"${spent / 100 / count:,.2f}", f"{orders / count:.1f}"))
    return _table(*rows)


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        main(Path(made))
