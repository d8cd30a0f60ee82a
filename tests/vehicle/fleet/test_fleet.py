"""A line's fleet: gaps grow even, seats are never exceeded, charge is what physics says, reports tell what happened."""

from __future__ import annotations

import heapq
import math
from collections import deque
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.hdmap import Map
from jinyun.vehicle.fleet.boarding import DOORS_S, Cabin, Waiting, doors_s
from jinyun.vehicle.fleet.dispatch import FULL_SHARE, Ready, Yard, dispatch
from jinyun.vehicle.fleet.energy import AUXILIARY_KW, CAPACITY_KWH, Battery, power_kw
from jinyun.vehicle.fleet.timetable import MOST_HELD_S, Timetable, hold_s, timetable
from jinyun.vehicle.fleet.trips import Conductor, Limits, Trip
from jinyun.vehicle.shuttle.body import FRONT_M, Pose
from jinyun.vehicle.shuttle.driving import Shuttle
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.zone import Zone


def plan(vehicles: int = 3, round_s: float = 900.0, stops: int = 9) -> Timetable:
    return Timetable(0.0, round_s / vehicles, round_s, np.arange(stops) * round_s / stops)


def test_vehicles_that_bunch_are_spread_again_by_waiting_at_stops() -> None:
    rng, line = np.random.default_rng(3), plan()
    late = 50_000.0  # nobody is early: only the gap makes anybody wait
    left: dict[int, float] = {}
    waiting = [(late + 40.0 * k, k, 0) for k in range(3)]  # bunched: all within 80 s, on a round of 900 s
    gaps: list[float] = []
    while len(gaps) < 120:
        heapq.heapify(waiting)
        ready, vehicle, stop = heapq.heappop(waiting)
        gap = ready - left.get(stop, -math.inf)
        leaves = ready + hold_s(line, 0, stop, ready, gap)
        if stop == 0 and 0 in left:
            gaps.append(leaves - left[0])
        left[stop] = leaves
        waiting.append((leaves + 75 + rng.normal(0, 6) + 25, vehicle, (stop + 1) % 9))
    assert min(gaps[:3]) < 120.0
    assert min(gaps[-30:]) > 200.0
    assert max(gaps[-30:]) < 420.0


@given(st.floats(-1000, 10_000), st.floats(0, 2000))
def test_nobody_is_held_for_longer_than_the_limit_nor_less_than_not(now: float, gap: float) -> None:
    assert 0.0 <= hold_s(plan(), 2, 4, now, gap) <= MOST_HELD_S


def test_an_early_vehicle_waits_for_its_time() -> None:
    line = plan()
    assert hold_s(line, 1, 0, line.due_s(1, 0) - 20.0, math.inf) == pytest.approx(20.0)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 30)), max_size=40), st.integers(1, 12))
def test_seats_are_never_exceeded_and_nobody_is_lost(visits: list[tuple[int, int]], seats: int) -> None:
    cabin, off_all, on_all = Cabin(9, seats), 0, 0
    for stop, waiting in visits:
        queue = deque((0.0, 1 + k % 6) for k in range(waiting))
        off, on = cabin.serve(stop, queue)
        off_all, on_all = off_all + off, on_all + on
        assert len(cabin.aboard) <= seats
        assert len(queue) == waiting - on
        assert on_all - off_all == len(cabin.aboard)
        assert all(goal != stop or on for goal in cabin.aboard)


def test_people_come_as_often_as_said() -> None:
    waiting = Waiting([30.0] * 4, np.random.default_rng(1))
    came = 0
    for k in range(36_000):
        waiting.until(k * 1.0)
        for queue in waiting.queues:
            came += len(queue)
            queue.clear()
    assert came == pytest.approx(4 * 30 * 10, rel=0.1)


def test_doors_stay_open_longer_for_more_people() -> None:
    assert doors_s(0, 0) == DOORS_S
    assert doors_s(2, 3) > doors_s(2, 2) > doors_s(1, 2)


def test_power_is_what_the_forces_on_the_vehicle_say() -> None:
    assert power_kw(0.0, 0.0, 0) == AUXILIARY_KW
    # 10 m/s on the level: rolling 3200 * 9.81 * 0.011 N, air 0.5 * 1.2 * 0.62 * 2.06 * 2.65 * 100 N.
    force = 3200 * 9.81 * 0.011 + 0.5 * 1.2 * 0.62 * 2.06 * 2.65 * 100
    assert power_kw(10.0, 0.0, 0) == pytest.approx(force * 10 / 1000 / 0.86 + AUXILIARY_KW, rel=1e-6)
    assert power_kw(10.0, -1.2, 0) < 0  # braking charges
    assert power_kw(10.0, 0.5, 10) > power_kw(10.0, 0.5, 0)


def test_charging_by_braking_never_gives_back_what_speeding_up_took() -> None:
    battery = Battery(20.0)
    for accel in (1.0, -1.0):
        for k in range(10):
            speed = k + 0.5 if accel > 0 else 9.5 - k
            battery.drive(speed, accel, 4, 1.0)
    assert battery.kwh < 20.0


def test_the_vehicle_that_waited_longest_leaves_and_the_emptiest_charges_first() -> None:
    full, low, lower = Battery(30.0), Battery(7.0), Battery(6.9)
    ready = [Ready("A", full, 50.0), Ready("B", low, 10.0), Ready("C", lower, 20.0), Ready("D", Battery(29.0), 40.0)]
    sent = dispatch(ready, 2.0, charging=1, places=2)
    assert sent.leaves == "D"
    assert sent.charges == ("C",)
    assert dispatch([Ready("B", low, 10.0)], 2.0, 2, 2).leaves is None
    assert CAPACITY_KWH > 30


def test_who_cannot_do_a_round_charges_waits_for_a_pile_and_leaves_when_it_is_full_enough() -> None:
    yard = Yard(places=1, power_kw=60.0)
    first, second, strong = Battery(8.0), Battery(8.5), Battery(30.0)
    assert yard.goes_on("A", strong, 4.0, 0.0)
    assert not yard.goes_on("B", first, 4.0, 0.0)
    assert not yard.goes_on("C", second, 4.0, 1.0)
    assert (set(yard.charging), set(yard.waiting)) == ({"B"}, {"C"})
    left: dict[str, float] = {}
    for second_ in range(2, 6000):
        leaves = yard.tick(4.0, float(second_), 1.0)
        assert len(yard.charging) <= 1
        if leaves is not None:
            left[leaves] = float(second_)
    full = FULL_SHARE * CAPACITY_KWH
    assert list(left) == ["B", "C"]
    assert left["B"] == pytest.approx((full - 8.0) / 60.0 * 3600, abs=3.0)  # one pile gives 60 kWh in an hour
    assert left["C"] - left["B"] == pytest.approx((full - 8.5) / 60.0 * 3600, abs=3.0)
    assert min(first.kwh, second.kwh) >= full
    assert (yard.charging, yard.waiting) == ({}, {})


@pytest.mark.parametrize(("kwh", "charges"), [(30.0, False), (8.0, True)])
def test_at_the_first_stop_a_vehicle_goes_on_or_lets_all_out_and_charges(
    here: Zone, precise_map: Map, loop: Guideline, kwh: float, charges: bool
) -> None:
    shuttle = Shuttle(precise_map, loop, here.project, loop.halts[0].s_m - FRONT_M)
    plan, yard = timetable(loop, 3, 25.0), Yard(1, 60.0)
    waiting = Waiting([60.0] * len(loop.halts), np.random.default_rng(1))
    conductor = Conductor("L1-1", shuttle, plan, waiting, 25.0, {}, Limits(), yard)
    pose, now_s = Pose(0.0, 0.0, 0.0, 0.0), 0.0
    for served in range(len(loop.halts) + 1):  # a round, as from stop to stop
        conductor.tick(now_s, pose, 0.1)  # it comes
        shuttle.docked_s = now_s
        if served == len(loop.halts):
            conductor.battery.kwh = kwh
        for _ in range(1500):
            now_s += 0.1
            conductor.tick(now_s, pose, 0.1)
            if shuttle.docked_s is None or conductor.charges:
                break
    assert conductor.charges is charges
    assert len(conductor.trips) == 1
    assert ("L1-1" in yard.charging) is charges
    if charges:
        assert conductor.cabin.aboard == []
        fresh = Shuttle(precise_map, loop, here.project, loop.halts[0].s_m - FRONT_M)
        conductor.battery.kwh = 31.0
        conductor.resume(fresh)
        fresh.docked_s = now_s
        conductor.tick(now_s + 0.1, pose, 0.1)
        assert conductor.trip is not None and not conductor.charges


def test_a_trip_tells_how_empty_it_was() -> None:
    trip = Trip("L1-1", "L1", 4, 0.0, 900.0, metres=4000.0, moving_s=600.0, comfortable_s=597.0, late_s=[10.0, 300.0],
                boarded=12, passenger_m=8000.0, seat_m=40_000.0, kwh=3.0, takeovers=["blocked"])  # fmt: skip
    told = trip.report()
    assert told["passengers_per_km"] == 3.0
    assert told["empty_share"] == 0.8
    assert told["mean_load"] == 2.0
    assert told["comfort_share"] == 0.995
    assert told["punctual_share"] == 0.5
    assert told["takeover_reasons"] == ["blocked"]
    assert told["simulated"] is True


def test_a_trip_without_a_metre_tells_nothing_instead_of_dividing_by_it() -> None:
    told = Trip("L1-1", "L1", 0, 0.0).report()
    assert told["passengers_per_km"] is None
    assert told["empty_share"] is None
    assert SimpleNamespace(**told).comfort_share is None
