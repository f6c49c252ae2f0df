"""What a declaration of a REST system may not say: each mistake is told with its line, and with what to do."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from connectors.rest.wire.times import Times
from hub.errors import SettingsError
from hub.plugins import load_plugins
from hub.settings import Configuration, load, starter

PRESET = "rest-membership"
PAGING = "        paging: {by: page, param: page, size_param: limit, first: 1}"
DELETES = "        deletes: {by: flag, field: status, values: [closed]}"
TOTAL = "        total: {path: result.meta.total}"
SINCE = "        since: {param: since, until: until, format: iso}"
READ = "      read: {path: /members, param: numbers, max_ids: 50, records: result.members}"
UPDATE = "      update: {method: POST, path: /members/batch, wrap: rows}"
CREATE = "      create: {method: POST, path: /members/batch, wrap: rows}"
LOOKUP = "      lookup: {path: /members, param: ref, records: result.members}"
AUTH = '    auth: {kind: bearer, token: "${CLUB_TOKEN}"}'


def loaded(folder: Path, text: str) -> Configuration:
    path = folder / "kehub.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path, load_plugins(), {"CLUB_TOKEN": "x", "OTHER": "y"})


def with_(old: str, new: str) -> tuple[str, int]:
    """The preset with its first line that begins so replaced, and the number of that line."""
    lines = starter("Toys", PRESET).splitlines()
    number = next(number for number, line in enumerate(lines) if line.startswith(old))
    lines[number : number + 1] = new.splitlines()
    return "\n".join(lines) + "\n", number + 1


WRONG: dict[str, tuple[str, str, str]] = {
    "no base address": ("    base_url:", "    headers: {}", '"base_url" is missing'),
    "an address that is none": ("    base_url:", "    base_url: club.example.com", '"base_url": not in the form wanted'),
    "secrets over http": ("    base_url:", "    base_url: http://club.example.com/v1", "secrets would travel in the clear"),
    "a misspelt key": ("    page_size:", "    page_sze: 100", 'unknown key "page_sze"; did you mean "page_size"?'),
    "no such way of coming in": (AUTH, "    auth: {kind: barer, token: '${OTHER}'}", '"barer" is none of the choices'),
    "a way without its secret": (AUTH, "    auth: {kind: bearer}", '`kind: bearer` needs "token"'),
    "a key without a name": (AUTH, "    auth: {kind: api_key, key: '${OTHER}'}", 'needs "name"'),
    "a secret of another way": (AUTH, "    auth: {kind: none, token: '${OTHER}'}", '"token" says nothing with `kind: none`'),
    "a secret in the clear": (AUTH, "    auth: {kind: bearer, token: abc}", "a secret in the clear"),
    "tokens from nowhere": (
        AUTH, "    auth: {kind: client_credentials, client_id: a, client_secret: '${OTHER}'}", 'needs "token_url"',
    ),
    "a word with two meanings": ("      auth: [1001]", "      auth: [1001, 0]", '"0" stands under `ok` and under `auth`'),
    "nothing that follows": ("      ok: [0]", "      ok: [0]\n      otherwise: panic", '"panic" is none of the choices'),
    "a stream without rows' ids": ("        id: member_no", "        personal_ids: false", '"id" is missing'),
    "no such noun": ("      - name: customers", "      - name: customers\n        noun: custmers", '"custmers" is none of'),
    "a stream twice": ("      - name: orders", "      - name: customers\n        noun: orders", "two streams are called"),
    "a body on a GET": ("        path: /members", "        path: /members\n        body: {a: 1}", "a GET has no body"),
    "no such way of paging": (PAGING, "        paging: {by: pages, param: page}", 'did you mean "page"?'),
    "pages without a parameter": (PAGING, "        paging: {by: page, size_param: limit}", '`by: page` needs "param"'),
    "a cursor without a next mark": (
        PAGING, "        paging: {by: cursor, param: mark}", "a cursor needs a place where the next mark is found",
    ),
    "a token made of rows": (
        PAGING, "        paging: {by: token, param: mark, next_row: member_no}", '"next_row" says nothing with `by: token`',
    ),
    "two places for a mark": (
        PAGING, "        paging: {by: cursor, param: mark, next: a.b, next_header: X-Next}", "both say where the next mark is",
    ),
    "a mark that never runs out": (
        PAGING, "        paging: {by: cursor, param: mark, next_row: member_no}", "never runs out: write `more` or `last`",
    ),
    "two ends": (PAGING, "        paging: {by: page, param: page, more: a, last: b}", "both say where the end is"),
    "one parameter for two things": (
        PAGING, "        paging: {by: page, param: page, size_param: page}", "each needs a name of its own",
    ),
    "short pages of no known size": (PAGING, "        paging: {by: page, param: page, short_ends: true}", "needs `size_param`"),
    "an overlap of pages": (PAGING, "        paging: {by: page, param: page, overlap_rows: 1}", '"overlap_rows" says nothing'),
    "a total in two places": (TOTAL, "        total: {path: a, header: b}", "a total has one place"),
    "no such format of times": (SINCE, "        since: {param: since, format: unix}", 'no format of times is called "unix"'),
    "a pattern without a day": (SINCE, "        since: {param: since, format: '%Y-%m %H:%M'}", "leaves out a part of the day"),
    "no such time zone": (SINCE, "        since: {param: since, zone: Asia/Shangai}", "no such time zone"),
    "one name for both bounds": (SINCE, "        since: {param: at, until: at}", "are two parameters"),
    "a flag without its field": (DELETES, "        deletes: {by: flag, values: [closed]}", "a flag needs `field` and `values`"),
    "a flag with a path": (
        DELETES, "        deletes: {by: flag, field: a, values: [b], path: /c}", '"path" says nothing with `by: flag`',
    ),
    "deleted rows listed nowhere": (DELETES, "        deletes: {by: path}", "where the deleted rows are listed"),
    "absence nobody can be sure of": (
        TOTAL, "        deletes: {by: absence}", "absence needs a listing that tells its end",
    ),
    "no such field of ours": (
        "          - {ours: phone", "          - {ours: phne, theirs: mobile}", 'no field of customers; did you mean "phone"?',
    ),
    "no place of theirs": ("          - {ours: phone", "          - {ours: phone, theirs: ''}", 'where is "phone" in'),
    "a write into a list": ("          - {ours: phone", "          - {ours: phone, theirs: phones.0.no}", "a place in a list"),
    "no such form": (
        "          - {ours: phone", "          - {ours: phone, theirs: mobile, form: fone}", 'did you mean "phone"?',
    ),
    "a consent that is written": (
        "          - {ours: consents.email", "          - {ours: consents.email, theirs: no_mail, write: true}",
        "consents are never written",
    ),
    "a decided field of theirs": (
        "          - {ours: tier", "          - {ours: tier, theirs: level, owner: theirs}", "its owner is always `hub`",
    ),
    "tags in the stream": ("          - {ours: tier", "          - {ours: tags, theirs: labels}", "tags are mapped in"),
    "a field twice": (
        "          - {ours: email", "          - {ours: phone, theirs: mobile}", '"phone" is mapped to "mobile" twice',
    ),
    "orders without a total": (
        "          - {ours: total, theirs: total", "          - {ours: source_ref, theirs: total}",
        "orders cannot be without `total`",
    ),
    "lines of members": (
        DELETES, "        lines: {path: items, sku: code}", "only orders have `lines`",
    ),
    "an update without a place for the id": (
        UPDATE, '      update: {path: "/members/batch/{id}"}', "a batch names many rows: take {id} out of its path",
    ),
    "rows that cannot be read by id": (READ, "      version: ''", '"read" is missing'),
    "neither one nor many": (READ, "      read: {path: /members}", "one row a call has {id} in its `path`"),
    "a look-up by nothing": (LOOKUP, "      lookup: {path: /members}", "a look-up goes by the key"),
    "ids kept as they are": (
        PAGING,
        "        personal_ids: true\n        paging: {by: cursor, param: a, next_row: member_no, more: b}",
        "`next_row` keeps an id as it is",
    ),
    "a create that could be made twice": (LOOKUP, "      version: ''", "a create whose answer gets lost could be made twice"),
    "a create without a key": ("      create_key:", "      version: ''", "a create needs `create_key`"),
    "a key for nothing": (CREATE, "      version: ''", "is about creates: declare `create`"),
    "a header for many rows": (
        LOOKUP, "      idempotency_header: Idempotency-Key", "`idempotency_header` names one row",
    ),
    "no such stream to write": (UPDATE, f"      stream: members\n{UPDATE}", 'names the stream "members", and there is none'),
    "orders are not written": (UPDATE, f"      stream: orders\n{UPDATE}", "only customers are written"),
    "a batch of no rows": ("        max_rows: 50", "        max_rows: 0", "greater than or equal to 1"),
    "a batch that tells nothing": ("        results:", "        ok: [saved]\n        x: y", '"ok" is written twice'),
}  # fmt: skip
"""What is wrong: the line that is replaced, what stands there then, and a part of what is told."""


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_declaration_is_told_with_its_place(tmp_path: Path, wrong: str) -> None:
    old, new, told = WRONG[wrong]
    text, line = with_(old, new)
    with pytest.raises(SettingsError) as fault:
        loaded(tmp_path, text)
    message = str(fault.value)
    assert told in message
    place = re.search(r"kehub\.yaml:(\d+):(\d+): ", message)
    assert place, message
    assert int(place[2]) > 1
    start = text.splitlines().index("  club:") + 1
    assert start <= int(place[1]) <= line + 2


CLOSE = {
    "a misspelt key": 0, "no such way of coming in": 0, "a way without its secret": 0, "a cursor without a next mark": 0,
    "no such format of times": 0, "no such field of ours": 0, "a consent that is written": 0, "deleted rows listed nowhere": 0,
    "neither one nor many": 0, "a total in two places": 0, "a batch of no rows": 0, "no such time zone": 0,
}  # fmt: skip


@pytest.mark.parametrize("wrong", CLOSE)
def test_a_mistake_in_one_line_is_told_at_that_line(tmp_path: Path, wrong: str) -> None:
    old, new, _ = WRONG[wrong]
    text, line = with_(old, new)
    with pytest.raises(SettingsError, match=rf"kehub\.yaml:{line}:"):
        loaded(tmp_path, text)


def test_an_update_of_single_rows_needs_a_place_for_the_id(tmp_path: Path) -> None:
    text = re.sub(r"      batch:\n(        .*\n)+", "", starter("Toys", PRESET))
    with pytest.raises(SettingsError, match=r"the path of an update has no \{id\}"):
        loaded(tmp_path, text)


def test_several_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text, _ = with_(PAGING, "        paging: {by: cursor, param: mark}")
    text = text.replace("format: iso}", "format: unix}")
    with pytest.raises(SettingsError) as fault:
        loaded(tmp_path, text)
    assert len(str(fault.value).splitlines()) == 3, str(fault.value)


def test_the_preset_is_good_and_its_secret_stays_out_of_sight(tmp_path: Path) -> None:
    config = loaded(tmp_path, starter("Toys", PRESET))
    (club,) = config.connections
    assert club.type == "rest"
    assert "x" not in repr(club.settings.auth.token)  # type: ignore[attr-defined]
    assert os.environ.get("CLUB_TOKEN") != "x"


@pytest.mark.parametrize(
    ("own", "at", "lower", "upper"),
    [
        ({}, "2026-03-01T08:00:00.5+00:00", "2026-03-01T08:00:00Z", "2026-03-01T08:00:01Z"),
        ({"zone": "Asia/Shanghai"}, "2026-03-01T08:00:00+00:00", "2026-03-01T16:00:00+08:00", "2026-03-01T16:00:00+08:00"),
        ({"format": "epoch"}, "2026-03-01T08:00:00.5+00:00", 1772352000, 1772352001),
        ({"format": "epoch_ms"}, "2026-03-01T08:00:00+00:00", 1772352000000, 1772352000000),
        ({"format": "%d/%m/%Y %H:%M"}, "2026-03-01T08:00:30+00:00", "01/03/2026 08:00", "01/03/2026 08:01"),
        ({"format": "%Y-%m-%d"}, "2026-03-01T08:00:00+00:00", "2026-03-01", "2026-03-02"),
        # 02:30 comes twice that night, at 00:30 and 01:30 UTC
        ({"format": "%Y-%m-%d %H:%M:%S", "zone": "Europe/Zurich"}, "2026-10-25T00:30:00+00:00",
         "2026-10-25 01:30:00", "2026-10-25 02:30:00"),
        ({"format": "%Y-%m-%d %H:%M:%S", "zone": "Europe/Zurich"}, "2026-10-25T01:30:00+00:00",
         "2026-10-25 02:30:00", "2026-10-25 03:30:00"),
    ],
)  # fmt: skip
def test_a_window_is_never_smaller_in_their_spelling(
    own: dict[str, str], at: str, lower: object, upper: object
) -> None:
    from datetime import datetime

    times = Times(**own)
    moment = datetime.fromisoformat(at)
    assert (times.bound(moment), times.bound(moment, upper=True)) == (lower, upper)


@pytest.mark.parametrize(
    ("own", "told", "read"),
    [
        ({}, "2026-03-01T08:00:00", "2026-03-01T08:00:00Z"),
        ({}, "2026-03-01T16:00:00+08:00", "2026-03-01T08:00:00Z"),
        ({"zone": "Asia/Shanghai"}, "2026-03-01 16:00:00", "2026-03-01T08:00:00Z"),
        ({"format": "epoch"}, "1772352000", "2026-03-01T08:00:00Z"),
        ({"format": "epoch_ms"}, 1772352000999, "2026-03-01T08:00:00Z"),
        ({"format": "%d.%m.%Y %H:%M"}, "01.03.2026 08:00", "2026-03-01T08:00:00Z"),
        ({"format": "epoch"}, "soon", "soon"),
        ({}, "", ""),
        ({}, None, None),
        ({}, True, True),
        ({"format": "epoch"}, 1e30, 1e30),
    ],
)
def test_their_times_are_read_as_declared_and_nonsense_stays_to_be_judged(
    own: dict[str, str], told: object, read: object
) -> None:
    assert Times(**own).read(told) == read
