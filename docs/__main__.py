"""Write the generated pages: `python -m docs`; with `--check`, only tell whether they are as they would be written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from inspect import cleandoc
from pathlib import Path
from typing import Any

import typer

HERE = Path(__file__).parent
NOTE = "<!-- Written by `make docs`; change the program instead. -->\n\n"


def commands() -> str:
    """Every command with its arguments and options, from the command line itself."""
    from hub.cli import COMMANDS

    parts = ["# Commands\n\n" + NOTE + "Exit codes: 0 done; 1 a bug; 2 settings or usage; 3 an approval, a brake or a"
             " question is waiting (cron may treat it as success); 4 a system failed and the rest is done.\n"]  # fmt: skip
    for name, text in COMMANDS.items():
        module = import_module(f"hub.cli.{'pause' if name == 'unpause' else name}")
        app = module.unpause_app if name == "unpause" else module.app
        parts.append(f"\n## kehub {name}\n\n{text}\n")
        parts += _usage(typer.main.get_command(app), f"kehub {name}")
    return "".join(parts)


def _usage(command: Any, path: str) -> Iterator[str]:
    inner = getattr(command, "commands", None)
    if inner:
        for name, each in inner.items():
            yield f"\n### {path} {name}\n\n{(each.help or '').strip()}\n"
            yield from _parameters(each)
    else:
        yield from _parameters(command)


def _parameters(command: Any) -> Iterator[str]:
    rows = [row for row in map(_parameter, command.params) if row]
    if rows:
        yield "\n| parameter | meaning |\n|---|---|\n" + "".join(f"| {left} | {right} |\n" for left, right in rows)


def _parameter(each: Any) -> tuple[str, str] | None:
    if each.name == "help":
        return None
    names = (
        ", ".join(f"`{name}`" for name in each.opts) if each.param_type_name == "option" else f"`{each.name.upper()}`"
    )
    return names, (getattr(each, "help", "") or "").replace("|", "\\|").replace("\n", " ")


def connectors() -> str:
    """Every connector: version, settings, streams with their mapping, what can be written."""
    from hub.plugins import load_plugins

    parts = ["# Connectors\n\n" + NOTE]
    for name, kind in load_plugins().connectors().items():
        parts.append(f"## {name}\n\n{cleandoc(kind.__doc__ or '')}\n\n{cleandoc(kind.Settings.__doc__ or '')}\n")
        parts.append("\n| setting | default |\n|---|---|\n")
        for field, about in kind.Settings.model_fields.items():
            default = "required" if about.is_required() else f"`{about.get_default(call_default_factory=True)!r}`"
            parts.append(f"| `{field}` | {default} |\n")
        parts += _mappings(name)
        parts.append("\n")
    return "".join(parts)


def _mappings(name: str) -> Iterator[str]:
    fields = import_module(f"connectors.{name}.fields")
    for table, mapping in sorted(vars(fields).items()):
        if type(mapping).__name__ != "Mapping" or not hasattr(mapping, "fields"):
            continue
        yield f"\n{table.replace('_', ' ').capitalize()}:\n\n| ours | theirs | form | owner | written |\n|---|---|---|---|---|\n"
        for entry in mapping.fields:
            owner = "hub" if entry.ours.split(".")[0] in ("id", "tier", "stage") else entry.owner
            written = "fills empty" if entry.fill_empty else "yes" if entry.write else "no"
            yield f"| `{entry.ours}` | `{entry.theirs}` | {entry.form.name} | {owner} | {written} |\n"


def faults() -> str:
    """Every fault that a stand-in can be told to play."""
    from hub.testing.twin_faults import COMMON, FAULTS

    parts = [
        "# Faults\n\n" + NOTE + "What the stand-ins of systems can be told to do wrong while they run:"
        " `kehub sandbox faults SYSTEM 'NAME={\"times\": 3}'`, or\n`POST /_twin/faults` in a test. Every fault has"
        " these options:\n\n| option | takes |\n|---|---|\n",
        *(f"| `{name}` | {option.takes} |\n" for name, option in COMMON.items()),
        "\n`on` and `times` are as the table says unless told otherwise. `any` is every call but those for tokens. A fault"
        " of pages strikes\nlistings only, never a look-up of rows by their ids.\n\n"
        "| fault | what happens | on | times | options of its own |\n|---|---|---|---|---|\n",
    ]
    for name, known in FAULTS.items():
        own = "; ".join(f"`{option}`: {about.takes}" for option, about in known.options.items())
        times = "every" if known.times is None else str(known.times)
        parts.append(f"| `{name}` | {known.meaning} | {known.on} | {times} | {own} |\n")
    return "".join(parts)


PAGES = {"commands.md": commands, "connectors.md": connectors, "faults.md": faults}


def main() -> int:
    """Write the pages, or compare them."""
    stale = [
        name for name, make in PAGES.items() if not (HERE / name).exists() or (HERE / name).read_text("utf-8") != make()
    ]
    if "--check" in sys.argv:
        print("stale: " + ", ".join(stale) if stale else "the generated pages are up to date")
        return int(bool(stale))
    for name in stale:
        (HERE / name).write_text(PAGES[name](), encoding="utf-8")
        print(f"wrote docs/{name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
