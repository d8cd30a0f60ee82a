"""Somebody rides across the road before a car (骑行横穿), or stops short of its lane; the driver sees it late."""

from __future__ import annotations

from jinyun.world.staging.deed import Possible
from jinyun.world.staging.stage import Stage
from jinyun.world.staging.stepping_out import crossing
from jinyun.world.street import Snapshot


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where somebody could step out too, from farther away and faster."""
    return crossing(stage, id, row, now, "ebike", float(stage.rng.uniform(2.5, 4.5)), 11.0)
