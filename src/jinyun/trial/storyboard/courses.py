"""Courses in the plane: a trajectory of a scenario as a line with lengths, directions and times."""

from __future__ import annotations

import itertools
import math
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from jinyun.trial.fault import TrialError
from jinyun.trial.road.network import Network
from jinyun.trial.scenario.model import Trajectory
from jinyun.trial.storyboard.actor import Actor
from jinyun.trial.storyboard.places import spot

STEP_M = 0.25
STEPS_OF_SPLINE = 40
"""Samples of a rational B-spline for each of its control points."""
MOST_LENGTH_M = 100_000.0


@dataclass(frozen=True)
class Course:
    """A line: place, direction and, where the scenario tells them, time at each of its points."""

    x_m: list[float]
    y_m: list[float]
    h_rad: list[float]
    s_m: list[float]
    time_s: list[float] | None

    @property
    def length_m(self) -> float:
        return self.s_m[-1]

    def at(self, s_m: float) -> tuple[float, float, float]:
        """Return place and direction at a length along the course."""
        k = min(max(bisect_right(self.s_m, s_m) - 1, 0), len(self.s_m) - 2)
        span = self.s_m[k + 1] - self.s_m[k]
        share = min(max((s_m - self.s_m[k]) / span, 0.0), 1.0) if span > 0 else 0.0
        turn = math.remainder(self.h_rad[k + 1] - self.h_rad[k], 2 * math.pi)
        return (
            self.x_m[k] + share * (self.x_m[k + 1] - self.x_m[k]),
            self.y_m[k] + share * (self.y_m[k + 1] - self.y_m[k]),
            self.h_rad[k] + share * turn,
        )

    def length_at(self, time_s: float) -> float:
        """Return how far along one is at a time; courses without times raise ``ValueError``."""
        if self.time_s is None:
            raise ValueError("the course has no times")
        t = self.time_s
        if time_s <= t[0]:
            return 0.0
        if time_s >= t[-1]:
            return self.s_m[-1]
        k = bisect_right(t, time_s) - 1
        span = t[k + 1] - t[k]
        share = (time_s - t[k]) / span if span > 0 else 1.0
        return self.s_m[k] + share * (self.s_m[k + 1] - self.s_m[k])


def course(trajectory: Trajectory, network: Network, actors: Mapping[str, Actor], source: str) -> Course:
    """Return a trajectory as a course; raises :class:`TrialError` where it has no length or times run backwards."""
    places = [spot(vertex.at, network, actors, source) for vertex in trajectory.vertices]
    told = [vertex.at.turn.h_rad == vertex.at.turn.h_rad for vertex in trajectory.vertices]
    if trajectory.kind == "clothoid":
        line = _clothoid(trajectory, places[0].x_m, places[0].y_m, places[0].h_rad, source)
        times = None
        if trajectory.start_s == trajectory.start_s and trajectory.stop_s == trajectory.stop_s:
            n = len(line) - 1
            times = [trajectory.start_s + (trajectory.stop_s - trajectory.start_s) * k / n for k in range(n + 1)]
        return _made([(x, y) for x, y, _ in line], [h for _, _, h in line], times, source, trajectory.name)
    points = [(place.x_m, place.y_m) for place in places]
    if trajectory.kind == "nurbs":
        return _made(_nurbs(trajectory, points), None, None, source, trajectory.name)
    times = [vertex.time_s for vertex in trajectory.vertices]
    if trajectory.closed and points[0] != points[-1]:
        points, times, told = [*points, points[0]], [*times, math.nan], [*told, told[0]]
        places = [*places, places[0]]
    known = all(t == t for t in times)
    headings = [place.h_rad for place in places] if all(told) and len(places) > 1 else None
    return _made(points, headings, times if known else None, source, trajectory.name)


def _made(
    points: list[tuple[float, float]], headings: list[float] | None, times: list[float] | None, source: str, name: str
) -> Course:
    s = [0.0]
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        s.append(s[-1] + math.hypot(x1 - x0, y1 - y0))
    if times is not None and any(b < a for a, b in itertools.pairwise(times)):
        raise TrialError(f"{source}: trajectory {name!r}: times run backwards")
    if s[-1] <= 0 and times is None:
        raise TrialError(f"{source}: trajectory {name!r}: has no length")
    if not s[-1] < MOST_LENGTH_M:
        raise TrialError(f"{source}: trajectory {name!r}: is longer than {MOST_LENGTH_M / 1000:.0f} km")
    if headings is None:
        headings = []
        for k in range(len(points)):
            a, b = max(k - 1, 0), min(k + 1, len(points) - 1)
            (x0, y0), (x1, y1) = points[a], points[b]
            headings.append(math.atan2(y1 - y0, x1 - x0) if (x0, y0) != (x1, y1) else headings[-1] if headings else 0.0)
    return Course([p[0] for p in points], [p[1] for p in points], headings, s, times)


def _clothoid(of: Trajectory, x: float, y: float, h: float, source: str) -> list[tuple[float, float, float]]:
    if not 0 < of.length_m < MOST_LENGTH_M:
        raise TrialError(f"{source}: trajectory {of.name!r}: a clothoid of {of.length_m:g} m")
    count = max(math.ceil(of.length_m / STEP_M), 1)
    step = of.length_m / count
    line = [(x, y, h)]
    for k in range(count):
        s = (k + 0.5) * step
        curvature = of.curvature_1pm + of.curvature_change * s
        mid = h + (of.curvature_1pm + of.curvature_change * (k * step + step / 4)) * step / 2
        x, y = x + step * math.cos(mid), y + step * math.sin(mid)
        h += curvature * step
        line.append((x, y, h))
    return line


def _nurbs(of: Trajectory, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return samples of a rational B-spline by de Boor's recursion in homogeneous coordinates."""
    degree, knots = of.order - 1, of.knots
    first, last = knots[degree], knots[len(points)]
    count = STEPS_OF_SPLINE * len(points)
    weighted = [(x * w, y * w, w) for (x, y), w in zip(points, of.weights, strict=True)]
    line = []
    for n in range(count + 1):
        u = first + (last - first) * n / count
        k = min(max(bisect_right(knots, u) - 1, degree), len(points) - 1)
        d = [weighted[j + k - degree] for j in range(degree + 1)]
        for r in range(1, degree + 1):
            for j in range(degree, r - 1, -1):
                low, high = knots[j + k - degree], knots[j + 1 + k - r]
                a = (u - low) / (high - low) if high > low else 0.0
                d[j] = (
                    (1 - a) * d[j - 1][0] + a * d[j][0],
                    (1 - a) * d[j - 1][1] + a * d[j][1],
                    (1 - a) * d[j - 1][2] + a * d[j][2],
                )
        x, y, w = d[degree]
        line.append((x / w, y / w))
    return line
