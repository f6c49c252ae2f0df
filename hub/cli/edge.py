"""Where errors become text and exit codes; nowhere else.

A HubError is told in three lines (what, where, what to do) on standard error. Anything else is a bug of ours: one line
with its kind and place, never its text, which may be personal. `KEHUB_DEBUG=1` adds the traceback.
"""

from __future__ import annotations

import io
import os
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer

from hub.errors import HubError, SettingsError

DONE, BUG, USAGE, WAITING, FAILED = 0, 1, 2, 3, 4
STOPPED = 130

_HOME = Path(__file__).resolve().parents[2]


def command_app(**options: Any) -> typer.Typer:
    """A typer app in our way: plain help, no shell completion, exceptions left to `guarded`."""
    return typer.Typer(
        add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False, no_args_is_help=True,
        context_settings={"max_content_width": 100}, **options,
    )  # fmt: skip


def guarded(run: Callable[[], object]) -> int:
    """Run a command and give its exit code."""
    _never_choke()
    try:
        run()
    except SystemExit as end:
        return _ended(end)
    except HubError as fault:
        return _told(fault)
    except OSError as fault:
        return _told(SettingsError(_reason(fault), where=str(fault.filename))) if fault.filename else _bug(fault)
    except Exception as fault:
        return _bug(fault)
    return DONE


def say(*lines: str) -> None:
    """Tell the person at the terminal, beside what the command prints."""
    for line in lines:
        print(line, file=sys.stderr)


def leave(code: int) -> None:
    """End the command with this exit code; goes on when it is `DONE`."""
    if code:
        raise typer.Exit(code)


def text_of(fault: HubError) -> list[str]:
    """An error for a reader: what; where; what to do."""
    code = f" [{fault.code}]" if fault.code else ""
    lines = [f"Error: {fault.what}{code}"] if "\n" not in fault.what else ["Error:", fault.what]
    lines += [f"  where: {fault.where}"] if fault.where else []
    return lines + ([f"  do:    {fault.remedy}"] if fault.remedy else [])


def _never_choke() -> None:
    """A terminal that lacks a character shows a question mark instead of ending the command."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _ended(end: SystemExit) -> int:
    code = end.code if isinstance(end.code, int) else BUG if end.code else DONE
    if code == STOPPED:
        say("Stopped. What was done is kept; run the same command again to go on.")
    return code


def _told(fault: HubError) -> int:
    _trace()
    say(*text_of(fault))
    return fault.exit_code


def _reason(fault: OSError) -> str:
    return (fault.strerror or type(fault).__name__).lower()


def _bug(fault: BaseException) -> int:
    _trace()
    frames = [frame for frame in traceback.extract_tb(fault.__traceback__) if frame.filename.startswith(str(_HOME))]
    place = f" at {Path(frames[-1].filename).relative_to(_HOME)}:{frames[-1].lineno}" if frames else ""
    say(
        f"Error: this is a bug in KeHub ({type(fault).__name__}{place})",
        "  do:    set KEHUB_DEBUG=1 and run it again for a traceback; look through it before you send it to anybody",
    )
    return BUG


def _trace() -> None:
    if os.environ.get("KEHUB_DEBUG", "") not in ("", "0"):
        traceback.print_exc()
