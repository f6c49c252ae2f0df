"""Where the hub's time goes, in all its threads: `python -m bench.profile FOLDER URL [pull|rest|all]`.

Prints the functions that cost most by themselves, and writes FOLDER/prof for `python -m pstats`. Calls cost two to three
times as much while they are watched: compare shares, not seconds.
"""

from __future__ import annotations

import cProfile
import pstats
import sys
import threading
import time
from pathlib import Path

from bench import hub_side


def main(folder: Path, url: str, part: str) -> None:
    """One run with a profiler in each thread."""
    profiles = [cProfile.Profile(time.thread_time)]
    run = threading.Thread.run

    def watched(thread: threading.Thread) -> None:
        profiles.append(profile := cProfile.Profile(time.thread_time))
        profile.runcall(run, thread)

    threading.Thread.run = watched  # type: ignore[assignment,method-assign]
    profiles[0].runcall(hub_side.main, folder, url, part)
    found = pstats.Stats(*profiles)
    found.dump_stats(folder / "prof")
    found.sort_stats("tottime").print_stats(40)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3] if len(sys.argv) > 3 else "all")
