"""Guidance in parking areas GSPA (场站路径引导服务): who asks for a bay is led to the nearest that is free.

A bay is occupied while a vehicle stands in it, free once one that stood there has left, else unknown; unknown ones are offered
after the free ones. A bay that is offered is reserved as long as the request stands. PAM names the lot's bays with what is
known of them, and the way: the nodes are ends of lanes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import NOTHING, Application, Parameters
from jinyun.cloud.apps.scene import Scene
from jinyun.cloud.cooperation import requests
from jinyun.cloud.cooperation.wording import offset, position
from jinyun.hdmap import Map
from jinyun.hdmap.precise import Bay
from jinyun.zone import Projection

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.state import State

UNKNOWN, AVAILABLE, OCCUPIED, RESERVED = range(4)
STATUS = ("unknown", "available", "occupied", "reserved")
CHARGING_BIT = 9
"""Bit of ParkingType that this lot uses for bays with a charger; public sources do not name the ten bits."""
STANDS_MPS = 0.5
MOST_SLOTS = 60


@dataclass
class Lot:
    """What is known of each bay of the map, and for whom which one is kept."""

    status: NDArray[np.uint8]
    reserved: dict[requests.Key, int] = field(default_factory=dict)
    said_us: dict[requests.Key, int] = field(default_factory=dict)
    fulfilled: int = 0
    refused: int = 0

    def look(self, scene: Scene) -> None:
        """Take one frame: who stands where."""
        bays, tracks = scene.map.bays, scene.tracks
        with np.errstate(invalid="ignore"):
            stands = np.flatnonzero(scene.driven & (tracks["speed_mps"] <= STANDS_MPS) & np.isfinite(tracks["x_m"]))
        taken = np.zeros(len(self.status), np.bool_)
        sine, cosine = np.sin(bays["heading_rad"]), np.cos(bays["heading_rad"])
        for row in stands[np.hypot(*self._away(scene, stands)).min(axis=1, initial=np.inf) < 10.0].tolist():
            dx, dy = tracks["x_m"][row] - bays["x_m"], tracks["y_m"][row] - bays["y_m"]
            along, aside = np.abs(dx * sine + dy * cosine), np.abs(dx * cosine - dy * sine)
            taken |= (along <= bays["length_m"] / 2) & (aside <= bays["width_m"] / 2)
        left = (self.status == OCCUPIED) & ~taken
        self.status[left] = AVAILABLE
        self.status[taken] = OCCUPIED

    def _away(self, scene: Scene, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        bays, tracks = scene.map.bays, scene.tracks
        x, y = (tracks[name][rows][:, None] - bays[name][None, :] for name in ("x_m", "y_m"))
        return x, y

    def shown(self) -> NDArray[np.uint8]:
        """Return the status of each bay with reservations."""
        status = self.status.copy()
        for bay in self.reserved.values():
            if status[bay] != OCCUPIED:
                status[bay] = RESERVED
        return status


def cooperate(state: State, scene: Scene, parameters: Parameters) -> None:
    """Look at the bays and lead those who ask."""
    bays = len(scene.map.bays["id"])
    if not bays:
        return
    lot: Lot = state.kept.setdefault("GSPA", Lot(np.zeros(bays, np.uint8)))
    if len(lot.status) != bays:
        lot = state.kept["GSPA"] = Lot(np.zeros(bays, np.uint8))
    if scene.t_us - state.planned_us.get(("GSPA", 0), 0) >= parameters["look_s"] * 1e6:
        state.planned_us["GSPA", 0] = scene.t_us
        lot.look(scene)
    for key in [key for key in lot.reserved if key not in state.board.standing]:
        lot.fulfilled += lot.status[lot.reserved[key]] == OCCUPIED
        del lot.reserved[key]
        lot.said_us.pop(key, None)
    for request in state.board.of(requests.Ask.PARK):
        row = state.row_of(request, scene)
        if row < 0 or scene.located.lane[row] < 0:
            continue
        if scene.t_us - lot.said_us.get(request.key, 0) < parameters["every_s"] * 1e6:
            continue
        bay = _bay(lot, scene, request, row, parameters)
        if bay < 0:
            if request.key not in state.turned_down:
                state.turned_down.add(request.key)
                lot.refused += 1
                state.ledger.refuse("GSPA")
            continue
        if lot.reserved.get(request.key) != bay:
            state.ledger.counts["GSPA", "proposed"] += 1
        lot.reserved[request.key] = bay
        lot.said_us[request.key] = scene.t_us
        route = _route(scene, row, bay)
        write = partial(_message, scene.map, lot.shown(), request.vehicle, bay, route, int(parameters["lot"]))
        state.tell("GSPA", "pam", request.vehicle, write)


def _bay(lot: Lot, scene: Scene, request: requests.Request, row: int, parameters: Parameters) -> int:
    """Return the bay for one: its own while that is not taken by another, else the nearest by road; -1 none."""
    own = lot.reserved.get(request.key, -1)
    if own >= 0 and lot.status[own] != OCCUPIED:
        return own
    bays, map = scene.map.bays, scene.map
    taken = {bay for key, bay in lot.reserved.items() if key != request.key}
    wished = int(request.info.get("expectedParkingSlotID", -1))
    charges = "parkingType" in request.info and _has_bit(request.info["parkingType"], CHARGING_BIT)
    free = [
        bay for bay in range(len(lot.status))
        if lot.status[bay] != OCCUPIED and bay not in taken and bays["lane"][bay] >= 0
        and (bays["kind"][bay] == Bay.CHARGING or not charges)
        and bays["length_m"][bay] >= 2 * scene.half_length_m[row] and bays["width_m"][bay] >= 2 * scene.half_width_m[row]
    ]  # fmt: skip
    if wished - 1 in free:
        return wished - 1
    x, y = scene.tracks["x_m"][row], scene.tracks["y_m"][row]
    away = {bay: float(np.hypot(bays["x_m"][bay] - x, bays["y_m"][bay] - y)) for bay in free}
    free = sorted((bay for bay in free if away[bay] <= parameters["far_m"]), key=lambda bay: (away[bay], bay))
    best, least = -1, (2, np.inf)
    for bay in free[: int(parameters["looked_at"])]:
        found = map.route(
            int(scene.located.lane[row]), float(scene.located.s_m[row]), int(bays["lane"][bay]), _at(map, bay)
        )
        if found is not None:
            least, best = min((least, best), ((int(lot.status[bay] != AVAILABLE), found.cost), bay))
    return best


def _has_bit(bits: tuple[bytes, int], bit: int) -> bool:
    octets, count = bits
    return bit < count and bool(octets[bit // 8] >> (7 - bit % 8) & 1)


def _at(map: Map, bay: int) -> float:
    """Return where along its lane a bay lies abreast."""
    lane = int(map.bays["lane"][bay])
    line, here = map.lane_line(lane), np.array([map.bays["x_m"][bay], map.bays["y_m"][bay]])
    leg = np.diff(line, axis=0)
    share = np.clip(((here - line[:-1]) * leg).sum(1) / np.maximum((leg**2).sum(1), 1e-9), 0, 1)
    k = int(np.argmin(np.hypot(*(line[:-1] + share[:, None] * leg - here).T)))
    s = map.points["s_m"][int(map.lanes["first"][lane]) + k + np.arange(2)]
    return float(s[0] + share[k] * (s[1] - s[0]))


def _route(scene: Scene, row: int, bay: int) -> list[int]:
    """Return the lanes to a bay, the own first."""
    found = scene.map.route(
        int(scene.located.lane[row]),
        float(scene.located.s_m[row]),
        int(scene.map.bays["lane"][bay]),
        _at(scene.map, bay),
    )
    return found.lanes.tolist() if found is not None else []


def _message(
    map: Map, status: NDArray[np.uint8], vehicle: int, bay: int, route: list[int], lot: int, projection: Projection, t_us: int
) -> dict[str, Any]:  # fmt: skip
    """Return the value of a PAM: nodes are the ends of the lanes of the way, the bays stand at the last drive."""
    lanes = route[-31:] or [int(map.bays["lane"][bay])]
    ends = [map.lane_line(lane)[-1] for lane in lanes]
    nodes: list[dict[str, Any]] = [{"id": 0, "refPos": position(projection, *map.lane_line(lanes[0])[0])}]
    for k, end in enumerate(ends, start=1):
        drive: dict[str, Any] = {"upstreamPAMNodeId": k - 1, "driveID": k}
        if k == len(ends):
            reference = position(projection, *end)
            own = int(map.bays["lane"][bay])
            rows = [row for row in np.flatnonzero(map.bays["lane"] == own).tolist() if row != bay][: MOST_SLOTS - 1]
            drive["parkingSlots"] = [_slot(map, row, status, reference, projection) for row in [bay, *rows]]
        nodes.append({"id": k, "refPos": position(projection, *end), "inDrives": [drive]})
    free = int(np.isin(status, (UNKNOWN, AVAILABLE)).sum())
    guide = {
        "vehId": vehicle.to_bytes(8, "big"),
        "drivePath": list(range(1, len(ends) + 1)),
        "targetParkingSlot": bay + 1,
    }
    return {
        "parkingLotInfo": {"id": lot, "number": min(free, 65_535)}, "pamNodes": nodes, "parkingAreaGuidance": [guide],
    }  # fmt: skip


def _slot(
    map: Map, row: int, status: NDArray[np.uint8], reference: dict[str, int], projection: Projection
) -> dict[str, Any]:
    bays = map.bays
    x, y, heading = (float(bays[name][row]) for name in ("x_m", "y_m", "heading_rad"))
    along = np.array([np.sin(heading), np.cos(heading)]) * float(bays["length_m"][row]) / 2
    right = np.array([np.cos(heading), -np.sin(heading)]) * float(bays["width_m"][row]) / 2
    corners = {"topLeft": along - right, "topRight": along + right, "bottomLeft": -along - right}
    kind = 1 << (15 - CHARGING_BIT) if bays["kind"][row] == Bay.CHARGING else 0
    return {
        "slotID": row + 1,
        "position": {
            name: offset(position(projection, x + float(by[0]), y + float(by[1])), reference) for name, by in corners.items()
        },
        "parkingType": (kind.to_bytes(2, "big"), 10), "status": STATUS[int(status[row])], "parkingSpaceTheta": "unknown",
        "parkingLock": "unknown",
    }  # fmt: skip


def advise(scene: Scene, parameters: Parameters) -> NDArray[np.void]:
    """Return nothing: who is led is told in PAM."""
    return NOTHING


ABOUT = Application(
    id="GSPA", zh="场站路径引导服务", en="Guidance in parking areas", day=2, reads=("tracks", "map", "asked"),
    receivers="vehicle", messages=("pam",), says_zh="前往车位", says_en="To the bay", unit="", advise=advise,
)  # fmt: skip
