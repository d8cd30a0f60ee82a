"""Attacks by connected cars on those who believe them: the classes of the VeReMi data set, made of the street's own messages.

A share of the cars, always the same ones, lie from one instant on; what they send is their unit's true message with a part
of it changed, a well-formed BSM in every case. Sizes and delays are our own choice, not those of VeReMi. All of it is
simulated.

    constant offset    its place, shifted by 15 to 80 m, always the same (恒定偏移): from its first word on, or, where it has
                       spoken before, drifting there at 2 m/s, so that nothing leaps
    random position    a place anywhere within a kilometre, another each time (随机位置)
    replay             what a car near it said five seconds before, as its own (重放)
    sudden stop        it stands still from now on, while it drives away (突然停止)
    sybil              four more names of its own that queue before and behind it (女巫攻击)
    denial of service  every message ten times (拒绝服务)
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from jinyun.net import csae
from jinyun.net.block import Arrival
from jinyun.world import cars
from jinyun.zone import Projection

SALT = 11
"""Makes the choice of who attacks another one than that of who is connected."""
OFFSET_M = (15.0, 80.0)
DRIFT_MPS = 2.0
WITHIN_M = 500.0
REPLAYED_US = 5_000_000
STOP_FROM_MPS = 5.0
"""A car that stands cannot suddenly stop: it waits until it drives."""
GHOST_PLACES_M = (12.0, -12.0, 24.0, -24.0)
GHOST_SD_M, GHOST_SD_MPS, GHOST_SD_DEG = 0.1, 0.05, 0.3
"""What names of one sender differ by, so that they are not word for word alike."""
TIMES, APART_US = 10, 10_000
REMEMBERED = 120
"""Messages of each car that a replay can choose from."""
_SPEED = 0.02
DEVICE_AT = 3
"""Where in a subject the device's name stands (:func:`jinyun.net.topics.up_topic`)."""

_Value = dict[str, Any]


class Attack:
    """One class of attack by a ``share`` (0..1) of the connected cars from ``begins_us`` on.

    ``lies_since_us`` says since when each sender (device of the topic, invented ones included) has said what is not so.
    """

    def __init__(self, kind: str, project: Projection, share: float, begins_us: int, seed: int = 1) -> None:
        self.kind, self.share, self.begins_us = kind, share, begins_us
        self.lies_since_us: dict[str, int] = {}
        self._project = project
        self._rng = np.random.default_rng([seed, 3])
        self._lie = KINDS[kind]
        self._offset: dict[str, tuple[float, float, int]] = {}  # bearing rad, metres, since when (us), 0 always
        self._attacks: dict[str, bool] = {}
        self._stopped: dict[str, _Value] = {}
        self._victim: dict[str, str] = {}
        self._said: dict[str, deque[tuple[int, bytes]]] = {}

    def attacks(self, device: str) -> bool:
        """Return whether this car is one of the attackers (it need not have begun)."""
        if device not in self._attacks:
            number = np.array([int(device[1:])], np.uint32)
            self._attacks[device] = bool(cars.shares(number, SALT)[0] < self.share)
        return self._attacks[device]

    def on(self, own: Sequence[Arrival]) -> list[Arrival]:
        """Return what is received instead of the cars' arrivals ``own``, in the order of receipt."""
        out: list[Arrival] = []
        for arrival in own:
            device = arrival.subject.split(".")[DEVICE_AT]
            spoke = device in self._said
            self._said.setdefault(device, deque(maxlen=REMEMBERED)).append((arrival.receive_us, arrival.payload))
            if arrival.receive_us < self.begins_us or not self.attacks(device):
                out.append(arrival)
                continue
            if device not in self._offset:
                bearing, far = self._rng.uniform(0, 2 * np.pi), self._rng.uniform(*OFFSET_M)
                self._offset[device] = float(bearing), float(far), arrival.receive_us if spoke else 0
            said = self._lie(self, device, arrival)
            if said != [arrival]:
                for one in said:
                    if self.kind != "sybil" or one is not arrival:  # who has ghosts is still where it says
                        self.lies_since_us.setdefault(one.subject.split(".")[DEVICE_AT], arrival.receive_us)
            out += said
        return sorted(out, key=lambda arrival: arrival.receive_us)

    def _moved(self, value: _Value, east_m: float, north_m: float) -> _Value:
        lon, lat = value["pos"]["long"] / 1e7, value["pos"]["lat"] / 1e7
        x_m, y_m = self._project(lon, lat)
        lon, lat = self._project.inverse(x_m + east_m, y_m + north_m)
        return value | {"pos": value["pos"] | {"long": round(float(lon) * 1e7), "lat": round(float(lat) * 1e7)}}

    def _shifted(self, device: str, arrival: Arrival) -> list[Arrival]:
        bearing, far, since_us = self._offset[device]
        if since_us:
            far = min(far, (arrival.receive_us - since_us) / 1e6 * DRIFT_MPS)
        return [_with(arrival, self._moved(_value(arrival.payload), far * np.sin(bearing), far * np.cos(bearing)))]

    def _anywhere(self, device: str, arrival: Arrival) -> list[Arrival]:
        east, north = self._rng.uniform(-WITHIN_M, WITHIN_M, 2).tolist()
        return [_with(arrival, self._moved(_value(arrival.payload), east, north))]

    def _replayed(self, device: str, arrival: Arrival) -> list[Arrival]:
        """Say what the victim said; a victim that has left is followed by the car that is nearest then."""
        value, at_us = _value(arrival.payload), arrival.receive_us - REPLAYED_US
        past = self._past(self._victim.get(device, ""), at_us)
        if past is None:
            near = []
            for other in self._said:
                word = self._past(other, at_us) if other != device and not self.attacks(other) else None
                if word is not None:
                    apart = [word["pos"][name] - value["pos"][name] for name in ("long", "lat")]
                    near.append((float(np.hypot(*apart)), other))
            if not near:
                return [arrival]
            self._victim[device] = min(near)[1]
            past = self._past(self._victim[device], at_us)
        assert past is not None
        own = {name: value[name] for name in ("id", "msgCnt", "secMark", "size", "vehicleClass")}
        return [_with(arrival, past | own)]

    def _past(self, device: str, at_us: int) -> _Value | None:
        """Return what a car said last before an instant, None where it has not spoken then."""
        said = self._said.get(device, ())
        for then_us, payload in reversed(said):
            if then_us <= at_us:
                return _value(payload) if at_us - then_us < 150_000 else None
        return None

    def _standing(self, device: str, arrival: Arrival) -> list[Arrival]:
        value = _value(arrival.payload)
        if device not in self._stopped:
            if value["speed"] * _SPEED < STOP_FROM_MPS:
                return [arrival]
            still = {"long": 0, "lat": 0, "vert": 0, "yaw": 0}
            self._stopped[device] = {"pos": value["pos"], "heading": value["heading"], "speed": 0, "accelSet": still}
        return [_with(arrival, value | self._stopped[device])]

    def _many(self, device: str, arrival: Arrival) -> list[Arrival]:
        value = _value(arrival.payload)
        heading = np.radians(value["heading"] * 0.0125)
        out = [arrival]
        for k, ahead_m in enumerate(GHOST_PLACES_M):
            name = f"X{int(device[1:]) % 1_000_000:06d}{k}"
            east, north, faster, turned = self._rng.standard_normal(4).tolist()
            ghost = self._moved(
                value, ahead_m * np.sin(heading) + east * GHOST_SD_M, ahead_m * np.cos(heading) + north * GHOST_SD_M
            )
            if value["speed"] > 0:
                ghost["speed"] = min(max(value["speed"] + round(faster * GHOST_SD_MPS / _SPEED), 0), 8190)
                ghost["heading"] = (value["heading"] + round(turned * GHOST_SD_DEG / 0.0125)) % 28_800
            subject = arrival.subject.replace(device, name)
            out.append(Arrival(arrival.receive_us, subject, _frame(ghost | {"id": name.encode()})))
        return out

    def _often(self, device: str, arrival: Arrival) -> list[Arrival]:
        value = _value(arrival.payload)
        return [
            Arrival(
                arrival.receive_us + k * APART_US,
                arrival.subject,
                _frame(value | {"msgCnt": (TIMES * value["msgCnt"] + k) % 128}),
            )
            for k in range(TIMES)
        ]


def _value(payload: bytes) -> _Value:
    value: _Value = csae.decode(payload)[1]
    return value


def _frame(value: _Value) -> bytes:
    return csae.encode("bsmFrame", value)


def _with(arrival: Arrival, value: _Value) -> Arrival:
    return Arrival(arrival.receive_us, arrival.subject, _frame(value))


KINDS: dict[str, Callable[[Attack, str, Arrival], list[Arrival]]] = {
    "constant_offset": Attack._shifted,
    "random_position": Attack._anywhere,
    "replay": Attack._replayed,
    "sudden_stop": Attack._standing,
    "sybil": Attack._many,
    "denial_of_service": Attack._often,
}
"""The classes of attack by name."""
