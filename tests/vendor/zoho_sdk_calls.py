"""What `test_zoho_sdk` lets Zoho's SDK do: list, get, update, upsert. Prints one line of JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.api.authenticator.store.file_store import FileStore
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api.dc import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.record import (
    BodyWrapper,
    Field,
    GetRecordsParam,
    Record,
    RecordOperations,
)


def main(wanted: dict[str, str]) -> None:
    """Sign in and make the calls."""
    _sign_in(wanted)
    one = wanted["contact"]
    record = _operations().get_record(int(one)).get_object().get_data()[0]
    first, second = _record(Last_Name="Sdk", KeHub_ID="C-SDK"), _record(Last_Name="Sdk", KeHub_ID="C-NEW")
    found = {
        "listed": _listed(),
        "got": record.get_key_value("Last_Name"),
        "updated": [row.get_code().get_value() for row in _update(one)],
        "upserted": [row.get_action().get_value() for row in _upsert(first, second)],
    }
    print(json.dumps(found))


def _sign_in(wanted: dict[str, str]) -> None:
    url, folder = wanted["url"], wanted["folder"]
    token = OAuthToken(client_id=wanted["client"], client_secret=wanted["secret"], refresh_token=wanted["refresh"])
    Initializer.initialize(
        environment=DataCenter.Environment(url, f"{url}/oauth/v2/token", url),
        token=token,
        store=FileStore(file_path=str(Path(folder) / "tokens.csv")),
        resource_path=folder,
    )


def _operations() -> Any:
    return RecordOperations("Contacts")


def _listed() -> list[str]:
    params = ParameterMap()
    params.add(GetRecordsParam.fields, "Last_Name,Email,Modified_Time")
    params.add(GetRecordsParam.sort_by, "id")
    params.add(GetRecordsParam.sort_order, "asc")
    params.add(GetRecordsParam.per_page, 5)
    answer = _operations().get_records(params, HeaderMap())
    assert answer.get_status_code() == 200
    return [str(record.get_id()) for record in answer.get_object().get_data()]


def _record(**values: str) -> Any:
    record = Record()
    for name, value in values.items():
        if name == "Last_Name":
            record.add_field_value(Field.Contacts.last_name(), value)
        else:
            record.add_key_value(name, value)
    return record


def _update(one: str) -> list[Any]:
    body = BodyWrapper()
    record = _record(KeHub_ID="C-SDK")
    record.set_id(int(one))
    body.set_data([record])
    body.set_trigger([])
    return list(_operations().update_records(body, HeaderMap()).get_object().get_data())


def _upsert(*records: Any) -> list[Any]:
    body = BodyWrapper()
    body.set_data(list(records))
    body.set_duplicate_check_fields(["KeHub_ID"])
    body.set_trigger([])
    return list(_operations().upsert_records(body, HeaderMap()).get_object().get_data())


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
