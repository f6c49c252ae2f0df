"""A Fxiaoke twin on a stage, and a signed-in client for it; every test gets a twin of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from connectors.fxiaoke.twin import FxiaokeOptions, FxiaokeTwin
from hub.clock import FixedClock
from hub.testing.twin import Stage
from tests.desk import CROWD, NOW, BaseDesk, staged


@dataclass
class Fxiaoke(BaseDesk):
    """A twin with a client that holds a token of either style."""

    twin: FxiaokeTwin
    body: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    def app(self, **more: str) -> dict[str, Any]:
        """The app's credentials."""
        options = self.twin.options
        own = {"appId": options.app_id, "appSecret": options.app_secret, "permanentCode": options.permanent_code}
        return own | more

    def sign_in(self, style: str = "body") -> None:
        """Take a token of one style."""
        self.body, self.headers = {}, {}
        if style == "body":
            told = self.post("/cgi/corpAccessToken/get/V2", self.app())
            self.body = {
                "corpAccessToken": told["corpAccessToken"], "corpId": told["corpId"], "currentOpenUserId": "FSUID_77AA",
            }  # fmt: skip
        else:
            told = self.post("/oauth2.0/token", self.app(grantType="app_secret"))
            bearer = f"Bearer {told['accessToken']}"
            self.headers = {"authorization": bearer, "x-fs-ea": told["ea"], "x-fs-userid": "1000"}

    def post(self, path: str, body: dict[str, Any], *, trace: str = "t-1", **headers: str) -> dict[str, Any]:
        """A call; its answer always comes with status 200."""
        params = {"thirdTraceId": trace} if trace else {}
        answer = self.client.post(path, json={**self.body, **body}, params=params, headers={**self.headers, **headers})
        assert answer.status_code == 200
        return dict(answer.json())

    def call(self, deed: str, asked: dict[str, Any], name: str = "AccountObj", **flags: Any) -> dict[str, Any]:
        """A call of one object; `deed` is the end of its path."""
        family = "/cgi/crm/custom/v2/data/" if name.endswith("__c") else "/cgi/crm/v2/data/"
        return self.post(f"{family}{deed}", {**flags, "data": {"dataObjectApiName": name, **asked}})

    def query(self, *filters: tuple[str, str, list[str]], name: str = "AccountObj", **info: Any) -> dict[str, Any]:
        """A query; `flags` are the body's own keys."""
        flags = info.pop("flags", {})
        wanted = [{"field_name": one, "operator": sign, "field_values": values} for one, sign, values in filters]
        search = {"limit": 100, "offset": 0, "filters": wanted, "orders": [{"fieldName": "_id", "isAsc": True}], **info}
        return self.call("query", {"search_query_info": search}, name, **flags)

    def rows(self, *filters: tuple[str, str, list[str]], **info: Any) -> list[dict[str, Any]]:
        """The rows of a query."""
        return list(self.query(*filters, **info)["data"]["dataList"])

    def write(self, deed: str, row: dict[str, Any], name: str = "AccountObj", **flags: Any) -> dict[str, Any]:
        """Create or update one row, without approvals and workflows unless `flags` say otherwise."""
        family = "/cgi/crm/custom/v2/data/" if name.endswith("__c") else "/cgi/crm/v2/data/"
        silent = {"triggerApprovalFlow": False, "triggerWorkFlow": False}
        return self.post(
            f"{family}{deed}", {**silent, **flags, "data": {"object_data": {"dataObjectApiName": name, **row}}}
        )

    def ids(self, name: str = "AccountObj") -> list[str]:
        """The ids of an object."""
        return list(self.twin.books.tables[name].rows)

    def values(self, id_: str, name: str = "AccountObj") -> dict[str, Any]:
        """What a record holds."""
        return self.twin.books.tables[name].rows[id_].values


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[Stage, httpx.Client]]:
    with staged() as both:
        yield both


@pytest.fixture
def fxiaoke(stage: tuple[Stage, httpx.Client]) -> Callable[..., Fxiaoke]:
    """Open a twin with these options, signed in."""

    def opened(*, style: str = "body", latency: float = 0.0, **options: Any) -> Fxiaoke:
        twin = FxiaokeTwin(CROWD, FixedClock(NOW), options=FxiaokeOptions(**options), latency=latency)
        stage[0].twin = twin
        desk = Fxiaoke(twin, stage[1])
        desk.sign_in(style)
        return desk

    return opened
