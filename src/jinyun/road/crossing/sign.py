"""What the sign of a smart crossing shows (发光标志状态): people, people and a car, nothing — or that it cannot know.

``dark`` says only that nobody was seen by a sensor that is alive; no state of the sign says that it is safe to go. When the
unit falls silent, when its clock stands still or when it repeats one picture, the sign says so, and stays so until the unit
has spoken without a gap for a while.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from jinyun.road.crossing.people import People, Person
from jinyun.road.crossing.place import Place
from jinyun.road.seen import Look
from jinyun.shapes import Kind
from jinyun.zone import Profile

EDGE_M = 0.3
"""Who walks along on the kerb's edge seems to be now this side of it, now that: on the road is who is so far beyond."""
FORESEEN_M = 0.15
"""Who will be so far beyond it steps out."""
LOOKS_AHEAD = 5
TURNS_MPS = 0.2
"""Who is slower along the crossing may go to either kerb."""
FROZEN_LOOKS = 5
"""The same places, to the last digit, so often in a row are one old picture: every sensor's places tremble."""
AHEAD_M = 6.0
"""People farther from the kerb are not looked at."""


class Shows(StrEnum):
    """What the sign shows."""

    FAULT = "fault"
    DARK = "dark"
    PEOPLE = "people"
    CAR = "car"
    """People, and a car that comes."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of the zone's profile that a crossing goes by."""

    near_m: float
    beside_m: float
    ahead_s: float
    stands_mps: float
    hits: float
    keep_s: float
    hold_s: float
    silent_s: float
    recover_s: float
    car_s: float
    car_m: float

    @classmethod
    def of(cls, profile: Profile) -> Rules:
        return cls(**{name: profile[f"road.crossing.{name}"].value for name in cls.__slots__})


@dataclass(frozen=True, slots=True)
class State:
    """One crossing at one instant."""

    id: str
    shows: Shows
    t_us: int
    since_us: int
    """Since when it shows this."""
    waiting: int
    crossing: int
    car_s: float
    """Seconds until the first car is there, NaN where none comes."""
    reason: str
    """Why it cannot know: ``start``, ``silent``, ``clock``, ``frozen``; empty where it can."""
    event_us: int
    """When the newest look was measured, by the unit's clock."""
    receive_us: int


@dataclass
class Crossing:
    """One smart crossing at work: :meth:`take` what its unit sees, ask :meth:`state`."""

    place: Place
    rules: Rules
    people: People = field(init=False)
    _cars: list[tuple[float, int]] = field(default_factory=list)  # (seconds to the crossing, event_us)
    _heard_us: int = 0
    _event_us: int = 0
    _moved_us: int = 0
    _gap_us: int = 0
    _same: int = 0
    _print: bytes = b""
    _need_us: int = 0
    _shown: State | None = None
    _fault: str = "start"

    def __post_init__(self) -> None:
        x, y = self.place.middle
        within = self.place.length_m / 2 + AHEAD_M
        self.people = People(x, y, within, round(self.rules.keep_s * 1e6))

    def take(self, look: Look) -> None:
        """Note one message of the unit; messages of other units are not for this crossing."""
        if look.unit != self.place.unit:
            return
        now_us, silent_us = look.receive_us, round(self.rules.silent_s * 1e6)
        if not self._heard_us or now_us - self._heard_us > silent_us:
            self._gap_us = now_us
        self._heard_us = max(self._heard_us, now_us)
        event_us = look.event_us or now_us
        if event_us > self._event_us or self._event_us - event_us > 60_000_000:
            self._moved_us = now_us  # its clock goes
            self._event_us = event_us
        print_ = look.rows[["x_m", "y_m"]].tobytes() if len(look.rows) else b""
        self._same = self._same + 1 if print_ and print_ == self._print else 0
        self._print = print_
        if self._same >= FROZEN_LOOKS:
            self._gap_us = now_us
        self.people.take(look.rows, event_us)
        self.people.forget(event_us)
        for person in self.people.here.values():
            self._mark(person)
        self._note_cars(look, event_us)

    def _note_cars(self, look: Look, event_us: int) -> None:
        """Note when each vehicle that this message holds would be at the crossing, going straight on as it does."""
        rows = look.rows[(look.rows["kind"] == Kind.MOTOR) & (look.rows["speed_mps"] > 1.0)]
        rows = rows[np.isfinite(rows["heading_rad"])]
        self._cars = [car for car in self._cars if event_us - car[1] <= 300_000]
        if not len(rows):
            return
        vx, vy = rows["speed_mps"] * np.sin(rows["heading_rad"]), rows["speed_mps"] * np.cos(rows["heading_rad"])
        along, across = self.place.local(rows["x_m"], rows["y_m"])
        v_along, v_across = self.place.turned(vx, vy)
        with np.errstate(divide="ignore", invalid="ignore"):
            front = np.nan_to_num(rows["length_m"]) / 2 + self.place.half_width_m
            seconds = (np.abs(across) - front) / np.abs(v_across)
            meets = along + v_along * np.maximum(seconds, 0.0)
        comes = (across * v_across < 0) | (np.abs(across) < front)
        comes &= (meets > 0) & (meets < self.place.length_m) & (np.abs(across) <= self.rules.car_m)
        self._cars += [(max(float(s), 0.0), event_us) for s in seconds[comes & (seconds <= self.rules.car_s)]]

    def _mark(self, person: Person) -> None:
        """Keep since when a person stands at the kerb."""
        if self._stands_near(person):
            person.near_us = person.near_us or person.event_us
        else:
            person.near_us = 0

    def _before_kerb(self, person: Person) -> tuple[float, float, float, float]:
        """Return (metres to the nearer kerb, speed towards it, offset across, its rate); negative metres are on the road."""
        place = self.place
        dx, dy, vx, vy = person.x_m - place.x_m, person.y_m - place.y_m, person.vx_mps, person.vy_mps
        along, across = dx * place.east + dy * place.north, dx * place.north - dy * place.east
        v_along, v_across = vx * place.east + vy * place.north, vx * place.north - vy * place.east
        if along <= self.place.length_m / 2:
            return -along, v_along, across, v_across
        return along - self.place.length_m, -v_along, across, v_across

    def _stands_near(self, person: Person) -> bool:
        metres, _, across, _ = self._before_kerb(person)
        slow = math.hypot(person.vx_mps, person.vy_mps) < self.rules.stands_mps
        return slow and -EDGE_M <= metres <= self.rules.near_m and self._beside(across)

    def _beside(self, across: float) -> bool:
        return abs(across) <= self.place.half_width_m + self.rules.beside_m

    def on_road(self, person: Person) -> bool:
        """Return whether a person is on the carriageway of the crossing."""
        metres, _, across, _ = self._before_kerb(person)
        return metres < -EDGE_M and self._beside(across)

    def steps_out(self, person: Person) -> bool:
        """Return whether a person will be on the road within moments, going on as now, or stands at the kerb."""
        metres, toward, across, drift = self._before_kerb(person)
        if self.on_road(person):
            return False
        if self._stands_near(person):
            return True
        for k in range(1, LOOKS_AHEAD + 1):
            seconds = self.rules.ahead_s * k / LOOKS_AHEAD
            if metres - toward * seconds < -FORESEEN_M and self._beside(across + drift * seconds):
                return True
        return False

    def needs_s(self, walks_mps: float) -> float:
        """Return how long the last of those on the road needs to the kerb it walks to, at ``walks_mps`` at least."""
        longest = 0.0
        for person in self.believed():
            if self.on_road(person):
                metres, toward, _, _ = self._before_kerb(person)
                back, on = -metres, self.place.length_m + metres
                metres_left = max(back, on) if abs(toward) < TURNS_MPS else on if toward > 0 else back
                longest = max(longest, metres_left / walks_mps)
        return longest

    def believed(self) -> list[Person]:
        """Return those who were seen often enough to be no invention of a sensor."""
        return [one for one in self.people.here.values() if one.hits >= self.rules.hits]

    def state(self, now_us: int) -> State:
        """Return what the sign shows at ``now_us`` (the road's clock)."""
        shown = self._shown
        people = self.believed()
        crossing = sum(self.on_road(one) for one in people)
        waiting = sum(self.steps_out(one) for one in people)
        if crossing or waiting:
            self._need_us = now_us
        fault = self._what_is_wrong(now_us)
        car_s = min((seconds for seconds, _ in self._cars), default=float("nan"))
        if fault:
            shows = Shows.FAULT
        elif self._need_us and now_us - self._need_us <= self.rules.hold_s * 1e6:
            shows = Shows.CAR if np.isfinite(car_s) else Shows.PEOPLE
        else:
            shows = Shows.DARK
        since = shown.since_us if shown is not None and shown.shows == shows else now_us
        known = not fault
        self._shown = State(
            self.place.id, shows, now_us, since, waiting if known else 0, crossing if known else 0,
            car_s if known else float("nan"), fault, self._event_us, self._heard_us,
        )  # fmt: skip
        return self._shown

    def _what_is_wrong(self, now_us: int) -> str:
        silent_us, recover_us = self.rules.silent_s * 1e6, self.rules.recover_s * 1e6
        if not self._heard_us:
            return "start"
        if now_us - self._heard_us > silent_us:
            self._fault = "silent"
        elif now_us - self._moved_us > silent_us:
            self._fault = "clock"
            self._gap_us = now_us
        elif self._same >= FROZEN_LOOKS:
            self._fault = "frozen"
        elif self._fault and now_us - self._gap_us >= recover_us:
            self._fault = ""
        return self._fault
