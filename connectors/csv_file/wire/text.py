"""Bytes to lines without guessing: UTF-8, GB18030, or what the byte order mark says.

A wrong byte is an error with its offset, never a replacement character.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from functools import partial
from itertools import islice

from connectors.csv_file.wire.line import Line, Lines, cut_off, filled
from connectors.csv_file.wire.stream import FileStream
from connectors.csv_file.wire.workbook import workbook_lines
from hub.errors import SettingsError, Transient

LONGEST_CELL = 16 * 1024 * 1024
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_ZEROS = "it holds zero bytes in the place of text"
_HOLE = "\0" * 16
_UNCLOSED = "unexpected end of data"  # the csv module's words for a quote that never closes
_TWO_BYTES = re.compile("[\x80-\u07ff]")
_CUT = ("unexpected end of data", "incomplete multibyte sequence", "truncated data")  # the codecs'


def lines_of(name: str, content: bytes, stream: FileStream) -> Lines:
    """The lines of a file, whose kind is told by its first bytes, not by its name."""
    if content.startswith(b"PK\x03\x04"):
        rows = workbook_lines(name, content, stream.sheet)[stream.skip_rows :]
        return lambda: iter(rows)
    if content.startswith(b"\xd0\xcf\x11\xe0"):
        raise SettingsError("an old .xls workbook, or one with a password", where=name, remedy="save it as .xlsx")
    if content.endswith(bytes(4)):  # before its encoding is asked for: the last character may be cut
        raise cut_off(name, _ZEROS)
    encoding = _encoding(name, content, stream.encoding)

    def lines(delimiter: str) -> Iterator[Line]:
        found = islice(_lines(name, content, encoding, delimiter), stream.skip_rows, None)
        return found if _closed(content) else _open_ended(found)

    chosen: str = stream.delimiter
    if chosen == "auto":
        chosen = max(",;\t|", key=lambda each: _header_width(lines(each)))
    return partial(lines, "\t" if chosen == "tab" else chosen)


def _header_width(lines: Iterator[Line]) -> int:
    try:
        return len(next((line.cells for line in filled(lines)), ()))
    except Transient:
        return 0


def _lines(name: str, content: bytes, encoding: str, delimiter: str) -> Iterator[Line]:
    csv.field_size_limit(LONGEST_CELL)
    text = io.TextIOWrapper(io.BytesIO(content), encoding, newline="")
    reader = csv.reader(text, delimiter=delimiter, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            yield Line(number, next(reader))
        except StopIteration:
            return
        except csv.Error as error:
            if str(error) == _UNCLOSED:
                raise cut_off(f"{name}:{number}", "a quoted cell opens here and never closes") from None
            yield Line(number, [], "its quotes do not match, or a cell is longer than 16 MB")


def _encoding(name: str, content: bytes, asked: str) -> str:
    """The first of the encodings in question in which all of the file is valid."""
    marked = [encoding for mark, encoding in _MARKS if content.startswith(mark)]
    failed: dict[str, UnicodeDecodeError] = {}
    for encoding in marked or (("utf-8", "gb18030") if asked == "auto" else (asked,)):
        try:
            _without_hole(name, content.decode(encoding))
            return encoding
        except UnicodeDecodeError as error:
            failed[encoding] = error
            if error.reason in _CUT and error.end == len(content):
                raise cut_off(name, "it ends in the middle of a character") from None
            if encoding == "utf-8" and _mostly_utf8(content, error.start):
                break
    wrong = ", ".join(f"{encoding} at byte {error.start}" for encoding, error in failed.items())
    raise SettingsError(f"not valid {wrong}", where=name, remedy="set `encoding`, or export the file as UTF-8")


def _without_hole(name: str, text: str) -> None:
    """Zero bytes at the end, or many of them, stand where an upload was broken off; a text full of them is UTF-16."""
    start = text[:64]
    other = "\0" in start and start.strip("\0")
    if not other and (text[-64:].rstrip(" \t\r\n\x1a").endswith("\0") or _HOLE in text):
        raise cut_off(name, _ZEROS)


def _closed(content: bytes) -> bool:
    """Whether the last line ends in a line break, in UTF-16 too."""
    return content.rstrip(b"\0").endswith((b"\n", b"\r"))


def _open_ended(lines: Iterator[Line]) -> Iterator[Line]:
    last: Line | None = None
    for line in lines:
        if last is not None:
            yield last
        last = line
    if last is not None:
        yield last._replace(open=True)


def _mostly_utf8(content: bytes, wrong: int) -> bool:
    """Whether this is UTF-8 with damaged bytes: without the question one such byte would turn all names into others.

    Chinese takes three bytes in UTF-8. Two bytes of GB18030 are now and then a valid short sequence: it counts little.
    """
    around = content[max(0, wrong - 65536) : wrong + 65536].decode("utf-8", "replace")
    broken = around.count("\ufffd")
    short = len(_TWO_BYTES.findall(around))
    long = len(around) - len(around.encode("ascii", "ignore")) - short - broken
    return long + short / 8 > broken
