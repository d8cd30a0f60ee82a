"""The street: as many people as the zone says, on their lanes, without leaps, for as long as it runs."""

import itertools

import numpy as np
import pytest

from jinyun.hdmap import LaneKind, Map
from jinyun.shapes import Kind
from jinyun.world.bodies import BODIES
from jinyun.world.motion import STEP_S, Snapshot
from jinyun.world.street import Street
from jinyun.zone import Zone

STEPS = 250


@pytest.fixture(scope="module")
def seen(street: Street) -> list[Snapshot]:
    return [street.step() for _ in range(STEPS)]


def test_the_street_is_lived_in_from_the_first_step(seen: list[Snapshot], here: Zone) -> None:
    assert here.traffic is not None
    first = seen[0]
    wanted = here.traffic.vehicles + here.traffic.bicycles + sum(line.vehicles for line in here.lines)
    assert first.vehicles == pytest.approx(wanted, abs=0.1 * wanted)
    assert first.persons == pytest.approx(here.traffic.persons, abs=0.1 * here.traffic.persons)
    moving = first.speed_mps[first.kind == Kind.MOTOR] > 1
    assert moving.mean() > 0.4


def test_as_many_set_out_as_arrive(seen: list[Snapshot]) -> None:
    counts = [(now.vehicles, now.persons) for now in seen]
    assert max(v for v, _ in counts) - min(v for v, _ in counts) <= 25
    assert max(p for _, p in counts) - min(p for _, p in counts) <= 15


def test_all_kinds_are_there(seen: list[Snapshot]) -> None:
    classes = set(seen[-1].classification.tolist())
    assert {10, 27, 50, 54, 82, 85} <= classes
    assert set(seen[-1].kind.tolist()) == {Kind.MOTOR, Kind.NON_MOTOR, Kind.PEDESTRIAN}
    assert all(body.kind for body in BODIES.values())


def test_nobody_leaps(seen: list[Snapshot]) -> None:
    """From step to step each participant moves as its speed says: to half a metre a car, to a quarter a walker."""
    far = 0
    for before, now in itertools.pairwise(seen):
        _, a, b = np.intersect1d(before.number, now.number, return_indices=True)
        moved = np.hypot(now.x_m[b] - before.x_m[a], now.y_m[b] - before.y_m[a])
        surprise = np.abs(moved - (before.speed_mps[a] + now.speed_mps[b]) / 2 * STEP_S)
        limit = np.where(now.kind[b] == Kind.MOTOR, 0.75, np.where(now.kind[b] == Kind.NON_MOTOR, 0.6, 0.3))
        far += int((surprise > limit).sum())
    assert far <= 2


def test_a_number_is_one_participant_for_ever(seen: list[Snapshot]) -> None:
    kinds: dict[int, int] = {}
    for now in seen:
        assert len(set(now.number.tolist())) == len(now.number)
        for number, classification in zip(now.number.tolist(), now.classification.tolist(), strict=True):
            assert kinds.setdefault(number, classification) == classification


def test_cars_are_on_the_lane_that_sumo_says(street: Street, seen: list[Snapshot], precise_map: Map) -> None:
    """SUMO's own answer for the front bumper is the oracle of the map's nearest lane."""
    import libsumo

    ids = [id for id in libsumo.vehicle.getIDList() if libsumo.vehicle.getVehicleClass(id) != "bicycle"]
    steady = [id for id in ids if abs(libsumo.vehicle.getLateralLanePosition(id)) < 0.3]
    theirs = [libsumo.vehicle.getLaneID(id) for id in steady]
    place = np.array([libsumo.vehicle.getPosition(id) for id in steady])
    heading = np.radians([libsumo.vehicle.getAngle(id) for id in steady])
    lane, offset, _ = precise_map.nearest_lane(
        place[:, 0], place[:, 1], heading, kinds=[LaneKind.CAR, LaneKind.BUS, LaneKind.INNER]
    )
    on_roads = [k for k, id in enumerate(theirs) if not id.startswith(":")]
    same = [str(precise_map.lanes["id"][lane[k]]) == theirs[k] for k in on_roads]
    assert len(on_roads) > 100
    assert np.mean(same) > 0.98
    assert np.abs(offset[on_roads]).max() < 3.6


def test_speeds_and_accelerations_are_those_of_cars(seen: list[Snapshot]) -> None:
    motor = [now.kind == Kind.MOTOR for now in seen]
    speed = np.concatenate([now.speed_mps[m] for now, m in zip(seen, motor, strict=True)])
    accel = np.concatenate([now.accel_mps2[m] for now, m in zip(seen, motor, strict=True)])
    assert speed.max() < 27  # 80 km/h and a fast driver
    assert np.percentile(np.abs(accel), 99) < 4.5
    assert abs(accel.mean()) < 0.2


def test_the_middle_of_a_car_is_half_a_length_behind_its_bumper(street: Street) -> None:
    import libsumo

    now = street.step()
    ids = libsumo.vehicle.getIDList()
    number = {int(id[1:]): id for id in ids}
    gaps = []
    for k in np.flatnonzero(now.kind == Kind.MOTOR)[:200]:
        x, y = libsumo.vehicle.getPosition(number[int(now.number[k])])
        gaps.append(np.hypot(x - now.x_m[k], y - now.y_m[k]) - now.length_m[k] / 2)
    assert np.median(np.abs(gaps)) < 1e-6
