"""The floor: a bare loop that reads and lands the same rows with httpx, pydantic and sqlite3, and does nothing else.

    python -m bench.floor FOLDER URL [CONCURRENCY]

It validates what the hub maps, and lands contacts, accounts, orders and their lines by primary key, a page a transaction.
With a concurrency both systems are read side by side, and the shop's numbered pages so many at a time, as the hub does.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from queue import Queue
from threading import Thread

import httpx

from bench.asked import ACCOUNT_FIELDS, ORDER_FIELDS
from bench.floor_rows import FIELDS, TABLES, Values, accounts, contacts, orders

Landing = list[tuple[str, list[Values]]]
"""Tables with the rows for them, of one page."""


def crm(http: httpx.Client) -> Iterator[Landing]:
    """Zoho's pages: by token, and beyond the cap of tokens by query from the last row on."""
    params: dict[str, str | int | None] = {
        "fields": ",".join(FIELDS),
        "per_page": 200,
        "sort_by": "Modified_Time",
        "sort_order": "asc",
    }
    rows: list[Values] = []
    while (answer := http.get("/crm/v8/Contacts", params=params)).status_code == 200:
        rows, info = contacts(answer.content)
        yield [("contact", rows)]
        if not info["more_records"]:
            return
        params["page_token"] = info["next_page_token"]
    while True:
        at = datetime.fromtimestamp(rows[-1][1], UTC).isoformat()
        where = f"Modified_Time > '{at}' or (Modified_Time = '{at}' and id > '{rows[-1][0]}')"
        text = f"select id, {params['fields']} from Contacts where {where} order by Modified_Time, id limit 2000"
        rows, info = contacts(http.post("/crm/v8/coql", json={"select_query": text}).raise_for_status().content)
        yield [("contact", rows)]
        if not info["more_records"]:
            return


def numbered(
    http: httpx.Client, listing: str, fields: Sequence[str], pool: ThreadPoolExecutor | None
) -> Iterator[bytes]:
    """The pages of one of a shop's listings; the first one tells how many there are."""

    def fetch(page: int) -> httpx.Response:
        params: dict[str, str | int] = {"page": page, "per_page": 100, "orderby": "id", "order": "asc"}
        params["_fields"] = ",".join(fields)
        return http.get(f"/wp-json/wc/v3/{listing}", params=params).raise_for_status()

    first = fetch(1)
    yield first.content
    pages = range(2, -(-int(first.headers["x-wp-total"]) // 100) + 1)
    for answer in pool.map(fetch, pages) if pool else map(fetch, pages):
        yield answer.content


def shop(http: httpx.Client, pool: ThreadPoolExecutor | None) -> Iterator[Landing]:
    """Accounts, then orders with their lines."""
    for body in numbered(http, "customers", ACCOUNT_FIELDS, pool):
        yield [("account", accounts(body))]
    for body in numbered(http, "orders", ORDER_FIELDS, pool):
        found, lines = orders(body)
        yield [("orders", found), ("line", lines)]


def side_by_side(lanes: Iterable[Iterable[Landing]]) -> Iterator[Landing]:
    """Pages of several lanes as they come."""
    queue: Queue[Landing | None] = Queue(maxsize=4)

    def run(lane: Iterable[Landing]) -> None:
        for landing in lane:
            queue.put(landing)
        queue.put(None)

    threads = [Thread(target=run, args=(lane,), daemon=True) for lane in lanes]
    for thread in threads:
        thread.start()
    for _ in threads:
        yield from iter(queue.get, None)


def land(db: sqlite3.Connection, landing: Landing) -> None:
    """One page, in one transaction."""
    db.execute("BEGIN")
    for table, rows in landing:
        if rows:
            db.executemany(f"INSERT OR REPLACE INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
    db.execute("COMMIT")


def main(folder: Path, url: str, concurrency: int = 0) -> None:
    """Land everything."""
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "floor.db", isolation_level=None)
    db.executescript(f"PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; {TABLES}")
    pool = ThreadPoolExecutor(concurrency) if concurrency else None
    with httpx.Client(base_url=url, headers={"Authorization": "Zoho-oauthtoken 1000.bench"}) as http:
        lanes = crm(http), shop(http, pool)
        for landing in side_by_side(lanes) if pool else (one for lane in lanes for one in lane):
            land(db, landing)
    db.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], *map(int, sys.argv[3:]))
