"""Somebody on foot steps out before a car (行人闯入), or stops short of its lane; the driver sees it late."""

from __future__ import annotations

import numpy as np

from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.picture import Actor
from jinyun.world.staging.stage import Stage
from jinyun.world.street import STEP_S, Snapshot

WATCHED_M = 120.0
LEAVES_STEPS = 40
"""So long somebody who stopped short is seen going back."""


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where the lane ahead is free and nothing lies between it and the side of the road."""
    return crossing(stage, id, row, now, "walker", float(stage.rng.uniform(1.2, 2.4)), 5.0)


def crossing(
    stage: Stage, id: str, row: int, now: Snapshot, body: str, pace_mps: float, from_m: float
) -> Possible | None:
    """Return the deed of somebody with that body who waits ``from_m`` beside the lane and crosses it at that pace."""
    speed = float(now.speed_mps[row])
    far = speed * (from_m / pace_mps + 1.5)
    place = stage.lane_ahead(now, row, far)
    _, gap = stage.leader(id, far + 10)
    if speed < 7 or place is None or gap < far + 10 or not stage.rightmost(id):
        return None
    away = np.hypot(stage.watched[:, 0] - place[0], stage.watched[:, 1] - place[1])
    if away.min(initial=np.inf) > WATCHED_M and len(away) and stage.rng.random() < 0.9:
        return None
    slot, number = stage.street.admit()
    x, y, course = place
    actor = Actor(
        slot, number, body, x + from_m * np.cos(course), y - from_m * np.sin(course), (course - np.pi / 2) % (2 * np.pi)
    )
    stops_short, sees_s = bool(stage.rng.random() < 0.4), float(stage.rng.uniform(0.7, 1.5))
    return Possible(number, _cross(stage, id, actor, (x, y), pace_mps, from_m, stops_short, sees_s))


def _cross(
    stage: Stage, id: str, actor: Actor, place: tuple[float, float], pace_mps: float, from_m: float, stops_short: bool,
    sees_s: float,
) -> Act:  # fmt: skip
    """Stand beside the lane, set out as the car comes, and cross it or stop short of it; the driver sees it late."""
    stage.overlay.actors[actor.number] = actor
    went, braked = 0.0, False
    begins_s = from_m / pace_mps - float(stage.rng.uniform(-0.1, 0.5))
    for _ in range(200):
        yield
        row, now = stage.row.get(int(id[1:])), stage.now
        if row is None or now is None or not stage.there(id):
            break
        dx, dy = place[0] - now.x_m[row], place[1] - now.y_m[row]
        h, speed = now.heading_rad[row], float(now.speed_mps[row])
        left_m = float(dx * np.sin(h) + dy * np.cos(h) - now.length_m[row] / 2)
        wanted = pace_mps if left_m < max(speed, 1.0) * begins_s or went > 0 else 0.0
        if stops_short and went > from_m - 3.2:
            wanted = 0.0
        change = float(np.clip(wanted - actor.speed_mps, -0.35, 0.35))
        actor.speed_mps, actor.accel_mps2 = actor.speed_mps + change, change / STEP_S
        went += actor.speed_mps * STEP_S
        actor.x_m += actor.speed_mps * STEP_S * np.sin(actor.heading_rad)
        actor.y_m += actor.speed_mps * STEP_S * np.cos(actor.heading_rad)
        in_the_way = from_m - 3.0 < went < from_m + 2.0 and not stops_short
        if in_the_way and left_m > -1 and left_m < speed * sees_s and speed > 0.5:
            stage.slower(id, 8.0)
            braked = True
        elif braked and not in_the_way:
            stage.behave(id)
            braked = False
        if went > 2 * from_m or left_m < -40:
            break
    stage.behave(id)
    if stops_short:  # nobody vanishes from the road: it goes back
        actor.heading_rad = (actor.heading_rad + np.pi) % (2 * np.pi)
    for _ in range(LEAVES_STEPS if stops_short else 15):
        if stops_short:
            actor.speed_mps, actor.accel_mps2 = min(actor.speed_mps + 0.35, pace_mps), 0.0
            actor.x_m += actor.speed_mps * STEP_S * np.sin(actor.heading_rad)
            actor.y_m += actor.speed_mps * STEP_S * np.cos(actor.heading_rad)
        yield
    stage.overlay.actors.pop(actor.number, None)
    stage.street.dismiss(actor.slot)
