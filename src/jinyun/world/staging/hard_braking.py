"""Somebody brakes hard for nothing (无故急刹), before one who drives close behind and is not attentive."""

from __future__ import annotations

from jinyun.world.cars import EVENT_HARD_BRAKING
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import NO_CHECKS, Stage
from jinyun.world.street import Snapshot


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where somebody follows and nobody is close ahead."""
    speed = float(now.speed_mps[row])
    ahead, gap = stage.leader(id, 40)
    follower, behind = stage.vehicle.getFollower(id, 45)
    if speed < 9 or not follower.startswith("v") or not stage.there(follower) or (ahead and gap < 25):
        return None
    other, its = int(follower[1:]), stage.speed(follower)
    if other in stage.busy or its < 7 or not 0.6 < (behind + 2) / its < 2.6:
        return None
    return Possible(other, _brake_for_nothing(stage, id, follower, float(stage.rng.uniform(0.8, 1.6))))


def _brake_for_nothing(stage: Stage, id: str, follower: str, inattentive_s: float) -> Act:
    number, began = int(id[1:]), stage.time_s
    stage.hold(follower, stage.speed(follower), NO_CHECKS)
    released = False
    for _ in stage.brake(id, float(stage.rng.uniform(5.5, 7.5)), 1.5):
        stage.overlay.doing[number] = {"events": EVENT_HARD_BRAKING}
        if not released and stage.time_s - began > inattentive_s:
            stage.behave(follower)
            released = True
        yield
    stage.overlay.doing.pop(number, None)
    if not released:
        stage.behave(follower)
    if stage.there(id):
        stage.hold(id, 1.5, NO_CHECKS)
    for _ in range(20):
        yield
    stage.behave(id)
