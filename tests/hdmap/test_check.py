"""The map check: every rule finds its planted fault where it is, and is silent on a good map."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun.hdmap import Map
from jinyun.hdmap.check import FAULT, INFO, RULES, WARNING, Fault, check
from tests.conftest import ROOT
from tests.hdmap.drawn import lanes_of
from tests.hdmap.town import GREEN, changed, moved, parted, points_of, town, without

BY_ID = {rule.id: rule for rule in RULES}
EXPLAINED = {"lane.drop": 2, "lane.kink": 2}
"""What the reference map shows: two acceleration lanes that end, and a way through a junction that SUMO drew with a corner."""


def found(map: Map, rule: str) -> list[Fault]:
    return check(map, [BY_ID[rule]])


def only(map: Map, rule: str) -> Fault:
    """Return the one breach of a rule; no rule but those meant may be broken."""
    (fault,) = found(map, rule)
    return fault


def place(fault: Fault) -> tuple[float, float]:
    return fault.x_m, fault.y_m


@pytest.mark.parametrize("rule", sorted(BY_ID))
def test_a_good_town_breaks_no_rule(rule: str) -> None:
    assert found(town(), rule) == []


@pytest.mark.parametrize("rule", sorted(BY_ID))
def test_the_reference_map_breaks_no_rule_but_those_explained(rule: str, precise_map: Map) -> None:
    assert len(found(precise_map, rule)) == EXPLAINED.get(rule, 0)


def test_every_rule_has_an_id_a_severity_and_a_reason_in_both_languages() -> None:
    assert len(BY_ID) == len(RULES) >= 24
    for rule in RULES:
        assert rule.severity in (INFO, WARNING, FAULT)
        assert rule.en.strip() and any("一" <= c <= "鿿" for c in rule.zh)
        assert rule.id == rule.id.lower() and "." in rule.id


def test_the_catalogue_in_the_documents_is_that_of_the_code() -> None:
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"| `{rule.id}` | {rule.severity} | {rule.zh} | {rule.en} |" in text
    assert text.count("| fault |") + text.count("| warning |") + text.count("| info |") == len(RULES)


def test_a_gap_between_two_lanes_is_found_where_the_first_ends() -> None:
    fault = only(moved(town(), 2, 1.0, 0.0), "lane.gap")
    assert (fault.element, place(fault)) == ("lane l6", (15.0, -5.25))
    assert fault.message == "ends 1.00 m from where lane l2 begins, which follows it"


def test_a_lane_that_sets_off_at_an_angle_is_a_kink() -> None:
    map = lanes_of([[(0, 0), (50, 0)], [(50, 0), (100, 50)]], edge=[0, 1], after=[(0, 1)])
    fault = only(map, "lane.kink")
    assert fault.element == "lane l0" and place(fault) == (50.0, 0.0)
    assert fault.message == "meets lane l1 at an angle of 45 degrees"


def test_a_corner_within_a_lane_is_a_kink() -> None:
    fault = only(lanes_of([[(0, 0), (50, 0), (50, 50)]], edge=[0]), "lane.kink")
    assert fault.message == "turns by 90 degrees at one point" and place(fault) == (50.0, 0.0)


def test_a_border_that_jumps_where_the_next_lane_begins_is_found() -> None:
    map = town()
    rows = points_of(map, 2)
    fault = only(changed(map, "points", rows, right_y_m=map.points["right_y_m"][rows] - 1.0), "lane.border-step")
    assert fault.element == "lane l6" and "jumps by 1.00 m where lane l2 begins" in fault.message


def test_a_step_in_the_road_is_found() -> None:
    faults = found(moved(town(), 2, 0.0, 0.0, 0.5), "lane.height-step")
    assert [fault.element for fault in faults] == ["lane l6"] and "0.50 m above or below" in faults[0].message


def test_a_wall_in_the_road_is_found() -> None:
    map = town()
    fault = only(changed(map, "points", points_of(map, 3).start + 1, z_m=40.0), "lane.height-step")
    assert fault.message == "rises or falls by 40.0 m over 85.0 m"


def test_borders_that_cross_each_other_are_found_where_they_do() -> None:
    map = town()
    at = points_of(map, 3).start + 1
    swapped = changed(map, "points", at, left_y_m=map.points["right_y_m"][at], right_y_m=map.points["left_y_m"][at])
    fault = only(swapped, "lane.border-crossing")
    assert fault.message == "its borders cross each other" and fault.y_m == pytest.approx(-1.75)


def test_a_border_that_crosses_itself_is_found() -> None:
    loop = [(0, 0), (60, 0), (60, 40), (30, -30)]
    map = lanes_of([loop, [(0, 100), (9, 100)]], edge=[0, 1])
    assert {fault.message for fault in found(map, "lane.border-crossing")} == {
        "its left border crosses itself", "its right border crosses itself", "its borders cross each other",
    }  # fmt: skip


def test_a_lane_too_narrow_or_too_wide_is_found() -> None:
    assert only(changed(town(), "lanes", 3, width_m=1.2), "lane.width").message == "is 1.20 m wide"
    assert only(changed(town(), "lanes", 4, width_m=12.0), "lane.width").element == "lane l4"


def test_a_width_that_jumps_from_one_lane_to_the_next_is_found() -> None:
    map = lanes_of([[(0, 0), (50, 0), (100, 0)], [(100, 0), (150, 0), (200, 0)]], edge=[0, 1], after=[(0, 1)])
    rows = points_of(map, 1)
    fault = only(changed(map, "points", rows, left_y_m=[4.0] * 3), "lane.width-jump")
    assert fault.message == "is 3.50 m wide at its end, lane l1 after it 5.75 m" and place(fault) == (100.0, 0.0)


def test_a_width_that_jumps_within_a_lane_is_found() -> None:
    map = lanes_of([[(0, 0), (50, 0), (51, 0), (100, 0)]], edge=[0])
    fault = only(changed(map, "points", 2, left_y_m=4.0), "lane.width-jump")
    assert fault.message == "changes its width by 2.25 m within 1.00 m"


def test_a_lane_left_over_from_drawing_is_found() -> None:
    assert only(lanes_of([[(0, 0), (0.1, 0)], [(5, 5), (50, 5)]], edge=[0, 1]), "lane.length").element == "lane l0"


def test_a_lane_that_is_there_twice_is_found_once() -> None:
    lines = [[(0, 0), (50, 0), (100, 0)], [(0, 20), (100, 20)], [(0.0, 0.1), (100, 0.1)]]
    map = lanes_of(lines, edge=[0, 1, 2])
    fault = only(map, "lane.duplicate")
    assert fault.element == "lane l2" and "lies on lane l0" in fault.message
    assert found(map, "lane.overlap") == []


def test_lanes_that_lie_on_each_other_are_found_but_a_bridge_is_not() -> None:
    map = lanes_of([[(0, 0), (200, 0)], [(-50, 1), (80, 1)]], edge=[0, 1])
    fault = only(map, "lane.overlap")
    assert "leads the same way" in fault.message and fault.element in ("lane l0", "lane l1")
    assert found(moved(map, 1, 0, 0, 6.0), "lane.overlap") == []


def test_a_lane_inside_the_network_that_leads_nowhere_is_found_at_its_end() -> None:
    fault = only(parted(town(), [(4, 8)]), "lane.dead-end")
    assert (fault.element, place(fault)) == ("lane l4", (1.75, -15.0))
    assert fault.message == "ends at junction J and leads to no lane"
    assert only(parted(town(), [(8, 5)]), "lane.dead-end").message == "lies in junction J and leads to no lane"


def test_a_lane_that_ends_beside_others_is_a_drop_not_a_dead_end() -> None:
    map = parted(town(), [(0, 6)])
    assert found(map, "lane.dead-end") == []
    assert only(map, "lane.drop").element == "lane l0"


def test_a_lane_inside_the_network_that_nothing_leads_to_is_found_at_its_beginning() -> None:
    fault = only(parted(town(), [(8, 5), (9, 5)]), "lane.orphan")
    assert (fault.element, place(fault)) == ("lane l5", (1.75, 15.0))
    assert only(parted(town(), [(4, 8)]), "lane.orphan").element == "lane l8"


def ring(way_in: bool, way_out: bool) -> Map:
    """A street from fringe to fringe in eight parts, and a ring of three lanes beside it, joined to it or not."""
    parts = [[(100 * k, 0), (100 * k + 50, 0), (100 * k + 100, 0)] for k in range(8)]
    corners = [(100.0, -50.0), (200.0, -50.0), (150.0, -130.0), (100.0, -50.0)]
    loop = [[corners[k], corners[k + 1]] for k in range(3)]
    joints = ([[(100, 0), (100, -50)]] if way_in else []) + ([[(200, -50), (200, 0)]] if way_out else [])
    after = [(k, k + 1) for k in range(7)] + [(8, 9), (9, 10), (10, 8)]
    if way_in:
        after += [(0, 11), (11, 8)]
    if way_out:
        at = 11 + way_in
        after += [(8, at), (at, 2)]
    n = 11 + way_in + way_out
    return lanes_of(
        parts + loop + joints, edge=range(n), after=after,
        tables={
            "edges": {"start": [0] + [-1] * (n - 1), "end": [-1] * 7 + [1] + [-1] * (n - 8)},
            "junctions": {"id": ["a", "b"], "node": [1, 2], "x_m": [0.0, 800], "y_m": [0.0, 0], "control": ["fringe"] * 2,
                          "signalised": [False] * 2},
        },
    )  # fmt: skip


def test_lanes_that_cannot_be_reached_are_found() -> None:
    faults = found(ring(False, True), "lane.unreachable")  # the ring leads out to the street, no way leads in
    assert [fault.element for fault in faults] == ["lane l8", "lane l9", "lane l10", "lane l11"]
    assert found(ring(True, True), "lane.unreachable") == []


def test_lanes_that_nobody_leaves_are_found() -> None:
    faults = found(ring(True, False), "lane.trap")
    assert [fault.element for fault in faults] == ["lane l8", "lane l9", "lane l10", "lane l11"]
    assert found(ring(True, True), "lane.trap") == []


def test_a_network_without_ends_is_entered_by_its_largest_part() -> None:
    square = [(0.0, 0.0), (50.0, 0.0), (50.0, 50.0), (0.0, 50.0), (0.0, 0.0)]
    lines = [square[k : k + 2] for k in range(4)] + [[(0, 0), (-40, 0)], [(-80, 0), (-40, 0)], [(-40, 0), (-40, 60)]]
    after = [(0, 1), (1, 2), (2, 3), (3, 0), (3, 4), (4, 6), (5, 6)]
    map = lanes_of(lines, edge=range(7), after=after)
    assert [fault.element for fault in found(map, "lane.unreachable")] == []  # lane 5 is an orphan
    assert [fault.element for fault in found(map, "lane.trap")] == ["lane l4", "lane l5"]


def test_a_movement_without_a_signal_group_is_found_at_its_stop_line() -> None:
    fault = only(changed(town(), "links", 3, group=-1), "signal.group-missing")
    assert fault.element == "link from l4 to l5" and place(fault) == (1.75, -15.0)
    assert "has no signal group at junction J" in fault.message


def test_a_right_turn_without_a_group_is_only_asked_about() -> None:
    map = changed(town(), "links", 3, group=-1, turn=4)
    assert found(map, "signal.group-missing") == []
    assert only(map, "signal.right-free").severity == WARNING


def test_signals_without_groups_are_found() -> None:
    fault = only(changed(town(), "junctions", 1, signalised=True), "signal.no-groups")
    assert fault.element == "junction west" and place(fault) == (-200.0, -3.0)


def test_a_missing_stop_line_is_found_at_the_end_of_its_lane() -> None:
    fault = only(without(town(), "stop_lines", 2), "stop-line.missing")
    assert (fault.element, place(fault)) == ("lane l4", (1.75, -15.0))


def test_a_stop_line_along_its_lane_or_beside_it_is_found() -> None:
    map = town()
    along = changed(map, "stop_lines", 0, x1_m=-20.0, x2_m=-16.0, y1_m=-5.25, y2_m=-5.25)
    assert only(along, "stop-line.place").message.startswith("meets it at 0 degrees")
    beside = changed(map, "stop_lines", 0, y1_m=3.0, y2_m=6.5)
    assert only(beside, "stop-line.place").element == "stop line of lane l0"


def test_a_group_without_a_head_is_found() -> None:
    assert only(without(town(), "heads", 1), "signal.head-missing").message == "has no signal head for phase 2"


def test_a_phase_number_used_twice_or_zero_is_found() -> None:
    assert (
        only(changed(town(), "groups", 1, phase=1), "signal.phase-number").message == "has two signal groups of phase 1"
    )
    assert only(changed(town(), "groups", 1, phase=0), "signal.phase-number").message == "has a group of phase 0"


def test_greens_that_meet_are_found_with_their_phases() -> None:
    fault = only(changed(town(), "lights", 1, light=GREEN), "signal.conflict")
    assert fault.element == "junction J" and "protected green to phases 1 and 2 at once" in fault.message
    walkers = only(changed(town(), "lights", 2, light=GREEN), "signal.conflict")
    assert "phases 1 and 3" in walkers.message


def test_a_left_turn_that_gives_way_on_a_shared_green_is_no_conflict() -> None:
    """Were the left turn from the west alone on phase 1, it would meet the way from the south only as one that yields."""
    map = changed(town(), "links", [0, 1], group=-1)
    assert found(changed(map, "lights", 1, light=GREEN), "signal.conflict") == []


def test_a_lane_without_a_speed_limit_is_found_once_for_its_edge() -> None:
    fault = only(changed(town(), "lanes", [0, 1], speed_limit_mps=np.nan), "speed.absent")
    assert fault.message == "has no speed limit (lanes l0, l1)" and place(fault) == (-100.0, -5.25)


def test_a_limit_nobody_would_put_up_is_found() -> None:
    assert (
        only(changed(town(), "lanes", 5, speed_limit_mps=60.0), "speed.implausible").message
        == "has a limit of 216 km/h"
    )
    assert only(changed(town(), "lanes", 5, speed_limit_mps=0.5), "speed.implausible").element == "lane l5"


def test_a_limit_that_falls_at_once_is_found_where_it_does() -> None:
    fault = only(changed(town(), "lanes", [0, 6], speed_limit_mps=30.0), "speed.drop")
    assert (fault.element, place(fault)) == ("lane l2", (15.0, -5.25))


def test_a_crossing_over_no_lane_is_found() -> None:
    fault = only(changed(town(), "crossing_points", [0, 1], x_m=[-12.0, -12], y_m=[30.0, 40]), "crossing.no-lane")
    assert (fault.element, place(fault)) == ("crossing west", (-12.0, 35.0))


def test_a_crossing_at_a_signal_without_a_group_is_found() -> None:
    assert only(changed(town(), "crossings", 0, phase=0), "crossing.group-missing").element == "crossing west"


def test_a_stop_off_its_lane_is_found() -> None:
    assert "lies 20.0 m from lane l2" in only(changed(town(), "stops", 0, y_m=-25.25), "stop.place").message
    assert "takes 180 to 200 m" in only(changed(town(), "stops", 0, start_m=180.0, end_m=200.0), "stop.place").message
    assert only(changed(town(), "stops", 0, lane=-1), "stop.place").message == "is on no lane"


def test_a_junction_with_the_number_of_another_is_found() -> None:
    assert only(changed(town(), "junctions", 2, node=1), "junction.number").message == "has the number 1, as junction J"
    assert only(changed(town(), "junctions", 2, node=0), "junction.number").element == "junction east"


def test_a_turn_that_goes_the_other_way_is_found() -> None:
    fault = only(changed(town(), "links", 2, turn=4), "link.turn")
    assert fault.element == "link from l1 to l5"
    assert fault.message == "is called right and turns by 90 degrees to the left"


def test_a_map_without_a_place_on_earth_is_told_and_its_faults_have_no_degrees() -> None:
    map = changed(moved(town(), 2, 1.0, 0.0), "about", 0, lon=np.nan)
    assert only(map, "map.place").element == "map"
    assert (fault := only(map, "lane.gap")).lon is None and fault.lat is None


def test_a_fault_has_its_place_in_degrees() -> None:
    fault = only(moved(town(), 2, 1.0, 0.0), "lane.gap")
    assert (fault.lon, fault.lat) == pytest.approx((106.3 + 15 / 96_900, 29.6 - 5.25 / 110_850), abs=2e-6)
    assert set(fault.as_json()) == {"rule", "severity", "element", "message", "lon", "lat"}


def test_a_rule_broken_everywhere_is_told_a_thousand_times_and_then_counted() -> None:
    lanes = [[(10 * k, 0), (10 * k + 0.1, 0)] for k in range(1203)]
    faults = found(lanes_of(lanes, edge=range(1203)), "lane.length")
    assert len(faults) == 1001 and faults[-1].message == "breaks this rule 203 more times"


def test_a_map_of_nonsense_numbers_is_checked_without_an_exception() -> None:
    map = town()
    rng = np.random.default_rng(0)
    for column in ("x_m", "y_m", "z_m", "s_m", "left_x_m"):
        values = map.points[column].copy()
        values[rng.integers(0, len(values), 9)] = rng.choice([np.nan, np.inf, -np.inf, 1e300, -1e18], 9)
        map = changed(map, "points", slice(None), **{column: values})
    assert check(map)
