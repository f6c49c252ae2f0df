"""What `test_hubspot_client` lets HubSpot's own client do. Prints one line of JSON."""

from __future__ import annotations

import json
import sys
from typing import Any

from hubspot import HubSpot
from hubspot.crm import contacts, properties
from hubspot.crm.associations import v4
from hubspot.utils.signature import Signature


def main(wanted: dict[str, Any]) -> None:
    """Sign in and make the calls."""
    url, secret = wanted["url"], wanted["client_secret"]
    token = HubSpot(host=url).oauth.tokens_api.create(
        grant_type="refresh_token", client_id=wanted["client_id"], client_secret=secret, refresh_token=wanted["refresh"]
    )
    signed_in = HubSpot(access_token=token.access_token, host=url).crm
    private = HubSpot(access_token=wanted["token"], host=url).crm
    found = {
        "oauth": len(signed_in.contacts.basic_api.get_page(limit=3).results),
        "listed": [int(row.id) for row in private.contacts.get_all(properties=["lastname"])],
        "searched": _search(private),
        **_property(private),
        **_upsert(private),
        **_update(private, wanted["contact"]),
        **_alone(private),
        "associated": _associated(private, wanted["order"]),
        "refused": _status(lambda: HubSpot(access_token="other", host=url).crm.contacts.basic_api.get_page()),
        "genuine": [_genuine(one, secret) for one in wanted["deliveries"]],
    }
    print(json.dumps(found))


def _search(crm: Any) -> list[int]:
    condition = contacts.Filter(property_name="hs_object_id", operator="GT", value="0")
    asked = contacts.PublicObjectSearchRequest(
        filter_groups=[contacts.FilterGroup(filters=[condition])],
        sorts=[{"propertyName": "lastmodifieddate", "direction": "DESCENDING"}],
        properties=["lastmodifieddate"],
        limit=2,
        after="0",
    )
    answer = crm.contacts.search_api.do_search(asked)
    return [answer.total, *(int(row.id) for row in answer.results), int(answer.paging.next.after)]


def _property(crm: Any) -> dict[str, Any]:
    wish = properties.PropertyCreate(
        name="sdk_id",
        label="SDK",
        type="string",
        field_type="text",
        group_name="contactinformation",
        has_unique_value=True,
    )
    made = crm.properties.core_api.create("contacts", wish)
    names = [one.name for one in crm.properties.core_api.get_all("contacts").results]
    return {"property": [made.has_unique_value, "sdk_id" in names]}


def _upsert(crm: Any) -> dict[str, Any]:
    def row(key: str, mark: str, **values: str) -> Any:
        return contacts.SimplePublicObjectBatchInputUpsert(
            id=key, id_property="sdk_id", object_write_trace_id=mark, properties=values
        )

    def send(*rows: Any) -> Any:
        return crm.contacts.batch_api.upsert(contacts.BatchInputSimplePublicObjectBatchInputUpsert(inputs=list(rows)))

    first = send(row("K1", "a", lastname="Sdk"))
    mixed = send(row("K1", "a", lastname="Sdk2"), row("K2", "b", email="no address"))
    asked = contacts.BatchReadInputSimplePublicObjectId(
        id_property="sdk_id", properties=["lastname"], properties_with_history=[],
        inputs=[contacts.SimplePublicObjectId(id="K1"), contacts.SimplePublicObjectId(id="K9")],
    )  # fmt: skip
    read = crm.contacts.batch_api.read(asked)
    return {
        "upserted": [first.results[0].new, mixed.results[0].new, mixed.num_errors, mixed.errors[0].category],
        "read": [row.properties["lastname"] for row in read.results],
        "missing": read.errors[0].context["ids"],
    }


def _update(crm: Any, contact: int) -> dict[str, Any]:
    rows = [
        contacts.SimplePublicObjectBatchInput(id=str(contact), object_write_trace_id="a", properties={"city": "Wuxi"}),
        contacts.SimplePublicObjectBatchInput(id="1", object_write_trace_id="b", properties={"city": "Wuxi"}),
    ]
    told = crm.contacts.batch_api.update(contacts.BatchInputSimplePublicObjectBatchInput(inputs=rows))
    marks = [one.object_write_trace_id for one in told.results]
    return {"updated": [*marks, told.errors[0].context["objectWriteTraceId"]]}


def _alone(crm: Any) -> dict[str, Any]:
    """One contact: made, found to be there, read, merged into another, archived."""

    def make(**values: str) -> Any:
        wish = contacts.SimplePublicObjectInputForCreate(properties=values, associations=[])
        return crm.contacts.basic_api.create(wish)

    one, other = make(email="sdk@shop.example"), make(email="sdk2@shop.example")
    twice = _status(lambda: make(email="SDK@shop.example"))
    merge = contacts.PublicMergeInput(object_id_to_merge=other.id, primary_object_id=one.id)
    kept = crm.contacts.basic_api.merge(merge) if hasattr(crm.contacts.basic_api, "merge") else None
    crm.contacts.basic_api.archive(one.id)
    bin_ = [row.id for row in crm.contacts.basic_api.get_page(archived=True).results]
    return {"twice": twice, "merged": kept is None or kept.id == one.id, "archived": one.id in bin_}


def _associated(crm: Any, order: int) -> list[int]:
    request = v4.PublicFetchAssociationsBatchRequest(id=str(order))
    asked = v4.BatchInputPublicFetchAssociationsBatchRequest(inputs=[request])
    told = crm.associations.v4.batch_api.get_page("orders", "contacts", asked)
    return [int(to.to_object_id) for row in told.results for to in row.to]


def _status(call: Any) -> int:
    try:
        call()
    except contacts.ApiException as refused:
        return int(refused.status)
    return 0


def _genuine(one: dict[str, Any], secret: str) -> bool:
    """Whether the client takes a delivery of the twin's for HubSpot's own."""
    headers, version = one["headers"], one["headers"].get("x-hubspot-signature-version", "v3")
    signature = headers.get("x-hubspot-signature-v3") or headers["x-hubspot-signature"]
    stamp = headers.get("x-hubspot-request-timestamp")
    return bool(Signature.is_valid(signature, secret, one["body"], one["url"], "POST", version, stamp))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
