"""Finding files, leaving them alone while somebody writes them, and proving that a read saw them unchanged."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from hub.connector import Tools
from hub.errors import PermissionMissing, Transient


class Source(NamedTuple):
    """A file at one moment; equal to a later look if nobody wrote in between."""

    name: str
    path: Path
    size: int
    changed: int


def survey(pattern: str, folder: str, least: int = 1) -> tuple[Source, ...]:
    """The files of a path or pattern, in name order; none is an error, never an empty read, and so are too few."""
    names = [pattern] if (folder / Path(pattern)).is_file() else glob.glob(pattern, root_dir=folder)
    found = (Path(name) for name in sorted(names))
    sources = tuple(
        look(name.as_posix(), folder / name)
        for name in found
        if not name.name.startswith("~$") and not (folder / name).is_dir()  # Excel's lock files are no exports
    )
    if not sources:
        raise Transient("no file matches", where=pattern, remedy="check the path, or wait for the next export")
    if len(sources) < least:
        what = f"{len(sources)} files match, {least} should"
        raise Transient(what, where=pattern, remedy="wait for the others, or set `files` to their number")
    return sources


def look(name: str, path: Path) -> Source:
    """The file as it is now."""
    with _named(name):
        status = path.stat()
    return Source(name, path, status.st_size, status.st_mtime_ns)


def load(source: Source, settle: float, tools: Tools) -> bytes:
    """The file's bytes, read once; refused if it was written less than `settle` seconds ago, or meanwhile."""
    _await_rest(source, settle, tools)
    content = _content(source)
    if not content:
        raise Transient("the file is empty, without even a header", where=source.name, remedy="wait for its content")
    return content


def same(sources: Iterable[Source], sha: str) -> None:
    """Refuse when the files no longer hold what gave this digest; a copy can take a file's place with its size and time."""
    again = ""
    for source in sources:
        again = digest(_content(source), again)
    if again != sha:
        raise Transient("a file was replaced while it was read", remedy="the next run reads it again")


def _content(source: Source) -> bytes:
    with _named(source.name):
        content = source.path.read_bytes()
    still(source)
    return content.removesuffix(b"\x1a")  # old tills end a file with Ctrl-Z


def still(source: Source) -> None:
    """Refuse when the file is no longer what it was at first sight."""
    if look(source.name, source.path) != source:
        raise Transient("the file changed while it was read", where=source.name, remedy="the next run reads it again")


def digest(content: bytes, before: str) -> str:
    """What tells this content, read after the files that gave `before`, from another; part of a position."""
    return hashlib.blake2b(content, digest_size=16, key=before.encode()).hexdigest()


def _await_rest(source: Source, settle: float, tools: Tools) -> None:
    """A time ahead of our clock (a share with a clock of its own) tells no age: such a file is watched instead."""
    age = tools.clock.now().timestamp() - source.changed / 1e9
    if age < 0 < settle:
        tools.clock.sleep(settle)
        still(source)
    elif 0 <= age < settle:
        raise Transient("still being written", where=source.name, remedy=f"it is read once {settle:g} s old")


@contextmanager
def _named(name: str) -> Iterator[None]:
    """The operating system's refusals as ours, under the file's name."""
    try:
        yield
    except PermissionError:
        raise PermissionMissing("may not be read", where=name, remedy="grant KeHub the right to read it") from None
    except FileNotFoundError:
        raise Transient("the file vanished while it was read", where=name, remedy="the next run looks again") from None
    except OSError as error:
        raise Transient("cannot be read", where=name, code=str(error.errno or "")) from None
