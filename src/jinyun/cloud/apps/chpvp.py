"""Cooperative priority passage CHPVP (协作式优先车辆通行): a clear lane or a light for those who are authorised.

Authorised are vehicles on duty, and for lights those of the classes that the profile names (buses). Who drives ahead of one
that asks for a clear way, in its lane, and has a unit is asked to change to the lane beside, or to slow down where there is
none. Requests for lights are kept, and told to whoever controls the lights frame by frame: this room controls none.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.relations.downstream import downstream
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import agreements, requests
from jinyun.cloud.upstream import backwards
from jinyun.shapes import SEEN_BY_ITSELF

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State

MOST_PRIORITY = 256


@dataclass(frozen=True, slots=True)
class Priority:
    """One authorised request for a light: who, which node and phase (-1 unknown), when it will be there."""

    key: requests.Key
    node: int
    phase: int
    arrives_us: int
    level: int
    on_duty: bool = False


@dataclass
class Lights:
    """Requests for lights: those that stand, and counts of what was requested, refused and passed on."""

    standing: dict[requests.Key, Priority] = field(default_factory=dict)
    requested: int = 0
    unauthorised: int = 0
    passed_on: int = 0

    def take(self) -> list[Priority]:
        """Return what stands, for whoever controls the lights, and count it as passed on once."""
        new = [one for key, one in self.standing.items() if key not in self.given]
        self.given |= {one.key for one in new}
        self.passed_on += len(new)
        return list(self.standing.values())

    given: set[requests.Key] = field(default_factory=set)
    ended: list[tuple[requests.Key, str]] = field(default_factory=list)
    """Requests that stood until this frame, and how they ended: complete, cancel, finish, expired."""


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Clear the way for those who may ask, and keep requests for lights."""
    lights: Lights = state.kept.setdefault("CHPVP", Lights())
    _judge(state, scene)
    lights.ended = []
    for key in [key for key in lights.standing if key not in state.board.standing]:
        lights.ended.append((key, state.ended.get(key, "expired")))
        del lights.standing[key]
        lights.given.discard(key)
    for request in state.board.of(requests.Ask.CLEAR, requests.Ask.SIGNAL):
        row = state.row_of(request, scene)
        if row < 0:
            continue
        kind = int(scene.tracks["classification"][row])
        served = request.ask == requests.Ask.SIGNAL and parameters["class_from"] <= kind <= parameters["class_to"]
        if not (scene.on_duty[row] or served):
            if request.key not in state.turned_down:
                state.turned_down.add(request.key)
                state.ledger.refuse("CHPVP")
                lights.unauthorised += request.ask == requests.Ask.SIGNAL
        elif request.ask == requests.Ask.SIGNAL:
            _keep(lights, request, bool(scene.on_duty[row]))
        else:
            _clear(state, scene, request, row, parameters)


def _keep(lights: Lights, request: requests.Request, on_duty: bool) -> None:
    info = request.info
    if request.key not in lights.standing:
        if len(lights.standing) >= MOST_PRIORITY:
            return
        lights.requested += 1
    after_us = int(info.get("estimatedArrivalTime", 0)) * 10_000
    lights.standing[request.key] = Priority(
        request.key, int(info["intersectionId"]["id"]), int(info["requiredMov"].get("phaseId", -1)),
        request.heard_us + after_us, request.priority, on_duty,
    )  # fmt: skip


def _clear(state: State, scene: Scene, request: requests.Request, row: int, parameters: Parameters) -> None:
    """Ask those ahead in its lane, who have a unit, to leave it."""
    roads, located = scene.roadway.roads, scene.located
    speed = scene.speed_mps
    reach = max(float(speed[row]) * parameters["ahead_s"], parameters["reach_m"])
    down = downstream(row, located, scene.paths, roads, backwards(roads), reach)
    lane = located.lane
    gap = down.metres[lane] + located.s_m - scene.half_length_m - scene.half_length_m[row]
    with np.errstate(invalid="ignore"):
        ahead = (lane >= 0) & (gap > 0) & (gap <= reach) & (down.probability[lane] >= parameters["probability"])
    ahead &= ~down.beside[lane] & scene.driven & ~scene.on_duty & (scene.tracks["seen_by"] & SEEN_BY_ITSELF > 0)
    asked = {one.track for one in state.ledger.of("CHPVP")}
    for other in np.flatnonzero(ahead)[: int(parameters["most"])].tolist():
        here = int(lane[other])
        if int(scene.id[other]) in asked or not int(scene.tracks["vehicle_id"][other]):
            continue
        side = next((k for k in (1, 0) if (roads.right, roads.left)[1 - k][here] >= 0 and _free(scene, other, k)), -1)
        said = ("slow-down",) if side < 0 else (("laneChangingToLeft", "laneChangingToRight")[side],)
        suggestion = agreements.Suggestion(
            int(scene.tracks["vehicle_id"][other]), said, "laneReservation", parameters["told_s"]
        )
        made = state.ledger.propose(agreements.Agreement(
            0, "CHPVP", suggestion, int(scene.id[other]), int(scene.id[row]), request.key, scene.t_us,
            scene.t_us + int(parameters["told_s"] * 1e6), float(scene.tracks["x_m"][other]),
            float(scene.tracks["y_m"][other]), lane=here, was_mps=float(speed[other]),
        ))  # fmt: skip
        if made is None:
            return


def _free(scene: Scene, row: int, side: int) -> bool:
    """Return whether nobody is abreast of one on that side."""
    near = scene.beside.ahead_m[row, side], scene.beside.behind_m[row, side]
    return not any(gap < 4.0 for gap in near if np.isfinite(gap))


def _judge(state: State, scene: Scene) -> None:
    outcome = agreements.Outcome
    for one in state.ledger.of("CHPVP"):
        row, first = state.row_of_track(one.track, scene), state.row_of_track(one.about, scene)
        if one.key in state.ended:
            by = state.ended[one.key] if one.key is not None else ""
            state.close(one, outcome.CANCELLED if by == "cancel" else outcome.EXPIRED)
        elif row >= 0 and scene.located.lane[row] in beside(scene, one.lane):
            state.close(one, outcome.FOLLOWED)
        elif scene.t_us > one.ends_us:
            slower = row >= 0 and float(scene.tracks["speed_mps"][row]) < 0.7 * one.was_mps
            obeyed = one.suggestion.behaviour[0] == "slow-down" and slower
            missed = outcome.BROKEN if row >= 0 and first >= 0 else outcome.EXPIRED
            state.close(one, outcome.FOLLOWED if obeyed else missed)
        elif row >= 0 and scene.located.lane[row] >= 0:
            one.lane = int(scene.located.lane[row])  # it has driven on, in the same lane


def beside(scene: Scene, lane: int) -> tuple[int, ...]:
    """Return the lanes beside one."""
    roads = scene.roadway.roads
    return tuple(int(side[lane]) for side in (roads.left, roads.right) if lane >= 0 and side[lane] >= 0)


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return what is agreed: who makes way, ``about`` for whom."""
    rows: NDArray[np.void] = scene.asked.get("CHPVP", NOTHING)
    return rows


ABOUT = Application(
    id="CHPVP", zh="协作式优先车辆通行", en="Cooperative priority passage", day=2,
    reads=("tracks", "reports", "paths", "map", "asked"), receivers="vehicle", messages=("rsc",),
    says_zh="优先车辆将通过，请让出车道", says_en="Priority vehicle: leave the lane", unit="", advise=advise,
)  # fmt: skip
