"""The settings of a declared REST system."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveInt, model_validator

from connectors.rest.wire.access import Access
from connectors.rest.wire.stream import RestStream
from connectors.rest.wire.target import WriteSettings
from connectors.rest.wire.words import Errors
from hub.connector import ConnectorSettings

_ADDRESS = r"^https?://[^/?#\s]+(/[^?#\s]*)?$"
_HERE = ("http://127.0.0.1", "http://localhost", "http://[::1]")


class CallBudget(ConnectorSettings):
    """At most `calls` in any `seconds`, counted over all processes; `parallel` calls at once where rows are read one by
    one."""

    calls: PositiveInt = 60
    seconds: PositiveInt = 60
    parallel: Annotated[int, Field(ge=1, le=16)] = 1


class RestSettings(ConnectorSettings):
    """`base_url` is where all paths start. `auth` says how the connection proves who it is. `headers` go along with every
    call. `budget` is what the system puts up with. `page_size` are the rows a page, where a stream says nothing else.
    `errors` tells a refusal inside an answer with status 200. `streams` are what is read, in this order; `write` what is
    written, nothing without it.
    """

    base_url: str = Field(pattern=_ADDRESS)
    auth: Access = Access()
    headers: dict[str, str] = Field(default_factory=dict)
    budget: CallBudget = CallBudget()
    page_size: int = Field(100, ge=2, le=10_000)
    errors: Errors | None = None
    streams: tuple[RestStream, ...]
    write: WriteSettings | None = None

    @model_validator(mode="after")
    def _consistent(self) -> RestSettings:
        if not self.streams:
            raise ValueError("a connection without `streams` reads nothing: write at least one")
        names = [one.name for one in self.streams]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f'two streams are called "{twice[0]}"; give each a name of its own')
        if self.auth.kind != "none" and self.base_url.startswith("http:") and not self.base_url.startswith(_HERE):
            raise ValueError("secrets would travel in the clear over http: write `base_url` with https")
        if self.write is not None:
            self._written(self.write)
        return self

    def _written(self, write: WriteSettings) -> None:
        found = next((one for one in self.streams if one.name == write.stream), None)
        if found is None:
            names = ", ".join(one.name for one in self.streams)
            raise ValueError(f'`write` names the stream "{write.stream}", and there is none; there are: {names}')
        if found.noun != "customers":
            raise ValueError(f'only customers are written, and "{write.stream}" holds {found.noun}')
        if found.personal_ids:
            raise ValueError("a stream with `personal_ids` cannot be written: the hub keeps hashes of its ids only")

    def stream(self, name: str) -> RestStream:
        """The declared stream of a name."""
        return next(one for one in self.streams if one.name == name)
