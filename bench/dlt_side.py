"""dlt reading and landing the same rows, tuned, in an environment of its own: `python -m bench.dlt_side FOLDER URL`.

Tuned means: columns are declared, so that nothing is inferred row by row; rows hold what the others land and no more;
Parquet between the steps, which costs a third of the other formats; nothing is reported; one worker, since a second one
costs CPU and saves only time. Rows are merged by primary key, so that a second pull would not double them.
`python -m bench.dlt_side FOLDER` tells what has landed.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bench.asked import ACCOUNT_FIELDS, ORDER_FIELDS

SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "CRITICAL",
    "EXTRACT__WORKERS": "1",
    "NORMALIZE__WORKERS": "1",
    "LOAD__WORKERS": "1",
    "DATA_WRITER__BUFFER_MAX_ITEMS": "20000",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
}
Row = dict[str, Any]

_TEXT = "text"
CONTACT = {
    "id": _TEXT, "Modified_Time": "timestamp", "Email_Opt_Out": "bool",
    **dict.fromkeys((
        "Last_Name", "First_Name", "Salutation", "Date_of_Birth", "Mobile", "Phone", "Home_Phone", "Other_Phone", "Email",
        "Secondary_Email", "Mailing_Country", "Mailing_State", "Mailing_City", "Mailing_Street", "Mailing_Zip",
        "Lead_Source", "Description", "KeHub_Tier", "KeHub_Stage",
    ), _TEXT),
}  # fmt: skip
ADDRESS = (
    "first_name",
    "last_name",
    "address_1",
    "address_2",
    "city",
    "state",
    "postcode",
    "country",
    "phone",
    "email",
)
_BILLING = {f"billing__{name}": _TEXT for name in ADDRESS}
ACCOUNT = {
    "id": "bigint", "date_created_gmt": "timestamp", "date_modified_gmt": "timestamp", "email": _TEXT,
    "first_name": _TEXT, "last_name": _TEXT, **_BILLING,
}  # fmt: skip
ORDER = {
    "id": "bigint", "number": _TEXT, "customer_id": "bigint", "status": _TEXT, "currency": _TEXT,
    "payment_method": _TEXT, "total": "decimal", "date_created_gmt": "timestamp", "date_modified_gmt": "timestamp",
    "date_completed_gmt": "timestamp", **_BILLING,
}  # fmt: skip
LINE = {"id": "bigint", "sku": _TEXT, "name": _TEXT, "quantity": "bigint", "subtotal": "decimal", "total": "decimal"}


def pick(row: Row, columns: dict[str, str]) -> Row:
    """The columns that are landed; what lies deeper is picked by the caller."""
    return {name: row[name] for name in columns if name in row}


def crm(http: Any) -> Iterator[list[Row]]:
    """Zoho's contacts, as far as page tokens go."""
    fields = ",".join(name for name in CONTACT if name != "id")
    params = {"fields": fields, "per_page": 200, "sort_by": "Modified_Time", "sort_order": "asc"}
    while True:
        page = loads(http.get("/crm/v8/Contacts", params=params).raise_for_status().content)
        yield page["data"]
        if not page["info"]["more_records"]:
            return
        params["page_token"] = page["info"]["next_page_token"]


def numbered(http: Any, listing: str, fields: Sequence[str]) -> Iterator[list[Row]]:
    """The pages of one of a shop's listings."""
    page, pages = 1, 1
    while page <= pages:
        params = {"page": page, "per_page": 100, "orderby": "id", "order": "asc", "_fields": ",".join(fields)}
        answer = http.get(f"/wp-json/wc/v3/{listing}", params=params).raise_for_status()
        pages = -(-int(answer.headers["x-wp-total"]) // 100)
        yield loads(answer.content)
        page += 1


def accounts(http: Any) -> Iterator[list[Row]]:
    """The shop's accounts."""
    for page in numbered(http, "customers", ACCOUNT_FIELDS):
        yield [{**pick(row, ACCOUNT), "billing": {name: row["billing"][name] for name in ADDRESS}} for row in page]


def orders(http: Any) -> Iterator[list[Row]]:
    """The shop's orders; their lines and refunds become tables of their own."""
    for page in numbered(http, "orders", ORDER_FIELDS):
        yield [
            {
                **pick(row, ORDER),
                "billing": {name: row["billing"][name] for name in ADDRESS},
                "lines": [pick(line, LINE) for line in row["line_items"]],
                "refunds": [{"total": one["total"]} for one in row["refunds"]],
            }
            for row in page
        ]


def loads(body: bytes) -> Any:
    """JSON, by the fastest reader."""
    import orjson

    return orjson.loads(body)


def columns(types: dict[str, str]) -> dict[str, Row]:
    """Declared columns."""
    return {name: {"name": name, "data_type": kind, "nullable": name != "id"} for name, kind in types.items()}


def main(folder: Path, url: str) -> None:
    """Land everything."""
    os.environ |= SETTINGS
    folder.mkdir(parents=True, exist_ok=True)
    import dlt
    import httpx

    pipeline = dlt.pipeline(
        "bench", pipelines_dir=str(folder / "pipelines"), dataset_name="bench",
        destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
    )  # fmt: skip
    with httpx.Client(base_url=url, headers={"Authorization": "Zoho-oauthtoken 1000.bench"}) as http:
        resources = [
            dlt.resource(
                rows(http), name=name, primary_key="id", write_disposition="merge", columns=columns(types),
                max_table_nesting=1,
            )
            for name, rows, types in (
                ("contacts", crm, CONTACT), ("accounts", accounts, ACCOUNT), ("orders", orders, ORDER),
            )
        ]  # fmt: skip
        pipeline.run(resources, loader_file_format="parquet")


def landed(folder: Path) -> dict[str, int]:
    """What has landed, as `bench.check` counts it."""
    import duckdb

    queries = {
        "contacts, contact_ids": "SELECT count(*), sum(CAST(id AS BIGINT) % 1000003) FROM bench.contacts",
        "accounts": "SELECT count(*) FROM bench.accounts",
        "orders, fen": "SELECT count(*), CAST(sum(total) * 100 AS BIGINT) FROM bench.orders",
        "lines, pieces": "SELECT count(*), sum(quantity) FROM bench.orders__lines",
    }
    found: dict[str, int] = {}
    with duckdb.connect(str(folder / "dlt.duckdb"), read_only=True) as db:
        for names, query in queries.items():
            row = db.execute(query).fetchone() or ()
            found |= {name: int(value) for name, value in zip(names.split(", "), row, strict=True)}
    return found


if __name__ == "__main__":
    if len(sys.argv) > 2:
        main(Path(sys.argv[1]), sys.argv[2])
    else:
        print(json.dumps(landed(Path(sys.argv[1]))))
