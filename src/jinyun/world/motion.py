"""How bodies on the street move: the simulation's places and speeds, without its leaps and turns on the spot, smoothed.

The model puts people where its rules say, ten times a second; a body neither leaps nor turns where it stands, and a tracker
that is to be measured must not have to believe it. What is kept of each participant stands in columns by its slot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.shapes import Kind
from jinyun.world.bodies import Body

STEP_S = 0.1
MOST = 8192
LEAP_M = {Kind.MOTOR: 0.45, Kind.NON_MOTOR: 0.3, Kind.PEDESTRIAN: 0.12}
"""A step beyond what speed and heading explain by more than this is a leap of the model, not of the participant."""
CATCH_UP_MPS = {Kind.MOTOR: 1.5, Kind.NON_MOTOR: 1.2, Kind.PEDESTRIAN: 0.8}
"""How fast a participant is led back to the model's place after a leap."""
LEAP_MOST_M = 15.0
LEAST_BEND_M, LEAST_TURN_RAD = 4.5, 0.002
"""A motor vehicle drives no narrower bend, and turns by no more in a step where it stands."""
SMOOTH = 0.25
"""Share of each step's newly computed acceleration and yaw rate in the smoothed one (low pass of about 0.35 s)."""
Floats = NDArray[np.float64]
_TURN = 2 * math.pi
_MOVING = np.dtype(
    [
        (name, np.float64)
        for name in ("x", "y", "heading", "speed", "accel", "yaw", "off_x", "off_y", "leap", "catch_up")
    ]
    + [("fresh", np.bool_), ("motor", np.bool_)]
)
"""What is kept of each participant from step to step; ``off`` is how far it is from the model's place after a leap."""
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")


@dataclass(frozen=True)
class Snapshot:
    """Everybody on the street at one instant; columns of equal length, places are the middle of the body."""

    time_s: float
    slot: NDArray[np.int64]  # stays with a participant while it is on the street
    number: NDArray[np.uint32]  # never used twice
    kind: NDArray[np.uint8]
    classification: NDArray[np.uint8]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    accel_mps2: NDArray[np.float64]
    yaw_rate_rps: NDArray[np.float64]
    length_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    height_m: NDArray[np.float64]
    vehicles: int
    persons: int
    doing: NDArray[np.void]  # DOING


class Motion:
    """The motion of all participants; :meth:`begin` when one comes to the street, :meth:`snapshot` once a step."""

    def __init__(self) -> None:
        self._moving = np.zeros(MOST, _MOVING)
        self._number = np.zeros(MOST, np.uint32)
        self._kind, self._classification = np.zeros(MOST, np.uint8), np.zeros(MOST, np.uint8)
        self._length, self._width, self._height = np.zeros(MOST), np.zeros(MOST), np.zeros(MOST)

    def begin(self, slot: int, number: int, body: Body) -> None:
        """Give a slot to one who has come to the street."""
        grown = 1 + 0.04 * math.sin(number * 2.399)  # no two cars are quite the same size
        self._number[slot] = number
        self._kind[slot], self._classification[slot] = body.kind, body.classification
        self._length[slot], self._width[slot], self._height[slot] = body.length_m, body.width_m, body.height_m * grown
        moving = self._moving[slot : slot + 1]
        moving["leap"], moving["catch_up"] = LEAP_M[body.kind], CATCH_UP_MPS[body.kind]
        moving["motor"], moving["fresh"] = body.kind == Kind.MOTOR, True

    def snapshot(
        self, time_s: float, table: Floats, slot: NDArray[np.int64], vehicles: int, doing: NDArray[np.void]
    ) -> Snapshot:
        """Return the street at ``time_s``, a step after the last, from the model's ``table``: x and y (m), degrees, m/s.

        The places of the first ``vehicles`` rows are those of their fronts, those of the others of their middle.
        """
        n = len(slot)
        heading, middle = np.radians(table[:, 2]), np.empty(n)
        accel, yaw = np.empty(n), np.empty(n)
        _turned(self._moving, slot, heading, table[:, 3], middle, accel, yaw)
        sin, cos = np.sin(heading), np.cos(heading)
        x, y = np.empty(n), np.empty(n)
        length, speed = self._length[slot], table[:, 3].copy()
        _steadied(self._moving, slot, table, heading, np.sin(middle), np.cos(middle), x, y)
        back = length / 2
        back[vehicles:] = 0.0
        return Snapshot(
            time_s=time_s, slot=slot, number=self._number[slot], kind=self._kind[slot],
            classification=self._classification[slot], x_m=x - back * sin, y_m=y - back * cos, heading_rad=heading,
            speed_mps=speed, accel_mps2=accel, yaw_rate_rps=yaw, length_m=length, width_m=self._width[slot],
            height_m=self._height[slot], vehicles=vehicles, persons=n - vehicles, doing=doing,
        )  # fmt: skip


@_compiled
def _turned(
    kept: NDArray[np.void], slot: NDArray[np.int64], heading: Floats, speed: Floats, middle: Floats, accel: Floats,
    yaw: Floats,
) -> None:  # fmt: skip
    """Bend ``heading`` (in place) to what a body can turn, and fill the heading half-way and the smoothed rates.

    Nobody turns where it stands, as the model's cars do that stop between two lanes.
    """
    for i in range(len(slot)):
        its = kept[slot[i]]
        before, was = its["heading"], its["speed"]
        turned = (heading[i] - before + math.pi) % _TURN - math.pi
        if its["fresh"]:
            its["yaw"] = its["accel"] = 0.0
        else:
            most = speed[i] * STEP_S / LEAST_BEND_M + LEAST_TURN_RAD if its["motor"] else math.pi
            turned = min(max(turned, -most), most)
            heading[i] = (before + turned) % _TURN
            its["yaw"] += SMOOTH * (turned / STEP_S - its["yaw"])
            its["accel"] += SMOOTH * ((speed[i] - was) / STEP_S - its["accel"])
        middle[i] = heading[i] - ((heading[i] - before + math.pi) % _TURN - math.pi) / 2
        accel[i], yaw[i] = its["accel"], its["yaw"]


@_compiled
def _steadied(
    kept: NDArray[np.void], slot: NDArray[np.int64], table: Floats, heading: Floats, sin: Floats, cos: Floats, x: Floats,
    y: Floats,
) -> None:  # fmt: skip
    """Fill the places without the model's leaps: a leap is taken back and then made up for at walking pace.

    SUMO moves a walker at the corner of a walking area, and now and then a car that ends a lane change, by metres in one
    step. ``sin`` and ``cos`` are of the heading half-way of the step.
    """
    for i in range(len(slot)):
        its = kept[slot[i]]
        off_x, off_y = 0.0, 0.0
        if not its["fresh"]:
            reach = (table[i, 3] + its["speed"]) / 2 * STEP_S
            leap_x, leap_y = table[i, 0] - its["x"] - reach * sin[i], table[i, 1] - its["y"] - reach * cos[i]
            leapt = math.hypot(leap_x, leap_y) > its["leap"]
            off_x = its["off_x"] - (leap_x if leapt else 0.0)
            off_y = its["off_y"] - (leap_y if leapt else 0.0)
        away = math.hypot(off_x, off_y)
        left = max(away - its["catch_up"] * STEP_S, 0.0) / max(away, 1e-9) if away <= LEAP_MOST_M else 0.0
        its["off_x"], its["off_y"] = off_x * left, off_y * left
        its["x"], its["y"], its["heading"], its["speed"] = table[i, 0], table[i, 1], heading[i], table[i, 3]
        its["fresh"] = False
        x[i], y[i] = table[i, 0] + its["off_x"], table[i, 1] + its["off_y"]
