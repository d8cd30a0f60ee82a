"""Times in zones of conflict: random situations driven by an independent judge (ten thousand in the bench); refusals."""

from functools import cache

import numpy as np
import pytest

from jinyun.cloud.cooperation.reserving import Driver, Other, reserve
from jinyun.cloud.cooperation.ways import ways
from jinyun.cloud.prediction import roadway
from tests.cloud.apps.crossroads import crossroads
from tests.cloud.apps.roads import own
from tests.cloud.cooperation.driving import along, overlap, places

SITUATIONS, PARTS = 1_000, 2
DT_S = 0.08
BATCH = 100
STRAIGHT, RIGHT, LEFT = 1, 4, 2
MAP = crossroads()
ROADS = roadway(MAP).roads
CIP = {**own("CIP"), "horizon_s": 18.0, "latest_s": 10.0}


@cache
def way(lane, before_m, turn):
    """Return the way of one whose middle is so far before the junction's edge (lanes are 188 m long)."""
    (found,) = ways(MAP, ROADS, lane, 188.0 - before_m, 200.0, turn)
    return found


def situation(rng):
    """Return (drivers, others, how the others really drive) of a random situation without overlapping bodies."""
    drivers, others, truth, track = [], [], [], 0
    for lane in rng.permutation(4)[: rng.integers(2, 5)].tolist():
        at, ahead, ahead_at = rng.integers(24, 240) / 4, 0, 0.0
        told = rng.random() < 0.9
        for _ in range(1 if not told else rng.integers(1, 3)):
            track += 1
            half, wide = (2.3, 0.9) if rng.random() < 0.85 else (5.9, 1.25)
            turn = int(rng.choice([STRAIGHT, RIGHT, LEFT]))
            if told:
                speed = rng.uniform(0, 12)
                leader = (ahead, at - ahead_at) if ahead else (0, np.inf)
                drivers.append(Driver(track, way(lane, at, turn), speed, half, wide, rng.random() < 0.1, *leader))
                ahead, ahead_at = track, at
                at += rng.integers(56, 160) / 4
            else:
                speed = rng.uniform(4, 14)
                choices = tuple(way(lane, at, t) for t in (STRAIGHT, RIGHT, LEFT))
                slack = CIP["slack_mps2"]
                others.append(Other(choices, speed, half, wide, slack))
                truth.append((choices[rng.integers(3)], rng.uniform(-slack, slack)))
        if ahead and rng.random() < 0.2:  # one without a plan behind them
            behind = tuple(way(lane, at, t) for t in (STRAIGHT, RIGHT, LEFT))
            others.append(Other(behind, rng.uniform(0, 12), 2.3, 0.9, CIP["slack_mps2"], ahead, at - ahead_at))
            truth.append((behind[(STRAIGHT, RIGHT, LEFT).index(turn)], rng.uniform(0.0, 1.5)))
    return drivers, others, truth


def free(line, speed, accel, most, t, least=0.0):
    """Return where one is that speeds up to ``most`` or slows down to ``least``."""
    change = (most - speed) / accel if accel > 0 else (speed - least) / -accel
    part = np.minimum(t, change)
    s = speed * part + accel * part**2 / 2 + np.maximum(speed + accel * part, 0) * (t - part)
    return along(line, s)


@pytest.mark.parametrize("seed", range(PARTS))
def test_no_plan_of_a_thousand_situations_lets_two_bodies_touch(seed):
    rng = np.random.default_rng(20261130 + seed)
    t = np.arange(0.0, CIP["horizon_s"], DT_S)
    planned = refused = moved = 0
    pairs = []
    for k in range(SITUATIONS // PARTS):
        drivers, others, truth = situation(rng)
        found = reserve(MAP, drivers, others, CIP)
        assert {p.driver.track for p in found.plans} | set(found.refused) == {d.track for d in drivers}
        planned, refused = planned + len(found.plans), refused + len(found.refused)
        moved += sum(len(plan.motion) > 2 for plan in found.plans)
        told = [body(p.driver, *places(p.driver.way.line, p.motion, t)) for p in found.plans]
        alone = [body(o, *real(o, w, a, drivers, found.plans, t)) for (w, a), o in zip(truth, others, strict=True)]
        for d in (d for d in drivers if d.track in found.refused):  # they too drive on as they like
            other = Other(
                (d.way,), d.speed_mps, d.half_length_m, d.half_width_m, CIP["slack_mps2"], d.leader, d.leader_m
            )
            alone.append(body(other, *real(other, d.way, rng.uniform(0, CIP["slack_mps2"]), drivers, found.plans, t)))
        for plan in found.plans:
            assert_drivable(plan)
        pairs += [(a, b) for i, a in enumerate(told) for b in told[i + 1 :] + alone]
        if k % BATCH == BATCH - 1 and pairs:
            assert not overlap(*(np.concatenate(side, axis=1) for side in zip(*pairs, strict=True))).any()
            pairs = []
    assert planned > SITUATIONS // PARTS
    assert refused
    assert moved > planned / 4  # it is no trivial traffic: many have to slow down


def body(one, x, y, heading):
    """Return rows of :func:`overlap`: places, length and width."""
    return np.stack([x, y, heading, np.full_like(x, 2 * one.half_length_m), np.full_like(x, 2 * one.half_width_m)])


def assert_drivable(plan):
    """Speeds and accelerations stay within the profile's; nobody drives backwards."""
    rows = plan.motion
    assert (rows[:, 2] >= -1e-9).all()
    assert (rows[:, 3] <= CIP["accel_mps2"] + 1e-9).all()
    assert (rows[:, 3] >= -CIP["brake_mps2"] - 1e-9).all()
    step = np.diff(rows[:, 0])
    assert rows[1:, 2] == pytest.approx(rows[:-1, 2] + rows[:-1, 3] * step, abs=1e-6)
    assert rows[1:, 1] == pytest.approx(rows[:-1, 1] + rows[:-1, 2] * step + rows[:-1, 3] * step**2 / 2, abs=1e-6)


def real(other, its, accel, drivers, plans, t):
    """Return where one without a plan is: freely, or behind one with a plan as near as it can without touching it."""
    planned, known = {plan.driver.track: plan for plan in plans}, {driver.track: driver for driver in drivers}
    track, away = other.follows, other.follows_m
    while track and track not in planned:  # behind one without a plan that is behind one with
        track, away = known[track].leader, away + known[track].leader_m
    lead = planned.get(track)
    if lead is None:
        accel = min(accel, CIP["slack_mps2"])
        return free(its.line, other.speed_mps, accel, 22.2, t, 0.5 * other.speed_mps)
    k = np.clip(np.searchsorted(lead.motion[:, 0], t, side="right") - 1, 0, None)
    dt = t - lead.motion[k, 0]
    ahead = away + lead.motion[k, 1] + lead.motion[k, 2] * dt + lead.motion[k, 3] * dt**2 / 2
    own = other.speed_mps * t + accel * t**2 / 2
    near = np.minimum(own, ahead - lead.driver.half_length_m - other.half_length_m - 0.5)
    return along(its.line, np.maximum.accumulate(np.maximum(near, 0.0)))


def test_one_alone_drives_on_and_an_emergency_vehicle_goes_first():
    one, other = (Driver(k, way(lane, 50.0, STRAIGHT), 10.0, 2.3, 0.9) for k, lane in ((1, 0), (2, 1)))
    (plan,) = reserve(MAP, [one], [], CIP).plans
    assert (plan.motion[:, 3] >= 0).all()
    both = {p.driver.track: p for p in reserve(MAP, [one, other], [], CIP).plans}
    assert both[1].entry_s < both[2].entry_s
    urgent = Driver(2, other.way, 10.0, 2.3, 0.9, emergency=True)
    both = {p.driver.track: p for p in reserve(MAP, [one, urgent], [], CIP).plans}
    assert both[2].entry_s < both[1].entry_s
    assert both[2].entry_s == pytest.approx(plan.entry_s)


def test_where_nothing_helps_nothing_is_promised():
    late = Driver(1, way(0, 10.0, STRAIGHT), 12.0, 2.3, 0.9)  # 8 m to the line, 29 to stop
    across = way(1, 10.5, STRAIGHT)
    t = np.arange(0.0, 6.0, 0.02)
    comes = [across], 12.0
    for accel in np.linspace(-CIP["brake_mps2"], CIP["accel_mps2"], 17):  # whatever it does they touch
        mine = body(late, *free(late.way.line, 12.0, accel or 1e-9, 30.0, t))
        its = body(late, *free(comes[0][0].line, comes[1], 1e-9, 30.0, t))
        assert overlap(mine, its).any()
    found = reserve(MAP, [late], [Other((across,), 12.0, 2.3, 0.9, 0.0)], CIP)
    assert (found.plans, found.refused) == ((), (1,))
    too_fast = Driver(3, way(2, 14.0, RIGHT), 13.0, 2.3, 0.9)  # no bend of 10 m is driven so
    assert reserve(MAP, [too_fast], [], CIP).refused == (3,)


def test_who_is_planned_keeps_clear_of_one_that_got_no_plan():
    late = Driver(1, way(0, 10.0, STRAIGHT), 12.0, 2.3, 0.9)
    other = Driver(2, way(3, 45.0, STRAIGHT), 9.0, 2.3, 0.9)
    found = reserve(MAP, [late, other], [Other((way(1, 10.5, STRAIGHT),), 12.0, 2.3, 0.9, 0.0)], CIP)
    assert found.refused == (1,)
    (plan,) = found.plans
    t = np.arange(0.0, 12.0, 0.05)
    for accel in (-0.5, 1e-9, 0.5):
        mine = body(other, *places(plan.driver.way.line, plan.motion, t))
        assert not overlap(mine, body(late, *free(late.way.line, 12.0, accel, 22.2, t))).any()
