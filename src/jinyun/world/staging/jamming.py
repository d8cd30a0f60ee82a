"""Cars creep close behind each other in a lane, far from any light (拥堵): a jam, and somebody who drives into its tail.

No jam arises by itself in minutes of a street with so little traffic, so its cars are guests; when the deed is over they
drive on as anybody.
"""

from __future__ import annotations

from jinyun.world.staging import guests
from jinyun.world.staging.deed import Act, Possible
from jinyun.world.staging.stage import ALL_CHECKS, Stage
from jinyun.world.street import STEP_S, Snapshot

CARS = 6
APART_M = 13.0
"""From front to front."""
AHEAD_M = 90.0, 130.0
"""So far ahead of whoever comes is the tail."""
CREEP_MPS, LASTS_S = (0.8, 1.8), (16.0, 22.0)
LEFT_M = 70.0
"""So far from the head to the lane's end at least: it does not get there while it creeps."""
FREE_M = 20.0


def possible(stage: Stage, id: str, row: int, now: Snapshot) -> Possible | None:
    """Return the deed where a vehicle's lane is long and empty before it."""
    lane = stage.lane_of(id)
    if lane < 0 or now.speed_mps[row] < 8:
        return None
    tail_m = float(stage.rng.uniform(*AHEAD_M))
    head_m = tail_m + (CARS - 1) * APART_M
    if stage.to_end_m(id) < head_m + LEFT_M or stage.leader(id, head_m + 3 * FREE_M)[1] < head_m + 2 * FREE_M:
        return None
    at_m = float(stage.vehicle.getLanePosition(id)) + head_m
    edge = str(stage.map.edges["id"][stage.map.lanes["edge"][lane]])
    pace = float(stage.rng.uniform(*CREEP_MPS))
    row_of: list[int] = []
    for k in range(CARS):
        number = guests.on_lane(stage, lane, at_m - k * APART_M, pace, [edge], room_m=APART_M - 1.0)
        if not number:
            for one in row_of:
                stage.street.withdraw(f"v{one}")
            return None
        row_of.append(number)
    return Possible(0, _creep(stage, row_of, pace, float(stage.rng.uniform(*LASTS_S))), by=row_of[-1])


def _creep(stage: Stage, numbers: list[int], pace_mps: float, seconds: float) -> Act:
    stage.busy |= set(numbers)
    for _ in range(round(seconds / STEP_S)):
        for number in numbers:
            if stage.there(f"v{number}"):
                stage.hold(f"v{number}", pace_mps, ALL_CHECKS)
        yield
        if not stage.there(f"v{numbers[-1]}"):
            break
    for number in numbers:
        stage.behave(f"v{number}")
        stage.busy.discard(number)
