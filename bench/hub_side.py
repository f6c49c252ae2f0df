"""The hub over the same files: a whole sync with all its duties, in a process of its own."""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path


def main(folder: Path) -> None:
    """One sync; makes the store at first use."""
    os.environ["KEHUB_KEY"] = base64.b64encode(b"b" * 32).decode()
    from hub.clock import RealClock
    from hub.plugins import load_plugins
    from hub.settings import load
    from hub.store import create_store
    from sync.engine import Ask, sync
    from sync.setup import open_setup

    config = load(folder / "kehub.yaml", load_plugins())
    create_store(config.store, b"b" * 32, RealClock()).close()
    setup = open_setup(config, RealClock(), "bench")
    report = sync(setup, Ask())
    setup.close()
    if report.errors:
        raise SystemExit(str(report.errors))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
