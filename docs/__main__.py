"""Write the generated pages: `python -m docs`; with `--check`, only tell whether they are as they would be written."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
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
    """Every connector with its page; those without one in full."""
    from hub.plugins import load_plugins

    found = load_plugins().connectors()
    parts = ["# Connectors\n\n" + NOTE + "| connector | what it is | page |\n|---|---|---|\n"]
    for name, kind in found.items():
        page = f"[{name}](systems/{name}.md)" if name in SAMPLES else f"[below](#{name})"
        parts.append(f"| `{name}` | {cleandoc(kind.__doc__ or '').splitlines()[0]} | {page} |\n")
    for name in found:
        if name not in SAMPLES:
            parts.append(f"\n## {name}\n\n{''.join(_settings(name))}\n{''.join(_mappings(name)).lstrip()}")
    return "".join(parts)


def _preset(name: str, connection: str) -> dict[str, Any]:
    """The settings of a preset's connection, those left out that every connection has."""
    import yaml

    whole = yaml.safe_load((HERE.parent / "config" / f"{name}.yaml").read_text("utf-8"))
    own = whole["connections"][connection]
    return {key: value for key, value in own.items() if key not in ("type", "create", "fields")}


_SHOP = {"mode": "snapshot", "key": ["id"], "path": "files/*.csv"}
SAMPLES: dict[str, dict[str, Any]] = {
    "csv_file": {"streams": {"customers": _SHOP, "orders": {**_SHOP, "mode": "append"}}},
    "fxiaoke": {"app_id": "a", "app_secret": "s", "permanent_code": "p", "user_mobile": "m", "key_field": "k__c"},
    "hubspot": {"token": "t"},
    "rest": _preset("rest-membership", "club"),
    "shopify": {"url": "https://brand.myshopify.com", "client_id": "i", "client_secret": "s"},
    "woocommerce": {"url": "https://shop.example.com", "consumer_key": "k", "consumer_secret": "s"},
    "zoho": {"data_centre": "cn", "client_id": "i", "client_secret": "s"},
}
"""The connectors that have a page in docs/systems, with settings that are enough to ask them what they can do."""

HEADINGS = (
    "Account and scopes", "Settings", "What is read", "What can be written", "Quirks", "Limits", "What is unconfirmed",
)  # fmt: skip
"""What each of these pages has, in this order."""


def system(name: str) -> str:
    """A system's page with its generated parts as the program has them; everything else stays as it was written."""
    text = (HERE / "systems" / f"{name}.md").read_text("utf-8")
    asked = _asked(name)
    blocks = {
        "settings": _settings(name), "streams": _streams(asked), "target": _target(asked), "fields": _mappings(name),
    }  # fmt: skip
    return _with_parts(text, blocks)


def _with_parts(text: str, blocks: dict[str, Iterator[str]]) -> str:
    """A page with its generated parts put between their marks."""
    for part, lines in blocks.items():
        start, end = f"<!-- {part}: written by `make docs` -->\n", f"<!-- end of {part} -->\n"
        before, found, rest = text.partition(start)
        if found:
            text = before + start + "\n" + "".join(lines).strip() + "\n\n" + end + rest.partition(end)[2]
    return text


def rules() -> str:
    """The page of the rule language with its tables of facts, parts of what is sold, and refused fields."""
    from rules.catalogue import DIMENSIONS, REFUSED

    blocks = {
        "dimensions": _table("by", "what it is", DIMENSIONS), "refused": _table("field", "instead", REFUSED),
        "catalogue": _facts(),
    }  # fmt: skip
    return _with_parts((HERE / "rules.md").read_text("utf-8"), blocks)


def _table(left: str, right: str, rows: dict[str, str]) -> Iterator[str]:
    yield f"| {left} | {right} |\n|---|---|\n"
    for name, meaning in rows.items():
        yield f"| `{name}` | {meaning} |\n"


def _facts() -> Iterator[str]:
    from rules.catalogue import CATALOGUE

    yield "| fact | in Chinese | kind | meaning |\n|---|---|---|---|\n"
    for fact in CATALOGUE.values():
        derived = f"; derived: `{fact.derived}`" if fact.derived else ""
        yield f"| `{fact.name}` | {', '.join(fact.zh)} | {fact.kind} | {fact.means}{derived} |\n"


def _asked(name: str) -> Any:
    """The connector, with settings of a sample."""
    from hub.clock import RealClock
    from hub.connector import Place, Tools
    from hub.plugins import load_plugins

    kind = load_plugins().connectors()[name]
    return kind(kind.Settings.model_validate(SAMPLES[name]), Tools(name, RealClock(), Place(), ".", creates=True))


_PARTS: dict[str, tuple[str, ...]] = {
    "csv_file": ("stream.FileStream",),
    "rest": (
        "access.Access", "settings.CallBudget", "words.Errors", "stream.RestStream", "times.Times", "paging.Paging",
        "clauses.Since", "clauses.Total", "clauses.Deletes", "clauses.Lines", "entry.RestField", "target.WriteSettings",
        "target.Verb", "target.Batch", "target.ById", "target.Lookup",
    ),
}  # fmt: skip
"""The models inside a connector's settings that have keys to be told, as modules below its `wire`."""

_TITLES = {
    "Access": "`auth`", "CallBudget": "`budget`", "Errors": "`errors`", "RestStream": "Each of `streams`",
    "Times": "`times`", "Paging": "`paging`", "Since": "`since`", "Total": "`total`", "Deletes": "`deletes`",
    "Lines": "`lines`", "RestField": "Each of `fields`", "WriteSettings": "`write`", "Verb": "`update` and `create`",
    "Batch": "`batch`", "ById": "`read`", "Lookup": "`lookup`",
}  # fmt: skip
"""Where such a model is written, if its name does not tell."""


def _settings(name: str) -> Iterator[str]:
    """Settings with their defaults, and what they mean; those of their parts as well."""
    from hub.plugins import load_plugins

    models = [load_plugins().connectors()[name].Settings]
    for part in _PARTS.get(name, ()):
        module, _, kind = part.partition(".")
        models.append(getattr(import_module(f"connectors.{name}.wire.{module}"), kind))
    for model in models:
        yield f"**{_TITLES[model.__name__]}**\n\n" if model.__name__ in _TITLES else ""
        yield f"{cleandoc(model.__doc__ or '')}\n\n| setting | default |\n|---|---|\n"
        for field, about in model.model_fields.items():
            default = "required" if about.is_required() else _default(about.get_default(call_default_factory=True))
            yield f"| `{field}` | {default} |\n"
        yield "\n"


def _default(value: Any) -> str:
    """A default; a part of its own that is left out has the defaults of its own table."""
    return "as below" if hasattr(value, "model_fields_set") else f"`{value!r}`"


def _streams(asked: Any) -> Iterator[str]:
    """What is read, and how much a read can prove."""
    feeds = {"full": "tells every change", "partial": "tells some changes", "none": "none: everything is read"}
    gone = {"feed": "the system lists them", "absence": "missing from two complete reads", "none": "never"}
    yield (
        "| stream | best certificate | changes | deletes | orders count | a shrunken source waits |\n"
        + "|---" * 6
        + "|\n"
    )
    for one in asked.streams():
        counts = "-" if one.noun != "orders" else "yes" if one.counts else "no"
        brake = f"from {one.shrink_brake:.0%} fewer" if one.shrink_brake else "no"
        yield f"| `{one.name}` | {one.strength} | {feeds[one.change_feed]} | {gone[one.deletes]} | {counts} | {brake} |\n"


def _target(asked: Any) -> Iterator[str]:
    """What a write takes."""
    target = asked.target()
    if target is None:
        yield "Nothing: this connector only reads.\n"
        return
    guards = {
        "conditional": "the system refuses stale writes",
        "read_first": "rows are read again just before",
        "none": "none",
    }
    rows = {
        "rows a batch": target.batch, "rows a call": 1 if target.one_by_one else target.batch, "guard": guards[target.guard],
        "creates under": f"`{target.create_key}`" if target.creates else "never",
        "a create sent twice": "is one" if target.native_idempotency else "is looked up first",
        "a look-up that finds nothing counts after": f"{target.settle.total_seconds():.0f} s",
        "side effects": ", ".join(target.side_effects) or "none",
    }  # fmt: skip
    yield "| write | |\n|---|---|\n" + "".join(f"| {left} | {right} |\n" for left, right in rows.items())


def _mappings(name: str) -> Iterator[str]:
    fields = import_module(f"connectors.{name}.fields")
    if name == "csv_file":
        yield from _headers(fields.COLUMNS)
        return
    if name == "rest":
        yield from _declared()
        return
    for table, mapping in sorted(vars(fields).items()):
        if type(mapping).__name__ != "Mapping" or not hasattr(mapping, "fields"):
            continue
        yield from _mapped(table, mapping)


def _mapped(table: str, mapping: Any) -> Iterator[str]:
    yield f"\n{table.replace('_', ' ').capitalize()}:\n\n| ours | theirs | form | owner | written |\n|---|---|---|---|---|\n"
    for entry in mapping.fields:
        owner = "hub" if entry.ours.split(".")[0] in ("id", "tier", "stage") else entry.owner
        written = "fills empty" if entry.fill_empty else "yes" if entry.write else "no"
        yield f"| `{entry.ours}` | `{entry.theirs}` | {entry.form.name} | {owner} | {written} |\n"


def _declared() -> Iterator[str]:
    """The connection of the preset, whose field maps are all the mapping there is."""
    text = (HERE.parent / "config" / "rest-membership.yaml").read_text("utf-8")
    yield f"The connection of the preset `rest-membership`:\n\n```yaml\n{text.partition('connections:')[1]}"
    yield f"{text.partition('connections:')[2].rstrip()}\n```\n\nIts field maps, as they are read:\n"
    for stream in _asked("rest").streams():
        yield from _mapped(stream.name, stream.mapping)


def _headers(columns: Any) -> Iterator[str]:
    """Of each noun that files can hold, our fields and the headers by which their columns are found."""
    for noun, found in columns.items():
        yield f"\n{noun.capitalize()}:\n\n| ours | form | usual headers |\n|---|---|---|\n"
        for ours, (form, headers) in found.items():
            yield f"| `{ours}` | {form.name} | {', '.join(headers) or '-'} |\n"


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


def reference(page: str) -> str:
    """The public names of `hub.connector`, or of `hub.testing`."""
    from docs.public import connector_page, testing_page

    return (connector_page if page == "connector" else testing_page)(NOTE)


def card(name: str) -> str:
    """A connector's score card."""
    from docs.cards import card_page

    return card_page(NOTE, name)


def contract() -> str:
    """The checks of the contract, and the faults that can break them."""
    from docs.cards import contract_page

    return contract_page(NOTE)


PAGES = {
    "commands.md": commands, "connectors.md": connectors, "faults.md": faults, "rules.md": rules,
    **{f"systems/{name}.md": partial(system, name) for name in SAMPLES},
    **{f"reference/{page}.md": partial(reference, page) for page in ("connector", "testing")},
    **{f"scores/{name}.md": partial(card, name) for name in (*SAMPLES, "memory")}, "contract.md": contract,
}  # fmt: skip


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
