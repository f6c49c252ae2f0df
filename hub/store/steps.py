"""The schema, as named steps in order; each receives `execute` and runs in a transaction of its own, on both databases.

The first ones stand in `hub/store/first_steps.py`, with how types are written.
"""

from __future__ import annotations

from hub.store.first_steps import STEPS, Execute, Step, step

__all__ = ["STEPS", "Execute", "Step"]


@step
def m0008_leaving(execute: Execute) -> None:
    """Ids that a system told to be deleted, until the read that told it has ended and they are let go."""
    execute(
        "CREATE TABLE leaving (connection {text} NOT NULL, stream {text} NOT NULL, ext {text} NOT NULL,"
        " PRIMARY KEY (connection, stream, ext))"
    )


@step
def m0009_narrow_indexes(execute: Execute) -> None:
    """Indexes over what is due and over what has a customer: the rest neither costs a write nor a look."""
    for table, columns, rows in (
        ("record", "customer", "customer IS NOT NULL"),
        ("orders", "customer, placed_on", "customer IS NOT NULL"),
    ):
        execute(f"DROP INDEX {table}_customer")
        execute(f"CREATE INDEX {table}_customer ON {table} ({columns}) WHERE {rows}")
    execute("DROP INDEX customer_due")
    execute("CREATE INDEX customer_due ON customer (id) WHERE due > 0")
    execute("CREATE INDEX question_kind ON question (kind, connection)")


@step
def m0010_facts(execute: Execute) -> None:
    """All facts of the catalogue, counts of a brand's own, tags; where stores stand. Everybody is decided once."""
    old = (
        "customer, as_of, orders_365d, spend_365d, orders_life, spend_life, first_order_on, last_order_on, registered_on,"
        " gender, province, city, home_store, birth_year, birth_month, birth_day, has_phone, has_email, records"
    )
    execute(f"CREATE TABLE facts_wide (customer {{text}} PRIMARY KEY, as_of {{int}} NOT NULL, {_FACTS_M0010}){{flat}}")
    execute(f"INSERT INTO facts_wide ({old}) SELECT {old} FROM facts ORDER BY customer")
    execute("DROP TABLE facts")
    execute("ALTER TABLE facts_wide RENAME TO facts")
    execute("CREATE INDEX facts_last_order_on ON facts (last_order_on)")
    execute(
        "CREATE TABLE fact_value (customer {text} NOT NULL, name {text} NOT NULL, value {int} NOT NULL,"
        " PRIMARY KEY (customer, name)){flat}"
    )
    execute(
        "CREATE TABLE customer_tag (customer {text} NOT NULL, tag {blob} NOT NULL, PRIMARY KEY (customer, tag)){flat}"
    )
    execute("CREATE INDEX customer_tag_tag ON customer_tag (tag)")
    execute("ALTER TABLE store_place ADD COLUMN city {text}")
    execute("ALTER TABLE store_place ADD COLUMN province {text}")
    execute("DROP INDEX orders_customer")
    execute(  # all that figures of orders need, so that nobody's orders are looked up one by one
        "CREATE INDEX orders_customer ON orders (customer, placed_on, counts, status, currency, total, refunded)"
        " WHERE customer IS NOT NULL"
    )
    execute("UPDATE customer SET due = 1 WHERE merged_into IS NULL AND due <> 1")


@step
def m0011_segments(execute: Execute) -> None:
    """Who was in a segment and when; the cut points of recency, frequency and spend, as they stood from a day on."""
    execute(
        "CREATE TABLE membership (segment {text} NOT NULL, customer {text} NOT NULL, from_day {int} NOT NULL,"
        " to_day {int} NOT NULL DEFAULT 0, rules {text} NOT NULL, PRIMARY KEY (segment, customer, from_day)){flat}"
    )
    execute("CREATE INDEX membership_customer ON membership (customer, to_day)")
    execute("CREATE INDEX membership_left ON membership (to_day, segment) WHERE to_day > 0")
    execute(
        "CREATE TABLE rfm_cut (programme {text} NOT NULL, from_day {int} NOT NULL, figure {text} NOT NULL,"
        " step {int} NOT NULL, value {int} NOT NULL, PRIMARY KEY (programme, from_day, figure, step)){flat}"
    )


@step
def m0012_rules(execute: Execute) -> None:
    """What a decision was taken by and since when it holds; what tiers remember; what staff granted; the rules' texts."""
    execute("ALTER TABLE decision ADD COLUMN since {int}")
    execute("ALTER TABLE decision ADD COLUMN seen {text} NOT NULL DEFAULT ''")
    execute(
        "CREATE TABLE tier_memory (programme {text} NOT NULL, customer {text} NOT NULL, base {text} NOT NULL DEFAULT '',"
        " base_day {int} NOT NULL DEFAULT 0, state {text} NOT NULL, next_day {int}, PRIMARY KEY (programme, customer)){flat}"
    )
    execute("CREATE INDEX tier_memory_next ON tier_memory (next_day) WHERE next_day IS NOT NULL")
    execute(
        "CREATE TABLE tier_grant (id {text} PRIMARY KEY, rid {int} NOT NULL, programme {text} NOT NULL,"
        " value {text} NOT NULL, from_day {int} NOT NULL, until_day {int} NOT NULL, actor {text} NOT NULL,"
        " body {blob} NOT NULL)"
    )
    execute("CREATE INDEX tier_grant_rid ON tier_grant (rid)")
    execute("CREATE INDEX tier_grant_from ON tier_grant (from_day)")
    execute("CREATE INDEX tier_grant_until ON tier_grant (until_day)")
    execute("CREATE TABLE rule_text (digest {text} PRIMARY KEY, body {text} NOT NULL)")


@step
def m0013_decide_at_speed(execute: Execute) -> None:
    """Indexes that hold all that deciding asks for, so that nobody's row is looked up for it."""
    execute("DROP INDEX customer_due")
    execute("CREATE INDEX customer_due ON customer (id, merged_into, due) WHERE due > 0")
    execute("DROP INDEX decision_open")
    execute("CREATE INDEX decision_open ON decision (customer, programme, value) WHERE to_day = 0")


@step
def m0014_satisfaction(execute: Execute) -> None:
    """How satisfied somebody was with the handling of a case."""
    execute("ALTER TABLE cases ADD COLUMN satisfaction {int}")
    execute("ALTER TABLE facts ADD COLUMN last_satisfaction {int}")


@step
def m0015_what_is_heard(execute: Execute) -> None:
    """What webhooks hint at, which deliveries were heard, how many were refused; events, and whom they name."""
    execute(
        "CREATE TABLE hint (connection {text} NOT NULL, stream {text} NOT NULL, key {blob} NOT NULL, event {text} NOT NULL,"
        " first {int} NOT NULL, last {int} NOT NULL, told {int} NOT NULL, body {blob} NOT NULL,"
        " PRIMARY KEY (connection, stream, key, event))"
    )
    execute(
        "CREATE TABLE heard (connection {text} NOT NULL, key {blob} NOT NULL, at {int} NOT NULL,"
        " PRIMARY KEY (connection, key)){flat}"
    )
    execute("CREATE INDEX heard_at ON heard (at)")
    execute(
        "CREATE TABLE refusal (connection {text} NOT NULL, reason {text} NOT NULL, count {int} NOT NULL,"
        " last {int} NOT NULL, PRIMARY KEY (connection, reason))"
    )
    execute(
        "CREATE TABLE touch_event (id {id}, source {text} NOT NULL, key {blob} NOT NULL, kind {text} NOT NULL,"
        " at {int} NOT NULL, taken {int} NOT NULL, body {blob} NOT NULL, UNIQUE (source, key))"
    )
    execute("CREATE INDEX touch_event_at ON touch_event (at)")
    execute("CREATE TABLE touch_key (key {blob} NOT NULL, event {int} NOT NULL, PRIMARY KEY (key, event)){flat}")


@step
def m0016_people_only(execute: Execute) -> None:
    """Only records that belong to somebody stand in the index of whose they are: those of orders never do."""
    execute("DROP INDEX record_customer")
    execute("CREATE INDEX record_customer ON record (customer) WHERE customer IS NOT NULL")


@step
def m0017_first_reads(execute: Execute) -> None:
    """Of the records that an open read has met those that it made, by their numbers; keys that wait to be sorted in."""
    execute(
        "CREATE TABLE seen_new (connection {text} NOT NULL, stream {text} NOT NULL, first {int} NOT NULL,"
        " last {int} NOT NULL, PRIMARY KEY (connection, stream, first)){flat}"
    )
    execute("CREATE TABLE identity_new (key {blob} NOT NULL, rid {int} NOT NULL, kind {text} NOT NULL)")


@step
def m0018_who_is_not_there(execute: Execute) -> None:
    """The few records that are gone or were never read, so that the others are counted without looking at each."""
    execute("CREATE INDEX record_away ON record (connection, stream) WHERE gone = 1 OR placeholder = 1")


_FACTS_M0010 = ", ".join(
    f"{name} {{{kind}}}"
    for kind, names in (
        ("int", "orders_365d spend_365d orders_life spend_life first_order_on last_order_on registered_on birth_year"
                " birth_month birth_day has_phone has_email records orders_30d orders_90d orders_180d orders_ytd"
                " orders_last_year spend_30d spend_90d spend_180d spend_ytd spend_last_year gross_365d gross_life"
                " refunded_365d refunded_life discount_365d discount_life usual_hour usual_weekday open_cases cases_365d"
                " cases_life last_case_on last_contact_on age has_wechat children youngest_born_on eldest_born_on systems"
                " quality confirmed_on"),
        ("text", "gender province city home_store favourite_category favourite_sku favourite_store favourite_channel"
                 " channel_type phone_region"),
    )
    for name in names.split()
)  # fmt: skip
"""The facts of that step. They may be unknown: what no rule reads is not computed."""
