"""Sending one request with httpx: a whole answer comes back, or a fault that says whether anything was sent.

httpx is imported at first use, so that a command that asks nobody starts fast. Its exceptions hold addresses, headers
and tokens: none leaves this module, and its loggers are silent.
"""

from __future__ import annotations

import logging
import ssl
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from hub.errors import HubError, SettingsError, Transient
from hub.http.answer import Answer
from hub.http.auth import Outgoing

if TYPE_CHECKING:
    import httpx

sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]  # its command line: half of what importing it costs

CONNECT_TIMEOUT = 10.0
WHOLE_TIMEOUT = 600.0
"""No answer may take longer than this, however steadily it drips."""

_HERE = ("127.0.0.1", "localhost", "::1")
"""Hosts that are reached without a proxy."""

_HEADERS = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "Connection": "keep-alive", "User-Agent": "KeHub"}


@dataclass(frozen=True)
class Fault:
    """No answer. `sent`: the request may have reached the system. `remedy` is set when only a person can help."""

    what: str
    sent: bool
    remedy: str = ""

    def error(self, where: str, *, writes: bool) -> HubError:
        """The error that this fault stands for."""
        if self.remedy:
            return SettingsError(self.what, where=where, remedy=self.remedy)
        return Transient(self.what, where=where, unclear=writes and self.sent)


_UNSENDABLE = Fault("the request cannot be sent", sent=False, remedy="check address and secrets for odd characters")


@dataclass(frozen=True)
class Body:
    """A request's body other than JSON: form fields or raw bytes, and files for a multipart form."""

    content: Any = field(default=None, repr=False)
    files: Any = field(default=None, repr=False)

    def arguments(self, outgoing: Outgoing) -> dict[str, Any]:
        """The body as httpx wants it."""
        if outgoing.json is not None:
            outgoing.headers.setdefault("Content-Type", "application/json")
            return {"content": orjson.dumps(outgoing.json)}
        if isinstance(self.content, bytes | str):
            return {"content": self.content}
        return {"data": self.content, "files": self.files}


_making = threading.Lock()


def ssl_context(ca_bundle: str = "") -> ssl.SSLContext:
    """One context for the process (making one costs more than a request): the public authorities, and the company's."""
    with _making:  # the lines of a run are opened at the same time
        return _ssl_context(ca_bundle)


@lru_cache(maxsize=8)
def _ssl_context(ca_bundle: str) -> ssl.SSLContext:
    import certifi

    context = ssl.create_default_context(cafile=certifi.where())
    if ca_bundle:
        try:
            context.load_verify_locations(cafile=ca_bundle)
        except (OSError, ssl.SSLError):
            remedy = "give a readable file of PEM certificates"
            raise SettingsError("the CA bundle cannot be read", where=ca_bundle, remedy=remedy) from None
    return context


class _Ways(NamedTuple):
    """How hosts are reached: those of this machine, and all others."""

    near: httpx.HTTPTransport
    far: httpx.HTTPTransport


class Line:
    """A line to one system. Nothing is opened before the first request; cookies and redirects are not followed.

    It speaks through httpx's transport: a client would look for cookies, redirects and sign-ins at each answer.
    """

    def __init__(self, proxy: str = "", ca_bundle: str = "", timeout: float = 60.0) -> None:
        self._proxy = proxy
        self._ca_bundle = ca_bundle
        self._timeout = timeout
        self._ways: _Ways | None = None

    def send(self, outgoing: Outgoing, body: Body, timeout: float | None = None) -> Answer | Fault:
        """Send, and read the answer to its end."""
        import httpx

        ways = self._ways = self._ways or self._opened()
        limits = httpx.Timeout(timeout or self._timeout, connect=CONNECT_TIMEOUT)
        try:
            arguments = body.arguments(outgoing)
            headers = httpx.Headers(_HEADERS)
            headers.update(outgoing.headers)
            request = httpx.Request(
                outgoing.method, outgoing.url, params=outgoing.params or None, headers=headers,
                extensions={"timeout": limits.as_dict()}, **arguments,
            )  # fmt: skip
            return _whole(ways.near if request.url.host in _HERE else ways.far, request)
        except httpx.TransportError as error:
            return _fault(error)
        except (httpx.InvalidURL, UnicodeEncodeError):
            return _UNSENDABLE
        except (httpx.DecodingError, httpx.StreamError):
            return Fault("the answer broke off", sent=True)

    def _opened(self) -> _Ways:
        import httpx

        silence()
        verify = ssl_context(self._ca_bundle)
        try:
            far = httpx.HTTPTransport(verify=verify, proxy=self._proxy or None)
        except (ValueError, httpx.InvalidURL):
            raise SettingsError("not a proxy", where="proxy", remedy="write it as http://HOST:PORT") from None
        return _Ways(httpx.HTTPTransport(verify=verify) if self._proxy else far, far)

    def close(self) -> None:
        """Close the line; the next request would open it again."""
        if self._ways is not None:
            for way in self._ways:
                way.close()
            self._ways = None


def silence() -> None:
    """Keep httpx and httpcore from logging addresses and headers, whatever level the root logger has."""
    for name in ("httpx", "httpcore"):
        logger = logging.getLogger(name)
        logger.setLevel(logging.CRITICAL + 1)
        logger.propagate = False


def _whole(way: httpx.HTTPTransport, request: httpx.Request) -> Answer | Fault:
    response = way.handle_request(request)
    try:
        content = b"".join(_within(response.iter_bytes(), WHOLE_TIMEOUT))
    except TimeoutError:
        return Fault("the answer takes too long", sent=True)
    finally:
        response.close()
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, content)


def _within(parts: Iterator[bytes], seconds: float) -> Iterator[bytes]:
    end = time.monotonic() + seconds
    for part in parts:
        if time.monotonic() > end:
            raise TimeoutError
        yield part


def _fault(error: httpx.TransportError) -> Fault:
    import httpx

    if _untrusted(error):
        return Fault("the system's certificate is not trusted", sent=False, remedy="set `ca_bundle`, check the address")
    if isinstance(error, httpx.UnsupportedProtocol | httpx.LocalProtocolError):
        return _UNSENDABLE
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return Fault("no connection to the system", sent=False)
    late = isinstance(error, httpx.TimeoutException)
    return Fault("no answer in time" if late else "the connection broke off", sent=True)


def _untrusted(error: BaseException | None) -> bool:
    """Whether a failed certificate check is behind this error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
