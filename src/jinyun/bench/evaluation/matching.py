"""Advice beside what should have been said (匹配): which event was told to whom in time, and which advice was wrong.

An event is *told* if advice to its receiver opened before it was too late (its ``peak``), and was still open when the event
began or had closed no longer than :data:`EARLY_S` before. An episode is *right* if it tells an event; *neither* if it opened,
or within a moment came, into instants that are not judged; else it is *wrong*. Only who can hear counts: connected vehicles.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.labels import CLEAR, UNKNOWN, Labels
from jinyun.bench.evaluation.lives import FRAME_S, Lives

EARLY_S = 4.0
MOMENT = 3
"""Frames after the opening (and one before) within which an episode's instants decide what it was."""
STRETCH = 100
WARM_FRAMES = 50
"""In the first seconds the clouds do not know everybody; nothing counts."""


@dataclass(slots=True)
class Tally:
    """What came of one application's advice under some conditions; lists hold a number for each event or episode."""

    events: int = 0
    told: int = 0
    unseen: int = 0  # events about somebody whom nothing could tell the cloud of, or their receivers
    right: int = 0
    wrong: int = 0
    neither: int = 0
    hard: int = 0
    clear: int = 0  # stretches of ten seconds in which nothing may be said to one that hears
    km: float = 0.0
    lead_s: list[float] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)
    missed: list[tuple[int, int, int]] = field(default_factory=list)  # receiver, about, first frame
    false: list[tuple[int, int, int]] = field(default_factory=list)  # receiver, about, frame of opening

    def add(self, other: Tally) -> None:
        """Take in what came of another street."""
        for name in ("events", "told", "unseen", "right", "wrong", "neither", "hard", "clear", "km"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("lead_s", "latency_s", "missed", "false"):
            getattr(self, name).extend(getattr(other, name))

    @property
    def recall(self) -> float:
        """Share of the events that could be known that were told in time; NaN for none."""
        return self.told / (self.events - self.unseen) if self.events > self.unseen else float("nan")

    @property
    def precision(self) -> float:
        """Share of the judged episodes that were right; NaN for none."""
        judged = self.right + self.wrong
        return self.right / judged if judged else float("nan")

    @property
    def false_per_1000_km(self) -> float:
        """Wrong episodes for each 1,000 km that receivers drove."""
        return self.wrong / self.km * 1000 if self.km else float("nan")


def tally(
    lives: Lives, labels: Labels, advice: NDArray[np.void], hears: NDArray[np.bool_], seen: NDArray[np.bool_],
    also: tuple[Labels, ...] = (),
) -> Tally:  # fmt: skip
    """Return what came of one application's ``advice`` (SAID rows).

    ``hears`` says of every life whether it can be told, ``seen`` of every event whether it could be known of. ``also`` are
    labels of applications that mean the same danger: advice that tells one of their events is not wrong, and nothing else.
    """
    found = Tally()
    events = labels.events
    counts = hears[events["life"]] & (events["first"] >= WARM_FRAMES)
    found.events, found.unseen = int(counts.sum()), int((counts & ~seen).sum())
    judged = hears[lives.life] & (lives.frame >= WARM_FRAMES)
    found.hard = Labels(events[:0], np.where(judged, labels.state, UNKNOWN), labels.hard).hard_runs(lives)
    found.clear = clear_stretches(lives, np.where(judged, labels.state, UNKNOWN))
    found.km = driven_km(lives, hears)
    deaf = set(lives.number[~hears].tolist())
    said = [row for row in advice if int(row["receiver"]) not in deaf]
    told_by: dict[int, list[np.void]] = {}
    for row in said:
        told_by.setdefault(int(row["receiver"]), []).append(row)
    right: set[int] = set()
    for k in np.flatnonzero(counts).tolist():
        event = events[k]
        fits = [row for row in told_by.get(int(event["receiver"]), ()) if _tells(row, event)]
        right |= {id(row) for row in fits}
        if fits and seen[k]:
            found.told += 1
            opened = min(int(row["open"]) for row in fits)
            found.lead_s.append((int(event["peak"]) - opened) * FRAME_S)
            found.latency_s.append(max(opened - int(event["first"]), 0) * FRAME_S)
        elif not fits and seen[k]:
            found.missed.append((int(event["receiver"]), int(event["about"]), int(event["first"])))
    numbers = {int(number): life for life, number in enumerate(lives.number.tolist())}
    for row in said:
        if row["open"] < WARM_FRAMES:
            continue
        if id(row) in right:
            found.right += 1
        elif any(
            _tells(row, event) for other in also for event in other.events[other.events["receiver"] == row["receiver"]]
        ):
            found.neither += 1
        elif _judged_clear(lives, labels, numbers.get(int(row["receiver"]), -1), row):
            found.wrong += 1
            found.false.append((int(row["receiver"]), int(row["about"]), int(row["open"])))
        else:
            found.neither += 1
    return found


def _tells(row: np.void, event: np.void) -> bool:
    early = int(event["first"]) - round(EARLY_S / FRAME_S)
    return bool(row["open"] <= event["peak"] and row["close"] >= early and row["open"] <= event["last"] + MOMENT)


def _judged_clear(lives: Lives, labels: Labels, life: int, row: np.void) -> bool:
    """Return whether everything about an opening says that it was wrong: no instant around it is must, band or unknown."""
    if life < 0:
        return True  # it was said to nobody who is there
    frames = np.arange(int(row["open"]) - 2, int(row["open"]) + MOMENT + 1)
    at = lives.row(np.full(len(frames), life), frames)
    state = labels.state[at[at >= 0]]
    return bool(len(state) == 0 or (np.all(state <= CLEAR) and np.any(state == CLEAR)))


def clear_stretches(lives: Lives, state: NDArray[np.int8]) -> int:
    """Return how many stretches of :data:`STRETCH` frames of one life are clear from end to end, judged in a fifth of it."""
    rows = np.flatnonzero(state >= 0)
    key = lives.life[rows] * 1_000_000 + lives.frame[rows] // STRETCH
    which, first = np.unique(key, return_index=True)
    if not len(which):
        return 0
    many = np.diff(np.append(first, len(rows)))
    worst = np.maximum.reduceat(state[rows], first)
    return int(((worst == CLEAR) & (many >= STRETCH // 5)).sum())


def driven_km(lives: Lives, hears: NDArray[np.bool_]) -> float:
    """Return how far those drove who hear."""
    return float(lives.s_m[lives.first[1:] - 1][hears].sum()) / 1000
