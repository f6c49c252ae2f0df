"""Bulk operations: a query over all rows that runs by itself and leaves a file of JSON lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from connectors.shopify.twin.books import Books, Values, shown_time
from connectors.shopify.twin.engine import Context, run, understood
from connectors.shopify.twin.options import ShopifyOptions
from connectors.shopify.twin.replies import Refused
from hub.testing.twin import Answer, Call

FILES = "/files/{name}"
_MOST_CONNECTIONS = 5


@dataclass
class Job:
    """One operation: what it was asked for, and its file once it is done."""

    id: str
    query: str
    began: int
    error: str = ""
    status: str = ""
    file: bytes | None = None
    objects: int = 0
    roots: int = 0


class Operations:
    """The bulk operations of one app; `root` gives the root of queries, `struck` tells of faults."""

    def __init__(
        self, books: Books, options: ShopifyOptions, root: Callable[[], Values],
        struck: Callable[[str, Call], Values | None],
    ) -> None:  # fmt: skip
        self._books = books
        self._options = options
        self._root = root
        self._struck = struck
        self._jobs: dict[str, Job] = {}
        self._lost = 0

    def ordered(self, info: Any, query: str, groupObjects: bool) -> Values:
        """`bulkOperationRunQuery`."""
        call: Call = info.context.call
        running = [job for job in self._jobs.values() if self._status(job) in ("CREATED", "RUNNING")]
        if len(running) >= self._options.bulk_at_once:
            return _refused("LIMIT_REACHED" if self._options.bulk_at_once > 1 else "OPERATION_IN_PROGRESS")
        operation = understood(query)
        if (
            operation.errors
            or len(operation.fields) != 1
            or query.count("edges") not in range(1, _MOST_CONNECTIONS + 1)
        ):
            return _refused("INVALID")
        number = len(self._jobs) + self._lost + 1
        job = Job(f"gid://shopify/BulkOperation/{number}", query, self._books.now())
        if self._struck("failed_job", call) is not None:
            job.error = "INTERNAL_SERVER_ERROR"
        self._jobs[job.id] = job
        return {"bulkOperation": self._shown(job, call), "userErrors": []}

    def found(self, id_: str, call: Call) -> Values | None:
        """An operation by its id."""
        job = self._jobs.get(id_)
        return self._shown(job, call) if job else None

    def end(self, status: str, error: str = "") -> None:
        """Let the operations that run come to nothing (FAILED, CANCELED, EXPIRED), as the control side wishes."""
        for job in self._jobs.values():
            if self._status(job) in ("CREATED", "RUNNING"):
                job.status, job.error = status, error

    def file(self, call: Call) -> Answer:
        """A file, whole or in parts; the address is signed, and nobody is asked who they are."""
        job = self._jobs.get(f"gid://shopify/BulkOperation/{call.params['name'].removesuffix('.jsonl')}")
        if job is not None and self._struck("lost_result", call) is not None:
            del self._jobs[job.id]
            self._lost += 1
            job = None
        if job is None or job.file is None or self._books.now() - job.began > self._options.bulk_life:
            return Answer(403, b"<Error><Code>ExpiredToken</Code></Error>", {"content-type": "application/xml"})
        kind = {"content-type": "application/jsonl"}
        asked = call.headers.get("range", "")
        if not (self._options.ranges and asked.startswith("bytes=")):
            return Answer(200, job.file, kind)
        first, _, last = asked.removeprefix("bytes=").partition("-")
        if int(first) >= len(job.file):
            return Answer(416, b"", kind)
        part = job.file[int(first) : int(last) + 1]
        shown = f"bytes {first}-{int(first) + len(part) - 1}/{len(job.file)}"
        return Answer(206, part, {**kind, "content-range": shown})

    def _status(self, job: Job) -> str:
        age = self._books.now() - job.began
        if job.status:
            return job.status
        if age < self._options.bulk_seconds:
            return "CREATED" if age == 0 else "RUNNING"
        return "FAILED" if job.error else "COMPLETED"

    def _shown(self, job: Job, call: Call) -> Values:
        status = self._status(job)
        if status == "COMPLETED" and job.file is None:
            self._export(job, call)
            status = self._status(job)
        done = status == "COMPLETED"
        number = job.id.rpartition("/")[2]
        url = f"{call.base_url}/files/{number}.jsonl?signature=twin" if done and job.objects else None
        return {
            "__typename": "BulkOperation", "id": job.id, "status": status, "type": "QUERY", "query": job.query,
            "createdAt": shown_time(job.began), "completedAt": shown_time(self._books.now()) if done else None,
            "errorCode": job.error or None, "objectCount": str(job.objects), "rootObjectCount": str(job.roots),
            "fileSize": str(len(job.file or b"")), "url": url,
            "partialDataUrl": f"{call.base_url}/files/partial.jsonl" if status == "FAILED" else None,
        }  # fmt: skip

    def _export(self, job: Job, call: Call) -> None:
        """Write the file as the records are now."""
        found = run(understood(job.query), self._root(), Context(call, bulk=True))
        if found.errors or not found.data:
            job.status, job.error = "FAILED", "ACCESS_DENIED"
            return
        (connection,) = found.data.values()
        lines = list(_lines(connection, None))
        job.objects, job.roots = len(lines), sum("__parentId" not in line for line in lines)
        if self._struck("lying_count", call) is not None:
            job.objects, job.roots = job.objects + 1, job.roots + 1
        if self._struck("short_file", call) is not None:
            lines = lines[: len(lines) // 2]
        if self._struck("repeated_rows", call) is not None:
            lines = [*lines[:3], *lines]
        roots, below = [x for x in lines if "__parentId" not in x], [x for x in lines if "__parentId" in x]
        job.file = b"".join(Answer(200, line).content() + b"\n" for line in (*roots, *below))


def _lines(connection: Any, parent: str | None) -> Iterator[Values]:
    """Each node of a connection as a line of its own, without what is below it."""
    for edge in connection["edges"]:
        node = edge["node"]
        plain = {name: value for name, value in node.items() if not _is_connection(value)}
        yield plain if parent is None else {**plain, "__parentId": parent}
        for value in node.values():
            if _is_connection(value):
                if "id" not in node:
                    raise Refused("INVALID", "a node without an id has nodes below it")
                yield from _lines(value, node["id"])


def _is_connection(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("edges"), list)


def _refused(code: str) -> Values:
    told = {"code": code, "field": None, "message": code.replace("_", " ").lower()}
    return {"bulkOperation": None, "userErrors": [told]}
