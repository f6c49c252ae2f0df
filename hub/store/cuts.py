"""Cut points of recency, frequency and spend: computed from everybody's facts of a day, kept as dated periods."""

from __future__ import annotations

from hub.store.database import Database

FIGURES = ("recency", "frequency", "monetary")
"""Days since the last order, orders in the window, spend in the window in minor units."""

Points = dict[str, tuple[int, ...]]
"""figure -> its cut points, rising."""

_BASE = """
WITH base AS MATERIALIZED (
  SELECT f.as_of - f.last_order_on AS recency, f.orders_{window} AS frequency, f.spend_{window} AS monetary
    FROM facts_then f WHERE f.orders_{window} > 0),
"""
"""One row a customer with at least one order in the window."""

_RANKED = """
figure AS (
  SELECT 'recency' AS name, recency AS value, COUNT(*) AS holders FROM base GROUP BY recency
  UNION ALL SELECT 'frequency', frequency, COUNT(*) FROM base GROUP BY frequency
  UNION ALL SELECT 'monetary', monetary, COUNT(*) FROM base GROUP BY monetary),
counted AS (
  SELECT name, value, CAST(SUM(holders) OVER (PARTITION BY name ORDER BY value) AS BIGINT) AS upto,
         CAST(SUM(holders) OVER (PARTITION BY name) AS BIGINT) AS everybody FROM figure)
SELECT name, {points} FROM counted GROUP BY name ORDER BY name
"""
"""`upto` counts whoever has this value or less, so all who have the same one fall on the same side of a cut."""


class CutPoints:
    """The table `rfm_cut`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def compute(self, window: str, steps: int) -> Points:
        """For each figure the values at the ranks ceil(k * n / steps), k below `steps`, of n customers who bought.

        From the facts of everybody on one day (`Facts.everybody_at`). Empty when nobody had bought.
        """
        points = ", ".join(
            f"MIN(CASE WHEN upto * {steps} >= {step} * everybody THEN value END)" for step in range(1, steps)
        )
        rows = self._db.rows(_BASE.format(window=window) + _RANKED.format(points=points))
        return {name: tuple(values) for name, *values in rows}

    def save(self, programme: str, day: int, points: Points) -> None:
        """Keep the cut points that hold from a day on; what is kept already is never overwritten."""
        self._db.many(
            "INSERT INTO rfm_cut (programme, from_day, figure, step, value)"
            " VALUES (:programme, :day, :figure, :step, :value) ON CONFLICT DO NOTHING",
            [
                {"programme": programme, "day": day, "figure": figure, "step": step, "value": value}
                for figure, values in points.items()
                for step, value in enumerate(values, 1)
            ],
        )

    def standing(self, programme: str, as_of: int) -> tuple[int, Points] | None:
        """The cut points of a day, with the day from which they hold; None when there are none yet."""
        rows = self._db.rows(
            "SELECT from_day, figure, value FROM rfm_cut WHERE programme = :programme AND from_day = (SELECT"
            " MAX(from_day) FROM rfm_cut WHERE programme = :programme AND from_day <= :as_of) ORDER BY figure, step",
            {"programme": programme, "as_of": as_of},
        )
        found: Points = {}
        for _, figure, value in rows:
            found[figure] = (*found.get(figure, ()), value)
        return (rows[0][0], found) if rows else None

    def history(self, programme: str) -> list[tuple[int, Points]]:
        """All cut points that ever held, the oldest first."""
        sql = "SELECT DISTINCT from_day FROM rfm_cut WHERE programme = :programme ORDER BY from_day"
        days = [day for (day,) in self._db.rows(sql, {"programme": programme})]
        return [found for day in days if (found := self.standing(programme, day))]
