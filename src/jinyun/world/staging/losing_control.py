"""Somebody loses control (车辆失控): swerves and slows down while brakes and stability control are at work."""

from __future__ import annotations

import numpy as np

from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import NO_CHECKS, Stage
from jinyun.world.street import STEP_S, Snapshot

EVENT_ABS, EVENT_STABILITY = 1 << 10, 1 << 8
ABS, STABILITY = 4, 8
"""Bits of ``braking`` in DOING."""


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where somebody follows."""
    if now.speed_mps[row] < 9 or stage.lane_ahead(now, row, 50) is None or not stage.followed(id, 70):
        return None
    return Possible(0, _swerve(stage, id))


def _swerve(stage: Stage, id: str) -> Act:
    number, speed = int(id[1:]), stage.speed(id)
    for k in range(28):
        if not stage.there(id):
            break
        t = k * STEP_S
        grows = min(t / 0.8, 1.0) * min((2.8 - t) / 0.8, 1.0)
        stage.overlay.aside[number] = (0.7 * grows * float(np.sin(4.0 * t)), 0.12 * grows * float(np.cos(4.0 * t)))
        stage.overlay.doing[number] = {"events": EVENT_ABS | EVENT_STABILITY, "braking": ABS | STABILITY}
        stage.hold(id, max(speed - 2.5 * t, 3.0), NO_CHECKS)
        yield
    stage.overlay.aside.pop(number, None)
    for _ in range(5):
        yield
    stage.overlay.doing.pop(number, None)
    stage.behave(id)
