"""The sandbox: an invented brand in a folder of its own, with stand-ins for its systems running on this computer.

    found = up(Path("try-out"), people=500)     # a Zoho twin in the background, two shops' files, kehub.yaml, .env
    down(Path("try-out"))

The folder is the sandbox's own: `up` begins afresh there, and refuses a folder with any other configuration.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import orjson

from hub.clock import system_clock
from hub.errors import Conflict, SettingsError, Transient
from hub.settings import starter
from hub.store import create_store
from hub.testing.people import Population
from hub.testing.shopfiles import write_shop_files
from hub.vault import master_key, write_key_file

READY_WITHIN = 60.0
PRESET = "zoho-and-tills"
ENVIRONMENT = {
    "ZOHO_CLIENT_ID": "1000.TWINCLIENT",
    "ZOHO_CLIENT_SECRET": "twin-client-secret",
    "ZOHO_REFRESH_TOKEN": "1000.refresh.twin",
}
"""The invented secrets that the stand-in takes, for the sandbox's .env file."""

_AT_HOME = """\
    accounts_url: ${SANDBOX_URL}
    api_url: ${SANDBOX_URL}
    refresh_token: ${ZOHO_REFRESH_TOKEN}
"""
_NOTE, _CONFIG, _ENV, _STORE, _KEY, _LOG = (
    "sandbox.json", "kehub.yaml", ".env", "kehub.db", "sandbox.key", "sandbox.log",
)  # fmt: skip
_LEFTOVERS = (_NOTE, _CONFIG, _ENV, f"{_STORE}*", _KEY, _LOG)
_children: list[subprocess.Popen[str]] = []  # outlive the call that started them


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where its Zoho stand-in answers, and in which process."""

    folder: str
    url: str
    pid: int
    people: int
    seed: int
    today: str


def up(folder: Path, *, people: int = 500, seed: int = 7, today: date | None = None, port: int = 0) -> Sandbox:
    """Start afresh in `folder`; Conflict when it runs already, SettingsError when the folder is somebody else's."""
    _refuse(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in _LEFTOVERS:
        for left in folder.glob(pattern):
            left.unlink()
    day = today or system_clock().now().date()
    url, pid = _serve(folder, people, seed, day, port)
    found = Sandbox(str(folder.resolve()), url, pid, people, seed, day.isoformat())
    (folder / _NOTE).write_bytes(orjson.dumps(asdict(found), option=orjson.OPT_INDENT_2))
    _export(Population(people, seed, day), folder / "files")
    _configure(folder, url)
    return found


def running(folder: Path) -> Sandbox | None:
    """The folder's sandbox, when its stand-in is alive."""
    try:
        found = Sandbox(**orjson.loads((folder / _NOTE).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None
    return found if _serves(found.pid) else None


def down(folder: Path) -> bool:
    """Stop the folder's stand-in; False when none runs. The files stay."""
    found = running(folder)
    if found is None:
        return False
    for sign, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0)):
        with suppress(ProcessLookupError):
            os.kill(found.pid, sign)
        if _ended_within(found.pid, patience):
            return True
    raise Transient("the stand-in does not end", where=f"process {found.pid}")


def _refuse(folder: Path) -> None:
    found = running(folder)
    if found is not None:
        raise Conflict("this sandbox is up already", where=found.url, remedy="`kehub sandbox down` stops it")
    if (folder / _CONFIG).exists() and not (folder / _NOTE).exists():
        remedy = "choose another folder"
        raise SettingsError("this folder holds a configuration of its own", where=str(folder / _CONFIG), remedy=remedy)


def _export(population: Population, files: Path) -> None:
    """The shops' files, a minute old: a file that was just written may not be whole yet and is not read."""
    write_shop_files(population, files)
    then = system_clock().now().timestamp() - 60
    for file in files.iterdir():
        os.utime(file, (then, then))


def configuration() -> str:
    """The preset, with the stand-in's address and the registers of the shops."""
    text = starter("Sandbox", PRESET)
    registers = f"key_file: {_KEY}\nstores: files/stores.csv\nstaff: files/staff.csv"
    text = re.sub(r"^key_file:.*$", registers, text, flags=re.M)
    return re.sub(r"^    data_centre:.*\n", lambda line: line[0] + _AT_HOME, text, flags=re.M)


def _configure(folder: Path, url: str) -> None:
    """Configuration, secrets, key and empty store. The key may lie beside the store: nobody in it is real."""
    (folder / _CONFIG).write_text(configuration(), encoding="utf-8")
    secret = os.open(folder / _ENV, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(secret, "w", encoding="utf-8") as out:
        out.writelines(f"{name}={value}\n" for name, value in {**ENVIRONMENT, "SANDBOX_URL": url}.items())
    write_key_file(folder / _KEY)
    create_store(str(folder / _STORE), master_key(_KEY, folder), system_clock()).close()


# -- the stand-in's process


def _serve(folder: Path, people: int, seed: int, day: date, port: int) -> tuple[str, int]:
    """Start the Zoho twin in a session of its own, so that Ctrl-C in the terminal does not end it."""
    given = ["--people", str(people), "--seed", str(seed), "--today", day.isoformat(), "--port", str(port)]
    given += ["--set", "rewrite_phones=true"]  # as the real one may
    with (folder / _LOG).open("w") as log:
        child = subprocess.Popen(  # noqa: S603 - our own module and checked arguments
            [sys.executable, "-P", "-m", "hub.testing.serve", "zoho", *given],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True,
        )  # fmt: skip
    _children.append(child)
    url = _first_line(child)
    if not url or not _answers(url):
        child.kill()
        remedy = f"see {folder / _LOG}"
        raise Transient("the stand-in did not start", where="sandbox", remedy=remedy)
    return url, child.pid


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
        asked = HTTPConnection(url.removeprefix("http://"), timeout=READY_WITHIN)
        try:
            asked.request("GET", "/_twin/clock")
            if asked.getresponse().status == 200:
                return True
        except (OSError, HTTPException):
            time.sleep(0.05)
        finally:
            asked.close()
    return False


def _command(pid: int) -> Sequence[bytes]:
    """A process's command line; empty when it is gone (or only waits to be collected)."""
    for child in _children:
        child.poll()  # collects one that has ended
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ()


def _serves(pid: int) -> bool:
    """Whether this process is a stand-in, and not another one that was given the same number since."""
    if not Path("/proc").is_dir():  # no way to tell: a process that is there is taken for ours
        with suppress(OSError):
            os.kill(pid, 0)
            return True
        return False
    return b"hub.testing.serve" in _command(pid)


def _ended_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not _serves(pid):
            return True
        time.sleep(0.02)
    return False
