"""Associations (v4): those of one record, default and labelled ones, and batches of them; and merging, which moves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from connectors.hubspot.twin.books import Books, Kind, Record, iso
from connectors.hubspot.twin.options import HubSpotOptions
from connectors.hubspot.twin.replies import Refused, Values, invalid, row_error
from hub.testing.twin import Answer, Call

Named = Callable[[str], Kind]
"""The kind of object that a path names."""
TYPES = {("orders", "contacts"): 507, ("contacts", "companies"): 279, ("companies", "contacts"): 280}
"""The default types of association."""


class Relations:
    """The calls about two records."""

    def __init__(self, books: Books, options: HubSpotOptions, named: Named) -> None:
        self._books = books
        self._options = options
        self._named = named

    def of_one(self, call: Call) -> Answer:
        """`GET /crm/v4/objects/{from}/{id}/associations/{to}`."""
        left, right, one = self._named(call.params["left"]), self._named(call.params["right"]), int(call.params["id"])
        found = self._books.linked(left.name, one, right.name)
        limit, after = int(call.query.get("limit", "500")), int(call.query.get("after") or 0)
        page = [other for other in found if other > after][:limit]
        more = {"paging": {"next": {"after": str(page[-1])}}} if page and page[-1] != max(found) else {}
        return Answer(200, {"results": [_shown(other, found[other]) for other in page], **more})

    def put(self, call: Call) -> Answer:
        """`PUT …/associations/default/{to}/{id}`, and without `default` with the types in the body."""
        left, right = self._named(call.params["left"]), self._named(call.params["right"])
        one, other = int(call.params["id"]), int(call.params["other"])
        default = "/default/" in call.path
        type_id = TYPES.get((left.name, right.name), 1) if default else int(call.json()[0]["associationTypeId"])
        self._link(left, one, right, other, type_id)
        at = iso(self._books.now())
        return Answer(
            200 if default else 201, {"status": "COMPLETE", "startedAt": at, "completedAt": at, "results": []}
        )

    def drop(self, call: Call) -> Answer:
        """`DELETE …/associations/{to}/{id}`: all labels."""
        left, right = self._named(call.params["left"]), self._named(call.params["right"])
        self._unlink(left, int(call.params["id"]), right, int(call.params["other"]))
        return Answer(204)

    def batch(self, call: Call) -> Answer:
        """`POST /crm/v4/associations/{from}/{to}/batch/{read|create|associate/default|archive}`."""
        left, right = self._named(call.params["left"]), self._named(call.params["right"])
        rows = call.json().get("inputs")
        deed = call.path.partition("/batch/")[2]
        if not isinstance(rows, list) or not 0 < len(rows) <= self._options.associations_batch:
            raise invalid("Invalid input JSON: inputs")
        if deed == "read":
            return self._read(left, right, rows)
        for row in rows:
            one, tos = int(row["from"]["id"]), row["to"] if isinstance(row["to"], list) else [row["to"]]
            for to in tos:
                if deed == "archive":
                    self._unlink(left, one, right, int(to["id"]))
                else:
                    types = row.get("types") or [{"associationTypeId": TYPES.get((left.name, right.name), 1)}]
                    self._link(left, one, right, int(to["id"]), int(types[0]["associationTypeId"]))
        return Answer(204) if deed == "archive" else Answer(201, self._complete([]))

    def merge(self, call: Call, kind: Kind) -> Answer:
        """`POST /crm/v3/objects/{type}/merge`."""
        body = call.json()
        kept, other = (kind.rows.get(int(body[name])) for name in ("primaryObjectId", "objectIdToMerge"))
        if kept is None or other is None or kept is other:
            raise invalid("no two records to merge")
        return Answer(200, self._books.merge(kept, other, anew=self._options.merged_keeps == "new").shown(()))

    def erase(self, call: Call, kind: Kind) -> Answer:
        """`POST /crm/v3/objects/contacts/gdpr-delete`."""
        body = call.json()
        by, asked = str(body.get("idProperty") or ""), str(body["objectId"])
        record = kind.having(by, asked) if by else kind.rows.get(int(asked)) or kind.bin.get(int(asked))
        if record is not None:
            self._books.erase(record)
        return Answer(204)

    def _read(self, left: Kind, right: Kind, rows: list[Values]) -> Answer:
        asked = [int(row["id"]) for row in rows]
        found = {one: self._books.linked(left.name, one, right.name) for one in asked}
        shown = [
            {"from": {"id": str(one)}, "to": [_shown(other, to[other]) for other in reversed(to)]}
            for one, to in found.items()
            if to
        ]
        bare = [
            row_error("OBJECT_NOT_FOUND", f"No {right.name} are associated", {"fromObjectId": [str(one)]})
            for one, to in found.items()
            if not to
        ]
        more = {"numErrors": len(bare), "errors": bare} if bare else {}
        return Answer(207 if bare else 200, {**self._complete(shown), **more})

    def _complete(self, results: list[Any]) -> Values:
        at = iso(self._books.now())
        return {"status": "COMPLETE", "startedAt": at, "completedAt": at, "results": results}

    def _link(self, left: Kind, one: int, right: Kind, other: int, type_id: int) -> None:
        if one not in left.rows or other not in right.rows:
            raise Refused(404, "no such record", "OBJECT_NOT_FOUND")
        self._books.link(left.name, one, right.name, other, type_id)

    def _unlink(self, left: Kind, one: int, right: Kind, other: int) -> None:
        for here, there, a, b in ((left, right, one, other), (right, left, other, one)):
            self._books.links.get((here.name, there.name), {}).get(a, {}).pop(b, None)


def _shown(other: int, type_id: int) -> Values:
    types = [{"category": "HUBSPOT_DEFINED", "typeId": type_id, "label": None}]
    return {"toObjectId": other, "associationTypes": types}


def associated(books: Books, record: Record) -> str:
    """The contact that the connector shows with an order."""
    return next((str(one) for one in books.linked("orders", record.id, "contacts")), "")
