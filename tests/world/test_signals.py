"""SPAT against SUMO's own traffic lights, over more than a whole cycle of every junction."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from jinyun.hdmap import Map, netfile
from jinyun.hdmap.phases import LIGHTS as LETTERS
from jinyun.net.csae import batch
from jinyun.shapes import Light
from jinyun.world.signals import MOST_MARK, UNKNOWN_MARK, Signals, _mark
from jinyun.world.street import STEP_S, Street
from jinyun.zone import Zone
from tests import oracle

WORDS = {"red": 3, "permissive-green": 5, "protected-green": 6, "yellow": 7}


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
        for a, b, g in zip(
            precise_map.links["start"], precise_map.links["end"], precise_map.links["group"], strict=True
        )
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
    lights = list(heads)
    signals = Signals(precise_map, [precise_map.junction_row(light) for light in lights])
    assert len(signals.phase) == precise_map.junctions["groups"].sum()
    green = (Light.PROTECTED_GREEN, Light.PERMISSIVE_GREEN)
    promised = np.zeros(len(signals.phase))
    before = np.zeros(len(signals.phase), np.int64)
    for step in range(1300):
        now = street.step().time_s
        steps, left = street.signal_steps(lights)
        told = signals.told(steps, left)
        assert (told.ends_s > 0).all() and (told.next_ends_s > told.ends_s).all()
        assert (told.next_light != told.light).all()
        switching = np.array(left)[told.junction] < STEP_S / 2  # the state is still that of the moment before
        running = (now < promised - STEP_S / 2) & ~switching
        assert (told.light == before)[running].all(), "a light ended before its countdown"
        assert np.abs(now + told.ends_s - promised)[running].max(initial=0) < 1e-3
        promised, before = np.where(switching, 0, now + told.ends_s), told.light
        if step % 3:
            continue
        states = [street.signal_state(light) for light in lights]
        for k in np.flatnonzero(~switching).tolist():
            light = int(told.junction[k])
            letter = LETTERS[states[light][heads[lights[light]][int(told.phase[k])]]]
            assert told.light[k] == letter or (told.light[k] in green and letter in green)


def test_spat_reads_back_with_asn1tools_and_counts_in_tenths(street: Street, precise_map: Map) -> None:
    lights = ["A5", "Z1"]
    signals = Signals(precise_map, [precise_map.junction_row(light) for light in lights])
    steps, left = street.signal_steps(lights)
    utc_us = 1_795_355_406_123_000  # 2026-11-22 13:50:06.123 UTC: day 326 of the year
    frames = batch.encode("spatFrame", signals.spat(steps, left, 0.0, [utc_us, utc_us], [77, 3], 0)).frames()
    told = signals.told(steps, left)
    for k, light in enumerate(lights):
        name, spat = oracle.compiled().decode("MessageFrame", frames[k])
        assert name == "spatFrame" and spat["msgCnt"] == (77, 3)[k]
        assert (spat["moy"], spat["timeStamp"]) == (325 * 1440 + 13 * 60 + 50, 6123)
        junction: Any = spat["intersections"][0]
        node = int(precise_map.junctions["node"][precise_map.junction_row(light)])
        assert junction["intersectionId"] == {"region": 0, "id": node}
        assert junction["status"] == (b"\x04\x00", 16)  # bit 5: fixedTimeOperation
        rows = np.flatnonzero(told.junction == k)
        assert [phase["id"] for phase in junction["phases"]] == list(range(1, len(rows) + 1))
        for row, phase in zip(rows.tolist(), junction["phases"], strict=True):
            assert [WORDS[state["light"]] for state in phase["phaseStates"]] == [told.light[row], told.next_light[row]]
            first, following = (state["timing"][1] for state in phase["phaseStates"])
            assert first["startTime"] == 0
            assert first["likelyEndTime"] == round(float(told.ends_s[row]) * 10)
            assert first["minEndTime"] == first["maxEndTime"] == first["likelyEndTime"] == following["startTime"]
            assert following["likelyEndTime"] == round(float(told.next_ends_s[row]) * 10)


def test_the_lights_of_a_cycle_fill_it_without_gap(precise_map: Map) -> None:
    rows = np.flatnonzero(precise_map.junctions["signalised"]).tolist()
    signals = Signals(precise_map, rows)
    cycle = precise_map.junctions["cycle_s"][rows]
    for share in np.arange(0.003, 1, 0.031):
        told = signals.told(*signals.at(share * cycle))
        assert (told.ends_s <= cycle[told.junction]).all()
        assert set(told.light.tolist()) <= {Light.RED, Light.YELLOW, Light.PROTECTED_GREEN, Light.PERMISSIVE_GREEN}


def test_an_unknown_end_is_told_as_such() -> None:
    assert _mark(np.array([np.inf, 12.34, 9e9])).tolist() == [UNKNOWN_MARK, 123, MOST_MARK]
