"""A stateful stand-in for Fxiaoke's open platform, served over HTTP; what it knows stands in the fact sheet."""

from connectors.fxiaoke.twin.fxiaoke import FxiaokeTwin
from connectors.fxiaoke.twin.options import FxiaokeOptions

__all__ = ["TWIN", "FxiaokeOptions", "FxiaokeTwin"]

TWIN = FxiaokeTwin
