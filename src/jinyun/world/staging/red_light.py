"""Somebody runs a red light (闯红灯), often with somebody who comes across at green."""

from __future__ import annotations

from jinyun.world.staging.crossways import approach, crossings, somebody_across
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import ONLY_THE_ONE_AHEAD, Stage
from jinyun.world.street import STEP_S, Snapshot

ACROSS = 0.7
"""So often somebody must come across."""


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where the light ahead is red until then and nobody is between."""
    speed = float(now.speed_mps[row])
    lights = stage.vehicle.getNextTLS(id)
    if not lights or speed < 7:
        return None
    light, _, far, state = lights[0]
    _, gap = stage.leader(id, 90)
    if state != "r" or not 2.2 < far / speed < 6 or gap < far + 8:
        return None
    if stage.street.api.trafficlight.getNextSwitch(light) - now.time_s < far / speed + 1:
        return None
    its = approach(stage, id)
    straight = its is not None and its.direction == "s"
    held = speed if straight else min(speed, 9.0)
    if its is not None and straight and stage.rng.random() < ACROSS:
        return somebody_across(stage, id, its, held, crossings(stage.map, its.link))
    return Possible(0, go_regardless(stage, id, held, far))


def go_regardless(stage: Stage, id: str, speed_mps: float, far_m: float) -> Act:
    """Go on at a speed over a place so far away, heeding only the one ahead."""
    stage.hold(id, speed_mps, ONLY_THE_ONE_AHEAD)
    for _ in range(int((far_m / speed_mps + 3.5) / STEP_S)):
        yield
        if not stage.there(id):
            return
    stage.behave(id)
