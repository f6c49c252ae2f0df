"""Notifications of the twin: a post for each wish, with the channel's token in it and no signature."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime

from hub.testing.twin import Wish
from hub.testing.twin_deliver import Post


def posts(now: datetime, wish: Wish) -> Iterator[Post]:
    """The posts of a wish; its `events` are {"module", "ids", "operation"}; `age` seconds lie between each and now."""
    for number, event in enumerate(wish["events"]):
        body = {
            "server_time": int(now.timestamp() * 1000) - int(float(wish.get("age", 0)) * 1000) + number,
            "query_params": {}, "module": event["module"], "ids": event["ids"], "affected_fields": [],
            "resource_uri": f"https://www.zohoapis.eu/crm/v8/{event['module']}", "operation": event["operation"],
            "channel_id": "1000000068001", "token": wish["secret"],
        }  # fmt: skip
        yield Post(json.dumps(body).encode(), {"content-type": "application/json"})
