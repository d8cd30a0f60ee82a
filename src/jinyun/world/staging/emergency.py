"""Somebody drives to an emergency (紧急车辆): faster, with siren and light bar, behind others."""

from __future__ import annotations

from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import Stage
from jinyun.world.street import Snapshot

SIREN, EMERGENCY = 2, 1
FASTER, HURRIES = 1.4, 7
"""Share of the usual speed; SUMO's speed mode of who heeds others, but no lights."""


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where somebody is ahead."""
    ahead, _ = stage.leader(id, 90)
    if now.speed_mps[row] < 7 or not stage.there(ahead):
        return None
    return Possible(0, _hurry(stage, id))


def _hurry(stage: Stage, id: str) -> Act:
    vehicle, number = stage.vehicle, int(id[1:])
    factor = float(vehicle.getSpeedFactor(id))
    vehicle.setSpeedFactor(id, FASTER)
    vehicle.setSpeedMode(id, HURRIES)
    stage.overlay.doing[number] = {"response": EMERGENCY, "siren": SIREN, "lightbar": SIREN}
    for _ in range(400):
        yield
        if not stage.there(id):
            break
    stage.overlay.doing.pop(number, None)
    if stage.there(id):
        vehicle.setSpeedFactor(id, factor)
    stage.behave(id)
