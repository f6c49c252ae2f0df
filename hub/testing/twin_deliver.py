"""A twin that posts webhooks, as its system would, and as one would not wish: twice, in the wrong order, forged.

POST /_twin/deliver  {"url": receiver's address, "secret": ..., "events": [what the twin makes of it, ...],
                      "times": 1, "reversed": false, "forged": false}      -> {"statuses": [200, ...]}
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True)
class Post:
    """One signed delivery, ready to be sent."""

    body: bytes
    headers: Mapping[str, str]


def deliver(wish: Mapping[str, Any], posts: Iterable[Post]) -> dict[str, list[int]]:
    """Send deliveries as the wish says; a forged one differs from what was signed by one byte."""
    found = list(posts)
    if wish.get("reversed"):
        found.reverse()
    statuses = []
    with httpx.Client(timeout=60, follow_redirects=False, trust_env=False) as client:
        for post in found:
            body = post.body[:-1] + b" " + post.body[-1:] if wish.get("forged") else post.body
            for _ in range(int(wish.get("times", 1))):
                answer = client.post(str(wish["url"]), content=body, headers=dict(post.headers))
                statuses.append(answer.status_code)
    return {"statuses": statuses}
