"""Roadside sensors: what they see of the street, how wrongly, and how late. Every figure stands in the zone.

A sensor sees what is in its range and field of view unless a tall vehicle hides it: seen from the mast, the ray to the
top of the object must pass above the vehicle in front whose width covers the object's bearing. What it sees it places
with a normal error on each axis; some it misses in a frame, some it invents; an object keeps its number with a sensor,
save for the occasional change. All sensors are worked as one table of (sensor, object) pairs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.shapes import Kind
from jinyun.world.motion import MOST, STEP_S, Snapshot
from jinyun.world.weather import effect
from jinyun.zone import Zone

TALL_M = 2.2
"""Lower vehicles hide nothing from a mast of usual height."""
FORGET_S = 1.0
"""An object unseen for this long gets a new number when it is seen again."""
NUMBERS = 65_535
Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_compiled: Any = njit(cache=True, nogil=True, error_model="numpy")
CLUTTER = ((Kind.PEDESTRIAN, 0.5, 0.6, 1.5), (Kind.NON_MOTOR, 1.8, 0.7, 1.6), (Kind.MOTOR, 4.4, 1.8, 1.5))


@dataclass(frozen=True)
class Seen:
    """What all sensors report of one instant; columns of equal length, ordered by unit. ``number`` is ptcId."""

    unit: NDArray[np.int64]  # row of the zone's RSUs
    sensor: NDArray[np.int64]
    number: NDArray[np.int64]
    kind: NDArray[np.uint8]
    classification: NDArray[np.uint8]
    x_m: NDArray[np.float64]
    y_m: NDArray[np.float64]
    speed_mps: NDArray[np.float64]
    heading_rad: NDArray[np.float64]
    length_m: NDArray[np.float64]
    width_m: NDArray[np.float64]
    height_m: NDArray[np.float64]


class Sensors:
    """All sensors of the zone's roadside units."""

    def __init__(self, zone: Zone, seed: int, weather: str = "clear") -> None:
        rows = [(unit, rsu, sensor) for unit, rsu in enumerate(zone.rsus) for sensor in rsu.sensors]
        types = [zone.sensor_types[sensor.type] for _, _, sensor in rows]
        self.unit = np.array([unit for unit, _, _ in rows], np.int64)
        self.sources = [t.source for t in types]
        self.position_sd_m = np.array([t.position_sd_m for t in types])  # as it is stated, whatever the weather
        self._x = np.array([rsu.x_m for _, rsu, _ in rows])
        self._y = np.array([rsu.y_m for _, rsu, _ in rows])
        self._middle = np.radians([sensor.heading_deg for _, _, sensor in rows])
        self._half = np.radians([t.fov_deg / 2 for t in types])
        felt = [effect(weather, t.source) for t in types]
        scatter = np.array([e.scatter for e in felt])
        self._range = np.array([t.range_m * e.range for t, e in zip(types, felt, strict=True)])
        self._mast = np.array([t.mast_m for t in types])
        self._position_sd = self.position_sd_m * scatter
        self._speed_sd = np.array([t.speed_sd_mps for t in types]) * scatter
        self._heading_sd = np.radians([t.heading_sd_deg for t in types]) * scatter
        self._size_sd = np.array([t.size_sd_m for t in types]) * scatter
        self._miss = np.minimum([t.miss * e.miss for t, e in zip(types, felt, strict=True)], 1.0)
        self._clutter = np.array([t.clutter_per_s * e.clutter for t, e in zip(types, felt, strict=True)]) * STEP_S
        self._change = np.array([t.id_change_per_min for t in types]) * STEP_S / 60
        self._rng = np.random.default_rng([seed, 2])
        n = len(rows)
        self._number = np.zeros((n, MOST), np.uint16)
        self._owner = np.zeros((n, MOST), np.uint32)
        self._seen_s = np.full((n, MOST), -np.inf, np.float32)
        self._next = np.zeros(len(zone.rsus), np.int64)

    def __len__(self) -> int:
        return len(self.unit)

    def look(self, street: Snapshot, after_s: Floats, of: NDArray[np.bool_] | None = None) -> Seen:
        """Return what the sensors report; sensor ``k`` measures ``after_s[k]`` after the snapshot.

        ``of`` says which units' reports are wanted (all where it is None); the others look all the same.
        """
        sensor, who = self.visible(street)
        hit = self._rng.random(len(sensor)) >= self._miss[sensor]
        sensor, who = sensor[hit], who[hit]
        number = self._numbered(sensor, street.slot[who], street.number[who], street.time_s)
        noise = self._rng.standard_normal((6, len(sensor)))
        invented = self._invented()
        if of is not None:
            wanted = of[self.unit[sensor]]
            sensor, who, number, noise = sensor[wanted], who[wanted], number[wanted], noise[:, wanted]
        after = after_s[sensor]
        heading, speed = street.heading_rad[who], street.speed_mps[who]
        sd = self._position_sd[sensor]
        moving = np.clip(speed / 1.0, 0.2, 1)
        size = noise[:2] * self._size_sd[sensor]
        real = Seen(
            unit=self.unit[sensor], sensor=sensor, number=number, kind=street.kind[who],
            classification=street.classification[who],
            x_m=street.x_m[who] + speed * after * np.sin(heading) + noise[2] * sd,
            y_m=street.y_m[who] + speed * after * np.cos(heading) + noise[3] * sd,
            speed_mps=np.maximum(speed + noise[4] * self._speed_sd[sensor] * moving, 0),
            heading_rad=heading + noise[5] * self._heading_sd[sensor],
            length_m=np.maximum(street.length_m[who] + size[0], 0.2),
            width_m=np.maximum(street.width_m[who] + size[1] * 0.5, 0.2), height_m=street.height_m[who],
        )  # fmt: skip
        if invented is None:
            return real  # sensors stand in the order of their units
        return _together(real, invented if of is None else _rows(invented, of[invented.unit]))

    def visible(self, street: Snapshot) -> tuple[Integers, Integers]:
        """Return the (sensor, row of the snapshot) pairs in range and field of view that nothing hides."""
        sensor, who = _visible(
            self._x, self._y, self._range, self._middle, self._half, self._mast, street.x_m, street.y_m,
            street.heading_rad, street.length_m, street.width_m, street.height_m,
        )  # fmt: skip
        return sensor, who

    def _numbered(
        self, sensor: NDArray[np.int64], slot: NDArray[np.int64], owner: NDArray[np.uint32], now_s: float
    ) -> NDArray[np.int64]:
        """Return each pair's ptcId, new where the object is new, was long unseen, or the sensor has lost it."""
        new = (self._owner[sensor, slot] != owner) | (now_s - self._seen_s[sensor, slot] > FORGET_S)
        new |= self._rng.random(len(sensor)) < self._change[sensor]
        for k in np.flatnonzero(new).tolist():
            self._number[sensor[k], slot[k]] = self._fresh_number(int(self.unit[sensor[k]]))
        self._owner[sensor, slot], self._seen_s[sensor, slot] = owner, now_s
        return self._number[sensor, slot].astype(np.int64)

    def _fresh_number(self, unit: int) -> int:
        self._next[unit] = self._next[unit] % NUMBERS + 1  # 0 is the unit itself
        return int(self._next[unit])

    def _invented(self) -> Seen | None:
        """Return objects that are not there, None where there are none."""
        rng = self._rng
        sensor = np.repeat(np.arange(len(self)), rng.poisson(self._clutter))
        n = len(sensor)
        if not n:
            return None
        what = np.array(CLUTTER)[rng.integers(len(CLUTTER), size=n)].reshape(n, 4)
        far = self._range[sensor] * np.sqrt(rng.random(n))
        bearing = self._middle[sensor] + (2 * rng.random(n) - 1) * self._half[sensor]
        number = np.array([self._fresh_number(int(unit)) for unit in self.unit[sensor]], np.int64)
        return Seen(
            unit=self.unit[sensor], sensor=sensor, number=number, kind=what[:, 0].astype(np.uint8),
            classification=np.zeros(n, np.uint8), x_m=self._x[sensor] + far * np.sin(bearing),
            y_m=self._y[sensor] + far * np.cos(bearing), speed_mps=rng.random(n) * 2,
            heading_rad=rng.random(n) * 2 * np.pi, length_m=what[:, 1], width_m=what[:, 2], height_m=what[:, 3],
        )  # fmt: skip


def _rows(seen: Seen, of: NDArray[np.bool_]) -> Seen:
    return Seen(**{key: getattr(seen, key)[of] for key in Seen.__dataclass_fields__})


def _together(a: Seen, b: Seen) -> Seen:
    order = np.argsort(np.concatenate([a.unit, b.unit]), kind="stable")
    return Seen(**{key: np.concatenate([getattr(a, key), getattr(b, key)])[order] for key in Seen.__dataclass_fields__})


@_compiled
def _turn(angle_rad: float) -> float:
    """Return an angle as -pi..pi."""
    return (angle_rad + math.pi) % (2 * math.pi) - math.pi


@_compiled
def _visible(
    x: Floats, y: Floats, reach: Floats, middle: Floats, half: Floats, mast: Floats, of_x: Floats, of_y: Floats,
    heading: Floats, length: Floats, width: Floats, height: Floats,
) -> tuple[Integers, Integers]:  # fmt: skip
    """Return the pairs that can be seen, by sensor and then by row: a tall vehicle in front may hide who is behind it."""
    n = len(of_x)
    sensors, rows, count = np.empty(256, np.int64), np.empty(256, np.int64), 0
    near, bearing, far = np.empty(n, np.int64), np.empty(n), np.empty(n)
    tall = np.empty(n, np.int64)
    for k in range(len(x)):
        inside, blocks = 0, 0
        for i in range(n):
            dx, dy = of_x[i] - x[k], of_y[i] - y[k]
            if dx * dx + dy * dy > reach[k] * reach[k]:
                continue
            its = math.atan2(dx, dy)
            if abs(_turn(its - middle[k])) <= half[k] + 1e-9:
                near[inside], bearing[inside], far[inside] = i, its, math.hypot(dx, dy)
                if height[i] >= TALL_M:
                    tall[blocks] = inside
                    blocks += 1
                inside += 1
        for a in range(inside):
            i, hidden = near[a], False
            for b in tall[:blocks]:
                j = near[b]
                if i == j or far[a] <= far[b] + 0.3:
                    continue
                slant = heading[j] - bearing[b]
                across = length[j] * abs(math.sin(slant)) + width[j] * abs(math.cos(slant))
                if abs(_turn(bearing[a] - bearing[b])) > math.atan2(across / 2, max(far[b], 0.5)):
                    continue
                ray_m = mast[k] - (mast[k] - height[i]) * (far[b] / max(far[a], 0.5))
                if ray_m < height[j]:
                    hidden = True
                    break
            if hidden:
                continue
            if count == len(sensors):
                sensors, rows = np.concatenate((sensors, sensors)), np.concatenate((rows, rows))
            sensors[count], rows[count] = k, i
            count += 1
    return sensors[:count], rows[:count]
