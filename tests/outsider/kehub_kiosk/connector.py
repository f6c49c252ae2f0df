"""The kiosk: its members are read page by page, nothing is written."""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field, SecretStr

from hub.connector import (
    Connector,
    ConnectorSettings,
    Dialect,
    End,
    Finding,
    Limit,
    Page,
    Row,
    StaticHeader,
    Stream,
    Window,
)
from hub.errors import Transient
from kehub_kiosk.fields import MEMBERS


class KioskSettings(ConnectorSettings):
    """`url` is the kiosk's address, `key` the one of its operator, `page_size` the members a call."""

    url: str
    key: SecretStr
    page_size: int = Field(50, ge=1, le=200)


class Kiosk(Connector[KioskSettings]):
    """One kiosk of a shopping centre."""

    type = "kiosk"
    Settings = KioskSettings
    version = "1"

    def dialect(self) -> Dialect:
        """A key in a header, ten calls a second."""
        key = StaticHeader("X-Kiosk-Key", self.settings.key.get_secret_value())
        return Dialect(base_url=self.settings.url, auth=key, limits=(Limit("calls", 10, 1),))

    def streams(self) -> Sequence[Stream]:
        """Members, all of them each time."""
        return (Stream("customers", "customers", MEMBERS, "swept", change_feed="none", deletes="absence"),)

    def check(self) -> Iterable[Finding]:
        """Whether the key is good."""
        total = self._members("", 1)["total"]
        yield Finding(f"{total} members can be read", good=True)

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """Pages in order of the member's number; the total is told with each."""
        after, before = (position["after"], position["before"]) if position else ("", None)
        while True:
            told = self._members(after, self.settings.page_size)
            before = told["total"] if before is None else before
            after = told["next"]
            if after is None:
                yield Page(rows=told["members"], end=End(before=before, after=told["total"], swept=True))
                return
            yield Page(rows=told["members"], position={"after": after, "before": before})

    def _members(self, after: str, size: int) -> Row:
        """One page; what is none, an error under status 200 say, is no empty one."""
        answer = self.tools.http.request("GET", "/members", params={"after": after, "size": size})
        told: Row = answer.json()
        if not isinstance(told.get("members"), list):
            raise Transient("the answer holds no members", where=self.tools.connection)
        return told
