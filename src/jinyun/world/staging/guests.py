"""Guests (临时车辆): vehicles that are put on the street for a deed, drive some roads on and leave it."""

from __future__ import annotations

from jinyun.world.staging.stage import Stage

ROOM_M = 18.0
"""Nobody is put on a lane where another is so near behind, or ahead before the lane's end."""
ROADS = 4
"""So many roads on a guest drives."""
BODY = "sedan"


def enter(stage: Stage, link: int, away_m: float, speed_mps: float) -> int:
    """Put a car on the lane that a link leaves, ``away_m`` before its end, and return its number; 0 where there is no room."""
    map = stage.map
    lane = int(map.links["start"][link])
    length = float(stage.street.api.lane.getLength(str(map.lanes["id"][lane])))
    edges = [_edge(stage, lane), _edge(stage, int(map.links["end"][link]))]
    return on_lane(stage, lane, length - away_m, speed_mps, edges, clear_ahead=True)


def on_lane(
    stage: Stage, lane: int, at_m: float, speed_mps: float, edges: list[str], clear_ahead: bool = False,
    room_m: float = ROOM_M,
) -> int:  # fmt: skip
    """Put a car on a lane, its front ``at_m`` along it, to drive over ``edges`` and on; return its number, 0 for no room.

    Nobody may be nearer than ``room_m``. With ``clear_ahead`` nobody may be ahead of it on the lane.
    """
    api, name = stage.street.api, str(stage.map.lanes["id"][lane])
    if not 6.0 < at_m < float(api.lane.getLength(name)) - 1.0:
        return 0
    for id in api.lane.getLastStepVehicleIDs(name):
        its = float(api.vehicle.getLanePosition(id))
        if at_m - room_m < its and (clear_ahead or its < at_m + room_m):
            return 0
    number = stage.street.put(_on(stage, edges), int(stage.map.lanes["index"][lane]), at_m, speed_mps, BODY)
    stage.here.add(f"v{number}")
    return number


def _edge(stage: Stage, lane: int) -> str:
    return str(stage.map.edges["id"][stage.map.lanes["edge"][lane]])


def _on(stage: Stage, edges: list[str]) -> list[str]:
    """Return edges and some that lead on from them, straight on where that can be."""
    map, found = stage.map, list(edges)
    rows = {str(id): row for row, id in enumerate(map.edges["id"])}
    for _ in range(ROADS):
        here = map.lanes["edge"][map.links["start"]] == rows[found[-1]]
        ways = [
            (int(turn), str(map.edges["id"][map.lanes["edge"][end]]))
            for turn, end in zip(map.links["turn"][here].tolist(), map.links["end"][here].tolist(), strict=True)
            if map.lanes["kind"][end] <= 1
        ]  # fmt: skip
        if not ways:
            break
        found.append(min(ways)[1])
    return found
