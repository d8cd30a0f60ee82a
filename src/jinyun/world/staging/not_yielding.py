"""Somebody goes without yielding (不让行) to one who comes across with the right of way, where no light rules."""

from __future__ import annotations

from jinyun.world.staging.crossways import approach, crossings, somebody_across
from jinyun.world.staging.deed import Possible
from jinyun.world.staging.stage import Stage
from jinyun.world.street import Snapshot


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where a vehicle comes to a junction at which it has to yield, and nobody is before it there."""
    its = approach(stage, id)
    if its is None or its.priority or its.state in "rRyYgG" or its.direction not in "slL":
        return None
    speed = float(now.speed_mps[row])
    _, gap = stage.leader(id, 60)
    if not 1.5 < its.far_m / speed < 5 or gap < its.far_m + 6:
        return None
    pace = min(speed, 11.0 if its.direction == "s" else 7.0)
    return somebody_across(stage, id, its, pace, crossings(stage.map, its.link))
