"""Bulk Read: jobs that write a module's records into a file (sheet section 11). Criteria are not played."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from connectors.zoho.twin.csv_file import Spelling, archive
from connectors.zoho.twin.options import ZohoOptions
from connectors.zoho.twin.records import FIRST_ID, USER, Books, Module, Record, Spoil, Values
from connectors.zoho.twin.replies import Refused
from connectors.zoho.twin.schema import FieldSpec
from connectors.zoho.twin.tokens import Tokens
from hub.testing.twin import Answer, Call
from hub.testing.twin_pages import Pages

BULK = "/crm/bulk/v8/read"
_NOT_EXPORTED = ("subform", "multiselectlookup", "multiuserlookup")


@dataclass(frozen=True)
class PageToken:
    """What the token of a next page remembers: the query it is bound to, rows served, the last id, its end of life."""

    bound_to: tuple[str, tuple[str, ...]]
    served: int
    last: int
    until: int


@dataclass
class Job:
    """One job: what it was asked for, and its file once the records have been looked at."""

    id: str
    module: Module
    fields: tuple[str, ...]
    began: int
    page: int
    served: int
    last: int
    fails: bool = False
    count: int = 0
    more: bool = False
    following: str = ""
    file: bytes | None = None
    empty: bool = False


class Exports:
    """The jobs of one organisation."""

    def __init__(
        self, books: Books, options: ZohoOptions, tokens: Tokens, pages: Pages, spoil: Spoil,
        struck: Callable[[str, Call], Values | None],
    ) -> None:  # fmt: skip
        self._books = books
        self._options = options
        self._granted = tokens.granted
        self._pages = pages
        self._spoil = spoil
        self._struck = struck
        self._spelling = Spelling(options.bulk_flags, options.bulk_zone)
        self._jobs: dict[str, Job] = {}
        self._tokens: dict[str, PageToken] = {}
        self._lost = 0
        self._downloads: deque[int] = deque()

    def ordered(self, call: Call) -> Answer:
        """`POST /read`."""
        if not call.headers.get("content-type", "").startswith("application/json"):
            raise Refused("MEDIA_TYPE_NOT_SUPPORTED", status=415)
        query = _query(call)
        job = self._job(query, self._module(query))
        self._jobs[job.id] = job
        job.fails = self._struck("failed_job", call) is not None
        if self._options.bulk_at == "begin":
            self._export(call, job)
        details = {"id": job.id, "operation": "read", "state": "ADDED", "created_by": USER}
        details["created_time"] = self._books.shown(job.began)
        told = {"status": "success", "code": "ADDED_SUCCESSFULLY", "message": "Added successfully.", "details": details}
        return Answer(201, {"data": [told], "info": {}})

    def state(self, call: Call) -> Answer:
        """`GET /read/{id}`."""
        job = self._found(call)
        state = self._state(job)
        told: Values = {"id": job.id, "operation": "read", "state": state, "created_by": USER, "file_type": "csv"}
        if state == "FAILURE":
            error = {"status": "error", "code": "INTERNAL_ERROR", "message": "internal error", "details": {}}
            told["result"] = {"error_message": error}
        if state == "COMPLETED":
            if job.file is None:
                self._export(call, job)
            told["result"] = {
                "page": job.page, "per_page": self._options.bulk_rows, "count": job.count, "more_records": job.more,
                "download_url": f"{BULK}/{job.id}/result", "next_page_token": job.following or None,
            }  # fmt: skip
        return Answer(200, {"data": [told]})

    def result(self, call: Call) -> Answer:
        """`GET /read/{id}/result`: an archive with one file."""
        job, now = self._found(call), self._books.now()
        while self._downloads and now - self._downloads[0] >= 60:
            self._downloads.popleft()
        if len(self._downloads) >= self._options.downloads:
            raise Refused("TOO_MANY_REQUESTS", status=429)
        if self._struck("lost_result", call) is not None:
            del self._jobs[job.id]
            self._lost += 1
        job = self._found(call)
        if self._state(job) != "COMPLETED" or job.file is None:
            raise Refused("RESOURCE_NOT_FOUND", status=404)
        self._downloads.append(now)
        if job.empty and self._options.bulk_empty == 204:
            return Answer(204)
        return Answer(200, job.file, {"content-type": "application/octet-stream"})

    # -- ordering

    def _module(self, query: Values) -> Module:
        asked = query.get("module")
        module = self._books.modules.get(str(asked.get("api_name"))) if isinstance(asked, dict) else None
        if module is None:
            raise Refused("INVALID_DATA", {"api_name": "module"})
        if not self._granted(f"modules.{module.name.lower()}", "READ"):
            raise Refused("OAUTH_SCOPE_MISMATCH", status=401)
        if "criteria" in query:
            raise Refused("NOT_SUPPORTED", {"api_name": "criteria"})
        return module

    def _job(self, query: Values, module: Module) -> Job:
        given = query.get("fields") or [spec.name for spec in module.fields.values() if self._exported(spec)]
        fields = tuple(dict.fromkeys(name for name in given if name != "id"))
        for name in fields:
            spec = module.fields.get(name)
            if spec is None or not self._exported(spec):
                raise Refused("FIELD_NOT_AVAILABLE", {"api_name": name})
        number = str(FIRST_ID + 90_000_000 + len(self._jobs) + self._lost)  # no record's, as jobs may be ordered twice
        if "page_token" in query:
            token = self._token(str(query["page_token"]), module, fields)
            page = token.served // self._options.bulk_rows + 1
            return Job(number, module, fields, self._books.now(), page, token.served, token.last)
        page = query.get("page", 1)
        if not isinstance(page, int) or page < 1:
            raise Refused("PAGE_RANGE_EXCEEDED", {"api_name": "page"})
        return Job(number, module, fields, self._books.now(), page, (page - 1) * self._options.bulk_rows, 0)

    def _exported(self, spec: FieldSpec) -> bool:
        return spec.type not in _NOT_EXPORTED and (spec.type != "tags" or self._options.bulk_tags)

    def _token(self, given: str, module: Module, fields: tuple[str, ...]) -> PageToken:
        token = self._tokens.get(given)
        if token is None:
            raise Refused("INVALID_DATA", {"api_name": "page_token"})
        if token.bound_to != (module.name, fields):
            raise Refused("TOKEN_BOUND_DATA_MISMATCH", {"api_name": "page_token"})
        if token.until <= self._books.now():
            raise Refused("EXPIRED_VALUE", {"api_name": "page_token"})
        return token

    # -- working

    def _found(self, call: Call) -> Job:
        job = self._jobs.get(call.params["id"])
        if job is None or self._books.now() - job.began >= self._options.bulk_life:
            raise Refused("RESOURCE_NOT_FOUND", status=404)
        return job

    def _state(self, job: Job) -> str:
        """A job is added, waits for a tenth and then works for the rest of the time that it takes."""
        age, whole = self._books.now() - job.began, self._options.bulk_seconds
        if age < whole:
            return "ADDED" if age == 0 else "QUEUED" if age * 10 < whole * 3 else "IN PROGRESS"
        return "FAILURE" if job.fails else "COMPLETED"

    def _export(self, call: Call, job: Job) -> None:
        """Write the file of a job as the records are now."""
        wanted, _ = self._pages.capped(call, sorted(job.module.rows.values(), key=lambda record: record.number))
        start = self._start(job, wanted)
        begin, most = self._pages.cut(call, start, self._options.bulk_rows)
        part, rest = list(wanted[begin : begin + most]), len(wanted) - start - self._options.bulk_rows
        if start and self._struck("repeated_rows", call) is not None:
            part = [*wanted[max(0, start - 3) : start], *part]
        rows: list[Values] = [record.shown(job.fields) for record in part]
        job.count = len(rows) + (self._struck("lying_count", call) is not None)
        if self._struck("short_file", call) is not None:
            rows = rows[: len(rows) // 2]
        rows = self._spoil(call, job.module, rows)
        kinds = {name: spec.type for name, spec in job.module.fields.items()}
        job.file = archive(job.id, job.fields, kinds, rows, self._spelling)
        job.more, job.empty = rest > 0, not rows
        if job.more and part and self._options.bulk_tokens:
            self._follow(job, part)

    def _start(self, job: Job, wanted: Sequence[Record]) -> int:
        if self._options.bulk_paging == "offset" or not job.last:
            return job.served
        return sum(record.number <= job.last for record in wanted)

    def _follow(self, job: Job, part: Sequence[Record]) -> None:
        job.following = f"bulk{len(self._tokens) + 1:08d}"
        until, served = self._books.now() + self._options.page_token_life, job.served + self._options.bulk_rows
        self._tokens[job.following] = PageToken((job.module.name, job.fields), served, part[-1].number, until)


def _query(call: Call) -> dict[str, Any]:
    try:
        body = call.json()
        query = body["query"]
    except (ValueError, KeyError, TypeError):
        raise Refused("MANDATORY_NOT_FOUND", {"api_name": "query"}) from None
    if not isinstance(query, dict) or body.get("file_type", "csv") != "csv":
        raise Refused("INVALID_DATA", {"api_name": "query"})
    return query
