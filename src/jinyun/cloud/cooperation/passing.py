"""Passing junctions without lights by appointment (协作通行): plans proposed to those who asked, kept as long as they hold.

A junction is planned at most twice a second. Plans that stand are held against whoever has come since; one that is no longer
proven is withdrawn and its driver planned anew, from where it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.cooperation import bodies
from jinyun.cloud.cooperation.agreements import Agreement, Outcome, Point, Suggestion
from jinyun.cloud.cooperation.junctions import gather, junction_of, ways_of
from jinyun.cloud.cooperation.motion import at
from jinyun.cloud.cooperation.requests import Ask, Request
from jinyun.cloud.cooperation.reserving import Other, Parameters, Plan, follows, occupied, remaining, reserve, station
from jinyun.cloud.cooperation.state import speed_of
from jinyun.cloud.cooperation.ways import Way
from jinyun.shapes import SEEN_BY_ITSELF

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene
    from jinyun.cloud.cooperation.state import State

AGAIN_US = 500_000
"""Time between two plannings of one junction, and between two sayings of one plan."""
BEFORE_S, AFTER_S = 2.0, 6.0
"""Who comes so much before or after one that merges may be asked to make room."""
SOONER_S = 1.0
"""A plan is replaced by one that is sooner by so much."""
MOST_A_FRAME = 4
"""Junctions planned in one frame, but for those where somebody has left its plan."""
POINT_S = 0.5
MOST_POINTS = 60
OFF_THE_WAY_M = 1.6
"""Who is so far aside of its planned way has taken another."""
BEHAVIOURS = {1: "intersectionStraightThrough", 2: "intersectionTurnLeft", 4: "intersectionTurnRight",
              8: "intersectionUTurn"}  # fmt: skip


def step(application: str, ask: Ask, info: str, state: State, scene: Scene, parameters: Parameters) -> None:
    """Go on with all plans of an application and make those that are asked for."""
    broken = _judge(application, state, scene, parameters)
    wanted: dict[int, dict[int, tuple[int, Request]]] = {}  # by junction and row: turns, request
    held = {one.track for one in state.ledger.open.values() if one.plan is not None}
    for request in state.board.of(ask):
        row = state.row_of(request, scene)
        if row < 0:
            continue
        turns = int(request.info.get("turns", 15))
        its = ways_of(scene, row, parameters["reach_m"], turns)
        if len(its) != 1:
            continue
        junction = junction_of(scene, its[0])
        if junction >= 0 and not scene.map.junctions["signalised"][junction]:
            wanted.setdefault(junction, {})[row] = turns, request
    open_at = {state.places[one.number] for one in state.ledger.of(application)}
    planned = 0
    for junction in sorted(set(wanted) | open_at, key=lambda one: (state.planned_us.get((application, one), 0), one)):
        key = application, junction
        if scene.t_us - state.planned_us.get(key, 0) < AGAIN_US and junction not in broken:
            continue
        asking = wanted.get(junction, {})
        if all(int(scene.id[row]) in held for row in asking) and junction not in open_at:
            continue
        if planned >= MOST_A_FRAME and junction not in broken:
            continue  # the one that has waited longest comes first in the next frame
        planned += 1
        state.planned_us[key] = scene.t_us
        _at(application, info, junction, asking, state, scene, parameters)


def _judge(application: str, state: State, scene: Scene, parameters: Parameters) -> set[int]:
    """Close the agreements that are over; return the junctions where one was broken."""
    broken = set()
    for one in state.ledger.of(application):
        plan, gone = one.plan, (scene.t_us - one.made_us) / 1e6
        assert plan is not None
        ended = state.ended.get(one.key) if one.key is not None else None
        row = state.row_of_track(one.track, scene)
        if ended == "cancel":
            state.close(one, Outcome.CANCELLED)
        elif row < 0 and scene.t_us - one.seen_us > parameters["gone_s"] * 1e6:
            state.close(one, Outcome.EXPIRED)
        elif row >= 0:
            one.seen_us = scene.t_us
            along, aside = _where(plan, gone, float(scene.tracks["x_m"][row]), float(scene.tracks["y_m"][row]))
            if abs(along) > parameters["along_m"] or aside > OFF_THE_WAY_M:
                broken.add(state.places[one.number])
                state.close(one, Outcome.BROKEN)
            elif gone >= plan.out_s:
                state.close(one, Outcome.FOLLOWED)
            elif ended is not None and gone < plan.entry_s:
                state.close(one, Outcome.EXPIRED)
    return broken


def _where(plan: Plan, gone_s: float, x_m: float, y_m: float) -> tuple[float, float]:
    """Return how far ahead of its plan a driver is along its way (negative: behind), and how far aside of it."""
    line, s = plan.driver.way.line, plan.driver.way.s
    leg = np.diff(line, axis=0)
    share = ((np.array([x_m, y_m]) - line[:-1]) * leg).sum(1) / (leg**2).sum(1)
    low = np.zeros(len(leg))
    low[0] = -np.inf
    high = np.ones(len(leg))
    high[-1] = np.inf
    share = np.clip(share, low, high)
    away = np.hypot(*(line[:-1] + share[:, None] * leg - [x_m, y_m]).T)
    k = int(np.argmin(away))
    here = float(s[k] + share[k] * (s[k + 1] - s[k]))
    return here - station(plan, gone_s)[0], float(away[k])


def _at(
    application: str, info: str, junction: int, asking: dict[int, tuple[int, Request]], state: State, scene: Scene,
    parameters: Parameters,
) -> None:  # fmt: skip
    """Plan one junction: hold what stands against who is there now, then serve who asks."""
    now = scene.t_us
    agreed: dict[int, Plan] = {}
    number_of: dict[int, Agreement] = {}
    for one in state.ledger.open.values():  # of whatever application: all who have a plan here
        if one.plan is not None and state.places.get(one.number) == junction:
            left = remaining(one.plan, (now - one.made_us) / 1e6, parameters)
            if left is not None:
                agreed[one.track], number_of[one.track] = left, one
    turns = {row: its[0] for row, its in asking.items()}
    room = parameters["reach_m"], parameters["slack_mps2"]
    found = gather(scene, junction, turns, agreed, *room)
    n = int(parameters["horizon_s"] / bodies.STEP_S)
    unproven = _unproven(agreed, found.others, parameters, n)
    if unproven:
        for track in unproven:
            state.close(number_of[track], Outcome.WITHDRAWN)
            state.suggest(application, Suggestion(number_of[track].suggestion.vehicle, ("slow-down",), info, 1.0), now)
            del agreed[track]
        found = gather(scene, junction, turns, agreed, *room)
    _sooner(junction, agreed, number_of, turns, state, scene, parameters)
    if not found.drivers:
        return
    planned = reserve(scene.map, found.drivers, found.others, parameters, list(agreed.values()))
    request_of = {int(scene.id[row]): its[1] for row, its in asking.items()}
    if planned.refused and parameters.get("recruits"):
        more = gather(scene, junction, turns | _recruits(scene, turns, parameters["reach_m"]), agreed, *room)
        again = reserve(scene.map, more.drivers, more.others, parameters, list(agreed.values()))
        if not set(again.refused) & set(request_of):
            planned = again  # with room made by those who did not ask
    for track in planned.refused:
        if track in request_of and request_of[track].key not in state.turned_down:
            state.turned_down.add(request_of[track].key)
            state.ledger.refuse(application)
    for plan in planned.plans:
        request = request_of.get(plan.driver.track)
        vehicle = int(scene.tracks["vehicle_id"][state.row_of_track(plan.driver.track, scene)])
        suggestion = Suggestion(vehicle, (_behaviour(scene, plan),), info, plan.out_s, points(plan))
        line = plan.driver.way
        x, y = (float(np.interp(line.line_m, line.s, line.line[:, k])) for k in range(2))
        made = state.ledger.propose(
            Agreement(0, application, suggestion, plan.driver.track, 0, request.key if request else None, now,
                      now + int(plan.out_s * 1e6), x, y, plan)
        )  # fmt: skip
        if made is not None:
            state.places[made.number] = junction


def _sooner(
    junction: int, agreed: dict[int, Plan], number_of: dict[int, Agreement], turns: dict[int, int], state: State,
    scene: Scene, parameters: Parameters,
) -> None:  # fmt: skip
    """Give one who waits a sooner plan where it has become free: what was kept for others' sake often is not used."""
    for track, left in sorted(agreed.items(), key=lambda one: (one[1].entry_s, one[0])):
        row = state.row_of_track(track, scene)
        if row not in turns or left.entry_s < 2 * SOONER_S:
            continue
        rest = {other: plan for other, plan in agreed.items() if other != track}
        room = parameters["reach_m"], parameters["slack_mps2"]
        found = gather(scene, junction, {row: turns[row]}, rest, *room)
        mine = [driver for driver in found.drivers if driver.track == track]
        plans = reserve(scene.map, mine, found.others, parameters, list(rest.values())).plans if mine else ()
        if plans and plans[0].entry_s <= left.entry_s - SOONER_S:
            one = number_of[track]
            one.plan, one.made_us, one.said_us = plans[0], scene.t_us, 0
            one.ends_us = scene.t_us + int(plans[0].out_s * 1e6)
            agreed[track] = plans[0]
            return


def _unproven(
    agreed: dict[int, Plan], others: tuple[Other, ...], parameters: Parameters, n: int
) -> list[int]:  # fmt: skip
    """Return the tracks whose plans are no longer proven against those without one."""
    leader_of = {track: plan.driver.leader for track, plan in agreed.items()}
    found = set()
    for other in others:
        for boxes in occupied(other, parameters, n, agreed.get(other.follows)):
            found |= {
                track for track, plan in agreed.items()
                if track not in found and not follows(other, track, leader_of) and bodies.touch(plan.boxes, boxes) >= 0
            }  # fmt: skip
    return sorted(found)


def _recruits(scene: Scene, asking: dict[int, int], reach_m: float) -> dict[int, int]:
    """Return who has a unit, did not ask, has one way only and comes about when one who asked does: who may make room."""
    units = np.flatnonzero((scene.tracks["seen_by"] & SEEN_BY_ITSELF > 0) & scene.driven & ~scene.on_duty)
    when = {row: _comes_s(scene, row, turns, reach_m) for row, turns in asking.items()}
    found = {}
    for row in units.tolist():
        comes = _comes_s(scene, row, 15, reach_m)
        if row not in asking and any(-BEFORE_S <= comes - other <= AFTER_S for other in when.values()):
            found[row] = 15
    return found


def _comes_s(scene: Scene, row: int, turns: int, reach_m: float) -> float:
    """Return when one is at its line if it goes on as now; infinity where it has not exactly one way."""
    its = ways_of(scene, row, reach_m, turns)
    speed = speed_of(scene, row)
    return its[0].line_m / max(speed, 1.0) if len(its) == 1 else np.inf


def _behaviour(scene: Scene, plan: Plan) -> str:
    turn = int(scene.map.links["turn"][plan.driver.way.link])
    return next((name for bit, name in BEHAVIOURS.items() if bit & turn), "goStraightForward")


def points(plan: Plan, gone_s: float = 0.0) -> tuple[Point, ...]:
    """Return the rest of a plan as points every half second from now on, until the junction is left."""
    return points_along(plan.driver.way, plan.motion, gone_s, plan.out_s)


def points_along(way: Way, motion: NDArray[np.float64], gone_s: float, until_s: float) -> tuple[Point, ...]:
    """Return where a motion along a way is every half second from ``gone_s`` on, until ``until_s``."""
    found = []
    line, s = way.line, way.s
    count = min(int(max(until_s - gone_s, 0.0) / POINT_S) + 2, MOST_POINTS)
    for k in range(1, count):
        here, speed = (float(value) for value in at(motion, gone_s + k * POINT_S))
        if here > s[-1]:
            break
        leg = int(np.clip(np.searchsorted(s, here, "right") - 1, 0, len(s) - 2))
        x, y = (float(np.interp(here, s, line[:, axis])) for axis in range(2))
        heading = float(np.arctan2(*(line[leg + 1] - line[leg])))
        found.append(Point(x, y, speed, heading, k * POINT_S))
    return tuple(found)
