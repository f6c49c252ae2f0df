"""One token for all processes: claimed by one, fetched once, read by the others.

A system that gives ten tokens in ten minutes and no more (Zoho) is locked for all when each worker renews for itself.
So whoever needs a token looks into the store first, claims the renewal in a short transaction, fetches with no
transaction open, and puts the result there; the others wait for it. A claim whose holder died ends by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from hub.clock import Clock
from hub.errors import HubError, QuotaExceeded, SettingsError, Transient
from hub.http.answer import Answer
from hub.http.budget import PATIENCE
from hub.process import this_process

EARLY = 300
"""A token is renewed this many seconds before it expires, or at half its life if that is shorter."""

CLAIM_SECONDS = 60
_POLL = 0.25
_PAUSES = (2, 10)  # seconds that all processes rest after a first and a second fetch without a usable answer


@dataclass(frozen=True)
class Token:
    """What the store keeps for a connection; the body never shows in a `repr`.

    `body`: access_token, refresh_token, lifetime, origin, and what else the system sent along (api_domain).
    `expires` and `refused_until` are seconds since 1970.
    """

    body: dict[str, Any] = field(default_factory=dict, repr=False)
    expires: int = 0
    refused_until: int = 0

    @property
    def access(self) -> str:
        """The access token, "" when there is none."""
        return str(self.body.get("access_token") or "")

    @property
    def renew_at(self) -> int:
        """From when on it should be renewed."""
        return self.expires - min(EARLY, int(self.body.get("lifetime", 0)) // 2)


Standing = Literal["usable", "refused", "busy", "ours"]


class TokenStore(Protocol):
    """The tokens that processes share; `hub.store.shared.Tokens` is the one."""

    def held(self, connection: str) -> Token:
        """What is stored now."""

    def claim(self, connection: str, holder: str, usable: Callable[[Token], bool]) -> tuple[Standing, Token]:
        """Claim the renewal, unless there is a usable token, a refusal in force or another claimant."""

    def keep(self, connection: str, body: Mapping[str, Any], expires: int) -> None:
        """Store a token and end every claim."""

    def refuse(self, connection: str, until: int) -> None:
        """Store that the system gives no token before `until`, and end every claim."""

    def release(self, connection: str, holder: str) -> None:
        """End this holder's claim without a token."""


class Source(Protocol):
    """Where a token comes from."""

    @property
    def origin(self) -> str:
        """A digest of the settings that the token belongs to: other settings make a stored token worthless."""

    def fetch(self, keyring: Keyring, held: Token) -> tuple[dict[str, Any], int]:
        """Ask the system for a token; its body and its life in seconds. Raises HubError kinds."""


@dataclass
class Keyring:
    """One connection's token as one thread of this process sees it. `ask` sends a request without a token."""

    connection: str
    clock: Clock
    store: TokenStore | None
    ask: Callable[..., Answer]
    holder: str = field(default_factory=this_process)
    _token: Token = field(default_factory=Token, repr=False)
    _refused: str = field(default="", repr=False)

    @property
    def tokens(self) -> TokenStore:
        """The shared tokens; SettingsError for a door that was opened without a store."""
        if self.store is None:
            raise SettingsError("this connection needs a store to keep its token in", where=self.connection)
        return self.store

    def token(self, source: Source) -> Token:
        """A token that is good now, from memory, the store or the system."""
        if not self._fresh(self._token, source):
            self._token = self._shared(source)
        return self._token

    def refuse(self) -> None:
        """The system no longer takes the token last handed out."""
        self._refused, self._token = self._token.access, Token()

    def keep(self, source: Source, body: Mapping[str, Any], lifetime: int) -> Token:
        """Store a token that the system just gave, for all processes."""
        whole = {**body, "lifetime": lifetime, "origin": source.origin}
        expires = self.now() + lifetime
        self._refused = ""  # some systems hand out the same token again: they vouch for it
        self.tokens.keep(self.connection, whole, expires)
        return Token(whole, expires)

    def now(self) -> int:
        """Seconds since 1970."""
        return int(self.clock.now().timestamp())

    def _shared(self, source: Source) -> Token:
        end = self.clock.now() + timedelta(seconds=PATIENCE)
        attempts = 0
        while True:
            standing, token = self.tokens.claim(self.connection, self.holder, lambda found: self._fresh(found, source))
            if standing == "usable" or (standing != "ours" and self._alive(token, source)):
                return token
            if standing == "ours":
                attempts += 1
                got = self._fetched(source, token, attempts)
                if got is not None:
                    return got
            else:
                self._wait(token.refused_until if standing == "refused" else 0, end)

    def _fetched(self, source: Source, token: Token, attempt: int) -> Token | None:
        """A new token from the system; the old one while it lives and the system gives none; None to try once more."""
        fetched = self._asked(source, token)
        if not isinstance(fetched, HubError):
            return self.keep(source, *fetched)
        self._rest(fetched, attempt)
        passing = isinstance(fetched, QuotaExceeded | Transient)
        if passing and self._alive(token, source):
            return token
        if isinstance(fetched, Transient) and attempt <= len(_PAUSES):
            return None
        raise fetched

    def _asked(self, source: Source, token: Token) -> tuple[dict[str, Any], int] | HubError:
        known = token if token.body.get("origin") == source.origin else Token()
        try:
            return source.fetch(self, known)
        except HubError as error:
            error.where = error.where or self.connection
            return error
        except BaseException:
            self.tokens.release(self.connection, self.holder)
            raise

    def _rest(self, error: HubError, attempt: int) -> None:
        """Let every process wait as long as this failure asks for, or free the claim."""
        if isinstance(error, QuotaExceeded):
            self.tokens.refuse(self.connection, int(error.until.timestamp()) + 1)
        elif isinstance(error, Transient) and attempt <= len(_PAUSES):
            self.tokens.refuse(self.connection, self.now() + _PAUSES[attempt - 1])
        else:
            self.tokens.release(self.connection, self.holder)

    def _wait(self, refused_until: int, end: datetime) -> None:
        """Wait for another process's token, or until the system gives tokens again."""
        until = datetime.fromtimestamp(refused_until, UTC) if refused_until else self.clock.now()
        if until > end:
            what = "the system gives no new token for now"
            raise QuotaExceeded(what, until=until, where=self.connection)
        if self.clock.now() > end:
            raise Transient("another process is renewing the token and does not end", where=self.connection)
        self.clock.sleep(max(_POLL, (until - self.clock.now()).total_seconds()))

    def _fresh(self, token: Token, source: Source) -> bool:
        return self._good(token, source) and self.now() < token.renew_at

    def _alive(self, token: Token, source: Source) -> bool:
        return self._good(token, source) and self.now() < token.expires

    def _good(self, token: Token, source: Source) -> bool:
        return token.access not in ("", self._refused) and token.body.get("origin") == source.origin
