"""Signal programs: nobody meets a green that crosses his own, everybody gets one, and yellow and red follow."""

from collections import defaultdict

import numpy as np
import pytest

from jinyun.hdmap import Map, netfile
from jinyun.hdmap.netfile import Net
from jinyun.shapes import Light


@pytest.fixture(scope="module")
def net(precise_map: Map) -> Net:
    return netfile.read(precise_map.net_file)


def test_greens_that_conflict_have_one_that_gives_way(net: Net) -> None:
    """Of two links whose yielding table names each other's conflict, at most one shows a green without yielding."""
    for light, (_, steps) in net.programs.items():
        junction = net.junctions[light]
        rows = {lane: row for row, lane in enumerate(junction.inner)}
        onward = {link.start: link.via for link in net.links if link.start.startswith(":") and link.via}
        row_of = {}
        for link in net.links:
            if link.tl != light:
                continue
            inner = link.via or link.end
            while inner not in rows:
                inner = onward[inner]
            row_of[link.signal] = rows[inner]
        for _, state in steps:
            for i, row in row_of.items():
                for j, other in row_of.items():
                    gives_way = junction.yields[row][-1 - other] == "1"
                    assert not (gives_way and state[i] == "G" and state[j] in "Gg"), (light, i, j, state)


def test_every_link_is_green_once_and_never_turns_red_without_yellow(net: Net) -> None:
    walkers = {(link.tl, link.signal) for link in net.links if link.tl and net.lanes[link.end].use == "crossing"}
    for light, (_, steps) in net.programs.items():
        width = len(steps[0][1])
        for i in range(width):
            series = [state[i] for _, state in steps]
            assert set("Gg") & set(series), f"link {i} of {light} is never green"
            for before, after in zip(series, series[1:] + series[:1], strict=True):
                if before in "Gg" and after == "r":
                    assert (light, i) in walkers, f"link {i} of {light} turns red without yellow"
                assert not (before == "r" and after == "y")


def test_cycles_and_lights_have_sensible_lengths(precise_map: Map) -> None:
    cycles = precise_map.junctions["cycle_s"][precise_map.junctions["signalised"]]
    assert cycles.min() >= 50 and cycles.max() <= 150
    yellow = defaultdict(float)
    for row in range(len(precise_map.steps["junction"])):
        junction = int(precise_map.steps["junction"][row])
        first, n = int(precise_map.steps["first_light"][row]), int(precise_map.junctions["groups"][junction])
        if Light.YELLOW in precise_map.lights["light"][first : first + n]:
            yellow[junction] += float(precise_map.steps["duration_s"][row])
            assert precise_map.steps["duration_s"][row] == 3
    assert all(seconds >= 3 for seconds in yellow.values())


def test_people_have_time_to_set_out(precise_map: Map) -> None:
    for row in np.flatnonzero(precise_map.groups["walkers"]).tolist():
        junction = int(precise_map.groups["junction"][row])
        k = row - int(precise_map.junctions["first_group"][junction])
        first, steps = int(precise_map.junctions["first_step"][junction]), int(precise_map.junctions["steps"][junction])
        green = sum(
            float(precise_map.steps["duration_s"][s])
            for s in range(first, first + steps)
            if precise_map.lights["light"][precise_map.steps["first_light"][s] + k] == Light.PROTECTED_GREEN
        )
        assert green >= 8


def test_phase_numbers_are_unique_small_and_dense(precise_map: Map) -> None:
    for junction in np.unique(precise_map.groups["junction"]):
        phases = precise_map.groups["phase"][precise_map.groups["junction"] == junction].tolist()
        assert phases == list(range(1, len(phases) + 1))
        assert len(phases) <= 16


def test_stop_lines_and_crossings_name_phases_of_their_junction(precise_map: Map) -> None:
    known = set(zip(precise_map.groups["junction"].tolist(), precise_map.groups["phase"].tolist(), strict=True))
    for table in (precise_map.stop_lines, precise_map.crossings):
        for junction, phase in zip(table["junction"].tolist(), table["phase"].tolist(), strict=True):
            if precise_map.junctions["signalised"][junction]:
                assert (junction, phase) in known
            else:
                assert phase == 0


def test_a_stop_line_lies_across_the_end_of_its_lane(precise_map: Map) -> None:
    stop = precise_map.stop_lines
    for row in range(0, len(stop["lane"]), 7):
        lane = int(stop["lane"][row])
        end = precise_map.lane_line(lane)[-1]
        a = np.array([stop["x1_m"][row], stop["y1_m"][row]])
        b = np.array([stop["x2_m"][row], stop["y2_m"][row]])
        assert np.linalg.norm(b - a) == pytest.approx(precise_map.lanes["width_m"][lane], abs=0.05)
        assert np.linalg.norm((a + b) / 2 - end) == pytest.approx(1.0, abs=0.1)
