"""What a rule looks at: the columns of a run, what the driver commanded, what the scenario asked for."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.driver.seat import Seat, Setting
from jinyun.trial.measure.tracks import Tracks
from jinyun.trial.storyboard.play import Played

Outcome = Literal["pass", "fail", "invalid"]
Floats = NDArray[np.float64]
STANDING_MPS = 0.15


@dataclass(frozen=True)
class Evidence:
    """A run as rules see it."""

    played: Played
    seat: Seat
    tracks: Tracks
    setting: Setting

    @property
    def t(self) -> Floats:
        return self.tracks.t

    @property
    def v(self) -> Floats:
        return self.tracks.own.v

    @property
    def front(self) -> Floats:
        return self.tracks.front

    def rows(self, steps: NDArray[np.int64] | list[int], *names: str) -> list[int]:
        """Return the record's rows of the one under test and of ``names`` at steps, at most forty."""
        found: list[int] = []
        for step in list(steps)[:20]:
            found.append(int(self.tracks.own.row[step]))
            found += [int(self.tracks.others[name].row[step]) for name in names if name in self.tracks.others]
        return [row for row in found if row >= 0][:40]

    def light(self, signal: str) -> NDArray[np.str_]:
        """Return a signal's state at each step."""
        states = np.full(len(self.t), "", dtype="U16")
        for at, id, state in self.played.signals:
            if id == signal:
                states[self.t >= at - 1e-9] = state
        return states

    def limit(self) -> Floats:
        """Return the speed limit at the front at each step: the road's, or a lower one of a sign or message."""
        mission = self.tracks.mission
        limit = np.interp(self.front, mission.s_m, mission.limit_mps)
        for one, _ in self.setting.posted:
            if one.kind == "limit" and math.isfinite(one.speed_mps):
                within = (self.front >= one.s_m) & (self.front <= one.end_m)
                limit = np.where(within, np.minimum(limit, one.speed_mps), limit)
        return limit

    def passes(self, s_m: float) -> int | None:
        """Return the first step at which the front is beyond a place of the way."""
        beyond = np.flatnonzero(self.front > s_m)
        return int(beyond[0]) if len(beyond) else None


class Judged(NamedTuple):
    """What a rule says of a run, and which rows prove it."""

    rule: str
    outcome: Outcome
    value: float
    limit: float
    unit: str
    at_s: float
    rows: list[int]
    zh: str
    en: str

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        return {
            "rule": self.rule, "outcome": self.outcome, "value": _number(self.value), "limit": _number(self.limit),
            "unit": self.unit, "at_s": _number(self.at_s), "rows": self.rows, "zh": self.zh, "en": self.en,
        }  # fmt: skip


def _number(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None


Arguments = Mapping[str, float | str]


def judged(
    rule: str, fine: bool | None, value: float, limit: float, unit: str, at_s: float, rows: list[int], zh: str, en: str
) -> Judged:
    """Return a verdict: passed, failed, or (None) invalid."""
    outcome: Outcome = "invalid" if fine is None else "pass" if fine else "fail"
    return Judged(rule, outcome, value, limit, unit, at_s, rows, zh, en)
