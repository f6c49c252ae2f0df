"""How a connection proves who it is: the ways that a declaration can choose from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import PositiveInt, SecretStr, model_validator

from hub.connector import Auth, Basic, ConnectorSettings, Keyring, OAuthRefresh, Outgoing

Kind = Literal["none", "bearer", "api_key", "basic", "client_credentials", "refresh_token"]

_OAUTH = ("token_url", "client_id", "client_secret")
_NEEDS: Mapping[Kind, tuple[str, ...]] = {
    "none": (), "bearer": ("token",), "api_key": ("key", "name"), "basic": ("user", "password"),
    "client_credentials": _OAUTH, "refresh_token": _OAUTH,
}  # fmt: skip
_TAKES: Mapping[Kind, tuple[str, ...]] = {
    "api_key": ("into",), "client_credentials": ("scope", "scheme", "lifetime"),
    "refresh_token": ("refresh_token", "scope", "scheme", "lifetime"),
}  # fmt: skip


class Access(ConnectorSettings):
    """`kind` chooses the way; each has keys of its own.

    `bearer`: `token`. `api_key`: `key` goes `into` a header or the query, under `name`. `basic`: `user`, `password`.
    `client_credentials` and `refresh_token` (OAuth 2.0): `token_url`, `client_id`, `client_secret`, and where the system
    wants them `scope` and `scheme` (the word before the token). A `refresh_token` that is left out comes from
    `kehub login`. `lifetime` (seconds) is assumed where the system does not tell how long a token lives.
    """

    kind: Kind = "none"
    token: SecretStr = SecretStr("")
    key: SecretStr = SecretStr("")
    name: str = ""
    into: Literal["header", "query"] = "header"
    user: str = ""
    password: SecretStr = SecretStr("")
    token_url: str = ""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    refresh_token: SecretStr = SecretStr("")
    scope: str = ""
    scheme: str = "Bearer"
    lifetime: PositiveInt = 3600

    @model_validator(mode="after")
    def _of_its_kind(self) -> Access:
        needed = _NEEDS[self.kind]
        for name in needed:
            if not _plain(getattr(self, name)):
                raise ValueError(f'`kind: {self.kind}` needs "{name}"; write `{name}:` below `auth:`')
        odd = sorted(self.model_fields_set - {"kind", *needed, *_TAKES.get(self.kind, ())})
        if odd:
            raise ValueError(f'"{odd[0]}" says nothing with `kind: {self.kind}`; take it out, or choose another kind')
        return self

    @property
    def in_the_query(self) -> str:
        """The parameter that carries a secret in each address; "" where none does."""
        return self.name if self.kind == "api_key" and self.into == "query" else ""

    def auth(self) -> Auth:
        """The credentials as the door uses them."""
        if self.kind == "bearer":
            return Key("Authorization", f"Bearer {_plain(self.token)}")
        if self.kind == "api_key":
            return Key(self.name, _plain(self.key), self.into == "query")
        if self.kind == "basic":
            return Basic(self.user, _plain(self.password))
        return Auth() if self.kind == "none" else self._oauth(self.kind)

    def _oauth(self, grant: Literal["client_credentials", "refresh_token"]) -> OAuthRefresh:
        return OAuthRefresh(
            self.token_url,
            self.client_id,
            _plain(self.client_secret),
            scheme=self.scheme,
            refresh_token=_plain(self.refresh_token),
            grant=grant,
            lifetime=self.lifetime,
            extra={"scope": self.scope} if self.scope else {},
        )


@dataclass(frozen=True)
class Key(Auth):
    """A fixed secret, in a header or in the query."""

    name: str
    value: str = field(repr=False)
    in_query: bool = False

    def sign(self, outgoing: Outgoing, keyring: Keyring) -> None:
        """Put the secret in its place."""
        place = outgoing.params if self.in_query else outgoing.headers
        place[self.name] = self.value


def _plain(value: object) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)
