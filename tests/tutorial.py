"""Reading the tutorial as somebody would who follows it: files to write, commands to type, outputs to expect."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "tutorial" / "first-connector.md"

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_LABEL = re.compile(r"`(\S+)`:\n\n\Z")


@dataclass(frozen=True)
class Box:
    """One box of code: its kind, its text, and the file whose name stands above it ("" where none does)."""

    kind: str
    text: str
    file: str = ""

    @property
    def commands(self) -> list[tuple[str, list[str]]]:
        """Of a console, each command with the output that is shown."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
        return found


def boxes(text: str) -> list[Box]:
    """All boxes of a page, in order."""
    found = []
    for match in _BLOCK.finditer(text):
        label = _LABEL.search(text[: match.start()])
        found.append(Box(match[1], match[2], label[1] if label else ""))
    return found


def lines_to_write(text: str) -> list[str]:
    """What has to be typed: all of each file, and the commands; empty lines are nobody's work."""
    typed = [line for box in boxes(text) if box.kind == "python" for line in box.text.splitlines()]
    typed += [command for box in boxes(text) if box.kind == "console" for command, _ in box.commands]
    return [line for line in typed if line.strip()]


def lines_to_read(text: str) -> list[str]:
    """Everything else: prose, headings, what the system says of itself, what the commands answer."""
    shown = [line for box in boxes(text) if box.kind == "console" for _, output in box.commands for line in output]
    shown += [line for box in boxes(text) if box.kind not in ("python", "console") for line in box.text.splitlines()]
    return [line for line in [*_BLOCK.sub("", text).splitlines(), *shown] if line.strip()]


def as_shown(output: str, shown: list[str]) -> bool:
    """Whether an output is what the page shows; a line of `...` stands for any lines."""
    parts = [r"(?:.*\n)*?" if line == "..." else re.escape(line.rstrip()) + r"\n" for line in shown]
    plain = "".join(line.rstrip() + "\n" for line in output.splitlines())
    return re.fullmatch("".join(parts), plain) is not None


@dataclass
class Reader:
    """Somebody who does what the page says, in a folder of their own."""

    folder: Path
    told: list[str] = field(default_factory=list)

    def follow(self, box: Box) -> None:
        """Write a file, or type commands and compare what they print; other boxes are only read."""
        if box.kind == "python":
            (self.folder / box.file).write_text(box.text, encoding="utf-8")
        for command, shown in box.commands if box.kind == "console" else ():
            if command.startswith("cd "):
                self.folder = self.folder / command.removeprefix("cd ")
                continue
            output = self.type(command)
            assert as_shown(output, shown), f"$ {command}\n{output}"

    def type(self, command: str) -> str:
        """What a command prints; it must end well."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        env = {**os.environ, "PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "COLUMNS": "120"}
        done = subprocess.run(
            command.split(), cwd=self.folder, env=env, capture_output=True, text=True, timeout=600, check=False
        )
        assert done.returncode == 0, f"$ {command}\n{done.stdout}{done.stderr}"
        return done.stdout
