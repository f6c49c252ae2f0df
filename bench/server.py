"""Zoho and a web shop in a process of its own: answers cut from files, so fast that no side waits for it.

    python -m bench.server FOLDER      prints its address; FOLDER was filled by `python -m bench.pages`

What it knows of the two APIs is what reading them takes; anything else is answered 404, so that nobody measures a wrong
question. Its own controls:

    POST /_bench/change?every=1000&ago=302    every thousandth row has changed so many seconds ago
    POST /_bench/latency?ms=100               each answer waits
    GET  /_bench/counts                       the requests since the last reset
    POST /_bench/reset                        nothing has changed, nothing was counted
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from bench.crm import Crm
from bench.pages import LISTINGS, Changed, Rows
from bench.shop import times, zoned
from bench.wire import Call, Reply, plain
from bench.woo import Woo

Calls = dict[str, Callable[[Call], Reply]]


class Site:
    """All that is served, and what has been asked."""

    def __init__(self, folder: Path) -> None:
        self.counts: Counter[str] = Counter()
        self.latency = 0.0
        self.listings = {name: Changed(Rows(folder, name)) for name in LISTINGS}
        self.calls: Calls = {
            **Crm(self.listings["contacts"]).calls(),
            **Woo(self.listings["accounts"], self.listings["orders"]).calls(),
            "/_bench/change": self._change,
            "/_bench/reset": self._reset,
            "/_bench/latency": self._latency,
            "/_bench/counts": lambda call: plain(dict(self.counts)),
        }

    def answer(self, call: Call) -> Reply:
        """One call's answer."""
        act = self.calls.get(call.path)
        if not call.path.startswith("/_bench/"):
            self.counts[call.path] += 1
        try:
            return act(call) if act else Reply(404, b"{}")
        except (KeyError, ValueError, AttributeError) as error:
            return plain({"code": "NOT_SERVED", "message": repr(error), "status": "error"}, 400)

    def head(self) -> Reply:
        """The time, for whoever asks for nothing else."""
        self.counts["HEAD"] += 1
        return Reply(204)

    def _change(self, call: Call) -> Reply:
        every, now = int(call.query["every"]), int(time.time()) - int(call.query["ago"])
        for name, listing in self.listings.items():
            for place in range(every // 2, len(listing.rows), every):
                row = listing.rows.row(place)
                if name == "contacts":
                    row |= {"Modified_Time": zoned(now), "Mailing_City": "珠海市"}
                elif name == "accounts":
                    row |= times(date_modified=now)
                    row["billing"]["city"] = "珠海市"
                else:
                    row |= {**times(date_modified=now), "status": "on-hold"}
                listing.put(place, now, row)
        return plain({"at": now})

    def _reset(self, call: Call) -> Reply:
        self.counts.clear()
        for listing in self.listings.values():
            listing.clear()
        return plain({})

    def _latency(self, call: Call) -> Reply:
        self.latency = int(call.query["ms"]) / 1000
        return plain({})


class Connection(asyncio.Protocol):
    """HTTP/1.1 with keep-alive, one request after the other."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._out = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return
        self._buffer = rest[length:]
        method, address, _ = first.split(" ")
        target = urlsplit(address)
        call = Call(target.path, dict(parse_qsl(target.query)), headers, rest[:length])
        reply = self._site.answer(call) if method != "HEAD" else self._site.head()
        if self._site.latency and not call.path.startswith("/_bench/"):
            asyncio.get_running_loop().call_later(self._site.latency, self._send, reply)
        else:
            self._send(reply)

    def _send(self, reply: Reply) -> None:
        bare = reply.status in (204, 304)
        more = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
        if not bare:
            more += f"Content-Type: application/json; charset=UTF-8\r\nContent-Length: {reply.length}\r\n"
        head = f"HTTP/1.1 {reply.status} Status\r\nDate: {formatdate(usegmt=True)}\r\n{more}\r\n"
        self._out.writelines([head.encode("latin-1"), *(() if bare else reply.parts)])


async def serve(folder: Path) -> None:
    """Serve until the process is ended; the first line printed is the address."""
    site = Site(folder)
    server = await asyncio.get_running_loop().create_server(lambda: Connection(site), "127.0.0.1", 0)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"}), flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    try:
        asyncio.run(serve(Path(sys.argv[1])))
    except KeyboardInterrupt:
        sys.exit(0)
