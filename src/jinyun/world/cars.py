"""Connected cars: what their on-board units believe and send as BSM (T/CSAE 53-2020, BasicSafetyMessage), 10 Hz each.

Which vehicles are connected follows from their number alone, so it is the same in every run. An on-board unit knows its
place as its GNSS receiver does: an error that drifts over tens of seconds (Gauss-Markov) and a little white noise, both
as the zone states them. Each unit measures at its own instant of the 100 ms. ``pos`` is the middle of the vehicle.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.net import csae, topics
from jinyun.shapes import Kind
from jinyun.world.clock import Clock, second_mark
from jinyun.world.sending import Message
from jinyun.world.street import MOST, STEP_S, Snapshot
from jinyun.zone import Traffic, Zone

SENDER = "cars"
SLOTS = 10
DELAY_S = 0.012
"""From a unit's measurement to its message on the way: the unit's own work."""
BRAKING_MPS2 = -0.7
HARD_BRAKING_MPS2 = -4.0
LINE_CLASSES = (50, 54)
"""Shuttles and buses of the zone's lines: always connected."""
GASOLINE, DIESEL, ELECTRIC = 1, 3, 4
_LADDER_M = (500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)
_LADDER = (
    "a500m", "a200m", "a100m", "a50m", "a20m", "a10m", "a5m", "a2m", "a1m", "a50cm", "a20cm", "a10cm", "a5cm", "a2cm",
    "a1cm",
)  # fmt: skip


def position_confidence(sd_m: float) -> str:
    """Return PositionConfidence of a one-axis standard deviation: the finest class that holds two of them."""
    fit = [name for limit, name in zip(_LADDER_M, _LADDER, strict=True) if limit >= 2 * sd_m]
    return fit[-1] if fit else "unavailable"


def shares(number: NDArray[np.uint32], salt: int) -> NDArray[np.float64]:
    """Return for each number a share in [0, 1) that depends on nothing else (Knuth's multiplicative hash, twice)."""
    mixed = (number.astype(np.uint64) + np.uint64(salt)) * np.uint64(2654435761) % np.uint64(1 << 32)
    mixed = (mixed ^ (mixed >> np.uint64(15))) * np.uint64(2246822519) % np.uint64(1 << 32)
    shared: NDArray[np.float64] = mixed / float(1 << 32)
    return shared


def connected(street: Snapshot, share: float) -> NDArray[np.bool_]:
    """Return who sends BSM."""
    motor = street.kind == Kind.MOTOR
    on_a_line = np.isin(street.classification, LINE_CLASSES)
    of_all: NDArray[np.bool_] = motor & ((shares(street.number, 1) < share) | on_a_line)
    return of_all


def name_of(number: int) -> str:
    """Return the eight characters that a car's unit is called by, in topics and in BSM.id."""
    return f"C{number % 10_000_000:07d}"


def vehicle_id(number: int) -> int:
    """Return BSM.id as an integer, as the twin keeps it."""
    return int.from_bytes(name_of(number).encode(), "big")


class Cars:
    """All on-board units of the street."""

    def __init__(self, zone: Zone, share: float, seed: int) -> None:
        assert zone.traffic is not None
        self._zone_id, self._project = zone.id, zone.project
        self._traffic: Traffic = zone.traffic
        self._share = share
        self._rng = np.random.default_rng([seed, 1])
        self._drift = np.zeros((2, MOST))
        self._owner = np.zeros(MOST, np.uint32)
        self._count = np.zeros(MOST, np.int64)
        self._confidence = position_confidence(np.hypot(self._traffic.obu.drift_sd_m, self._traffic.obu.noise_sd_m))

    def messages(self, street: Snapshot, clock: Clock) -> Iterator[Message]:
        """Yield the BSM that the connected cars send in the 100 ms after the snapshot."""
        of = np.flatnonzero(connected(street, self._share))
        slot, number = street.slot[of], street.number[of]
        self._wander(slot, number)
        after_s = (number % SLOTS).astype(np.float64) * (STEP_S / SLOTS)
        belief = self._believe(street, of, after_s)
        self._count[slot] = (self._count[slot] + 1) % 128
        for values, after in zip(belief, after_s.tolist(), strict=True):
            at_s = street.time_s + after
            name, value = self._bsm(values, second_mark(clock.utc_us(at_s)))
            topic = topics.up_topic(self._zone_id, "obu", name, "bsm")
            payload = csae.encode("bsmFrame", value)
            yield Message(clock.due_s(at_s) + DELAY_S, SENDER, "bsm", topic, payload)

    def _wander(self, slot: NDArray[np.int64], number: NDArray[np.uint32]) -> None:
        """Let the GNSS errors drift on by one step; a new car begins with an error of its own."""
        obu = self._traffic.obu
        noise = self._rng.standard_normal((2, len(slot)))
        new = self._owner[slot] != number
        keep = np.exp(-STEP_S / obu.drift_time_s)
        drifted = keep * self._drift[:, slot] + np.sqrt(1 - keep**2) * obu.drift_sd_m * noise
        self._drift[:, slot] = np.where(new, obu.drift_sd_m * noise, drifted)
        self._count[slot[new]] = number[new] % 128
        self._owner[slot] = number

    def _believe(self, street: Snapshot, of: NDArray[np.intp], after_s: NDArray[np.float64]) -> list[tuple[Any, ...]]:
        """Return what each unit measures, in the units of the message."""
        obu, rng, n = self._traffic.obu, self._rng, len(of)
        heading = street.heading_rad[of] + street.yaw_rate_rps[of] * after_s / 2
        speed = np.maximum(street.speed_mps[of] + street.accel_mps2[of] * after_s, 0.0)
        reach = (street.speed_mps[of] + speed) / 2 * after_s
        white = rng.standard_normal((2, n)) * obu.noise_sd_m
        x = street.x_m[of] + reach * np.sin(heading) + self._drift[0, street.slot[of]] + white[0]
        y = street.y_m[of] + reach * np.cos(heading) + self._drift[1, street.slot[of]] + white[1]
        lon, lat = self._project.inverse(x, y)
        moving = np.clip(speed / 2, 0, 1)
        seen_speed = np.maximum(speed + rng.standard_normal(n) * obu.speed_sd_mps * moving, 0)
        seen_heading = np.degrees(heading) + rng.standard_normal(n) * obu.heading_sd_deg * moving
        accel, yaw = street.accel_mps2[of], street.yaw_rate_rps[of]
        number = street.number[of]
        heavy = np.isin(street.classification[of], (20, 25, 26, 27, 28))
        electric = (shares(number, 2) < self._traffic.electric) | np.isin(street.classification[of], LINE_CLASSES)
        fuel = np.where(heavy, DIESEL, np.where(electric, ELECTRIC, GASOLINE))
        columns = (
            number, self._count[street.slot[of]], np.rint(lat * 1e7), np.rint(lon * 1e7),
            np.clip(np.rint(seen_speed / 0.02), 0, 8190), np.rint(seen_heading / 0.0125) % 28800,
            np.clip(np.rint(accel * 100), -2000, 2000), np.clip(np.rint(speed * yaw * 100), -2000, 2000),
            np.clip(np.rint(np.degrees(yaw) * 100), -32767, 32767), np.rint(street.width_m[of] * 100),
            np.rint(street.length_m[of] * 100), np.rint(street.height_m[of] * 20), street.classification[of], fuel,
        )  # fmt: skip
        return list(zip(*(column.astype(np.int64).tolist() for column in columns), strict=True))

    def _bsm(self, values: tuple[Any, ...], mark: int) -> tuple[str, dict[str, Any]]:
        number, count, lat, lon, speed, heading, accel, lateral, yaw, width, length, height, classification, fuel = values
        name = name_of(number)
        sd = min(round(float(np.hypot(self._traffic.obu.drift_sd_m, self._traffic.obu.noise_sd_m)) / 0.05), 254)
        value: dict[str, Any] = {
            "msgCnt": count,
            "id": name.encode(),
            "secMark": mark,
            "timeConfidence": "time-000-002",
            "pos": {"lat": lat, "long": lon},
            "posAccuracy": {"semiMajor": sd, "semiMinor": sd, "orientation": 0},
            "posConfidence": {"pos": self._confidence},
            "transmission": "forwardGears",
            "speed": speed,
            "heading": heading,
            "motionCfd": {"speedCfd": "prec0-1ms", "headingCfd": "prec01deg"},
            "accelSet": {"long": accel, "lat": lateral, "vert": 0, "yaw": yaw},
            "brakes": {"brakePadel": "on" if accel < BRAKING_MPS2 * 100 else "off"},
            "size": {"width": width, "length": length, "height": height},
            "vehicleClass": {"classification": classification, "fuelType": fuel},
        }
        if accel < HARD_BRAKING_MPS2 * 100:
            value["safetyExt"] = {"events": (b"\x01\x00", 13)}
        return name, value


