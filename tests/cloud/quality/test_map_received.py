"""MAPs as received: repeated ones are never new, changed ones are seen, and lights and lanes are held against each other."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jinyun.cloud.quality.layout import Ground, Places, of_message, reference, remotes, turn_of
from jinyun.cloud.quality.received import MapHeard, lacking, minute_of_year
from jinyun.hdmap import Turn
from jinyun.net import csae
from tests.cloud.quality.lamps import (
    START_US,
    Columns,
    Ints,
    Lamps,
    kept,
    map_frames,
    map_values,
    numbered,
    row_of,
    run,
    told,
    truth_of,
    units,
)
from tests.conftest import shared_json
from tests.hdmap import reference as reference_zone

UNIT = "RSU-A2"
FIELD = "node 0/3"
Values = list[Any]


def altered(
    change: Callable[[Values], None], since: int = 0
) -> Callable[[Lamps], Callable[[int, int], list[MapHeard]]]:
    """Return what sends the unit's MAP with a change in its values from a second on, and the others' as they are."""

    def of(lamps: Lamps) -> Callable[[int, int], list[MapHeard]]:
        values = copy.deepcopy(list(map_values(UNIT)))
        change(values)
        frames = [csae.encode("mapFrame", value) for value in values]

        def maps(second: int, at_us: int) -> list[MapHeard]:
            if second < since:
                return lamps.maps(at_us)
            rest = lamps.maps(at_us, [name for name in lamps.names if name != UNIT])
            return rest + [MapHeard(row_of(UNIT), at_us, numbered(frame, (second + 1) % 128)) for frame in frames]

        return maps

    return of


def lanes(values: Values) -> list[Any]:
    return [lane for value in values for link in value["nodes"][0]["inLinks"] for lane in link["lanes"]]


def no_lane_widths(values: Values) -> None:
    for value in values:
        for link in value["nodes"][0]["inLinks"]:
            del link["linkWidth"]
            for lane in link["lanes"]:
                del lane["laneWidth"]


def other_node(values: Values) -> None:
    for value in values:
        value["nodes"][0]["id"]["id"] = 4000


def one_phase_for_all(values: Values) -> None:
    for lane in lanes(values):
        for connection in lane.get("connectsTo", ()):
            connection["phaseId"] = 1


def other_phase(values: Values) -> None:
    for lane in lanes(values):
        for connection in lane.get("connectsTo", ()):
            if connection.get("phaseId") == 3:
                connection["phaseId"] = 30


def tomorrow(values: Values) -> None:
    for value in values:
        value["timeStamp"] = minute_of_year(START_US) + 1440


CASES: dict[str, tuple[Callable[[Values], None], set[tuple[str, str]]]] = {
    "nothing": (lambda values: None, set()),
    "no lane widths": (no_lane_widths, {("map.minimum", FIELD)}),
    "another node": (
        other_node,
        {("map.node.unknown", "node 0/4000"), ("spat.node.foreign", FIELD)},
    ),
    "one phase for all": (
        one_phase_for_all,
        {("map.phase.conflict", f"{FIELD} phase 1")}
        | {("spat.phase.unmapped", f"{FIELD} phase {n}") for n in range(2, 7)},
    ),
    "another phase": (
        other_phase,
        {("spat.phase.unmapped", f"{FIELD} phase 3"), ("map.phase.unlit", f"{FIELD} phase 30")},
    ),
    "the time of tomorrow": (tomorrow, {("map.time", FIELD)}),
}


@pytest.mark.parametrize("name", CASES)
def test_a_wrong_map_is_told_as_what_it_is_and_nothing_else_is(name: str) -> None:
    change, expected = CASES[name]
    lamps = Lamps()
    found = run(lamps, 40, maps=altered(change)(lamps))
    if name == "one phase for all":  # lights that were right for their lanes now contradict each other, too
        found = [one for one in found if one.rule != "signal.conflict"]
    assert told(found) == {(rule, f"rsu/{UNIT}", field) for rule, field in expected}


def test_a_map_that_changes_with_its_counter_is_no_fault_and_holds_only_for_what_comes_after() -> None:
    lamps = Lamps()
    truth = truth_of(lamps)
    station = row_of(UNIT), 0, 3
    found = run(lamps, 30, truth=truth, maps=altered(other_phase, 20)(lamps))
    assert found == [], "a changed map is judged when it has settled"
    before = truth.agreement.layout_of(truth.stations.row_of[station])
    found = run(lamps, 15, truth=truth, maps=altered(other_phase, 20)(lamps), since=30)
    after = truth.agreement.layout_of(truth.stations.row_of[station])
    assert before is not None and after is not None and 30 in after.whom and 3 not in after.whom
    assert {one.rule for one in found} == {"spat.phase.unmapped", "map.phase.unlit"}


def test_a_map_that_changes_under_the_same_counter_is_told_once() -> None:
    lamps = Lamps([UNIT])
    frames = map_frames(UNIT), [csae.encode("mapFrame", value) for value in _wider()]

    def maps(second: int, at_us: int) -> list[MapHeard]:
        return [MapHeard(row_of(UNIT), at_us, frame) for frame in frames[second >= 20]]

    found = run(lamps, 40, maps=maps)
    assert told(found) == {("map.count", f"rsu/{UNIT}", FIELD)} and len(found) == 1


def _wider() -> Values:
    values = copy.deepcopy(list(map_values(UNIT)))
    for lane in lanes(values):
        lane["laneWidth"] += 5
    return values


def test_a_map_repeated_for_hours_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Content is compared by its octets: whatever the counter says, nothing changed (a known defect of a peer)."""
    lamps = Lamps([UNIT])
    read: list[bytes] = []
    decode = csae.decode
    monkeypatch.setattr(csae, "decode", lambda frame, *rest: read.append(frame) or decode(frame, *rest))
    rng = np.random.default_rng(1)

    def maps(second: int, at_us: int) -> list[MapHeard]:
        return [MapHeard(row_of(UNIT), at_us, numbered(f, int(rng.integers(0, 128)))) for f in map_frames(UNIT)]

    assert run(lamps, 60, maps=maps) == []
    assert len(read) == len(map_frames(UNIT))


def test_rates_of_maps() -> None:
    for every, rules in ((1, set()), (2, {"map.rate"}), (20, {"map.rate", "map.absent"})):
        lamps = Lamps([UNIT])
        found = run(
            lamps, 60, maps=lambda second, at_us, e=every, one=lamps: one.maps(at_us) if second % e == 0 else []
        )
        assert {one.rule for one in found} == rules, every
    lamps = Lamps([UNIT])
    twice = run(lamps, 40, maps=lambda second, at_us: lamps.maps(at_us) + lamps.maps(at_us + 400_000))
    assert told(twice) == {("map.rate", f"rsu/{UNIT}", FIELD)}
    assert told(run(Lamps([UNIT]), 40, maps=lambda second, at_us: [])) == {("map.absent", f"rsu/{UNIT}", FIELD)}


def test_lights_of_a_junction_nobody_knows_are_told() -> None:
    lamps = Lamps()

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["intersections"]["intersectionId.id"][lamps.messages(columns, UNIT)] = 4000

    others = [name for name in lamps.names if name != UNIT]
    found = run(lamps, 30, fault, maps=lambda second, at_us: lamps.maps(at_us, others))
    assert told(found) == {("spat.node.unknown", f"rsu/{UNIT}", "node 0/4000")}


def test_the_same_node_number_in_another_region_is_another_junction() -> None:
    lamps = Lamps()

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["intersections"]["intersectionId.region"][lamps.messages(columns, UNIT)] = 7

    others = [name for name in lamps.names if name != UNIT]
    found = run(lamps, 30, fault, maps=lambda second, at_us: lamps.maps(at_us, others))
    assert told(found) == {("spat.node.unknown", f"rsu/{UNIT}", "node 7/3")}


@pytest.mark.parametrize("late_s", [0, 30])
def test_a_second_sender_of_a_junction_is_told_and_where_it_contradicts(late_s: int) -> None:
    lamps, stranger = Lamps([UNIT]), len(units()[0]) + 3
    other = Lamps([UNIT])
    other.offset_s = other.offset_s + late_s

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        second_columns, _, _ = other.columns(second)
        both = {t: {n: np.concatenate([v, second_columns[t][n]]) for n, v in its.items()} for t, its in columns.items()}
        return both, np.tile(sent, 2), np.concatenate([source, np.full(len(source), stranger)])

    found = told(run(lamps, 60, fault))
    alone = {("spat.sender.second", f"rsu/X{stranger}", FIELD)}
    if late_s == 0:
        assert found == alone
    else:
        assert {rule for rule, _, _ in found} == {"spat.sender.second", "spat.sender.contradiction"}
        assert {field for rule, _, field in found if rule == "spat.sender.contradiction"} <= {
            f"{FIELD} phase {n}" for n in range(1, 11)
        }
        assert len(found) > 5


def test_a_message_that_lost_its_second_half_keeps_its_first() -> None:
    lamps = Lamps([UNIT])
    cut = lambda columns, sent, source, second: kept(columns, sent, source, np.arange(len(sent)) < 9)  # noqa: E731
    assert {one.rule for one in run(lamps, 5, cut)} <= {"spat.gap"}


# -- layouts ---------------------------------------------------------------------------------------------------------


def ways_by_message(unit: str, with_map: bool) -> Any:
    here, map = reference_zone.reference()
    names, rows = units()
    node = (here.map.region, int(map.junctions["node"][rows[names.index(unit)]]))
    links = [link for value in map_values(unit) for link in value["nodes"][0]["inLinks"]]
    beyond: dict[Any, Any] = {}
    refs = {}
    for name in names:
        of = map_values(name)
        at = reference(of[0]["nodes"][0]["id"])
        ref = of[0]["nodes"][0]["refPos"]
        refs[at] = (ref["long"], ref["lat"])
        if at in remotes(links):
            beyond[at] = [link for value in of for link in value["nodes"][0].get("inLinks", ())]
    ground = Ground(map) if with_map else None
    return of_message(ground, node, links, beyond, Places(here.project, refs)), Ground(map).ways(
        rows[names.index(unit)]
    )


@pytest.mark.parametrize("unit", ["RSU-A1", "RSU-A2", "RSU-R3", "RSU-N4"])
def test_a_map_as_received_has_the_ways_of_the_map_it_was_made_from(unit: str) -> None:
    received, own = ways_by_message(unit, True)
    for way in own:
        same = [other for other in received if other.lane == way.lane and set(way.onto) & set(other.onto)]
        if way.walkers:
            assert any(other.walkers and other.phase == way.phase for other in received)
        elif same:
            assert same[0].phase == way.phase and same[0].turn == way.turn
    driven = [way for way in own if not way.walkers]
    found = [w for w in driven if any(o.lane == w.lane and set(w.onto) & set(o.onto) for o in received)]
    assert len(found) >= 0.95 * len(driven)


def test_a_map_alone_gives_ways_their_turns_and_lines() -> None:
    """Where the zone has no map, lines are curved from the stop line to the lane as the MAP beyond has it."""
    received, own = ways_by_message("RSU-A2", False)
    lined = [way for way in received if way.line is not None]
    assert len(lined) > 10 and all(way.lane == -1 and not way.onto for way in received)
    turns = {way.phase: way.turn for way in own if not way.walkers and not way.bicycle}
    assert {way.phase for way in lined} <= set(turns)


def test_turns_by_how_far_a_way_turns() -> None:
    degrees = {0: Turn.STRAIGHT, 30: Turn.STRAIGHT, 90: Turn.RIGHT, -90: Turn.LEFT, 179: Turn.U_TURN, -170: Turn.U_TURN}
    for turned, turn in degrees.items():
        assert turn_of(np.radians(turned)) == turn


def test_what_a_real_map_lacks() -> None:
    """A capture from Changsha describes all a car needs."""
    frame = bytes.fromhex(next(v["hex"] for v in shared_json("csae/vectors-stage1.json") if v["name"] == "rsu_gw_MAP"))
    links = csae.decode(frame)[1]["nodes"][0]["inLinks"]
    assert lacking(links) == []
    del links[0]["lanes"][0]["connectsTo"], links[0]["speedLimits"]
    assert lacking(links) == ["a speed limit (1)", "where a lane leads (connectsTo) (1)"]
