"""Running a line and its trip reports (行程报告): a shuttle is held at stops and let go, and each round is told in figures.

What is told: comfort (the share of driving within the limits for people who stand), punctuality at stops, takeovers,
passengers carried, passengers and seats per kilometre (emptiness is told as it is), energy.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

from jinyun.vehicle.fleet.boarding import Cabin, Waiting, doors_s
from jinyun.vehicle.fleet.dispatch import Yard
from jinyun.vehicle.fleet.energy import Battery
from jinyun.vehicle.fleet.timetable import Timetable, hold_s
from jinyun.vehicle.shuttle.body import Pose
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.zone.profile import Profile

USUAL_ROUND_KWH = 4.0
"""What a round is taken to need before one was driven."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a trip is judged by, as the zone's profile says (``shuttle.toml``)."""

    accel_mps2: float = 1.5
    jerk_mps3: float = 1.5
    lateral_mps2: float = 1.5
    early_s: float = 60.0
    late_s: float = 180.0

    @classmethod
    def of(cls, profile: Profile) -> Limits:
        """Return the limits of a profile; raises ``KeyError`` where it lacks one."""
        names = ("comfort_accel_mps2", "comfort_jerk_mps3", "comfort_lateral_mps2", "early_s", "late_s")
        return cls(*(profile[f"shuttle.{name}"].value for name in names))

    def comfortable(self, accel_mps2: float, jerk_mps3: float, lateral_mps2: float) -> bool:
        """Return whether people who stand can stand this."""
        return (
            abs(accel_mps2) <= self.accel_mps2
            and abs(jerk_mps3) <= self.jerk_mps3
            and abs(lateral_mps2) <= self.lateral_mps2
        )


@dataclass(slots=True)
class Trip:
    """One round."""

    vehicle: str
    line: str
    trip: int
    begin_s: float
    end_s: float = math.nan
    metres: float = 0.0
    moving_s: float = 0.0
    comfortable_s: float = 0.0
    late_s: list[float] = field(default_factory=list)
    boarded: int = 0
    passenger_m: float = 0.0
    seat_m: float = 0.0
    kwh: float = 0.0
    takeovers: list[str] = field(default_factory=list)
    limits: Limits = field(default_factory=Limits)

    def report(self) -> dict[str, Any]:
        """Return the trip's report; a figure that nothing was measured for is None."""
        km = self.metres / 1000
        on_time = [-self.limits.early_s <= late <= self.limits.late_s for late in self.late_s]

        def per(value: float, of: float) -> float | None:
            return round(value / of, 3) if of > 0 else None

        return {
            "vehicle": self.vehicle, "line": self.line, "trip": self.trip, "begin_s": round(self.begin_s, 1),
            "end_s": None if math.isnan(self.end_s) else round(self.end_s, 1), "km": round(km, 3),
            "comfort_share": per(self.comfortable_s, self.moving_s), "punctual_share": per(sum(on_time), len(on_time)),
            "worst_delay_s": round(max(self.late_s), 1) if self.late_s else None, "passengers": self.boarded,
            "passengers_per_km": per(self.boarded, km), "mean_load": per(self.passenger_m, self.metres),
            "empty_share": None if self.seat_m <= 0 else round(1 - self.passenger_m / self.seat_m, 3),
            "kwh_per_km": per(self.kwh, km), "takeovers": len(self.takeovers), "takeover_reasons": sorted(self.takeovers),
            "simulated": True,
        }  # fmt: skip


class Conductor:
    """Runs one shuttle on its line: :meth:`tick` after each step of driving."""

    def __init__(
        self, id: str, shuttle: Shuttle, plan: Timetable, waiting: Waiting, dwell_s: float, left_s: dict[int, float],
        limits: Limits, yard: Yard | None = None,
    ) -> None:  # fmt: skip
        """``left_s`` is shared by the vehicles of a line: when one last left each stop; ``yard`` is where they charge."""
        self._limits = limits
        self.id, self._shuttle, self._plan, self._waiting = id, shuttle, plan, waiting
        self._dwell_s, self._left_s = dwell_s, left_s
        self.cabin, self.battery = Cabin(len(shuttle.line.halts)), Battery()
        self.first = shuttle.halt
        self.trips: deque[Trip] = deque(maxlen=64)
        self.trip: Trip | None = None
        self.number = 0
        self._leave_s = math.nan
        self._at_m = shuttle.odometer_m
        self._accel = 0.0
        self._takeovers = 0
        self._before = (0.0, 0.0, 0, 0.0)
        self._yard = yard
        self.charges = False
        """Whether it has left the line to charge; who runs the street takes it off and brings it back by :meth:`resume`."""

    @property
    def round_kwh(self) -> float:
        """What a round takes: the most that one of the last ones took."""
        return max((trip.kwh for trip in self.trips), default=USUAL_ROUND_KWH)

    def resume(self, shuttle: Shuttle) -> None:
        """Drive on with a charged battery, as ``shuttle``, which has just been put on the street."""
        self._shuttle, self.charges, self.trip = shuttle, False, None
        self._leave_s, self._at_m, self._takeovers = math.nan, shuttle.odometer_m, 0

    def tick(self, now_s: float, pose: Pose, seconds: float) -> None:
        """Take ``seconds`` of driving; serve the stop where the shuttle stands at one, and let it go in time."""
        shuttle = self._shuttle
        if self.charges:
            return
        metres = max(shuttle.odometer_m - self._at_m, 0.0)
        self._at_m = shuttle.odometer_m
        self.cabin.moved(metres)
        self.battery.drive(pose.speed_mps, pose.accel_mps2, len(self.cabin.aboard), seconds)
        self._waiting.until(now_s)
        if self.trip is not None:
            self._note(pose, metres, seconds)
        if shuttle.docked_s is None:
            self._leave_s = math.nan
            return
        if math.isnan(self._leave_s):
            self._serve(now_s)
        elif now_s >= self._leave_s:
            self._left_s[shuttle.halt] = now_s
            if self.trip is not None:
                self.trip.late_s.append(now_s - self._plan.due_s(self.number, shuttle.halt))
            shuttle.depart()

    def _serve(self, now_s: float) -> None:
        stop = self._shuttle.halt
        if stop == self.first and self.trip is not None and not self._goes_on(now_s):
            return
        off, on = self.cabin.serve(stop, self._waiting.queues[stop])
        if stop == self.first or self.trip is None:
            self._round(now_s)
        self._leave_s = now_s + max(self._dwell_s, doors_s(off, on))
        gap = self._leave_s - self._left_s.get(stop, -math.inf)
        self._leave_s += hold_s(self._plan, self.number, stop, self._leave_s, gap)

    def _goes_on(self, now_s: float) -> bool:
        """Return whether another round follows; else all get out, and the vehicle leaves the line to charge."""
        if self._yard is None or self._yard.goes_on(self.id, self.battery, self.round_kwh, now_s):
            return True
        self.cabin.aboard = []  # others go on with the next vehicle
        self._close(now_s)
        self.charges = True
        return False

    def _round(self, now_s: float) -> None:
        self._close(now_s)
        # The trip whose first departure is the next: a vehicle that is more than a headway late takes a later one.
        due = (
            now_s + self._dwell_s - self._plan.begin_s - float(self._plan.offset_s[self.first])
        ) / self._plan.headway_s
        self.number = round(due)
        self.trip = Trip(self.id, self._shuttle.line.line, self.number, now_s, limits=self._limits)
        self._before = (self.cabin.passenger_m, self.cabin.seat_m, self.cabin.boarded, self.battery.used_kwh)
        self._takeovers = len(self._shuttle.modes.takeovers)

    def _close(self, now_s: float) -> None:
        """End the round."""
        if self.trip is not None:
            self._sum(self.trip)
            self.trip.end_s = now_s
            self.trips.append(self.trip)
            self.trip = None

    def _sum(self, trip: Trip) -> None:
        """Enter what has come together since the trip began."""
        passenger_m, seat_m, boarded, used = self._before
        trip.boarded = self.cabin.boarded - boarded
        trip.passenger_m, trip.seat_m = self.cabin.passenger_m - passenger_m, self.cabin.seat_m - seat_m
        trip.kwh = self.battery.used_kwh - used
        trip.takeovers = [one.reason for one in self._shuttle.modes.takeovers[self._takeovers :]]

    def _note(self, pose: Pose, metres: float, seconds: float) -> None:
        trip = self.trip
        assert trip is not None
        jerk = (pose.accel_mps2 - self._accel) / max(seconds, 1e-6)
        self._accel = pose.accel_mps2
        trip.metres += metres
        self._sum(trip)
        if pose.speed_mps > 0.01:
            trip.moving_s += seconds
            lateral = pose.speed_mps * pose.yaw_rps
            trip.comfortable_s += seconds * self._limits.comfortable(pose.accel_mps2, jerk, lateral)
