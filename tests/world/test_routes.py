"""Routes: the lines drive their stops in order, walks are unbroken, and the shuttle's loop takes a quarter of an hour."""

import itertools
from dataclasses import replace

import numpy as np

from jinyun.hdmap import Map
from jinyun.world import routes
from jinyun.world.street import Street
from jinyun.zone import Zone


def test_routes_come_in_all_kinds_and_are_the_same_again(here: Zone, precise_map: Map) -> None:
    pool = routes.pool(here, precise_map, 20)
    assert {kind: len(ways) for kind, ways in pool.items()} == routes.COUNTS
    assert routes.pool(here, precise_map, 20) == pool
    assert routes._routed(precise_map, 20) == pool


def test_walks_name_their_crossings_and_are_unbroken(here: Zone, precise_map: Map) -> None:
    edges = {str(id) for id in precise_map.edges["id"]}
    for way in routes.pool(here, precise_map, 20)["person"]:
        assert set(way) <= edges
        for a, b in itertools.pairwise(way):
            assert a.startswith(":") or b.startswith(":")


def test_every_walk_can_be_walked_to_its_end(here: Zone, precise_map: Map) -> None:
    """SUMO ends a simulation in which one walker finds no way on: all walks at once, with no car and no light."""
    import libsumo

    length = {}
    for edge, metres in zip(precise_map.lanes["edge"], precise_map.lanes["length_m"], strict=True):
        length[str(precise_map.edges["id"][edge])] = float(metres)
    libsumo.start(
        ["sumo", "-n", str(precise_map.net_file), "--step-length", "1", "--no-step-log", "true", "--no-warnings", "true",
         "--tls.all-off", "true", "--pedestrian.striping.jamtime", "5"]
    )  # fmt: skip
    for k, way in enumerate(routes.pool(here, precise_map, 20)["person"]):
        libsumo.person.add(f"p{k}", way[0], length[way[0]] / 2)
        libsumo.person.appendWalkingStage(f"p{k}", way, length[way[-1]] / 2)
    for _ in range(4000):
        libsumo.simulationStep()
        if not libsumo.person.getIDList():
            break
    left = libsumo.person.getIDList()
    libsumo.close()
    assert not left


def test_lines_pass_all_their_stops_in_order(here: Zone, precise_map: Map) -> None:
    courses = {course.line.id: course for course in routes.courses(here, precise_map)}
    for course in courses.values():
        assert course.stops == course.line.stops
    assert courses["L1"].loop and not courses["B1"].loop


def test_the_shuttle_goes_round_in_13_to_17_minutes(here: Zone, precise_map: Map) -> None:
    """Among the zone's buses alone, with every stop served; with full traffic it takes a minute or two longer."""
    import libsumo

    assert here.traffic is not None
    quiet = here.traffic.model_copy(update={"vehicles": 0, "bicycles": 0, "persons": 0})
    street = Street(replace(here, traffic=quiet), precise_map)
    shuttles = [id for id in libsumo.vehicle.getIDList() if libsumo.vehicle.getTypeID(id) == "shuttle"]
    assert len(shuttles) == 3
    passed: dict[str, list[float]] = {id: [] for id in shuttles}
    stops: dict[str, set[str]] = {id: set() for id in shuttles}
    last = dict.fromkeys(shuttles, "")
    for _ in range(19_000):
        libsumo.simulationStep()
        for id in shuttles:
            edge = libsumo.vehicle.getRoadID(id)
            if edge != last[id] and edge == "yungu.8+":
                passed[id].append(libsumo.simulation.getTime())
            last[id] = edge
            if libsumo.vehicle.isAtBusStop(id):
                stops[id].add(libsumo.vehicle.getStops(id, 1)[0].stoppingPlaceID)
    still = set(libsumo.vehicle.getIDList())
    street.close()
    assert set(shuttles) <= still, "a shuttle left its loop"
    laps = np.concatenate([np.diff(times) for times in passed.values()]) / 60
    assert len(laps) >= 3
    assert 13 <= np.mean(laps) <= 17
    assert all(served == {f"S0{k}" for k in range(1, 10)} for served in stops.values())
