"""The kiosk: its members are read page by page, nothing is written."""

from collections.abc import Iterable, Iterator, Sequence

from pydantic import Field, SecretStr

from hub.connector import Connector, ConnectorSettings, Dialect, End, Finding, Limit, Page, Row, Stream, Window
from hub.http.auth import StaticHeader
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
        total = self.tools.http.request("GET", "/members", params={"page": 1, "size": 1}).json()["total"]
        yield Finding(f"{total} members can be read", good=True)

    def read(self, stream: Stream, window: Window, position: Row | None) -> Iterator[Page]:
        """Pages in order of the member's number; the total is told with each."""
        page = position["page"] if position else 1
        before = position["before"] if position else None
        while True:
            asked = {"page": page, "size": self.settings.page_size}
            answer = self.tools.http.request("GET", "/members", params=asked)
            rows, total = answer.rows("members"), answer.json()["total"]
            before = total if before is None else before
            page += 1
            if len(rows) < self.settings.page_size:
                yield Page(rows=rows, end=End(before=before, after=total, swept=True))
                return
            yield Page(rows=rows, position={"page": page, "before": before})
