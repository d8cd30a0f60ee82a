"""How well the end of a light was foretold: the end that SPAT stated 1, 2, 5, 10 and 20 s before, against the real change.

Each group keeps what it said in the last 24 s, twice a second. When its light changes, the errors go into bins by how long
before the change they were said; bins fade by half after two hundred changes, so that percentiles follow the last ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.cloud.quality.spat import NO_END, Heard
from jinyun.cloud.quality.stations import Stations, enlarged
from jinyun.cloud.quality.transitions import SKIPPED
from jinyun.zone import Profile

Ints = NDArray[np.int64]

HORIZONS_S = (1, 2, 5, 10, 20)
JUDGED_S = 5
"""The horizon that is held against the profile: what a driver needs to stop or to keep going."""
KEPT = 48
SAMPLE_US = 500_000
NEAR_US = 300_000
"""What was said at a horizon is the sample nearest to it, within this."""
EDGES_S = np.concatenate([np.arange(1, 21) * 0.1, 2.0 + np.arange(1, 17) * 0.5, 10.0 + np.arange(1, 11) * 2.0])
"""Upper edges of the bins of an error's size: tenths to 2 s, halves to 10 s, then to 30 s; one more bin for the rest."""
LEAST_CHANGES = 10
FADES_AT = 200


@njit(cache=True)
def learn(
    group: Ints,
    junction: Ints,
    fresh: NDArray[np.bool_],
    event: Ints,
    end: Ints,
    changed: Ints,
    horizons: Ints,
    edges: Ints,
    said: Ints,
    cursor: Ints,
    bins: NDArray[np.int32],
    signed: Ints,
    touched: NDArray[np.bool_],
) -> None:
    """Take the phases of a window: note what is said, and settle what was said when a light changed.

    ``said`` (groups, 48, 2) holds instant and end, ``cursor`` (groups, 2) how many and when the last; ``bins`` (groups,
    horizons, edges + 1) and ``signed`` (groups, horizons; us) the errors. ``touched`` marks groups with a new one.
    """
    for p in range(len(group)):
        g, j = group[p], junction[p]
        if g < 0 or not fresh[j] or changed[p] == SKIPPED:
            continue
        if changed[p] > 0:
            at, held = changed[p], min(cursor[g, 0], KEPT)
            for h in range(len(horizons)):
                best, away = -1, NEAR_US
                for k in range(held):
                    t = said[g, k, 0]
                    off = abs(at - horizons[h] - t)
                    if off < away:
                        best, away = k, off
                if best < 0:
                    continue
                error = said[g, best, 1] - at
                size, b = abs(error), 0
                while b < len(edges) and size > edges[b]:
                    b += 1
                bins[g, h, b] += 1
                signed[g, h] += error
                touched[g] = True
                if bins[g, h].sum() > FADES_AT:
                    for b in range(len(edges) + 1):
                        bins[g, h, b] //= 2
                    signed[g, h] //= 2
        if changed[p] != 0:
            cursor[g, 0] = cursor[g, 1] = 0
        if end[p] != NO_END and event[j] - cursor[g, 1] >= SAMPLE_US - 50_000:
            k = cursor[g, 0] % KEPT
            said[g, k, 0], said[g, k, 1] = event[j], end[p]
            cursor[g, 0] += 1
            cursor[g, 1] = event[j]


class Predictions:
    """The errors of every group's foretold ends."""

    def __init__(self, stations: Stations, profile: Profile) -> None:
        groups, horizons = len(stations.station), len(HORIZONS_S)
        self._said, self._cursor = np.zeros((groups, KEPT, 2), np.int64), np.zeros((groups, 2), np.int64)
        self.bins, self.signed = (
            np.zeros((groups, horizons, len(EDGES_S) + 1), np.int32),
            np.zeros((groups, horizons), np.int64),
        )
        self._touched = np.zeros(groups, np.bool_)
        self._horizons = np.array(HORIZONS_S, np.int64) * 1_000_000
        self._edges = np.rint(EDGES_S * 1e6).astype(np.int64)
        self._most_s = profile["signal.prediction_most_s"].value
        stations.on_grow.append(self._grow)
        stations.on_clear.append(self._clear)

    def _columns(self) -> tuple[str, ...]:
        return "_said", "_cursor", "bins", "signed", "_touched"

    def _grow(self, stations: int, groups: int) -> None:
        for name in self._columns():
            setattr(self, name, enlarged(getattr(self, name), groups, 0))

    def _clear(self, stations: list[int], groups: list[int]) -> None:
        for name in self._columns():
            getattr(self, name)[groups] = 0

    def take(self, heard: Heard, group: Ints, fresh: NDArray[np.bool_], changed: Ints) -> None:
        """Take a window; ``changed`` is that of :func:`jinyun.cloud.quality.transitions.watch`."""
        learn(
            group, heard.junction, fresh, heard.event_us, heard.end_us, changed, self._horizons, self._edges,
            self._said, self._cursor, self.bins, self.signed, self._touched,
        )  # fmt: skip

    def second(self) -> list[tuple[int, str, str, str]]:
        """Return (group, rule, severity, reason) of those that changed since and whose ends are badly foretold."""
        groups, found = np.flatnonzero(self._touched), []
        self._touched[groups] = False
        h = HORIZONS_S.index(JUDGED_S)
        for g in groups.tolist():
            n = int(self.bins[g, h].sum())
            if n < LEAST_CHANGES:
                continue
            p95 = self.percentile_s(g, h, 0.95)
            if p95 > self._most_s:
                reason = (
                    f"the end told {JUDGED_S} s before was off by {p95:.1f} s at 95 % of {n} changes "
                    f"(mean {self.signed[g, h] / n / 1e6:+.1f} s), {self._most_s:g} s allowed"
                )
                found.append((g, "signal.prediction", "warning", reason))
        return found

    def percentile_s(self, group: int, horizon: int, share: float) -> float:
        """Return the size of error that ``share`` of the changes stayed within: the upper edge of its bin, NaN without any."""
        counts = np.cumsum(self.bins[group, horizon])
        if not counts[-1]:
            return float("nan")
        at = int(np.searchsorted(counts, share * counts[-1]))
        return float(EDGES_S[at]) if at < len(EDGES_S) else float("inf")

    def summary(self, group: int) -> dict[str, Any]:
        """Return for each horizon (s) how many changes it was seen at, the error's median, 95 % and mean (s)."""
        found: dict[str, Any] = {}
        for h, seconds in enumerate(HORIZONS_S):
            n = int(self.bins[group, h].sum())
            if n:
                p50, p95 = (self.percentile_s(group, h, share) for share in (0.5, 0.95))
                mean = round(float(self.signed[group, h]) / n / 1e6, 3)
                found[str(seconds)] = {
                    "changes": n, "p50_s": round(p50, 2), "p95_s": round(min(p95, 99.0), 2), "mean_s": mean
                }  # fmt: skip
        return found
