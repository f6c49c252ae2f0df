"""What connector authors and tests are given: twins, an invented population, recordings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hub.testing.recording.replay import Replay


def replayed(folder: Path) -> Replay:
    """The recording in a folder (`kehub connectors record`), as an app that answers in the system's place.

    with serving(replayed(Path("tests/recorded"))) as url: ...
    """
    from hub.testing.recording.replay import replayed as opened

    return opened(folder)
