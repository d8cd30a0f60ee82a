"""Somebody stands still in a lane for no reason of traffic (异常停车), with hazard lamps or without."""

from __future__ import annotations

from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import NO_CHECKS, Stage
from jinyun.world.street import HAZARD_LAMPS, STEP_S, Snapshot

EVENT_HAZARD = 1 << 12


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where the road ahead is free and somebody comes behind."""
    _, gap = stage.leader(id, 40)
    if gap < 35 or stage.lane_ahead(now, row, 70) is None or now.speed_mps[row] < 6 or not stage.followed(id, 90):
        return None
    return Possible(0, _stand(stage, id, bool(stage.rng.random() < 0.75), float(stage.rng.uniform(14, 26))))


def _stand(stage: Stage, id: str, lamps: bool, seconds: float) -> Act:
    number = int(id[1:])
    yield from stage.brake(id, 2.5, 0.0)
    if lamps:
        stage.overlay.doing[number] = {"lights": HAZARD_LAMPS, "events": EVENT_HAZARD}
    if stage.there(id):
        stage.hold(id, 0.0, NO_CHECKS)
    for _ in range(round(seconds / STEP_S)):
        yield
        if not stage.there(id):
            break
    stage.overlay.doing.pop(number, None)
    stage.behave(id)
