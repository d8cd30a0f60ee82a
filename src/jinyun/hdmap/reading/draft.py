"""What the readers of all formats hand on: lanes with their borders and what belongs to them, named by text ids.

Metres are the file's own; headings are radians clockwise from north. :func:`jinyun.hdmap.reading.assembling.assemble`
makes the map of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.hdmap.curve import Line
from jinyun.hdmap.precise import Bay, LaneKind
from jinyun.hdmap.reading.georeference import Georeference

Move = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]
"""From x and y to x and y."""


@dataclass(slots=True)
class DraftLane:
    """One lane: its borders in the direction of travel, with as many points each, shape (n, 3).

    ``junction`` is that it lies in, ``beside`` the lane to its left that leads the same way. The lanes of an edge are
    listed from the right. ``turn`` and ``length_m`` are what the file says, where it does.
    """

    id: str
    edge: str
    kind: LaneKind
    left: Line
    right: Line
    speed_mps: float = math.nan
    tunnel: bool = False
    junction: str = ""
    beside: str = ""
    turn: int = 0
    length_m: float = math.nan
    within: bool = False
    """Whether it only joins two lanes at a node that is no junction."""
    middle: Line | None = None
    """The middle line, abreast of the borders' points, where it is told not to run halfway between them."""


@dataclass(slots=True)
class DraftEdge:
    """Lanes that lead the same way side by side; both ways of one stretch of road share ``road`` and ``part``.

    ``start`` and ``end`` are junctions as far as the file names them.
    """

    id: str
    road: str
    part: int = 0
    start: str = ""
    end: str = ""
    section: str = ""
    open: bool = False
    """Section of a road that it belongs to, where the file has sections, and whether it is open for tests."""


@dataclass(slots=True)
class DraftSection:
    """A section of a road as the file says it, with its centre line, shape (n, 2)."""

    road: str
    start: str
    end: str
    length_m: float
    open: bool
    tunnel: bool
    line: Line


@dataclass(slots=True)
class DraftJunction:
    """A junction; ``node`` is its number, 0 where the file gives none."""

    id: str
    control: str = "priority"
    name: str = ""
    x_m: float = math.nan
    y_m: float = math.nan
    outline: Line | None = None
    offset_s: float = 0.0
    program: list[tuple[float, dict[str, int]]] = field(default_factory=list)
    """Steps of the signal program: seconds, and the light (:class:`jinyun.shapes.Light`) by signal id."""
    zh: str = ""
    node: int = 0


@dataclass(slots=True)
class DraftSignal:
    """What one light shows to some lanes: those before a junction, or within it for one movement only.

    ``turns`` are the movements it is for (0 all). ``group`` is shared by signals that always show the same. A signal
    for walkers names its crossing where the file does. ``junction`` is found from the lanes where it is empty.
    """

    id: str
    lanes: list[str] = field(default_factory=list)
    turns: int = 0
    group: str = ""
    walkers: bool = False
    crossing: str = ""
    junction: str = ""
    heads: list[tuple[float, float, float, float]] = field(default_factory=list)
    phase: int = 0
    """The number of its group where the file says it, else 0."""


@dataclass(slots=True)
class DraftCrossing:
    """A crossing for walkers: its middle line from kerb to kerb, shape (n, 3); ``lane`` names its own lane, if any."""

    id: str
    line: Line
    width_m: float
    lane: str = ""
    junction: str = ""
    smart: bool = False
    called: str = ""
    """The name that a lane made for it gets."""


@dataclass(slots=True)
class DraftStop:
    """A stop on a lane, from one distance along it to another."""

    id: str
    lane: str
    start_m: float
    end_m: float


@dataclass(slots=True)
class DraftBay:
    id: str
    kind: Bay
    x_m: float
    y_m: float
    heading_rad: float
    length_m: float
    width_m: float
    lane: str = ""
    """The lane that it is reached from, where the file says it; else the nearest that is driven."""


@dataclass
class Draft:
    """A whole map as a reader found it; ``follows`` are pairs (lane, the lane after it)."""

    format: str
    georeference: Georeference
    parallel: bool = False
    """Whether borders are no more than parallels of middle lines, and have yet to meet where lanes do."""
    lanes: list[DraftLane] = field(default_factory=list)
    edges: dict[str, DraftEdge] = field(default_factory=dict)
    follows: list[tuple[str, str]] = field(default_factory=list)
    junctions: dict[str, DraftJunction] = field(default_factory=dict)
    signals: list[DraftSignal] = field(default_factory=list)
    stop_lines: dict[str, tuple[float, float, float, float]] = field(default_factory=dict)
    """By lane: left end x, y and right end x, y."""
    crossings: list[DraftCrossing] = field(default_factory=list)
    bays: list[DraftBay] = field(default_factory=list)
    areas: list[tuple[int, str, Line]] = field(default_factory=list)
    """Kind of area, junction, outline of shape (n, 2)."""
    stops: list[DraftStop] = field(default_factory=list)
    sections: dict[str, DraftSection] = field(default_factory=dict)
    """Sections of roads by the name that edges give them; empty where the file has none."""
    region: int = 0

    def move(self, move: Move, up_m: float = 0.0) -> None:
        """Move all places at once; headings follow, as the move turns the plane at each of them."""
        lines: list[Line] = [line for lane in self.lanes for line in (lane.left, lane.right)]
        lines += [crossing.line for crossing in self.crossings] + [outline for _, _, outline in self.areas]
        lines += [section.line for section in self.sections.values()]
        told = [lane for lane in self.lanes if lane.middle is not None]
        lines += [lane.middle for lane in told if lane.middle is not None]
        lines += [np.array(ends).reshape(2, 2) for ends in self.stop_lines.values()]
        outlined = [junction for junction in self.junctions.values() if junction.outline is not None]
        lines += [junction.outline for junction in outlined if junction.outline is not None]
        placed = [junction for junction in self.junctions.values() if math.isfinite(junction.x_m)]
        standing = [(x, y, heading) for signal in self.signals for x, y, _, heading in signal.heads]
        standing += [(bay.x_m, bay.y_m, bay.heading_rad) for bay in self.bays]
        standing += [(junction.x_m, junction.y_m, 0.0) for junction in placed]
        lines += [np.array([(x, y), (x + math.sin(h), y + math.cos(h))]) for x, y, h in standing]
        moved = iter(_moved(lines, move, up_m))
        for lane in self.lanes:
            lane.left, lane.right = next(moved), next(moved)
        for crossing in self.crossings:
            crossing.line = next(moved)
        self.areas = [(kind, junction, next(moved)) for kind, junction, _ in self.areas]
        for section in self.sections.values():
            section.line = next(moved)
        for lane in told:
            lane.middle = next(moved)
        for id in self.stop_lines:
            (x1, y1), (x2, y2) = next(moved).tolist()
            self.stop_lines[id] = x1, y1, x2, y2
        for junction in outlined:
            junction.outline = next(moved)
        for signal in self.signals:
            heads = [(_turned(next(moved)), z + up_m) for _, _, z, _ in signal.heads]
            signal.heads = [(x, y, z, heading) for (x, y, heading), z in heads]
        for bay in self.bays:
            bay.x_m, bay.y_m, bay.heading_rad = _turned(next(moved))
        for junction in placed:
            junction.x_m, junction.y_m, _ = _turned(next(moved))


def _moved(lines: list[Line], move: Move, up_m: float) -> list[Line]:
    if not lines:
        return []
    flat = np.vstack([line[:, :2] for line in lines])
    x, y = move(flat[:, 0], flat[:, 1])
    done, first = [], 0
    for line in lines:
        rows = slice(first, first + len(line))
        columns = [x[rows], y[rows]] + ([line[:, 2] + up_m] if line.shape[1] > 2 else [])
        done.append(np.column_stack(columns))
        first += len(line)
    return done


def _turned(ahead: Line) -> tuple[float, float, float]:
    """Return place and heading of a step of one metre."""
    (x, y), (x1, y1) = ahead[:, :2].tolist()
    return x, y, math.atan2(x1 - x, y1 - y)
