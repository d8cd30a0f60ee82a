"""A shuttle that leaves the line to charge is off the street, and drives on from the first stop when it is back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from jinyun.hdmap import Map
from jinyun.hdmap.courses import courses
from jinyun.vehicle.shuttle.guideline import guideline
from jinyun.vehicle.shuttle.warming import warm
from jinyun.world.offline import FreeClock
from jinyun.world.shuttle import Placed, Shuttles
from jinyun.world.street import Street
from jinyun.zone import Zone


def test_who_leaves_the_line_is_off_the_street_and_comes_back_at_its_stop(here: Zone, precise_map: Map) -> None:
    none = tuple(np.zeros(0, np.int64) for _ in range(4))
    its = next(line for line in here.lines if line.id == "L1")
    zone = replace(here, rsus=())
    course = next(one for one in courses(here, precise_map) if one.line.id == its.id)
    line = guideline(here, precise_map, its)
    warm(precise_map, line, here.project)
    street, clock = Street(zone, precise_map, 5, course.edges, automated=True), FreeClock()
    try:
        shuttles = Shuttles(zone, precise_map, street, 5)

        def driven(placed: Placed, most_s: float) -> bool:
            """Let the street go on until a shuttle is placed on it."""
            for _ in range(round(most_s * 10)):
                now = street.step()
                shuttles.step(now, clock.utc_us(now.time_s), [], none, clock.due_s(now.time_s))
                if placed.pose is not None:
                    return True
            return False

        first = shuttles.add(course, line, line.halts[0].s_m, "L1-1")
        assert driven(first, 60.0)
        shuttles.retire("L1-1")
        street.step()
        assert shuttles.all == [] and first.id not in street.api.vehicle.getIDList()
        again = shuttles.add(course, line, line.halts[0].s_m, "L1-1")
        assert driven(again, 60.0)
        assert again.number != first.number and again.shuttle.halt == 0
        assert abs(again.shuttle.to_halt_m()) < 6.0
    finally:
        street.close()
