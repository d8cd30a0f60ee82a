"""One step of the cooperation (协同调度): what was heard becomes requests, these become agreements, and these messages.

:func:`step` depends on its arguments alone. Applications are asked in a fixed order; each is a function of its module in
:mod:`jinyun.cloud.apps` that reads and changes the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps import chpvp, cip, clc, cpm, cvm, dds, dlm, gspa, pds, rts, sds, vrusp
from jinyun.cloud.apps.application import Parameters, Urgency, advice
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import lanechange
from jinyun.cloud.cooperation.agreements import Agreement
from jinyun.cloud.cooperation.hearing import Heard, requests_of
from jinyun.cloud.cooperation.passing import AGAIN_US, points, points_along
from jinyun.cloud.cooperation.requests import Request
from jinyun.cloud.cooperation.reserving import Driver, Other, remaining, reserve
from jinyun.cloud.cooperation.state import Outgoing, State
from jinyun.cloud.cooperation.ways import Way
from jinyun.hdmap import Map

IN_ORDER: tuple[tuple[str, Callable[[State, Scene, Parameters], None]], ...] = (
    ("CIP", cip.cooperate), ("CVM", cvm.cooperate), ("CLC", clc.cooperate), ("CHPVP", chpvp.cooperate),
    ("VRUSP", vrusp.cooperate), ("SDS", sds.cooperate), ("CPM", cpm.cooperate), ("DDS", dds.cooperate),
    ("DLM", dlm.cooperate), ("GSPA", gspa.cooperate), ("PDS", pds.cooperate), ("RTS", rts.cooperate),
)  # fmt: skip
"""Applications in the order in which they are asked."""
DIALOGUES: dict[str, tuple[Callable[[State, Heard], None], Callable[[Heard], int]]] = {
    "clpmm": (cpm.hear, lambda heard: int.from_bytes(heard.value["id"], "big")),
    "vpm": (rts.hear, rts.payer_of),
    "rtcm": (dds.hear, lambda heard: 0),
}
"""Messages that are no requests: who takes them, and in whose name they speak (0: nobody's)."""
MOST_FOREIGN = 1000


def step(
    state: State,
    scene: Scene,
    heard: Iterable[Heard],
    speaks: Callable[[int], int],
    parameters: Mapping[str, Parameters],
) -> tuple[State, list[Outgoing]]:
    """Take what was heard since the last frame and return (state, what is to be sent).

    ``speaks`` gives the row of the sender through which a vehicle tells of itself, -1 for one that does not: whoever asks in
    another's name is not heard. ``parameters`` are those of each application by its id.
    """
    told: list[Request] = []
    state.out, state.failed = [], {}
    for one in heard:
        if one.message in DIALOGUES:
            take, name_of = DIALOGUES[one.message]
            if _own(state, one, name_of(one), speaks):
                take(state, one)
        else:
            life_us = int(parameters["CIP"]["life_s"] * 1e6)
            told += [its for its in requests_of(one, life_us) if _own(state, one, its.vehicle, speaks)]
    ended = state.board.take(told, scene.t_us)
    over = state.board.expire(scene.t_us)
    state.ended = {one.key: one.status for one in ended} | {one.key: "expired" for one in over}
    state.turned_down.difference_update(state.ended)
    state.begin(scene)
    for id, cooperate in IN_ORDER:
        try:
            cooperate(state, scene, parameters[id])
        except Exception as error:  # our own fault: it is told, and the others go on
            state.failed[id] = f"{type(error).__name__}: {error}"
    _say(state, scene)
    return state, state.out


def _own(state: State, one: Heard, vehicle: int, speaks: Callable[[int], int]) -> bool:
    """Return whether somebody speaks in its own name; whoever does not is counted."""
    if not vehicle or speaks(vehicle) in (-1, one.source):
        return True
    if len(state.foreign) < MOST_FOREIGN or one.source in state.foreign:
        state.foreign[one.source] += 1
    return False


def _say(state: State, scene: Scene) -> None:
    """Say what is agreed, as often as it is due."""
    for one in state.ledger.open.values():
        if scene.t_us - one.said_us < AGAIN_US:
            continue
        one.said_us = scene.t_us
        gone = (scene.t_us - one.made_us) / 1e6
        left = max((one.ends_us - scene.t_us) / 1e6, 0.01)
        suggestion = replace(one.suggestion, life_s=left)
        if one.plan is not None:
            suggestion = replace(suggestion, guidance=points(one.plan, gone))
        if one.course is not None:
            until = (one.ends_us - one.made_us) / 1e6
            suggestion = replace(suggestion, guidance=points_along(*one.course, gone, until))
        state.out.append(Outgoing(one.application, "rsc", suggestion.vehicle, -1, suggestion, (one.x_m, one.y_m)))


def shown(state: State, scene: Scene) -> dict[str, NDArray[np.void]]:
    """Return what stands as ADVICE rows by application: what the frame and the pages show of the agreements."""
    found: dict[str, list[Agreement]] = {}
    for one in state.ledger.open.values():
        found.setdefault(one.application, []).append(one)
    return {
        id: advice(
            [one.track for one in those], about=[one.about for one in those], urgency=Urgency.INFORM,
            place=[state.places.get(one.number, -1) for one in those], x_m=[one.x_m for one in those],
            y_m=[one.y_m for one in those], after_s=[_after_s(one, scene.t_us) for one in those],
            value=[_value(one, scene.t_us) for one in those],
        )
        for id, those in found.items()
    }  # fmt: skip


def _after_s(one: Agreement, t_us: int) -> float:
    if one.plan is None:
        return np.nan
    return max(one.plan.entry_s - (t_us - one.made_us) / 1e6, 0.0)


def _value(one: Agreement, t_us: int) -> float:
    """Return the speed that a plan has in half a second, NaN without one."""
    if one.plan is None:
        return np.nan
    next_one = points(one.plan, (t_us - one.made_us) / 1e6)[:1]
    return next_one[0].speed_mps if next_one else np.nan


def warm(map: Map) -> None:
    """Compile or load what planning calls, on two straight ways that cross."""
    s = np.array([0.0, 60.0])
    ways = [Way(np.array(line), s, -1, 30.0, 30.0, 45.0, 10.0, (0,)) for line in (_EAST, _NORTH)]
    drivers = [Driver(k, way, 8.0, 2.3, 0.9) for k, way in enumerate(ways, start=1)]
    others = [Other((ways[0],), 8.0, 2.3, 0.9, 0.5), Other((ways[1],), 2.0, 2.3, 0.9, 0.5, 1, 20.0)]
    reserve(map, drivers, others, _WARM)
    for plan in reserve(map, drivers[:1], (), _WARM).plans:
        points(plan)
        remaining(plan, 0.1, _WARM)
    lanechange.slower(10.0, 8.0, 2.0, {"brake_mps2": 1.5, "slower_mps": 4.0})


_EAST, _NORTH = [(-30.0, 0.0), (30.0, 0.0)], [(0.0, -30.0), (0.0, 30.0)]
_WARM = {
    "horizon_s": 12.0, "latest_s": 8.0, "accel_mps2": 1.5, "brake_mps2": 2.5, "fastest_mps": 15.0, "along_m": 1.0,
    "aside_m": 0.3, "slack_mps2": 0.5, "others_most_mps": 15.0, "others_least": 0.5, "others_drive_mps": 3.0,
    "others_accel_mps2": 2.0, "others_lag_s": 3.0,
}  # fmt: skip
"""Numbers for warming alone: no vehicle is ever planned with them."""
