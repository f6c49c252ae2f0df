"""The first steps of the schema; see `hub/store/steps.py` for all of them. Each receives `execute` and runs in a transaction
of its own, on both databases.

Types are written as in `hub/store/dialects.py` (a store made before `{flat}` was said does without). Booleans and times are
integers: times are seconds since 1970 UTC, days are proleptic ordinals of the brand's calendar. Text sorts by code point.
"""

from __future__ import annotations

from collections.abc import Callable

Execute = Callable[[str], None]
Step = Callable[[Execute], None]

STEPS: list[Step] = []


def step(function: Step) -> Step:
    """Register a migration; the function's name is what the store remembers."""
    STEPS.append(function)
    return function


@step
def m0001_keys_and_sharing(execute: Execute) -> None:
    """Keys, runs, leases, tokens, budgets: what processes share."""
    execute("CREATE TABLE meta (name {text} PRIMARY KEY, value {text} NOT NULL)")
    execute(
        "CREATE TABLE key_ring (purpose {text} NOT NULL, number {int} NOT NULL, wrapped {blob} NOT NULL,"
        " PRIMARY KEY (purpose, number))"
    )
    execute(
        "CREATE TABLE run (id {id}, command {text} NOT NULL, actor {text} NOT NULL, started {int} NOT NULL,"
        " ended {int}, as_of {int} NOT NULL, state {text} NOT NULL, rules {text} NOT NULL)"
    )
    execute(
        "CREATE TABLE run_note (run {int} NOT NULL, seq {int} NOT NULL, connection {text} NOT NULL,"
        " stream {text} NOT NULL, kind {text} NOT NULL, note {text} NOT NULL, PRIMARY KEY (run, seq))"
    )
    execute(
        "CREATE TABLE lease (task {text} PRIMARY KEY, holder {text} NOT NULL, fence {int} NOT NULL,"
        " until {int} NOT NULL)"
    )
    execute(
        "CREATE TABLE token (connection {text} PRIMARY KEY, body {blob}, expires {int} NOT NULL DEFAULT 0,"
        " refreshing_by {text} NOT NULL DEFAULT '', refreshing_until {int} NOT NULL DEFAULT 0,"
        " refused_until {int} NOT NULL DEFAULT 0)"
    )
    execute(
        "CREATE TABLE budget (connection {text} NOT NULL, bucket {text} NOT NULL, window_start {int} NOT NULL,"
        " used {int} NOT NULL, ceiling {int} NOT NULL, blocked_until {int} NOT NULL DEFAULT 0,"
        " PRIMARY KEY (connection, bucket))"
    )
    execute("CREATE TABLE paused (connection {text} PRIMARY KEY, actor {text} NOT NULL, at {int} NOT NULL)")


@step
def m0002_records(execute: Execute) -> None:
    """What was read: records, identities, links, customers, marks, certificates, quarantine."""
    execute(
        "CREATE TABLE record (rid {id}, connection {text} NOT NULL, stream {text} NOT NULL, noun {text} NOT NULL,"
        " ext {text} NOT NULL, fingerprint {blob}, modified {int} NOT NULL DEFAULT 0, gone {int} NOT NULL DEFAULT 0,"
        " absent {int} NOT NULL DEFAULT 0, placeholder {int} NOT NULL DEFAULT 0, body {blob}, customer {text},"
        " due {int} NOT NULL DEFAULT 0, UNIQUE (connection, stream, ext))"
    )
    execute("CREATE INDEX record_customer ON record (customer)")
    execute("CREATE INDEX record_due ON record (rid) WHERE due = 1")
    execute(
        "CREATE TABLE identity (key {blob} NOT NULL, rid {int} NOT NULL, kind {text} NOT NULL, PRIMARY KEY (key, rid))"
        "{flat}"
    )
    execute("CREATE INDEX identity_rid ON identity (rid)")
    execute(
        "CREATE TABLE link (seq {id}, rid {int} NOT NULL, customer {text} NOT NULL, from_run {int} NOT NULL,"
        " to_run {int}, reason {text} NOT NULL)"
    )
    execute("CREATE INDEX link_rid ON link (rid, seq)")
    execute(
        "CREATE TABLE customer (id {text} PRIMARY KEY, founder {int} NOT NULL, merged_into {text},"
        " created_run {int} NOT NULL, due {int} NOT NULL DEFAULT 1)"
    )
    execute("CREATE INDEX customer_founder ON customer (founder)")
    execute("CREATE INDEX customer_merged ON customer (merged_into)")
    execute("CREATE INDEX customer_due ON customer (id) WHERE due = 1")
    execute(
        "CREATE TABLE consent (rid {int} NOT NULL, channel {text} NOT NULL, purpose {text} NOT NULL,"
        " state {text} NOT NULL, at {int} NOT NULL, source {text} NOT NULL, PRIMARY KEY (rid, channel, purpose))"
    )
    execute(
        "CREATE TABLE mark (connection {text} NOT NULL, stream {text} NOT NULL, watermark {int}, window_since {int},"
        " window_until {int}, position {text}, mapping {text} NOT NULL DEFAULT '',"
        " PRIMARY KEY (connection, stream))"
    )
    execute(
        "CREATE TABLE seen (connection {text} NOT NULL, stream {text} NOT NULL, ext {text} NOT NULL,"
        " PRIMARY KEY (connection, stream, ext)){flat}"
    )
    execute(
        "CREATE TABLE certificate (id {id}, connection {text} NOT NULL, stream {text} NOT NULL, run {int} NOT NULL,"
        " strength {text} NOT NULL, since {int}, until {int} NOT NULL, records {int}, total_before {int},"
        " total_after {int}, shortfall {int} NOT NULL, at {int} NOT NULL)"
    )
    execute(
        "CREATE TABLE quarantine (id {id}, connection {text} NOT NULL, stream {text} NOT NULL, ext {text} NOT NULL,"
        " place {text} NOT NULL, reason {text} NOT NULL, field {text} NOT NULL, body {blob}, run {int} NOT NULL,"
        " UNIQUE (connection, stream, ext, place))"
    )


@step
def m0003_nouns(execute: Execute) -> None:
    """What happened: orders, lines, cases; and the registers of stores and staff."""
    execute(
        "CREATE TABLE orders (rid {int} PRIMARY KEY, connection {text} NOT NULL, number {text} NOT NULL,"
        " buyer {int}, customer {text}, placed_at {int} NOT NULL, placed_on {int} NOT NULL, delivered_on {int},"
        " channel {text} NOT NULL, store {text}, staff {text}, status {text} NOT NULL, payment {text},"
        " currency {text} NOT NULL, total {int} NOT NULL, refunded {int} NOT NULL, source_ref {text},"
        " counts {int} NOT NULL)"
    )
    execute("CREATE INDEX orders_customer ON orders (customer, placed_on)")
    execute("CREATE INDEX orders_placed ON orders (placed_on)")
    execute("CREATE INDEX orders_buyer ON orders (buyer)")
    execute(
        "CREATE TABLE order_line (rid {int} NOT NULL, line {int} NOT NULL, sku {text} NOT NULL, batch {text},"
        " category {text}, quantity {text} NOT NULL, price {int} NOT NULL, discount {int} NOT NULL,"
        " refunded {int} NOT NULL, PRIMARY KEY (rid, line)){flat}"
    )
    execute(
        "CREATE TABLE cases (rid {int} PRIMARY KEY, connection {text} NOT NULL, number {text} NOT NULL, buyer {int},"
        " customer {text}, kind {text} NOT NULL, channel {text} NOT NULL, opened_at {int} NOT NULL, promised_at {int},"
        " answered_at {int}, closed_at {int}, state {text} NOT NULL, sku {text}, batch {text}, cause {text},"
        " unit {text})"
    )
    execute("CREATE INDEX cases_customer ON cases (customer)")
    execute("CREATE INDEX cases_buyer ON cases (buyer)")
    execute(
        "CREATE TABLE store_place (code {text} PRIMARY KEY, name {text} NOT NULL, type {text} NOT NULL, region {text},"
        " parent {text}, opening_hours {text}, origin {text} NOT NULL)"
    )
    execute(
        "CREATE TABLE staff_member (code {text} PRIMARY KEY, body {blob} NOT NULL, store {text}, role {text},"
        " origin {text} NOT NULL)"
    )


@step
def m0004_decisions(execute: Execute) -> None:
    """What we decide: facts, decisions as periods, held decisions, questions."""
    execute(
        "CREATE TABLE facts (customer {text} PRIMARY KEY, as_of {int} NOT NULL, orders_365d {int} NOT NULL DEFAULT 0,"
        " spend_365d {int} NOT NULL DEFAULT 0, orders_life {int} NOT NULL DEFAULT 0,"
        " spend_life {int} NOT NULL DEFAULT 0, first_order_on {int}, last_order_on {int}, registered_on {int},"
        " gender {text}, province {text}, city {text}, home_store {text}, birth_year {int}, birth_month {int},"
        " birth_day {int}, has_phone {int} NOT NULL DEFAULT 0, has_email {int} NOT NULL DEFAULT 0,"
        " records {int} NOT NULL DEFAULT 0)"
    )
    execute("CREATE INDEX facts_last_order ON facts (last_order_on)")
    execute(
        "CREATE TABLE decision (customer {text} NOT NULL, programme {text} NOT NULL, value {text} NOT NULL,"
        " from_day {int} NOT NULL, to_day {int} NOT NULL DEFAULT 0, rules {text} NOT NULL,"
        " PRIMARY KEY (customer, programme, from_day))"
    )
    execute("CREATE INDEX decision_open ON decision (customer, programme) WHERE to_day = 0")
    execute(
        "CREATE TABLE held (customer {text} NOT NULL, programme {text} NOT NULL, value {text} NOT NULL,"
        " reason {text} NOT NULL, since_day {int} NOT NULL, PRIMARY KEY (customer, programme))"
    )
    execute(
        "CREATE TABLE question (id {text} PRIMARY KEY, kind {text} NOT NULL, connection {text} NOT NULL,"
        " field {text} NOT NULL, subject {text} NOT NULL, count {int} NOT NULL, body {blob}, answer {text},"
        " actor {text}, at {int} NOT NULL)"
    )


@step
def m0005_plans(execute: Execute) -> None:
    """What we do: shadows, plan rows, plans, approvals, receipts, brakes, echoes."""
    execute(
        "CREATE TABLE shadow (connection {text} NOT NULL, ext {text} NOT NULL, body {blob} NOT NULL,"
        " PRIMARY KEY (connection, ext))"
    )
    execute(
        "CREATE TABLE plan_row (connection {text} NOT NULL, key {text} NOT NULL, customer {text} NOT NULL,"
        " action {text} NOT NULL, ext {text} NOT NULL, fields {text} NOT NULL, body {blob} NOT NULL,"
        " digest {blob} NOT NULL, reason {text} NOT NULL, code {text} NOT NULL DEFAULT '',"
        " field {text} NOT NULL DEFAULT '', state {text} NOT NULL DEFAULT 'open', PRIMARY KEY (connection, key))"
    )
    execute("CREATE INDEX plan_row_customer ON plan_row (customer)")
    execute(
        "CREATE TABLE plan (digest {text} NOT NULL, connection {text} NOT NULL, run {int} NOT NULL,"
        " state {text} NOT NULL, rows {int} NOT NULL, at {int} NOT NULL, difference {text} NOT NULL DEFAULT '',"
        " PRIMARY KEY (connection, digest))"
    )
    execute(
        "CREATE TABLE approval (connection {text} NOT NULL, digest {text} NOT NULL, actor {text} NOT NULL,"
        " at {int} NOT NULL, until {int} NOT NULL, released {text} NOT NULL DEFAULT '',"
        " PRIMARY KEY (connection, digest))"
    )
    execute(
        "CREATE TABLE approved_row (connection {text} NOT NULL, digest {blob} NOT NULL, plan {text} NOT NULL,"
        " PRIMARY KEY (connection, digest, plan))"
    )
    execute(
        "CREATE TABLE brake (connection {text} NOT NULL, kind {text} NOT NULL, subject {text} NOT NULL,"
        " note {text} NOT NULL, run {int} NOT NULL, PRIMARY KEY (connection, kind, subject))"
    )
    execute(
        "CREATE TABLE receipt (key {text} PRIMARY KEY, connection {text} NOT NULL, plan {text} NOT NULL,"
        " ext {text} NOT NULL, customer {text} NOT NULL, action {text} NOT NULL, state {text} NOT NULL,"
        " code {text} NOT NULL DEFAULT '', field {text} NOT NULL DEFAULT '', actor {text} NOT NULL,"
        " fields {text} NOT NULL, body {blob} NOT NULL, run {int} NOT NULL, intended {int} NOT NULL, settled {int})"
    )
    execute("CREATE INDEX receipt_open ON receipt (connection) WHERE state IN ('intent', 'unknown')")
    execute("CREATE INDEX receipt_customer ON receipt (customer)")
    execute(
        "CREATE TABLE echo (connection {text} NOT NULL, field {text} NOT NULL, form {text} NOT NULL,"
        " ext {text} NOT NULL, PRIMARY KEY (connection, field, form, ext))"
    )


@step
def m0006_verdicts(execute: Execute) -> None:
    """What a person has judged about two records; the pair stands in the order of connection, stream, external id."""
    execute(
        "CREATE TABLE verdict (seq {id}, id {text} NOT NULL, one {int} NOT NULL, other {int} NOT NULL,"
        " kind {text} NOT NULL, actor {text} NOT NULL, at {int} NOT NULL, body {blob} NOT NULL,"
        " undone {int} NOT NULL DEFAULT 0, undone_by {text} NOT NULL DEFAULT '', UNIQUE (id, one, other))"
    )
    execute("CREATE INDEX verdict_one ON verdict (one, other)")
    execute("CREATE INDEX verdict_other ON verdict (other)")


@step
def m0007_drift(execute: Execute) -> None:
    """What somebody there made of our words; the records behind a question about a field; whose record showed an echo."""
    execute(
        "CREATE TABLE drift (connection {text} NOT NULL, stream {text} NOT NULL, ext {text} NOT NULL,"
        " field {text} NOT NULL, owner {text} NOT NULL, state {text} NOT NULL, why {text} NOT NULL DEFAULT '',"
        " rounds {int} NOT NULL DEFAULT 0, seen {int} NOT NULL, closed {int}, body {blob} NOT NULL,"
        " PRIMARY KEY (connection, stream, ext, field))"
    )
    execute("CREATE INDEX drift_ext ON drift (connection, ext)")
    execute("CREATE INDEX drift_standing ON drift (seen) WHERE state <> 'closed'")
    execute(
        "CREATE TABLE question_part (kind {text} NOT NULL, connection {text} NOT NULL, field {text} NOT NULL,"
        " ext {text} NOT NULL, PRIMARY KEY (connection, kind, field, ext))"
    )
    execute(  # who stands behind such a question is not known yet: everybody is planned again
        "UPDATE customer SET due = 1 WHERE EXISTS (SELECT 1 FROM question WHERE kind IN ('first', 'too_long'))"
    )
    execute("ALTER TABLE echo ADD COLUMN customer {text} NOT NULL DEFAULT ''")
    execute("CREATE INDEX question_part_ext ON question_part (connection, ext)")
