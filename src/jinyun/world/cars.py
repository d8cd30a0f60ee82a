"""Connected cars: what their on-board units believe and send as BSM (T/CSAE 53-2020, BasicSafetyMessage), 10 Hz each.

Which vehicles are connected follows from their number alone, so it is the same in every run. An on-board unit knows its
place as its GNSS receiver does: an error that drifts over tens of seconds (Gauss-Markov) and a little white noise, both
as the zone states them. Each unit measures at its own instant of the 100 ms. ``pos`` is the middle of the vehicle.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.net import topics
from jinyun.net.csae import batch
from jinyun.shapes import Kind
from jinyun.world.clock import Clock, second_mark
from jinyun.world.sending import Message, encoded
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
HEAVY_CLASSES = (20, 25, 26, 27, 28)
TWO_MILLISECONDS, FORWARD_GEARS, A_TENTH_MPS, ONE_DEGREE, PEDAL_OFF, PEDAL_ON = 14, 2, 5, 3, 1, 2
"""Indices in TimeConfidence, TransmissionState, SpeedConfidence, HeadingConfidence and BrakePedalStatus."""
EVENT_HARD_BRAKING = 1 << 5
"""VehicleEventFlags: bit 7 of 13, counted from the highest."""
ENGAGED = 3
"""Index in TractionControlStatus, AntiLockBrakeStatus and StabilityControlStatus."""
SLIPS = {"traction": 2, "abs": 4, "scs": 8}
"""What each bit of ``braking`` in DOING is in BrakeSystemStatus."""
_LADDER_M = (500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01)


def position_confidence(sd_m: float) -> int:
    """Return PositionConfidence of a one-axis standard deviation: the finest class that holds two of them, 0 if none."""
    return sum(limit >= 2 * sd_m for limit in _LADDER_M)


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
        self._ids = np.zeros(MOST, np.uint64)
        self._topic: dict[int, str] = {}
        sd_m = float(np.hypot(self._traffic.obu.drift_sd_m, self._traffic.obu.noise_sd_m))
        self._confidence = position_confidence(sd_m)
        self._accuracy = min(round(sd_m / 0.05), 254)

    def messages(self, street: Snapshot, clock: Clock) -> list[Message]:
        """Return the BSM that the connected cars send in the 100 ms after the snapshot."""
        of = np.flatnonzero(connected(street, self._share))
        if not len(of):
            return []
        slot, number = street.slot[of], street.number[of]
        self._wander(slot, number)
        after_s = (number % SLOTS).astype(np.float64) * (STEP_S / SLOTS)
        at_s = (street.time_s + after_s).tolist()
        self._count[slot] = (self._count[slot] + 1) % 128
        columns = self._believe(street, of, after_s)
        columns["secMark"] = np.array([second_mark(clock.utc_us(at)) for at in at_s], np.int64)
        frames = encoded("bsmFrame", {"messages": columns})
        return [
            Message(clock.due_s(at) + DELAY_S, SENDER, "bsm", topic, frame)
            for at, topic, frame in zip(at_s, self._topics(number), frames, strict=True)
        ]

    def _topics(self, numbers: NDArray[np.uint32]) -> list[str]:
        if len(self._topic) > 20_000:
            self._topic.clear()
        for number in numbers.tolist():
            if number not in self._topic:
                self._topic[number] = topics.up_topic(self._zone_id, "obu", name_of(number), "bsm")
        return [self._topic[number] for number in numbers.tolist()]

    def _wander(self, slot: NDArray[np.int64], number: NDArray[np.uint32]) -> None:
        """Let the GNSS errors drift on by one step; a new car begins with an error of its own."""
        obu = self._traffic.obu
        noise = self._rng.standard_normal((2, len(slot)))
        new = self._owner[slot] != number
        keep = np.exp(-STEP_S / obu.drift_time_s)
        drifted = keep * self._drift[:, slot] + np.sqrt(1 - keep**2) * obu.drift_sd_m * noise
        self._drift[:, slot] = np.where(new, obu.drift_sd_m * noise, drifted)
        self._count[slot[new]] = number[new] % 128
        for at, its in zip(slot[new].tolist(), number[new].tolist(), strict=True):
            self._ids[at] = vehicle_id(its)
        self._owner[slot] = number

    def _believe(self, street: Snapshot, of: NDArray[np.intp], after_s: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
        """Return what each unit measures, as columns of its message in the units of the wire."""
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
        hard = accel < HARD_BRAKING_MPS2
        every = np.ones(n, np.int64)
        doing = street.doing[of]
        lights, slips = doing["lights"].astype(np.int64), doing["braking"].astype(np.int64)
        events = doing["events"] | np.where(hard, EVENT_HARD_BRAKING, 0)
        urgent = doing["response"] > 0
        return {
            "msgCnt": self._count[street.slot[of]],
            "id": self._ids[street.slot[of]],
            "timeConfidence": every * TWO_MILLISECONDS,
            "pos.lat": whole(lat * 1e7),
            "pos.long": whole(lon * 1e7),
            "posAccuracy?": every,
            "posAccuracy.semiMajor": every * self._accuracy,
            "posAccuracy.semiMinor": every * self._accuracy,
            "posAccuracy.orientation": every * 0,
            "posConfidence?": every,
            "posConfidence.pos": every * self._confidence,
            "transmission": every * FORWARD_GEARS,
            "speed": np.clip(whole(seen_speed / 0.02), 0, 8190),
            "heading": whole(seen_heading / 0.0125) % 28800,
            "motionCfd?": every,
            "motionCfd.speedCfd": every * A_TENTH_MPS,
            "motionCfd.headingCfd": every * ONE_DEGREE,
            "accelSet.long": np.clip(whole(accel * 100), -2000, 2000),
            "accelSet.lat": np.clip(whole(speed * yaw * 100), -2000, 2000),
            "accelSet.vert": every * 0,
            "accelSet.yaw": np.clip(whole(np.degrees(yaw) * 100), -32767, 32767),
            "brakes.brakePadel": np.where(accel < BRAKING_MPS2, PEDAL_ON, PEDAL_OFF),
            "size.width": whole(street.width_m[of] * 100),
            "size.length": whole(street.length_m[of] * 100),
            "size.height": whole(street.height_m[of] * 20),
            "vehicleClass.classification": street.classification[of].astype(np.int64),
            "vehicleClass.fuelType": self._fuel(street, of),
            **{f"brakes.{name}": np.where(slips & bit, ENGAGED, batch.ABSENT) for name, bit in SLIPS.items()},
            "safetyExt?": np.where((events > 0) | (lights > 0), 1, batch.ABSENT),
            "safetyExt.events": np.where(events > 0, events, batch.ABSENT),
            "safetyExt.lights": np.where(lights > 0, lights, batch.ABSENT),
            "emergencyExt?": np.where(urgent, 1, batch.ABSENT),
            "emergencyExt.responseType": np.where(urgent, doing["response"], batch.ABSENT),
            "emergencyExt.sirenUse": np.where(urgent, doing["siren"], batch.ABSENT),
            "emergencyExt.lightsUse": np.where(urgent, doing["lightbar"], batch.ABSENT),
        }

    def _fuel(self, street: Snapshot, of: NDArray[np.intp]) -> NDArray[np.int64]:
        classification = street.classification[of]
        electric = (shares(street.number[of], 2) < self._traffic.electric) | np.isin(classification, LINE_CLASSES)
        fuel: NDArray[np.int64] = np.where(
            np.isin(classification, HEAVY_CLASSES), DIESEL, np.where(electric, ELECTRIC, GASOLINE)
        )
        return fuel


def whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the nearest whole numbers."""
    return np.rint(values).astype(np.int64)
