"""The calls of Bulk Read: a job that writes a module's records into a file, and the file itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from connectors.zoho.wire.dialect import DOWNLOADS
from connectors.zoho.wire.module import whole
from hub.connector import Answer, Row
from hub.errors import PermissionMissing, Rejected, Transient

GONE = "RESOURCE_NOT_FOUND"
"""What a job, or its file, is refused with that Zoho does not keep any more."""

PAUSE = 15.0
"""Seconds between the order of a job and the first look at it."""


@dataclass(frozen=True)
class State:
    """What Zoho says of a job: whether it is done or failed; then how many rows its file has and what follows it."""

    done: bool = False
    failed: bool = False
    count: int = 0
    more: bool = False
    token: str = ""


@dataclass(frozen=True)
class Bulk:
    """Bulk Read of one module behind a connection's door; `root` is its path, a job costs `cost` credits."""

    door: Any  # hub.http.door.Door
    root: str
    name: str
    cost: int

    def order(self, columns: Sequence[str], page: int, token: str) -> str:
        """Have a job begun, and give its id. A second one, where an answer got lost, costs credits and no more."""
        query: Row = {"module": {"api_name": self.name}, "fields": ["id", *columns]}
        query |= {"page_token": token} if token else {"page": page} if page > 1 else {}
        body = {"query": query, "file_type": "csv"}
        answer: Answer = self.door.request("POST", self.root, json=body, repeatable=True, cost=self.cost)
        details = _first(answer).get("details")
        found = details.get("id") if isinstance(details, dict) else None
        if not found:
            raise Transient("the answer names no job")
        return str(found)

    def state(self, job: str) -> State:
        """How far a job is. A state that we do not know is one of work."""
        told = _first(self.door.request("GET", f"{self.root}/{{id}}", parts={"id": job}))
        word, result = str(told.get("state")).upper().replace("_", " "), told.get("result")
        if word in ("FAILURE", "FAILED"):
            return State(failed=True)
        if word != "COMPLETED":
            return State()
        if not isinstance(result, dict):
            raise Transient("the job is done and tells no result")
        more = bool(result.get("more_records"))
        token = str(result.get("next_page_token") or "") if more else ""
        return State(done=True, count=whole(result, "count"), more=more, token=token)

    def file(self, job: str) -> ZipFile | None:
        """A job's file, kept as it came: packed, and in memory only, since it is full of personal data."""
        answer: Answer = self.door.request(
            "GET", f"{self.root}/{{id}}/result", parts={"id": job}, bucket=DOWNLOADS, expects="zip"
        )
        return None if answer.empty else ZipFile(BytesIO(answer.content))

    def may(self) -> bool:
        """Whether the scope is there: no job has this number, and who may not ask is told so first."""
        try:
            self.door.request("GET", f"{self.root}/{{id}}", parts={"id": "1"})
        except PermissionMissing:
            return False
        except Rejected:
            pass
        return True


def _first(answer: Answer) -> Row:
    rows = answer.rows("data")
    if not rows or not isinstance(rows[0], dict):
        raise Transient("the answer tells of no job")
    return rows[0]
