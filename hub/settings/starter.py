"""The configuration that `kehub init` writes: one of the presets in `config/`, with the brand filled in."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable

from hub.errors import SettingsError
from hub.settings.problems import guess


def presets() -> dict[str, str]:
    """The presets by name, each with its first comment line."""
    texts = {entry.name.removesuffix(".yaml"): entry.read_text(encoding="utf-8") for entry in _files()}
    return {name: text.partition("\n")[0].lstrip("# ") for name, text in sorted(texts.items())}


def _files() -> list[Traversable]:
    return [entry for entry in files("config").iterdir() if entry.name.endswith(".yaml")]


def starter(brand_name: str, preset: str = "starter", **brand: str) -> str:
    """The preset's text for this brand; `brand` may set time_zone, currency and region. SettingsError for an unknown
    preset."""
    known = {entry.name.removesuffix(".yaml"): entry for entry in _files()}
    if preset not in known:
        raise SettingsError(
            f'unknown preset "{preset}"{guess(preset, known)}', remedy="presets: " + ", ".join(sorted(known))
        )
    text = known[preset].read_text(encoding="utf-8")
    for key, value in {"name": brand_name, **brand}.items():
        text = _put(text, key, value)
    return text


def _put(text: str, key: str, value: str) -> str:
    """Only the first such key counts: the brand stands first in every preset."""
    quoted = json.dumps(value, ensure_ascii=False)
    return re.sub(rf"^(  {key}:) .*$", lambda found: f"{found[1]} {quoted}", text, count=1, flags=re.MULTILINE)
