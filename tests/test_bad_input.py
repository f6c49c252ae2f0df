"""Bad input through the front door: each is answered clearly, and nothing that is good is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import Ended, kehub
from tests.conftest import NOW
from tests.kill_site import Site, prepare, shop_files, twin

YAML = """\
brand: {name: Bad input}
connections:
  till:
    type: csv_file
    streams:
      customers:
        path: members.csv
        mode: snapshot
        key: [id]
        settle_seconds: 0
        columns: {name: name, phone: phone, birthday: birthday, note: note}
"""


@pytest.fixture
def till(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configuration for one file of members; the test writes the file."""
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    assert kehub(tmp_path, "init", "brand", "--key-file", str(tmp_path / "key")).code == 0
    folder = tmp_path / "brand"
    (folder / "kehub.yaml").write_text(YAML + f"key_file: {tmp_path / 'key'}\n", encoding="utf-8")
    return folder


@pytest.fixture
def crm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A brand with a CRM over HTTP."""
    monkeypatch.setenv("KEHUB_CLOCK", NOW.isoformat())
    with twin(40) as url:
        yield prepare(tmp_path / "brand", str(tmp_path / "kehub.db"), url, shop_files(tmp_path / "files", 40))


def synced(folder: Path, content: str | bytes, code: int = 0) -> tuple[Ended, dict[str, int]]:
    """Write the members' file, sync, and give the counts of the stream."""
    (folder / "members.csv").write_bytes(content if isinstance(content, bytes) else content.encode())
    ended = kehub(folder, "sync", "--json")
    assert ended.code == code, ended.err
    assert "Traceback" not in ended.err
    (stream,) = ended.facts["streams"]
    return ended, stream


def test_dates_in_five_shapes_and_full_width_digits_are_one_spelling(till: Path) -> None:
    shapes = ["1990-03-07", "1990/3/7", "1990年3月7日", "19900307", "1990.3.7"]
    rows = "".join(f"{n},P{n},１３８００００００{n:02},{shape},\n" for n, shape in enumerate(shapes))
    _, stream = synced(till, "id,name,phone,birthday,note\n" + rows)
    assert stream["new"] == 5
    assert stream["flaws"] == {}
    for number in range(5):
        found = kehub(till, "why", f"till:{number}", "--json").facts
        fields = {entry["field"]: entry["value"] for entry in found["fields"]}
        assert fields["birthday"] == "1990-03-07"
        assert fields["phone"] == f"+86138000000{number:02}"


def test_a_note_of_a_megabyte_is_kept(till: Path) -> None:
    _, stream = synced(till, f"id,name,phone,birthday,note\n1,A,,,{'长' * 350_000}\n")
    assert (stream["new"], stream["quarantined"]) == (1, 0)


def test_a_file_of_200_columns_is_read_by_name(till: Path) -> None:
    extra = [f"c{number}" for number in range(196)]
    head = ",".join(["id", *extra[:98], "name", "phone", "birthday", *extra[98:], "note"])
    row = ",".join(["1", *["x"] * 98, "Wei", "13800000000", "", *["x"] * 98, "n"])
    _, stream = synced(till, f"{head}\n{row}\n")
    assert stream["new"] == 1


def test_a_bad_row_is_named_by_file_and_line_and_the_others_are_taken(till: Path) -> None:
    _, stream = synced(till, "id,name,phone,birthday,note\n1,A,,,\n2,B\n,C,,,\n4,D,,,\n")
    assert (stream["new"], stream["quarantined"]) == (2, 2)
    places = {entry["place"] for entry in kehub(till, "quarantine", "list", "--json").facts}
    assert places == {"members.csv:3", "members.csv:4"}


def test_a_wrong_encoding_is_named_and_what_was_read_before_stays(till: Path) -> None:
    good = "id,name,phone,birthday,note\n1,王芳,,,\n"
    synced(till, good)
    ended = _failed(till, good.encode("utf-16-le")[1:])
    assert "members.csv" in ended.err + ended.out
    assert kehub(till, "status", "--json").facts["customers"] == 1


def _failed(folder: Path, content: bytes) -> Ended:
    (folder / "members.csv").write_bytes(content)
    ended = kehub(folder, "sync")
    assert ended.code in (2, 4), ended.err
    assert "Traceback" not in ended.err
    return ended


def test_broken_yaml_is_named_by_line_and_column(till: Path) -> None:
    (till / "kehub.yaml").write_text("brand: {name: X\nconnections: [", encoding="utf-8")
    ended = kehub(till, "sync")
    assert ended.code == 2
    assert "kehub.yaml:" in ended.err
    assert "Traceback" not in ended.err


def test_an_unknown_connector_is_named_with_its_neighbour(till: Path) -> None:
    (till / "kehub.yaml").write_text(YAML.replace("csv_file", "cvs_file"), encoding="utf-8")
    ended = kehub(till, "sync")
    assert ended.code == 2
    assert 'did you mean "csv_file"' in ended.err


def test_a_wrong_secret_stops_that_system_and_the_rest_is_done(crm: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOHO_SECRET", "wrong")
    ended = kehub(crm.folder, "sync", "--json")
    assert ended.code == 4
    (error,) = ended.facts["errors"]
    assert (error["connection"], error["code"]) == ("zoho", "invalid_client")
    assert error["remedy"]
    assert {s["connection"] for s in ended.facts["streams"] if s["new"]} == {"shop_a", "shop_b"}


def test_truncated_json_and_html_are_read_again_and_lose_nothing(crm: Site) -> None:
    crm.control("faults", {"truncated": {"times": 1}, "html_in_200": {"times": 1, "skip": 2}})
    ended = kehub(crm.folder, "sync", "--json")
    assert ended.code == 3
    (contacts,) = [s for s in ended.facts["streams"] if (s["connection"], s["stream"]) == ("zoho", "customers")]
    assert contacts["new"] == len(crm.control("state")["records"]["Contacts"])


def test_a_duplicated_id_in_a_page_counts_once(crm: Site) -> None:
    crm.control("faults", {"duplicate_row": {"times": 1}})
    ended = kehub(crm.folder, "sync", "--json")
    (contacts,) = [s for s in ended.facts["streams"] if (s["connection"], s["stream"]) == ("zoho", "customers")]
    assert contacts["new"] == len(crm.control("state")["records"]["Contacts"])
    assert contacts["certificate"]


def test_a_row_that_came_in_undecodable_is_asked_for_by_its_id(crm: Site) -> None:
    crm.control("faults", {"undecodable_row": {"times": 1}})
    ended = kehub(crm.folder, "sync", "--json")
    (contacts,) = [s for s in ended.facts["streams"] if (s["connection"], s["stream"]) == ("zoho", "customers")]
    held = len(crm.control("state")["records"]["Contacts"])
    assert (contacts["new"], contacts["quarantined"]) == (held, 0)
    assert kehub(crm.folder, "quarantine", "list", "--json").facts == []
