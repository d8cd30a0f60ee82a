"""Vehicles at stop lines against the light that is told, and from lane to lane against the MAP: drawn drives at a junction.

At A2 phase 4 (from the south) is green from 11 to 42 s, yellow to 45 s, then red to 103 s; phase 6 is red to 65 s.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from jinyun.cloud.quality.layout import Ground, Way
from jinyun.cloud.quality.received import MapHeard
from jinyun.cloud.quality.truth import SignalTruth
from jinyun.hdmap import Turn
from jinyun.net import csae
from jinyun.shapes import TRACK, Finding, Frame, Kind, Light
from tests.cloud.quality.lamps import START_US, Columns, Lamps, kept, map_values, numbered, row_of, spat, told, truth_of
from tests.hdmap.reference import reference

UNIT = "RSU-A2"
FIELD = "node 0/3"
SPEED_MPS = 10.0
GREEN_S, RED_S = 30.0, 60.0


def ways(phase: int, turn: int = Turn.STRAIGHT) -> list[Way]:
    """Return the ways of cars under a phase of A2."""
    _, map = reference()
    found = [way for way in Ground(map).ways(map.junction_row("A2")) if not way.bicycle and not way.walkers]
    return [way for way in found if way.phase == phase and way.turn == turn]


@dataclass
class Drive:
    """A vehicle on a way: its front is at the stop line at ``at_s``; it may stand inside for a while, or waver at the line."""

    id: int
    way: Way
    at_s: float
    stands_from_s: float = np.inf
    stands_s: float = 0.0
    classification: int = 10

    def __post_init__(self) -> None:
        _, map = reference()
        before, after = map.lane_line(self.way.lane), map.lane_line(self.way.onto[0])
        assert self.way.line is not None
        line = np.concatenate([before, self.way.line[1:-1], after])
        line = line[np.concatenate([[True], np.hypot(*np.diff(line, axis=0).T) > 0.01])]
        self._s = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
        self._line = line
        length = float(np.hypot(*np.diff(before, axis=0).T).sum())
        self._stop_s = (
            length - 1.0 - 2.375
        )  # of the middle, when the front is at the stop line 1 m before the lane's end

    def at(self, t_s: float) -> tuple[float, float, float, float] | None:
        """Return (x, y, heading, speed), None before it is near and after it is gone."""
        standing = min(max(t_s - self.at_s - self.stands_from_s, 0.0), self.stands_s)
        s = self._stop_s + (t_s - self.at_s - standing) * SPEED_MPS
        if not self._stop_s - 60 < s < min(self._s[-1], self._stop_s + 110):
            return None
        x, y = (float(np.interp(s, self._s, self._line[:, k])) for k in (0, 1))
        k = int(np.clip(np.searchsorted(self._s, s), 1, len(self._s) - 1))
        step = self._line[k] - self._line[k - 1]
        return x, y, float(np.arctan2(step[0], step[1])), 0.0 if 0.0 < standing < self.stands_s else SPEED_MPS


def tracks(drives: Sequence[Drive], t_s: float) -> Any:
    rows = [(drive, place) for drive in drives if (place := drive.at(t_s)) is not None]
    table = np.zeros(len(rows), TRACK)
    for row, (drive, (x, y, heading, speed)) in zip(table, rows, strict=True):
        row["id"], row["kind"], row["classification"], row["length_m"] = (
            drive.id,
            Kind.MOTOR,
            drive.classification,
            4.75,
        )
        row["x_m"], row["y_m"], row["heading_rad"], row["speed_mps"] = x, y, heading, speed
    return table


def street(
    drives: Sequence[Drive],
    from_s: int,
    to_s: int,
    truth: SignalTruth | None = None,
    maps: Callable[[Lamps, int, int], list[MapHeard]] | None = None,
    change: Callable[[Any, float], Any] = lambda table, t_s: table,
    told_at: Callable[[float], bool] = lambda t_s: True,
    lamps: Lamps | None = None,
) -> tuple[list[Finding], SignalTruth]:
    """Run lights and vehicles together, ten times a second; return what was found."""
    lamps = lamps or Lamps([UNIT])
    truth = truth or truth_of(lamps)
    found: list[Finding] = []
    for second in range(from_s, to_s):
        columns, sent, source = lamps.columns(second)
        for step in range(10):
            t_us = START_US + second * 1_000_000 + step * 100_000
            part: tuple[Columns, Any, Any] = kept(columns, sent, source, np.arange(10) == step)
            heard = [] if step else (lamps.maps(t_us) if maps is None else maps(lamps, second, t_us))
            spats = [spat(*part)] if told_at(second + step / 10) else []
            found += truth.take(spats, heard, t_us + 20_000)
            table = change(tracks(drives, second + step / 10), second + step / 10)
            found += truth.frame(Frame(0, t_us + 30_000, table, np.empty(0)))
    return found, truth


def crossed(truth: SignalTruth, phase: int) -> dict[str, int]:
    station = truth.summary()["stations"][0]
    return dict(next(p["crossed_on"] for p in station["phases"] if p["phase"] == phase))


def spread(
    n: int, at_s: float, phase: int = 4, turn: int = Turn.STRAIGHT, first: int = 1, every_s: float = 1.5
) -> list[Drive]:
    """Return vehicles on the ways of a phase in turn, one after another."""
    of = ways(phase, turn)
    return [Drive(first + k, of[k % len(of)], at_s + every_s * k) for k in range(n)]


def test_vehicles_on_green_raise_nothing_and_are_counted() -> None:
    found, truth = street(spread(12, 16), 0, 45)
    assert found == [] and crossed(truth, 4) == {"green": 12}


def test_many_on_red_show_that_the_data_is_wrong() -> None:
    found, truth = street(spread(12, 50), 30, 90)
    assert told(found) == {("signal.observed", f"rsu/{UNIT}", f"{FIELD} phase 4")}
    assert "10 of the last 10 vehicles crossed its stop lines on red" in found[0].reason
    assert crossed(truth, 4) == {"red": 12}


@pytest.mark.parametrize(("red", "rule"), [(3, "signal.observed"), (2, "driving.red_light"), (0, "")])
def test_a_quarter_on_red_is_the_data_a_sixth_is_drivers(red: int, rule: str) -> None:
    """Shares are shares: a peer divides whole numbers, and sees a quarter only when it is all."""
    drives = spread(12 - red, 16) + spread(red, 50, first=100)
    found, truth = street(drives, 0, 70)
    assert (found[-1].rule if found else "") == rule
    assert crossed(truth, 4) == {"green": 12 - red} | ({"red": red} if red else {})
    assert all(one.field == f"{FIELD} phase 4" for one in found)


def test_few_are_not_judged_by() -> None:
    found, truth = street(spread(5, 50), 30, 75)
    assert found == [] and crossed(truth, 4) == {"red": 5}


def test_crossings_near_a_change_are_nobodys_fault() -> None:
    drives = [Drive(k, way, 45.0 + 0.05 * k) for k, way in enumerate(ways(4) * 4, 1)]
    found, truth = street(drives, 30, 60)
    assert found == [] and crossed(truth, 4).get("red", 0) == 0


def test_right_turns_on_a_full_red_light_are_allowed() -> None:
    found, truth = street(spread(14, 50, turn=Turn.RIGHT), 30, 95)
    assert found == [] and crossed(truth, 4) == {}


def test_who_stops_again_inside_waits_there_by_right() -> None:
    """A waiting area beyond the stop line (待转区): in on red, out on green."""
    drives = [Drive(k, way, 85.0 + 0.3 * k, 0.8, 24.0) for k, way in enumerate(ways(4) * 5, 1)][:12]
    found, truth = street(drives, 70, 125)
    assert found == [] and crossed(truth, 4).get("red", 0) == 0


def test_emergency_vehicles_are_not_counted() -> None:
    drives = [Drive(k, way, 50.0 + 1.5 * k, classification=66) for k, way in enumerate(ways(4) * 5, 1)][:12]
    found, truth = street(drives, 30, 85)
    assert found == [] and crossed(truth, 4) == {}


def test_one_that_stands_at_the_line_and_wavers_across_it_passes_nothing() -> None:
    drive = Drive(1, ways(4)[0], 40.0, 0.0, 100.0)
    rng = np.random.default_rng(2)

    def waver(table: Any, t_s: float) -> Any:
        for name in ("x_m", "y_m"):
            table[name] += rng.normal(0, 0.6, len(table))
        table["speed_mps"] = np.where(
            table["speed_mps"] == 0, np.abs(rng.normal(0, 0.2, len(table))), table["speed_mps"]
        )
        return table

    found, truth = street([drive], 35, 95, change=waver)
    assert found == [] and sum(crossed(truth, 4).values()) <= 1


def test_a_track_without_heading_disturbs_no_other() -> None:
    def blind(table: Any, t_s: float) -> Any:
        more = np.zeros(len(table) + 2, TRACK)
        more[1:-1] = table
        more["kind"] = Kind.MOTOR
        more["heading_rad"][0] = more["speed_mps"][-1] = more["x_m"][-1] = np.nan
        more["id"][0], more["id"][-1] = 900, 901
        return more

    found, truth = street(spread(12, 16), 0, 45, change=blind)
    assert found == [] and crossed(truth, 4) == {"green": 12}


@pytest.mark.parametrize("light", [Light.DARK, Light.FLASHING_YELLOW, Light.UNAVAILABLE])
def test_lights_that_bind_nobody_count_for_nobody(light: Light) -> None:
    lamps = Lamps([UNIT])
    lamps.reprogram(UNIT, 4, [(0, light)])
    found, truth = street(spread(12, 50), 30, 80, lamps=lamps)
    assert found == [] and crossed(truth, 4) == {}


def test_a_light_that_is_not_told_judges_nobody() -> None:
    found, truth = street(spread(12, 50), 30, 90, told_at=lambda t_s: t_s < 48)
    assert {one.rule for one in found} <= {"spat.rate", "spat.silent"} and crossed(truth, 4) == {}


def test_a_lane_heading_north_is_crossed_by_headings_on_both_sides_of_it() -> None:
    """359 degrees and 1 degree are two degrees apart."""
    _, map = reference()
    north = min(
        (
            way
            for row in range(len(map.junctions["id"]))
            if map.junctions["steps"][row]
            for way in Ground(map).ways(row)
        ),
        key=lambda way: abs(way.heading_rad) if np.isfinite(way.heading_rad) and not way.bicycle else 9.0,
    )
    drive = Drive(1, north, 5.0)
    truth = truth_of(Lamps([UNIT]))
    rng = np.random.default_rng(3)
    assert truth.movements is not None
    for step in range(120):
        table = tracks([drive], step / 10)
        table["heading_rad"] = (table["heading_rad"] + rng.normal(0, 0.03, len(table))) % (2 * np.pi)
        truth.frame(Frame(0, START_US + step * 100_000, table, np.empty(0)))
    assert truth.movements.drives == 1


# -- ways that the MAP does not have -----------------------------------------------------------------------------------


def without(unit: str, lane: int) -> Callable[[Lamps, int, int], list[MapHeard]]:
    """Return what sends a unit's MAP in which one lane (row of the precise map) leads nowhere straight on."""
    values = copy.deepcopy(list(map_values(unit)))
    _, map = reference()
    at = map.lane_line(lane)[-1]
    for value in values:
        ref = value["nodes"][0]["refPos"]
        for link in value["nodes"][0]["inLinks"]:
            for one in link["lanes"]:
                offset = one["points"][-1]["posOffset"]["offsetLL"][1]
                place = np.array(map.project((ref["long"] + offset["lon"]) * 1e-7, (ref["lat"] + offset["lat"]) * 1e-7))
                if np.hypot(*(place.ravel() - at)) < 1.0:
                    one["connectsTo"] = [c for c in one["connectsTo"] if c["connectingLane"]["maneuver"][0][0] != 0x80]
                    if not one["connectsTo"]:
                        del one["connectsTo"]
    frames = [csae.encode("mapFrame", value) for value in values]
    return lambda lamps, second, at_us: [
        MapHeard(row_of(unit), at_us, numbered(f, (2 * second + k) % 128)) for k, f in enumerate(frames)
    ]


def test_ways_that_are_driven_but_not_in_the_map_are_told_with_their_lanes() -> None:
    way = ways(4)[0]
    drives = [Drive(k, way, 14.0 + 2.0 * k) for k in range(14)]
    found, truth = street(drives, 0, 50, maps=without(UNIT, way.lane))
    assert told(found) == {("map.connection", f"rsu/{UNIT}", FIELD)}
    _, map = reference()
    assert f"from lane {map.lanes['id'][way.lane]} drove to lane {map.lanes['id'][way.onto[0]]}" in found[0].reason
    assert found[0].reason.startswith("A2: 10 of the last 10 vehicles")
    again, _ = street(spread(14, 216 - 12), 190, 240, truth=truth)
    assert [one for one in again if one.t_us > START_US + 200_000_000] == [], (
        "a repaired map is held against what comes after"
    )


def test_ways_of_the_map_raise_nothing() -> None:
    found, truth = street([*spread(12, 16), *spread(6, 16.7, turn=Turn.RIGHT, first=50)], 0, 50)
    assert found == [] and truth.movements is not None and truth.movements.drives >= 16
