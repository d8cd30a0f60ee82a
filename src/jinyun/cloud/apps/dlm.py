"""Dynamic lane management DLM (动态车道管理): lanes closed, for buses, reversed or slower, told in RSC.

Instructions (:mod:`jinyun.cloud.cooperation.instructions`) are told by the roadside units near their lanes from some time
before they hold until they end: the lane by its link's nodes and number, from when until when, and what to do there.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.rts import date_time
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation.instructions import Instruction
from jinyun.cloud.cooperation.lanechange import number
from jinyun.cloud.cooperation.wording import BEHAVIOURS, CLOUD, INFOS, bits, position, speed
from jinyun.hdmap import Map
from jinyun.zone import Projection

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State

INFO = {"closed": "laneRestriction", "bus": "laneReservation", "reversed": "dynamicLaneManagement",
        "limit": "dynamicLaneManagement"}  # fmt: skip
MOST_LANES = 8
"""Lanes in one RSC."""


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Tell what holds now or soon, through the units near it."""
    instructions: tuple[Instruction, ...] = state.kept.get("DLM", ())
    if not instructions or scene.t_us - state.planned_us.get(("DLM", 0), 0) < parameters["every_s"] * 1e6:
        return
    state.planned_us["DLM", 0] = scene.t_us
    before = scene.t_us + int(parameters["before_s"] * 1e6)
    holds = [one for one in instructions if one.from_us <= before and one.until_us > scene.t_us]
    lanes = [(one, lane) for one in holds for lane in one.lanes if reference_of(scene.map, lane) is not None]
    for unit in range(len(scene.units)):
        near = [(one, lane) for one, lane in lanes if _away_m(scene, unit, lane) <= parameters["near_m"]]
        for first in range(0, len(near), MOST_LANES):
            some = near[first : first + MOST_LANES]
            place = float(scene.units["x_m"][unit]), float(scene.units["y_m"][unit])
            state.tell("DLM", "rsc", 0, partial(_message, scene.map, some, place), unit)
            state.ledger.counts["DLM", "told"] += len(some)


def _away_m(scene: Scene, unit: int, lane: int) -> float:
    line = scene.map.lane_line(lane)
    return float(np.hypot(line[:, 0] - scene.units["x_m"][unit], line[:, 1] - scene.units["y_m"][unit]).min())


def reference_of(map: Map, lane: int) -> dict[str, Any] | None:
    """Return ReferenceLink of a lane: the nodes at both ends of its road and its number; None where it has no such."""
    junction = int(map.approaches.number(lane)[0])
    if junction < 0:
        return None
    upstream = next((a.upstream for a in map.approaches.of(junction) if any(lane in chain for chain in a.chains)), -1)
    if upstream < 0:
        return None
    region = int(map.about["region"][0])
    nodes = ({"region": region, "id": int(map.junctions["node"][row])} for row in (upstream, junction))
    up, down = nodes
    lanes = 1 << (15 - min(number(map, lane), 15))  # bit 0 is reserved, bit 1 lane 1
    return {"upstreamNodeId": up, "downstreamNodeId": down, "referenceLanes": (lanes.to_bytes(2, "big"), 16)}


def _message(
    map: Map, some: list[tuple[Instruction, int]], place: tuple[float, float], projection: Projection, t_us: int
) -> dict[str, Any]:
    said = []
    for one, lane in some:
        row: dict[str, Any] = {
            "targetLane": reference_of(map, lane), "tBegin": date_time(one.from_us), "tEnd": date_time(one.until_us),
            "info": bits((INFO[one.use],), INFOS),
        }  # fmt: skip
        if one.use == "limit":
            row["recommendedSpeed"] = speed(one.limit_mps)
        elif one.use == "closed":
            row["recommendedBehavior"] = bits((_way_out(map, lane),), BEHAVIOURS)
        if one.description:
            row["description"] = "textGB2312", one.description.encode("gb2312", "replace").ljust(2)[:512]
        said.append(row)
    reference = position(projection, *place)
    return {"id": CLOUD, "secMark": t_us // 1000 % 60_000, "refPos": reference, "laneCoordinates": said}


def _way_out(map: Map, lane: int) -> str:
    """Return to which side one leaves a lane."""
    if map.lanes["right"][lane] >= 0:
        return "laneChangingToRight"
    return "laneChangingToLeft" if map.lanes["left"][lane] >= 0 else "slow-down"


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: instructions are told by units to all who drive there."""
    return NOTHING


ABOUT = Application(
    id="DLM", zh="动态车道管理", en="Dynamic lane management", day=2, reads=("map", "units", "asked"), receivers="unit",
    messages=("rsc",), says_zh="车道管理", says_en="Lane management", unit="", advise=advise,
)  # fmt: skip
