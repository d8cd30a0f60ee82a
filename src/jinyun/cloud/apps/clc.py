"""Cooperative lane change CLC (协作式变道): who asks for another lane is told when there is room, and who can makes it.

A vehicle asks in VIR (laneChange, with the lane's number). Is there room, it is told to change now. Is there none because of
one behind in that lane who has a unit, that one is asked to slow down gently, and the change is told once the room is there.
Emergency vehicles are never asked to yield, and cars without a unit are waited for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import agreements, lanechange, requests, ways
from jinyun.shapes import SEEN_BY_ITSELF

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State

INFO = "cooperativeLaneChanging"
SIDES = ("laneChangingToLeft", "laneChangingToRight")
YIELDS = "slow-down"
FAR_M = 300.0


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Go on with the changes that are agreed and begin those that are asked for."""
    _judge(state, scene, parameters)
    open_of = {(one.key, one.suggestion.behaviour[0] == YIELDS): one for one in state.ledger.of("CLC")}
    for request in state.board.of(requests.Ask.CHANGE):
        row = state.row_of(request, scene)
        if (
            row < 0
            or (request.key, False) in open_of
            or lanechange.is_there(scene, row, int(request.info["targetLane"]))
        ):
            continue
        side = lanechange.side_of(scene, row, int(request.info["targetLane"]))
        if side < 0:
            _refuse(state, request)
            continue
        found = lanechange.room(scene, row, side, parameters)
        if found.safe_ahead and found.safe_behind:
            _propose(state, scene, row, SIDES[side], parameters["told_s"], request.key, found.ahead, found.lane)
        elif found.safe_ahead and (request.key, True) not in open_of:
            _ask_to_yield(state, scene, request, row, side, found, parameters)


def _ask_to_yield(
    state: State, scene: Scene, request: requests.Request, row: int, side: int, found: lanechange.Room,
    parameters: Parameters,
) -> None:  # fmt: skip
    """Ask the one behind to make room, if it has a unit and can."""
    other = found.behind
    speed = scene.tracks["speed_mps"]
    connected = bool(scene.tracks["seen_by"][other] & SEEN_BY_ITSELF) and int(scene.tracks["vehicle_id"][other]) > 0
    if not connected or scene.on_duty[other]:
        return
    takes = lanechange.opened_s(
        float(scene.beside.behind_m[row, side]), float(speed[row]), float(speed[other]), parameters
    )
    if np.isfinite(takes):
        way = ways.straight_on(scene.map, scene.roadway.roads, found.lane, float(scene.located.s_m[other]), FAR_M)
        motion = lanechange.slower(float(speed[other]), float(speed[row]), takes, parameters)
        course = way, motion
        _propose(state, scene, other, YIELDS, takes + parameters["told_s"], request.key, row, -1, course)
    else:
        _refuse(state, request)


def _propose(
    state: State, scene: Scene, row: int, behaviour: str, life_s: float, key: requests.Key, about: int, lane: int,
    course: tuple[ways.Way, NDArray[np.float64]] | None = None,
) -> None:  # fmt: skip
    now, tracks = scene.t_us, scene.tracks
    suggestion = agreements.Suggestion(int(tracks["vehicle_id"][row]), (behaviour,), INFO, life_s)
    state.ledger.propose(
        agreements.Agreement(
            0, "CLC", suggestion, int(scene.id[row]), int(scene.id[about]) if about >= 0 else 0, key, now,
            now + int(life_s * 1e6), float(tracks["x_m"][row]), float(tracks["y_m"][row]), lane=lane, course=course,
            was_mps=float(tracks["speed_mps"][row]),
        )
    )  # fmt: skip


def _refuse(state: State, request: requests.Request) -> None:
    if request.key not in state.turned_down:
        state.turned_down.add(request.key)
        state.ledger.refuse("CLC")


def _judge(state: State, scene: Scene, parameters: Parameters) -> None:
    """Close what is over: changed or not, yielded or not."""
    outcome = agreements.Outcome
    changed = set()
    for one in state.ledger.of("CLC"):
        row, yields = state.row_of_track(one.track, scene), one.suggestion.behaviour[0] == YIELDS
        if row >= 0 and not yields and scene.located.lane[row] == one.lane:
            state.close(one, outcome.FOLLOWED)
            changed.add(one.key)
        elif one.key is not None and state.ended.get(one.key) in ("cancel", "expired"):
            state.close(one, outcome.CANCELLED if state.ended[one.key] == "cancel" else outcome.EXPIRED)
        elif row >= 0 and not yields:
            side = SIDES.index(one.suggestion.behaviour[0])
            found = lanechange.room(scene, row, side, parameters)
            begun = abs(float(scene.located.offset_m[row])) > parameters["begun_m"]
            if found.lane == one.lane and not (found.safe_ahead and found.safe_behind) and not begun:
                state.close(one, outcome.WITHDRAWN)
                stay = agreements.Suggestion(one.suggestion.vehicle, ("goStraightForward",), INFO, 1.0)
                state.suggest("CLC", stay, scene.t_us)
        if one.number in state.ledger.open and scene.t_us > one.ends_us:
            slower = row >= 0 and one.was_mps - float(scene.tracks["speed_mps"][row]) >= parameters["yielded_mps"]
            state.close(one, outcome.FOLLOWED if yields and slower else outcome.BROKEN if row >= 0 else outcome.EXPIRED)
    for one in state.ledger.of("CLC"):
        if one.key in changed:  # the room was used: who made it has yielded
            state.close(one, outcome.FOLLOWED)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return what is agreed: who changes or yields, ``about`` the other one."""
    rows: NDArray[np.void] = scene.asked.get("CLC", NOTHING)
    return rows


ABOUT = Application(
    id="CLC", zh="协作式变道", en="Cooperative lane change", day=2, reads=("tracks", "beside", "asked"),
    receivers="vehicle", messages=("rsc",), says_zh="协作变道，按引导行驶", says_en="Cooperative lane change: drive as told",
    unit="", advise=advise,
)  # fmt: skip
