"""The twin's calls: which path leads to which function, and which scope a call needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from hub.testing.twin import Answer, Call, Endpoint

VERSIONS = ("2026-03", "2026-09")
_TOKENS = ("v1", "v3", *VERSIONS)
_OBJECTS = ("/crm/v3/objects/{type}", *(f"/crm/objects/{version}/{{type}}" for version in VERSIONS))
_PROPERTIES = ("/crm/v3/properties/{type}", *(f"/crm/properties/{version}/{{type}}" for version in VERSIONS))
_LINKS = ("/crm/v4/associations/{left}/{right}", *(f"/crm/associations/{one}/{{left}}/{{right}}" for one in VERSIONS))
_PAIRS = (
    "/crm/v4/objects/{left}/{id}/associations",
    *(f"/crm/objects/{one}/{{left}}/{{id}}/associations" for one in VERSIONS),
)


def endpoints(twin: Any) -> Iterator[Endpoint]:
    """The calls of one twin."""
    yield from _signing_in(twin)
    yield Endpoint("GET", "/account-info/v3/details", lambda call: twin.account.details(call))
    yield Endpoint("GET", "/account-info/v3/api-usage/daily/private-apps", lambda call: twin.account.usage(call))
    for root in _PROPERTIES:
        yield Endpoint("GET", root, _of(twin, lambda call, kind: twin.account.described(call, kind)))
        yield Endpoint("GET", f"{root}/{{name}}", _of(twin, lambda call, kind: twin.account.described(call, kind)))
        yield Endpoint("POST", root, _of(twin, lambda call, kind: twin.account.make(call, kind)), "write")
    for root in _LINKS:
        yield Endpoint("POST", f"{root}/batch/read", lambda call: twin.relations.batch(call))
        for deed in ("create", "associate/default", "archive"):
            yield Endpoint("POST", f"{root}/batch/{deed}", lambda call: twin.relations.batch(call), "write")
    for root in _PAIRS:
        yield Endpoint("PUT", f"{root}/default/{{right}}/{{other}}", lambda call: twin.relations.put(call), "write")
        yield Endpoint("PUT", f"{root}/{{right}}/{{other}}", lambda call: twin.relations.put(call), "write")
        yield Endpoint("DELETE", f"{root}/{{right}}/{{other}}", lambda call: twin.relations.drop(call), "write")
        yield Endpoint("GET", f"{root}/{{right}}", lambda call: twin.relations.of_one(call))
    for root in _OBJECTS:
        yield from _objects(twin, root)


def _signing_in(twin: Any) -> Iterator[Endpoint]:
    for version in _TOKENS:
        yield Endpoint("POST", f"/oauth/{version}/token", lambda call: twin.access.token(call), "auth")
        yield Endpoint("POST", f"/oauth/{version}/token/introspect", lambda call: twin.access.introspect(call), "auth")
        yield Endpoint("POST", f"/oauth/{version}/token/revoke", lambda call: twin.access.revoke(call), "auth")
    private = "/oauth/v2/private-apps/get/access-token-info"
    yield Endpoint("POST", private, lambda call: twin.access.private_app(call), "auth")


def _objects(twin: Any, root: str) -> Iterator[Endpoint]:
    yield Endpoint("GET", root, _of(twin, lambda call, kind: twin.listing.listed(call, kind)))
    yield Endpoint("POST", root, _of(twin, lambda call, kind: twin.batch.create(call, kind)), "write")
    yield Endpoint("POST", f"{root}/search", _of(twin, lambda call, kind: twin.search.search(call, kind)))
    yield Endpoint("POST", f"{root}/merge", _of(twin, lambda call, kind: twin.relations.merge(call, kind)), "write")
    yield Endpoint(
        "POST", f"{root}/gdpr-delete", _of(twin, lambda call, kind: twin.relations.erase(call, kind)), "write"
    )
    yield Endpoint("POST", f"{root}/batch/read", _of(twin, lambda call, kind: twin.batch.read(call, kind)))
    yield Endpoint("POST", f"{root}/batch/archive", _of(twin, lambda call, kind: twin.batch.drop(call, kind)), "write")
    for deed in ("create", "update", "upsert"):
        act = _of(twin, lambda call, kind, deed=deed: twin.batch.write(call, kind, deed))  # type: ignore[misc]
        yield Endpoint("POST", f"{root}/batch/{deed}", act, "write")
    one = f"{root}/{{id}}"
    yield Endpoint("GET", one, _of(twin, lambda call, kind: twin.listing.one(call, kind)))
    yield Endpoint("PATCH", one, _of(twin, lambda call, kind: twin.batch.update(call, kind)), "write")
    yield Endpoint("DELETE", one, _of(twin, lambda call, kind: twin.batch.archive(call, kind)), "write")


def _of(twin: Any, act: Callable[[Call, Any], Answer]) -> Callable[[Call], Answer]:
    """A call with the kind of object that its path names."""
    return lambda call: act(call, twin.kind(call.params["type"]))


def needs(call: Call) -> str:
    """The scope that a call needs, "" for none."""
    type_ = call.params.get("type") or call.params.get("left") or ""
    name = {"0-1": "contacts", "0-2": "companies", "0-123": "orders"}.get(type_, type_)
    name = name if name.endswith("s") else f"{name}s"
    if not type_:
        return ""
    if "/properties/" in call.path:
        return f"crm.schemas.{name}.{'read' if call.method == 'GET' else 'write'}"
    return f"crm.objects.{name}.{'write' if call.kind == 'write' else 'read'}"
