"""How a connector and its twin meet: what the contract suite, the score card and the sandbox have to know of both.

Every twin package names its own:

    STAND = Stand("shop", ShopTwin, {"url": "{url}", "key": "${SHOP_KEY}"}, {"SHOP_KEY": "twin-key"}, {"customers": "people"})
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.testing.twin import Twin


@dataclass(frozen=True)
class Stand:
    """A connector's type and its twin, and the connection that leads from one to the other.

    `settings` is the connection's block in the configuration, without `type`; "{url}" in a text is the twin's address.
    `secrets` are the environment variables that it takes. `modules` gives the twin's module for each stream, as
    `Twin.edit` and `Twin.records` name it; the target's customers are the stream `customers` unless the target says
    otherwise. `options` are those of the twin (`Options` of its class) under which the suite plays: small limits, the
    hub's own fields present. `page_size` is the setting that bounds a page, "" where there is none; `small` the
    further settings that make a read of some tens of rows take several pages. `personal` are fields of theirs, beyond
    the mapping's, that must not be met in a log. `exempt` gives the checks that do not fit this system, each with the
    reason that is shown on its score card.
    """

    type: str
    twin: builtins.type[Twin]
    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    modules: Mapping[str, str]
    options: Mapping[str, Any] = field(default_factory=dict)
    page_size: str = "page_size"
    small: Mapping[str, Any] = field(default_factory=dict)
    personal: tuple[str, ...] = ()
    exempt: Mapping[str, str] = field(default_factory=dict)
