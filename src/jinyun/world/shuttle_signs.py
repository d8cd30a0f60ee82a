"""What the zone's signs say on a shuttle's way (标志): stretches of its guideline with the speeds that are posted there.

Hazards of the zone are not read: they say what is there, not which lane it takes. Those that roadside units announce are
(:mod:`jinyun.vehicle.shuttle.announced`), and who stands there is seen by sensors, the car's or the road's.
"""

from __future__ import annotations

from collections.abc import Sequence

from jinyun.hdmap import Map
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline
from jinyun.vehicle.shuttle.laying import held, stretches
from jinyun.vehicle.shuttle.posted import Posted
from jinyun.zone import Notice


def posted_on(signs: Sequence[Notice], map: Map, line: Guideline) -> tuple[Posted, ...]:
    """Return the speeds that signs post on the way; other signs say nothing that a shuttle does not know of its map."""
    found = []
    for sign in signs:
        if sign.limit_kmh is None:
            continue
        for begin, end in stretches(held(sign.x_m, sign.y_m, sign.path, sign.radius_m, map, line), line):
            found.append(Posted("speed", begin * STEP_M, end * STEP_M, sign.limit_kmh / 3.6))
    return tuple(found)
