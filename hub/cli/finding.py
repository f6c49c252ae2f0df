"""Which customer is meant: by id or alias, phone, e-mail, member card, chat id, CONNECTION:EXTERNAL_ID, or by name."""

from __future__ import annotations

from collections.abc import Iterator

from hub.errors import SettingsError
from hub.forms import CODE, EMAIL, PHONE, Form
from sync.resolve.names import bare
from sync.setup import Setup

_KEYS: tuple[tuple[str, Form], ...] = (
    ("phone", PHONE), ("email", EMAIL), ("card", CODE), ("unionid", CODE), ("openid", CODE),
)  # fmt: skip


def the_customer(setup: Setup, text: str) -> str:
    """The one customer that `text` names; SettingsError when nobody is, or several are."""
    found = known_by(setup, text)
    if not found:
        remedy = "give an id, a phone, an e-mail, a member card or CONNECTION:ID; or try `kehub customers find`"
        raise SettingsError("nobody is known by this", remedy=remedy)
    if len(found) > 1:
        listed = ", ".join(found)
        raise SettingsError(f"{len(found)} customers are known by this", remedy=f"name one of: {listed}")
    return found[0]


def known_by(setup: Setup, text: str) -> list[str]:
    """The customers that an exact key names, an id before all other kinds."""
    text = text.strip()
    for name in (text, text.upper()):
        current = setup.store.people.current(name)
        if current:
            return [current]
    return list(dict.fromkeys([*_by_record(setup, text), *_by_key(setup, text)]))


def _by_record(setup: Setup, text: str) -> Iterator[str]:
    """The customer of CONNECTION:EXTERNAL_ID, in whichever stream of customers it is."""
    name, _, ext = text.partition(":")
    if not ext or name not in setup.ranks:
        return
    streams = {stream for connection, stream in setup.store.records.counts() if connection == name}
    exts = [ext, setup.store.vault.index("ext", ext).hex()]
    for stream in sorted(streams):
        for record in setup.store.records.by_exts(name, stream, exts).values():
            if record.customer:
                yield record.customer


def _by_key(setup: Setup, text: str) -> Iterator[str]:
    for kind, form in _KEYS:
        try:
            value = form.canonical(text, setup.config.place)
        except ValueError:
            continue
        if value:
            yield from setup.store.identities.find(kind, value)


def named_like(setup: Setup, text: str, most: int) -> list[str]:
    """Customers one of whose names holds these letters; looks at every record, so it takes a while in a large store."""
    letters = bare(text)
    found: dict[str, None] = {}
    for record in setup.store.records.every():
        names = [str(record.body.values.get(part) or "") for part in ("name", "family_name", "given_name")]
        if letters and record.customer and any(letters in bare(name) for name in (*names, names[1] + names[2])):
            found[record.customer] = None
            if len(found) >= most:
                break
    return list(found)
