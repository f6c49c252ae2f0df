"""Values as JSON, as they are hashed and sealed."""

from __future__ import annotations

from typing import Any

import orjson


def written(value: Any) -> bytes:
    """`value` as JSON with its names in order, in memory of its own size: orjson's buffer of some kilobytes would stay with
    it for as long as it is kept."""
    return b"%b" % orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
