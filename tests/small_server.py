"""A small system for tests of the door: a server in threads whose answers are JSON."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self


class SmallServer(ThreadingHTTPServer):
    """Serves on a free port of the loopback."""

    daemon_threads = True

    def __init__(self, answering: type[JsonAnswers]) -> None:
        super().__init__(("127.0.0.1", 0), answering)

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.server_port}"

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Serve for the length of the block."""
        with self:
            thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})
            thread.start()
            yield self
            self.shutdown()
            thread.join()


class JsonAnswers(BaseHTTPRequestHandler):
    """What a system's handler builds on: lines that stay open, no log."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65_536

    def answer(self, body: object) -> None:
        """Send `body` as JSON."""
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is logged."""
