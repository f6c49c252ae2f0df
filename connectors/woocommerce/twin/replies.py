"""The envelopes in which WooCommerce answers (sheet section 7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hub.testing.twin import Answer, Refusal

Values = dict[str, Any]


class Refused(Refusal):
    """A call, or one item of a batch, that ends in an error."""

    def __init__(
        self, code: str, status: int = 400, message: str = "", params: Mapping[str, str] | list[str] | None = None
    ) -> None:
        told = {} if params is None else {"params": params}
        text = message or code.replace("_", " ").replace("-", " ")
        self.error: Values = {"code": code, "message": text, "data": {"status": status, **told}}
        super().__init__(Answer(status, self.error))


def invalid(name: str) -> Refused:
    """A parameter that the shop does not take."""
    message = f"Invalid parameter(s): {name}"
    return Refused("rest_invalid_param", 400, message, {name: f"{name} is invalid."})
