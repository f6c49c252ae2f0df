"""How a system writes times: ISO, seconds or milliseconds since 1970, or a pattern; and in which zone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import field_validator

from hub.connector import ConnectorSettings

NAMED = ("iso", "epoch", "epoch_ms")
_SAMPLE = datetime(2026, 11, 23, 14, 35, 47)
_STEPS = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))


class Times(ConnectorSettings):
    """`format`: iso, epoch (seconds), epoch_ms, or a pattern such as `%Y-%m-%d %H:%M:%S`. `zone` is that of times which
    name none."""

    format: str = "iso"
    zone: str = "UTC"

    @field_validator("format")
    @classmethod
    def _known(cls, text: str) -> str:
        if text in NAMED:
            return text
        if "%" not in text:
            raise ValueError(f'no format of times is called "{text}"; choose {", ".join(NAMED)}, or write a pattern')
        try:
            read = datetime.strptime(_SAMPLE.strftime(text), text)
        except ValueError:
            raise ValueError("a pattern that cannot be read back; write one such as %Y-%m-%d %H:%M:%S") from None
        if read.date() != _SAMPLE.date():
            raise ValueError("a pattern that leaves out a part of the day; write one such as %Y-%m-%d %H:%M:%S")
        return text

    @field_validator("zone")
    @classmethod
    def _there(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            raise ValueError("no such time zone; write one such as UTC or Asia/Shanghai") from None
        return name

    def spelled(self, at: datetime) -> str | int:
        """A time in their spelling; what is finer than that is cut off."""
        if self.format.startswith("epoch"):
            return int(at.timestamp() * (1000 if self.format == "epoch_ms" else 1))
        local = at.astimezone(ZoneInfo(self.zone))
        if self.format != "iso":
            return local.strftime(self.format)
        text = local.isoformat(timespec="seconds")
        return text.removesuffix("+00:00") + "Z" if self.zone == "UTC" else text

    def bound(self, at: datetime, *, upper: bool = False) -> str | int:
        """A window's bound in their spelling: never later than `at`, an upper one never earlier.

        An hour that a zone has twice is read as the one that makes the window larger.
        """
        for step in (timedelta(0), *_STEPS):
            told = self._moments(self.spelled(at + step if upper else at - step))
            if (min(told) >= at) if upper else (max(told) <= at):
                return self.spelled(at + step if upper else at - step)
        return self.spelled(at)

    def read(self, value: Any) -> Any:
        """A time of theirs as ISO in UTC; what cannot be read stays as it is, and is judged where it is used."""
        if value is None or value == "" or isinstance(value, bool):
            return value
        try:
            at = self._moments(value)[0]
        except (TypeError, ValueError, OverflowError, OSError):
            return value
        return at.replace(tzinfo=None).isoformat(timespec="seconds") + "Z"

    def written(self, value: Any) -> Any:
        """A time of ours (ISO) in their spelling."""
        try:
            return self.spelled(datetime.fromisoformat(str(value)))
        except ValueError:
            return value

    def _moments(self, value: Any) -> tuple[datetime, datetime]:
        """What a spelling of theirs means, both ways where a zone has the hour twice."""
        if self.format.startswith("epoch"):
            at = datetime.fromtimestamp(float(value) / (1000 if self.format == "epoch_ms" else 1), UTC)
            return at, at
        text = str(value).strip()
        at = datetime.fromisoformat(text) if self.format == "iso" else datetime.strptime(text, self.format)
        if at.tzinfo is not None:
            return at.astimezone(UTC), at.astimezone(UTC)
        zone = ZoneInfo(self.zone)
        first, second = (at.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        return first, second
