"""Cabin displays (座舱屏): the newest scene of each automated shuttle, to whoever shows it, and the road about its line.

``GET /api/v1/cabins`` who sends scenes; ``GET /api/v1/cabins/{id}/road`` the lanes, crossings, stop lines and stops about its
line (columns); ``WS /api/v1/cabins/{id}/live`` each scene as it comes (binary, :mod:`jinyun.vehicle.shuttle.scene`), and the
centre's time to who asks for it with ``clock NUMBER``. ``GET /api/v1/fleet`` the fleet's trips.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
from fastapi import APIRouter, HTTPException, Response, WebSocket
from nats.aio.client import Client as Link
from nats.aio.msg import Msg

from jinyun import hdmap
from jinyun.centre.deltas import Offer
from jinyun.centre.live import Slot, until_one_ends
from jinyun.hdmap import LaneKind, Map
from jinyun.net import columns, topics
from jinyun.state import read_json
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline, guideline
from jinyun.zone import Zone

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

MOST_CABINS = 64
MOST_VIEWERS = 200
"""Displays of one vehicle."""
FRESH_S = 3.0
LARGEST_SCENE = 1 << 20
BESIDE_M = 70.0
SEND_TIMEOUT_S = 10.0
KINDS = (LaneKind.CAR, LaneKind.BUS, LaneKind.BICYCLE, LaneKind.SIDEWALK, LaneKind.INNER)


class Cabins:
    """The newest scene of each vehicle, and who looks at it."""

    def __init__(self) -> None:
        self.newest: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self.viewers: dict[str, set[Slot]] = {}
        self.refused = 0

    async def follow(self, link: Link, zone: Zone) -> None:
        """Take scenes from the broker from now on."""

        async def take(message: Msg) -> None:
            self.take(message.subject.split(".")[3], message.data)

        await link.subscribe(topics.cabin_subject(zone.id), cb=take, pending_msgs_limit=200)

    def take(self, vehicle: str, scene: bytes) -> None:
        """Take a scene; what is no container of columns, or is too large, is counted and dropped."""
        if len(scene) > LARGEST_SCENE or scene[:4] != columns.MAGIC or not topics.device_id_is_good(vehicle):
            self.refused += 1
            return
        self.newest[vehicle] = time.monotonic(), scene
        self.newest.move_to_end(vehicle)
        while len(self.newest) > MOST_CABINS:
            self.newest.popitem(last=False)
        for slot in self.viewers.get(vehicle, ()):
            slot.frame = Offer(scene, None, -1)
            slot.ready.set()

    def listed(self) -> list[dict[str, Any]]:
        """Return who sends scenes: id, whether it is fresh, and what its scene says of itself."""
        now, found = time.monotonic(), []
        for vehicle, (at_s, scene) in sorted(self.newest.items()):
            meta, _ = columns.unpack(scene)
            names = ("line", "state", "mode", "reason", "passengers", "seats", "simulated")
            found.append({"id": vehicle, "fresh": now - at_s < FRESH_S, **{name: meta.get(name) for name in names}})
        return found


def routes(centre: Centre) -> APIRouter:
    """Return the routes of cabin displays."""
    router, cabins, zone = APIRouter(prefix="/api/v1"), centre.cabins, centre.zone

    @router.get("/cabins")
    def get_cabins() -> dict[str, Any]:
        """Return the vehicles whose cabins have a display."""
        return {"zone": zone.id, "simulated": zone.simulated, "cabins": cabins.listed()}

    @router.get("/cabins/{id}/road", response_class=Response)
    def get_road(id: str) -> Response:
        """Return the road about a vehicle's line: a container of columns; 404 for a vehicle that nobody has heard of."""
        line = line_of(id)
        if line not in {its.id for its in zone.lines if its.kind == "shuttle"}:
            raise HTTPException(404, f"no automated vehicle {id}: /api/v1/cabins lists them")
        return Response(_road(zone, line), media_type="application/octet-stream")

    @router.get("/fleet")
    def get_fleet() -> dict[str, Any]:
        """Return the automated vehicles with their trips: comfort, punctuality, passengers per kilometre, takeovers."""
        return read_json(centre.state_dir / "fleet.json") or {"zone": zone.id, "t_us": None, "vehicles": {}}

    @router.websocket("/cabins/{id}/live")
    async def live(socket: WebSocket, id: str) -> None:
        """Send each scene as it comes, the newest where the display is slow."""
        await socket.accept()
        slots = cabins.viewers.setdefault(id, set()) if topics.device_id_is_good(id) else set()
        if len(slots) >= MOST_VIEWERS or len(cabins.viewers) > 2 * MOST_CABINS or not topics.device_id_is_good(id):
            await socket.close(1013, "too many displays, or no such vehicle")
            return
        slot = Slot()
        if id in cabins.newest and time.monotonic() - cabins.newest[id][0] < FRESH_S:
            slot.frame = Offer(cabins.newest[id][1], None, -1)
            slot.ready.set()
        slots.add(slot)

        async def listen() -> None:
            while (heard := await socket.receive())["type"] != "websocket.disconnect":
                slot.asked((heard.get("text") or "")[:100])

        async def send() -> None:
            while True:
                _, scene, answer = await slot.next()
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    if answer is not None:
                        await socket.send_text(answer)
                    if scene is not None:
                        await socket.send_bytes(scene)

        try:
            await until_one_ends(listen(), send())
        finally:
            slots.discard(slot)
            if not slots:
                cabins.viewers.pop(id, None)

    return router


def line_of(vehicle: str) -> str:
    """Return the id of the line in a vehicle's name (``L1-1``: L1)."""
    return vehicle.rpartition("-")[0]


@lru_cache(maxsize=8)
def _road_of(zone_id: str, folder: str, line_id: str) -> bytes:
    from jinyun.zone import load

    here = load(folder)
    line = next(its for its in here.lines if its.id == line_id)
    map = hdmap.open(here)
    return road(here, map, guideline(here, map, line))


def _road(zone: Zone, line_id: str) -> bytes:
    return _road_of(zone.id, str(zone.folder), line_id)


def road(zone: Zone, map: Map, line: Guideline) -> bytes:
    """Return the road within 70 m of a line as columns.

    Tables: ``lanes`` (kind, first, count, inside), ``borders`` (left_x_m, left_y_m, right_x_m, right_y_m: rows of lanes),
    ``crossings`` (x1_m, y1_m, x2_m, y2_m, width_m), ``stop_lines`` (x1_m, y1_m, x2_m, y2_m), ``stops`` (x_m, y_m,
    heading_rad; their ids in ``meta.stops``), ``blocks`` (first, count) with ``corners`` (x_m, y_m), ``way`` (x_m, y_m).
    """
    every = slice(None, None, int(10 / STEP_M))
    way_x, way_y = line.x_m[every], line.y_m[every]

    def near(x: Any, y: Any, within_m: float = BESIDE_M) -> bool:
        return bool((np.hypot(np.asarray(x)[:, None] - way_x, np.asarray(y)[:, None] - way_y) < within_m).any())

    lanes: dict[str, list[int]] = {"kind": [], "first": [], "count": [], "inside": []}
    borders: list[Any] = []
    total = 0
    for row in np.flatnonzero(np.isin(map.lanes["kind"], KINDS)).tolist():
        first, count = int(map.lanes["first"][row]), int(map.lanes["count"][row])
        span = slice(first, first + count)
        if not near(map.points["x_m"][span], map.points["y_m"][span]):
            continue
        names = ("left_x_m", "left_y_m", "right_x_m", "right_y_m")
        borders.append(np.column_stack([map.points[name][span] for name in names]))
        lanes["kind"].append(int(map.lanes["kind"][row]))
        lanes["first"].append(total)
        lanes["count"].append(count)
        lanes["inside"].append(int(map.lanes["junction"][row] >= 0))
        total += count
    edge = np.concatenate(borders) if borders else np.zeros((0, 4))
    ends = np.array([
        (map.crossing_points["x_m"][f], map.crossing_points["y_m"][f], map.crossing_points["x_m"][f + c - 1],
         map.crossing_points["y_m"][f + c - 1], w)
        for f, c, w in zip(map.crossings["first"], map.crossings["count"], map.crossings["width_m"], strict=True)
        if near([map.crossing_points["x_m"][f]], [map.crossing_points["y_m"][f]])
    ], np.float64).reshape(-1, 5)  # fmt: skip
    lines = np.column_stack([map.stop_lines[name] for name in ("x1_m", "y1_m", "x2_m", "y2_m")])
    lines = lines[[near([row[0]], [row[1]]) for row in lines]] if len(lines) else lines
    ids = [halt.id for halt in line.halts]
    x, y, heading = line.place(np.array([halt.s_m for halt in line.halts]), np.zeros(len(ids)))
    blocks: dict[str, list[int]] = {"first": [], "count": []}
    corners: list[Any] = []
    at = 0
    for row in np.flatnonzero(map.areas["kind"] == 5).tolist():
        first, count = int(map.areas["first"][row]), int(map.areas["count"][row])
        span = slice(first, first + count)
        if near(map.area_points["x_m"][span], map.area_points["y_m"][span], 110.0):
            corners.append(np.column_stack([map.area_points["x_m"][span], map.area_points["y_m"][span]]))
            blocks["first"].append(at)
            blocks["count"].append(count)
            at += count
    corner = np.concatenate(corners) if corners else np.zeros((0, 2))

    def table(names: tuple[str, ...], rows: Any) -> dict[str, Any]:
        return {name: np.ascontiguousarray(rows[:, k], np.float32) for k, name in enumerate(names)}

    tables = {
        "lanes": {name: np.array(its, np.uint8 if name in ("kind", "inside") else np.uint32) for name, its in lanes.items()},
        "borders": table(("left_x_m", "left_y_m", "right_x_m", "right_y_m"), edge),
        "crossings": table(("x1_m", "y1_m", "x2_m", "y2_m", "width_m"), ends),
        "stop_lines": table(("x1_m", "y1_m", "x2_m", "y2_m"), lines),
        "stops": table(("x_m", "y_m", "heading_rad"), np.column_stack([x, y, heading])),
        "blocks": {name: np.array(values, np.uint32) for name, values in blocks.items()},
        "corners": table(("x_m", "y_m"), corner),
        "way": table(("x_m", "y_m"), np.column_stack([way_x, way_y])),
    }  # fmt: skip
    called = {stop.id: stop.name for stop in zone.stops}
    stops = [
        {"id": id, "zh": called[id].zh, "en": called[id].en} if id in called else {"id": id, "zh": id, "en": id}
        for id in ids
    ]
    return columns.pack(
        tables, {"kind": "cabin road", "line": line.line, "stops": stops, "revision": str(map.about["revision"][0])}
    )
