"""Vulnerable road user safe passage VRUSP (弱势交通参与者安全通行): who asks to cross is told when; cars yield.

A person asks in PSM (personalReq) at a crossing without lights. Cars with a unit that come to it within some seconds and can
stop gently are asked to; the person is told to go, and for how long, only once everybody who could be there in the time it
takes to cross is stopping as asked. Cars without a unit are asked nothing and waited for; until then the person is told to
wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import agreements, crossings, motion, requests, ways
from jinyun.shapes import SEEN_BY_ITSELF

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State

GO, WAIT = ("goStraightForward",), ("stop",)
STANDS_MPS = 0.3
FAR_M = 200.0
LEAST_M = 0.5


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Serve all who ask to cross."""
    kept = state.kept.setdefault("VRUSP", {"over": {}, "said": {}})
    at: dict[int, list[requests.Request]] = {}
    for request in state.board.of(requests.Ask.CROSS):
        row = state.row_of(request, scene)
        if row < 0:
            continue
        place = float(scene.tracks["x_m"][row]), float(scene.tracks["y_m"][row])
        crossing = crossings.at(scene.map, *place, parameters["at_m"])
        if crossing >= 0 and not scene.map.crossings["phase"][crossing]:
            at.setdefault(crossing, []).append(request)
    for key in [key for key in kept["said"] if key not in state.board.standing]:
        del kept["said"][key]
    _judge(state, scene, at, kept, parameters)
    for crossing, those in at.items():
        if crossing not in kept["over"]:
            kept["over"][crossing] = crossings.lanes_over(scene.map, crossing)
        safe_s = _yield(state, scene, crossing, kept["over"][crossing], those[0], parameters)
        for request in those:
            if scene.t_us - kept["said"].get(request.key, 0) >= parameters["every_s"] * 1e6:
                kept["said"][request.key] = scene.t_us
                go = safe_s > 0
                state.ledger.counts["VRUSP", "windows"] += go
                told = agreements.Suggestion(request.vehicle, GO if go else WAIT, "", safe_s if go else 1.0)
                state.suggest("VRUSP", told, scene.t_us)


def _yield(
    state: State, scene: Scene, crossing: int, over: dict[int, float], request: requests.Request, parameters: Parameters
) -> float:
    """Ask cars to stop; return for how long it is safe to go, 0 not now."""
    a, b = crossings.line_of(scene.map, crossing)
    takes = float(np.hypot(*(b - a))) / parameters["walks_mps"] + parameters["margin_s"]
    asked = {one.track: one for one in state.ledger.of("VRUSP") if state.places.get(one.number) == crossing}
    window = parameters["longest_s"]
    for one in crossings.coming(scene, crossing, over, parameters["reach_m"]):
        track, speed = int(scene.id[one.row]), one.speed_mps
        needs = speed**2 / (2 * max(one.metres - LEAST_M, 0.01))
        agreed = asked.get(track)
        if agreed is None and one.metres > 0 and speed > STANDS_MPS and _may_be_asked(scene, one.row):
            soon = one.metres / speed <= parameters["look_s"]
            if soon and needs <= parameters["brake_mps2"]:
                agreed = _ask(state, scene, crossing, one, request, parameters)
        if agreed is not None:
            stands = speed <= STANDS_MPS and one.metres > 0
            slows = speed <= parameters["slowed"] * agreed.was_mps
            stopping = one.metres > 0 and needs <= parameters["brake_mps2"] and slows
            if stands or stopping:
                continue
        arrives = max(one.metres, 0.0) / max(speed, 0.01) if speed > STANDS_MPS else 0.0
        quicker = max(one.metres, 0.0) / (speed + parameters["faster_mps"])
        window = min(window, min(arrives, quicker) - parameters["margin_s"])
    return window if window >= takes - parameters["margin_s"] else 0.0


def _may_be_asked(scene: Scene, row: int) -> bool:
    """Return whether one has a unit and is not on duty."""
    unit = bool(scene.tracks["seen_by"][row] & SEEN_BY_ITSELF) and int(scene.tracks["vehicle_id"][row]) > 0
    return unit and not scene.on_duty[row]


def _ask(
    state: State, scene: Scene, crossing: int, one: crossings.Coming, request: requests.Request, parameters: Parameters
) -> agreements.Agreement | None:
    """Ask one car to stop before a crossing."""
    tracks, row = scene.tracks, one.row
    roads, located = scene.roadway.roads, scene.located
    way = ways.straight_on(scene.map, roads, int(located.lane[row]), float(located.s_m[row]), FAR_M)
    brake = one.speed_mps**2 / (2 * max(one.metres - LEAST_M, 0.5))
    course = way, motion.slowing(one.speed_mps, 0.0, 60.0, 1.0, 1.0, brake)
    suggestion = agreements.Suggestion(int(tracks["vehicle_id"][row]), ("slow-down", "stop"), "", parameters["told_s"])
    made = state.ledger.propose(
        agreements.Agreement(
            0, "VRUSP", suggestion, int(scene.id[row]), 0, request.key, scene.t_us,
            scene.t_us + int(parameters["told_s"] * 1e6), float(tracks["x_m"][row]), float(tracks["y_m"][row]),
            course=course, was_mps=one.speed_mps,
        )
    )  # fmt: skip
    if made is not None:
        state.places[made.number] = crossing
    return made


def _judge(
    state: State, scene: Scene, at: dict[int, list[requests.Request]], kept: dict[str, dict[int, dict[int, float]]],
    parameters: Parameters,
) -> None:  # fmt: skip
    """Close what is over: nobody asks there any more, or the car has driven over it."""
    outcome = agreements.Outcome
    for one in state.ledger.of("VRUSP"):
        crossing = state.places[one.number]
        row = state.row_of_track(one.track, scene)
        if row < 0:
            if scene.t_us - one.seen_us > parameters["gone_s"] * 1e6:
                state.close(one, outcome.EXPIRED)
            continue
        one.seen_us = scene.t_us
        over = kept["over"].get(crossing, {})
        still = any(its.row == row for its in crossings.coming(scene, crossing, over, parameters["reach_m"]))
        if crossing not in at:
            state.close(one, outcome.FOLLOWED if still else outcome.BROKEN)
        elif not still:
            state.close(one, outcome.BROKEN)
        elif scene.t_us > one.ends_us:
            state.close(one, outcome.EXPIRED)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return what is agreed: which cars stop; ``place`` is the crossing."""
    rows: NDArray[np.void] = scene.asked.get("VRUSP", NOTHING)
    return rows


ABOUT = Application(
    id="VRUSP", zh="弱势交通参与者安全通行", en="Vulnerable road user safe passage", day=2,
    reads=("tracks", "paths", "map", "asked"), receivers="vehicle", messages=("rsc",),
    says_zh="前方有人过街，请停车让行", says_en="Somebody crosses ahead: stop", unit="", advise=advise,
)  # fmt: skip
