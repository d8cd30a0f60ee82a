"""Somebody changes lane regardless of who is beside (强行变道), with a lamp or without, and swerves back."""

from __future__ import annotations

import numpy as np

from jinyun.hdmap import LaneKind
from jinyun.shapes import Kind
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import ALL_CHECKS, Stage
from jinyun.world.street import LEFT_LAMP, RIGHT_LAMP, STEP_S, Snapshot


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where somebody is beside, or comes up there."""
    at = stage.lane_of(id)
    if at < 0 or stage.to_end_m(id) < 4.5 * float(now.speed_mps[row]):
        return None
    h = now.heading_rad[row]
    dx, dy = now.x_m - now.x_m[row], now.y_m - now.y_m[row]
    along, across = dx * np.sin(h) + dy * np.cos(h), dx * np.cos(h) - dy * np.sin(h)
    same_way = np.cos(now.heading_rad - h) > 0.95
    faster = now.speed_mps - now.speed_mps[row]
    behind = (along > -6 - np.maximum(faster, 0) * 2.5) & (along < -1.0)
    for side, step in (("left", 1), ("right", -1)):
        target = int(stage.map.lanes[side][at])
        if target < 0 or stage.map.lanes["kind"][target] != LaneKind.CAR:
            continue
        beside = behind & same_way & (np.abs(across + step * 3.4) < 1.2) & (now.kind == Kind.MOTOR)
        if beside.any():
            other = int(now.number[np.flatnonzero(beside)[0]])
            if other not in stage.busy:
                return Possible(other, _change_to(stage, id, step, bool(stage.rng.random() < 0.6)))
    return None


def _change_to(stage: Stage, id: str, step: int, lamp: bool) -> Act:
    """Go over the border beside, with the lamp on or without, notice who is there and swerve back."""
    number, pace = int(id[1:]), stage.speed(id)
    stage.hold(id, pace, ALL_CHECKS)
    reach_m, over_s, back_s = float(stage.rng.uniform(1.8, 2.5)), float(stage.rng.uniform(1.8, 2.8)), 1.5
    if lamp:
        stage.overlay.doing[number] = {"lights": LEFT_LAMP if step > 0 else RIGHT_LAMP}
        for _ in range(12):
            yield
    t = 0.0
    while t < over_s + back_s and stage.there(id):
        share = min(t / over_s, (over_s + back_s - t) / back_s, 1.0)
        slope = 6 * share * (1 - share) / (over_s if t < over_s else -back_s)
        turned = -step * float(np.arctan2(reach_m * slope, max(pace, 3.0)))
        stage.overlay.aside[number] = (-step * reach_m * share * share * (3 - 2 * share), turned)
        yield
        t += STEP_S
    stage.overlay.aside.pop(number, None)
    stage.overlay.doing.pop(number, None)
    stage.behave(id)
