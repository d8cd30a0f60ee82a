"""Who drives (驾驶模式): automated, the safety driver, a remote one, a minimal-risk manoeuvre; requests to take over."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """Who drives."""

    MANUAL = "manual"
    AUTOMATED = "automated"
    REMOTE = "remote"
    MINIMAL_RISK = "minimal_risk"


TAKEOVER_REASONS: dict[str, tuple[str, str]] = {
    "blocked": ("长时间受阻", "blocked for long"),
    "sensing_lost": ("感知失效", "own sensing lost"),
    "off_path": ("偏离规划轨迹", "off the planned path"),
    "asked": ("人员请求", "asked for by a person"),
}
ANSWER_S = 4.0
"""A driver who has not taken over within this time after a request is not there: minimal risk follows."""


@dataclass(frozen=True, slots=True)
class Takeover:
    """One request to take over and its answer (NaN: none)."""

    asked_s: float
    taken_s: float
    reason: str
    by: Mode
    odometer_m: float


class Modes:
    """The mode now, the request that is open, and all takeovers so far."""

    def __init__(self, mode: Mode = Mode.AUTOMATED) -> None:
        self.mode = mode
        self.open: tuple[float, str, float] | None = None
        self.takeovers: list[Takeover] = []
        self.changes: list[tuple[float, Mode]] = []

    @property
    def planned(self) -> bool:
        """Whether the shuttle's own planner drives."""
        return self.mode is not Mode.MANUAL and self.mode is not Mode.REMOTE

    def request(self, reason: str, now_s: float, odometer_m: float) -> None:
        """Ask a person to take over; while a request is open or a person drives, nothing is asked again."""
        if self.open is None and self.mode is Mode.AUTOMATED:
            self.open = now_s, reason, odometer_m

    def take(self, by: Mode, now_s: float, odometer_m: float = 0.0) -> None:
        """A person takes over: the driver on board (manual) or a remote one; without a request they asked for it themselves."""
        asked_s, reason, at_m = self.open or (now_s, "asked", odometer_m)
        self.takeovers.append(Takeover(asked_s, now_s, reason, by, at_m))
        self.open = None
        self._change(by, now_s)

    def give_back(self, now_s: float) -> None:
        """Automated driving is switched on again."""
        self.open = None
        self._change(Mode.AUTOMATED, now_s)

    def tick(self, now_s: float) -> None:
        """Begin the minimal-risk manoeuvre where nobody has answered in time."""
        if self.open is not None and now_s - self.open[0] > ANSWER_S:
            asked_s, reason, at_m = self.open
            self.takeovers.append(Takeover(asked_s, float("nan"), reason, Mode.MINIMAL_RISK, at_m))
            self.open = None
            self._change(Mode.MINIMAL_RISK, now_s)

    def _change(self, mode: Mode, now_s: float) -> None:
        if mode is not self.mode:
            self.mode = mode
            self.changes.append((now_s, mode))
