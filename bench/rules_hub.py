"""The decide step of the hub over a store of `bench.rules_store`, in a process of its own.

    python -m bench.rules_hub FOLDER FIRST|LATER [profile]

Prints the CPU and wall seconds of the step, and how many were due. With `profile`, which statements cost most.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench import rules_config
from bench.rules_config import decider, opened
from sync.memory import one_heap
from sync.setup import Setup


def main(folder: Path, day: str, *more: str) -> None:
    """One decide step."""
    setup = opened(folder, getattr(rules_config, day))
    one_heap()
    setup.store.leases.take(["decide"])
    watched = _watch(setup) if more else {}
    begun, before = time.monotonic(), time.process_time()
    done = decider(setup).decide(())
    spent = {"cpu": time.process_time() - before, "wall": time.monotonic() - begun}
    setup.close()
    for statement, seconds in sorted(watched.items(), key=lambda entry: -entry[1])[:40]:
        print(f"{seconds:8.3f}  {' '.join(statement.split())[:700]}")
    print(json.dumps({**spent, "due": done.due, "rules": setup.rules.digest}))


def _watch(setup: Setup) -> dict[str, float]:
    """Statement -> CPU seconds; of queries until their rows are there."""
    db, found = setup.store.db, dict[str, float]()

    def watched(act: Callable[..., Any]) -> Callable[..., Any]:
        def run(sql: str, *given: Any) -> Any:
            before = time.process_time()
            done = act(sql, *given)
            found[sql] = found.get(sql, 0.0) + time.process_time() - before
            return done

        return run

    for name in ("rows", "execute", "many"):
        setattr(db, name, watched(getattr(db, name)))
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
