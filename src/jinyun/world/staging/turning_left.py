"""Somebody turns left before one who comes from the arm opposite (左转不让直行), at a light of its own or without one."""

from __future__ import annotations

import numpy as np

from jinyun.hdmap import LaneKind, Map, Turn
from jinyun.world.staging import guests
from jinyun.world.staging.crossways import Approach, Crossing, approach, crossings, somebody_across
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import Stage
from jinyun.world.street import LEFT_LAMP, Snapshot

OPPOSED_COS = -0.8
PACE_MPS, FAR_S = (5.0, 8.0), (3.0, 5.0)
LIT = 0.9
"""So often the lamp is on."""


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where a vehicle comes to its left turn with nobody before it and the arm opposite has its way; or of
    one who is put on the street for it, at a turn of chance."""
    pace, its = float(stage.rng.uniform(*PACE_MPS)), approach(stage, id)
    if its is not None and its.direction in "lL" and its.state not in "yY" and its.far_m < 6.0 * pace:
        _, gap = stage.leader(id, 60)
        if gap > its.far_m + 6:
            found = somebody_across(stage, id, its, pace, _opposite(stage.map, its.link))
            return None if found is None else _lit(stage, int(id[1:]), found)
    if stage.turns is None:
        stage.turns = _turns(stage.map)
    turns = stage.turns
    link = turns[int(stage.rng.integers(len(turns)))] if turns else -1
    return _by_a_guest(stage, link, pace) if link >= 0 else None


def _by_a_guest(stage: Stage, link: int, pace: float) -> Possible | None:
    far_m = pace * float(stage.rng.uniform(*FAR_S))
    number = guests.enter(stage, link, far_m, pace)
    if not number:
        return None
    its = Approach(link, far_m, "", "l", False)
    found = somebody_across(stage, f"v{number}", its, pace, _opposite(stage.map, link))
    if found is None:
        stage.street.withdraw(f"v{number}")
        return None
    return _lit(stage, number, found)._replace(by=number)


def _lit(stage: Stage, number: int, found: Possible) -> Possible:
    return found._replace(act=_with_lamp(stage, number, found.act)) if stage.rng.random() < LIT else found


def _with_lamp(stage: Stage, number: int, act: Act) -> Act:
    stage.overlay.doing[number] = {"lights": LEFT_LAMP}
    yield from act
    stage.overlay.doing.pop(number, None)


def _opposite(map: Map, link: int) -> list[Crossing]:
    """Return the ways straight on from the arm opposite that cross a link's."""
    course = _course(map, link)
    return [
        one for one in crossings(map, link)
        if map.links["turn"][one.link] & Turn.STRAIGHT and np.cos(_course(map, one.link) - course) < OPPOSED_COS
    ]  # fmt: skip


def _turns(map: Map) -> list[int]:
    """Return all left turns that the arm opposite crosses."""
    links, kind = map.links, map.lanes["kind"]
    left = np.flatnonzero(
        ((links["turn"] & Turn.LEFT) > 0) & (links["via"] >= 0) & (kind[links["start"]] == LaneKind.CAR)
    )
    return [link for link in left.tolist() if _opposite(map, link)]


def _course(map: Map, link: int) -> float:
    """Return the course at which a link's way comes to its junction."""
    line = map.lane_line(int(map.links["start"][link]))
    return float(np.arctan2(*(line[-1] - line[-2])))
