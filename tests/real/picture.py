"""The RFM grid as SVG, by hand: for each cell its group, how many households, what they spend on average in a year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any, NamedTuple

from rules.rfm import CELLS, GROUPS

COLOURS = {
    "champions": "#1b7f5c", "loyal_customers": "#4d9f78", "potential_loyalists": "#86bf9b", "new_customers": "#b9dcc3",
    "promising": "#cfe3ee", "need_attention": "#f2dc9b", "about_to_sleep": "#efc98d", "cannot_lose_them": "#c9584c",
    "at_risk": "#dd8466", "hibernating": "#c4bfb8", "lost": "#77726c",
}  # fmt: skip
_DARK = ("champions", "loyal_customers", "cannot_lose_them", "lost")
WIDE, HIGH, LEFT, TOP = 150, 74, 96, 62
LABELS = {group.name: group.label for group in GROUPS}


class Cell(NamedTuple):
    """How many are in a cell, and what they spent together, in cents."""

    number: int
    spent: int


def cells(households: Mapping[str, Mapping[str, Any]]) -> dict[tuple[int, int], Cell]:
    """(recency, mean of frequency and monetary) -> who is there."""
    found = dict.fromkeys(CELLS, Cell(0, 0))
    for one in households.values():
        if not one["scores"]:  # never bought
            continue
        recency, frequency, monetary = one["scores"]
        at = (recency, (frequency + monetary + 1) // 2)
        found[at] = Cell(found[at].number + 1, found[at].spent + one["facts"]["spend_365d"])
    return found


def svg(households: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """The picture."""
    width, height = LEFT + 5 * WIDE + 16, TOP + 5 * HIGH + 56
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="13">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(LEFT, 24, title, "font-size='16' font-weight='bold'"),
        _text(LEFT, 46, "households, and what each spent on average in the last 365 days", "fill='#555555'"),
        *(part for at, cell in cells(households).items() for part in _cell(at, cell)),
        *_axes(height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _cell(at: tuple[int, int], cell: Cell) -> Iterator[str]:
    group = CELLS[at]
    x, y = LEFT + (at[1] - 1) * WIDE, TOP + (5 - at[0]) * HIGH
    ink = "fill='#ffffff'" if group in _DARK else "fill='#222222'"
    yield f'<rect x="{x}" y="{y}" width="{WIDE - 3}" height="{HIGH - 3}" rx="4" fill="{COLOURS[group]}"/>'
    yield _text(x + 10, y + 20, LABELS[group], ink)
    yield _text(x + 10, y + 43, f"{cell.number:,}", f"{ink} font-size='20' font-weight='bold'")
    if cell.number:
        yield _text(x + 10, y + 62, f"${(cell.spent + 50 * cell.number) // (100 * cell.number):,}", ink)


def _axes(height: int) -> Iterator[str]:
    for step in range(1, 6):
        yield _text(LEFT - 12, TOP + (5 - step) * HIGH + HIGH // 2, str(step), "text-anchor='end'")
        yield _text(LEFT + (step - 1) * WIDE + WIDE // 2, height - 34, str(step), "text-anchor='middle'")
    yield _text(12, TOP + HIGH // 2, "lately", "fill='#555555'")
    yield _text(12, TOP + 4 * HIGH + HIGH // 2, "long ago", "fill='#555555'")
    told = "across: the mean of the scores for how often and how much; down: the score for how lately"
    yield _text(LEFT, height - 12, told, "fill='#555555'")


def _text(x: int, y: int, text: str, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" {more}>{escape(text)}</text>'
