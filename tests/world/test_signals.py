"""SPAT against SUMO's own traffic lights, over more than a whole cycle of every junction."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jinyun.hdmap import Map, netfile
from jinyun.hdmap.phases import LIGHTS as LETTERS
from jinyun.net import csae
from jinyun.shapes import Light
from jinyun.world.signals import FIXED_TIME, LIGHTS, UNKNOWN_MARK, Signals
from jinyun.world.street import STEP_S, Street
from jinyun.zone import Zone
from tests import oracle


@pytest.fixture(scope="module")
def street(here: Zone, precise_map: Map) -> Iterator[Street]:
    """A street with nobody but the buses on it: lights burn for them alone."""
    assert here.traffic is not None
    empty = here.traffic.model_copy(update={"vehicles": 0, "bicycles": 0, "persons": 0})
    running = Street(replace(here, traffic=empty), precise_map)
    yield running
    running.close()


@pytest.fixture(scope="module")
def heads(precise_map: Map) -> dict[str, dict[int, int]]:
    """Return for each traffic light the signal index that stands for each phase, worked out from the net anew."""
    net = netfile.read(precise_map.net_file)
    rows = {str(id): row for row, id in enumerate(precise_map.lanes["id"])}
    group = {
        (int(a), int(b)): int(g)
        for a, b, g in zip(precise_map.links["start"], precise_map.links["end"], precise_map.links["group"], strict=True)
    }
    found: dict[str, dict[int, int]] = {}
    for link in net.links:
        if not link.tl or net.lanes[link.start].use == "bike":
            continue
        phase = int(precise_map.groups["phase"][group[rows[link.start], rows[link.end]]])
        mine = found.setdefault(link.tl, {})
        if phase not in mine or link.direction == "s":
            mine[phase] = link.signal
    return found


def test_every_light_of_every_junction_is_told_as_it_burns(
    street: Street, precise_map: Map, heads: dict[str, dict[int, int]]
) -> None:
    """At 1300 instants: the light is SUMO's, and the countdown told earlier has come true."""
    signals = Signals(precise_map)
    wrong = 0
    ends: dict[tuple[str, int], tuple[float, int]] = {}
    for step in range(1300):
        now = street.step().time_s
        for light, phases in heads.items():
            if step % 5 and step > 50:
                continue
            row = precise_map.junction_row(light)
            state, at, left = street.signal_state(light)
            if left < STEP_S / 2:  # it switches at this very instant: the state is of the moment before
                continue
            told = signals.states(row, signals.position_s(row, at, left))
            assert len(told) == precise_map.junctions["groups"][row]
            for phase, coming in told:
                burning, begin, end = coming[0]
                letter = LETTERS[state[phases[phase]]]
                green = (Light.PROTECTED_GREEN, Light.PERMISSIVE_GREEN)
                wrong += not (burning == letter or (burning in green and letter in green))
                assert begin == 0 and end > 0
                assert coming[1][1] == end and coming[1][2] > end and coming[1][0] != burning
                promised = ends.get((light, phase))
                if promised is not None and now < promised[0] - STEP_S / 2:
                    assert promised[1] == burning, "a light ended before its countdown"
                    assert now + end == pytest.approx(promised[0], abs=1e-3)
                ends[light, phase] = (now + end, burning)
    assert wrong == 0


def test_spat_reads_back_with_asn1tools_and_counts_in_tenths(street: Street, precise_map: Map) -> None:
    signals = Signals(precise_map)
    row = precise_map.junction_row("A5")
    _, at, left = street.signal_state("A5")
    value = signals.spat(row, 0, signals.position_s(row, at, left), 1_795_355_406_123_000, 77)
    name, back = oracle.compiled().decode("MessageFrame", csae.encode("spatFrame", value))
    assert (name, back) == ("spatFrame", value)
    junction: Any = back["intersections"][0]
    assert junction["intersectionId"] == {"region": 0, "id": int(precise_map.junctions["node"][row])}
    assert junction["status"] == FIXED_TIME
    assert [phase["id"] for phase in junction["phases"]] == list(range(1, 13))
    for phase in junction["phases"]:
        burning, following = (state["timing"][1] for state in phase["phaseStates"])
        assert burning["startTime"] == 0
        assert burning["minEndTime"] == burning["maxEndTime"] == burning["likelyEndTime"] == following["startTime"]


def test_minute_and_millisecond_are_those_of_utc(precise_map: Map) -> None:
    signals = Signals(precise_map)
    row = precise_map.junction_row("A5")
    # 2026-11-22 13:50:06.123 UTC: day 326 of the year
    value = signals.spat(row, 0, 10.0, 1_795_355_406_123_000, 1)
    assert value["moy"] == 325 * 1440 + 13 * 60 + 50
    assert value["timeStamp"] == 6123


def test_the_lights_of_a_cycle_fill_it_without_gap(precise_map: Map) -> None:
    signals = Signals(precise_map)
    for row in np.flatnonzero(precise_map.junctions["signalised"]).tolist():
        cycle = float(precise_map.junctions["cycle_s"][row])
        for position in np.arange(0.05, cycle, 3.7):
            for _, coming in signals.states(row, float(position)):
                assert 0 < coming[0][2] <= cycle
                assert LIGHTS[coming[0][0]] in ("red", "yellow", "protected-green", "permissive-green")


def test_a_light_that_never_changes_has_no_known_end() -> None:
    from jinyun.world.signals import _state

    assert _state(3, 0.0, float("inf"))["timing"][1]["likelyEndTime"] == UNKNOWN_MARK
