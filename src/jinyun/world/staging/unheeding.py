"""Somebody does not brake for the one ahead (不制动), until it is nearly or really too late."""

from __future__ import annotations

from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import NO_CHECKS, Stage
from jinyun.world.street import Snapshot


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where a slower one is ahead."""
    leader, gap = stage.leader(id, 70)
    if not leader.startswith("v") or not stage.there(leader):
        return None
    speed, its, other = float(now.speed_mps[row]), stage.speed(leader), int(leader[1:])
    if speed < 7 or speed - its < 3.5 or not 2.2 < gap / (speed - its) < 6 or other in stage.busy:
        return None
    return Possible(other, _drive_on(stage, id, leader, speed, float(stage.rng.uniform(0.6, 1.3))))


def _drive_on(stage: Stage, id: str, leader: str, speed_mps: float, until_s: float) -> Act:
    stage.hold(id, speed_mps, NO_CHECKS)
    for _ in range(90):
        yield
        if not stage.there(id) or not stage.there(leader):
            break
        ahead, gap = stage.leader(id, 80)
        closing = speed_mps - stage.speed(leader)
        if ahead != leader or closing < 1.0 or gap / max(closing, 0.1) < until_s:
            break
    yield from stage.brake(id, 8.0, 0.0, while_leader=True)
    stage.behave(id)
