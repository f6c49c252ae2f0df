"""A stand-in in a process of its own: starting one, asking its control side, ending it.

(shop,) = start([("woocommerce", ["--people", "40"])], Path("shop.log"))
ask(shop.url, "POST", "faults", {"429": {"times": 3}})
stop(shop.pid)
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Any

import orjson

from hub.errors import Rejected, Transient

READY_WITHIN = 60.0
_children: list[subprocess.Popen[str]] = []  # outlive the call that started them


@dataclass(frozen=True)
class StandIn:
    """A running stand-in: which system it plays, where it answers, in which process."""

    system: str
    url: str
    pid: int


def start(wanted: Sequence[tuple[str, Sequence[str]]], log: Path) -> list[StandIn]:
    """Start a stand-in for each (system, arguments), all at once; when one of them fails, none is left running."""
    with log.open("w") as out:
        started = [(system, _launch(system, arguments, out.fileno())) for system, arguments in wanted]
    found = [StandIn(system, _first_line(child), child.pid) for system, child in started]
    if all(each.url and _answers(each.url) for each in found):
        return found
    for _, child in started:
        child.kill()
    raise Transient("a stand-in did not start", where="sandbox", remedy=f"see {log}")


def stop(pid: int) -> bool:
    """End a stand-in; False when it does not run. Transient when it does not end."""
    if not alive(pid):
        return False
    for sign, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(pid, sign)
        if _ended_within(pid, patience):
            return True
    raise Transient("the stand-in does not end", where=f"process {pid}")


def ask(url: str, method: str, name: str, body: object = None) -> Any:
    """What the control side (`/_twin/NAME`) of a stand-in answers; Rejected when it makes no sense of the question."""
    line = HTTPConnection(url.removeprefix("http://"), timeout=READY_WITHIN)
    try:
        line.request(method, f"/_twin/{name}", None if body is None else orjson.dumps(body))
        answer = line.getresponse()
        facts = orjson.loads(answer.read())
    except (OSError, HTTPException) as error:
        raise Transient("the stand-in does not answer", where=url) from error
    finally:
        line.close()
    if answer.status != 200:
        raise Rejected(str(facts.get("error")), where="the stand-in")
    return facts


def alive(pid: int) -> bool:
    """Whether this process is a stand-in, and not another one that was given the same number since."""
    if not Path("/proc").is_dir():  # no way to tell: a process that is there is taken for ours
        with suppress(OSError):
            os.kill(pid, 0)
            return True
        return False
    return b"hub.testing.serve" in _command(pid)


def _launch(system: str, arguments: Sequence[str], log: int) -> subprocess.Popen[str]:
    """In a session of its own, so that Ctrl-C in the terminal does not end it."""
    child = subprocess.Popen(  # noqa: S603 - our own module and checked arguments
        [sys.executable, "-P", "-m", "hub.testing.serve", system, *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
    )  # fmt: skip
    _children.append(child)
    return child


def _first_line(child: subprocess.Popen[str]) -> str:
    """The address that the stand-in prints when it listens; "" when it ends or takes too long."""
    assert child.stdout is not None
    late = threading.Timer(READY_WITHIN, child.kill)
    late.start()
    line = child.stdout.readline()
    late.cancel()
    child.stdout.close()
    return str(orjson.loads(line)["url"]) if line else ""


def _answers(url: str) -> bool:
    """Whether the stand-in answers, within the time that building its population takes."""
    until = time.monotonic() + READY_WITHIN
    while time.monotonic() < until:
        try:
            ask(url, "GET", "clock")
        except Transient:
            time.sleep(0.05)
        else:
            return True
    return False


def _command(pid: int) -> Sequence[bytes]:
    """A process's command line; empty when it is gone (or only waits to be collected)."""
    for child in _children:
        child.poll()  # collects one that has ended
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ()


def _ended_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not alive(pid):
            return True
        time.sleep(0.02)
    return False
