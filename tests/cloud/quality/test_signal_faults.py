"""Healthy signals raise nothing; each planted fault is found at the right junction and phase, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from jinyun.net.csae.batch import ABSENT
from jinyun.shapes import Light
from tests.cloud.quality.lamps import START_US, Columns, Ints, Lamps, kept, run, told, without_phases

UNIT = "RSU-A2"
FIELD = "node 0/3"
STATES = "intersections.phases.phaseStates"
COUNTING = "timing.counting."
Planted = Callable[[Lamps], tuple[int, list[Any]]]
"""Plants in the programs; returns how many seconds show it, and faults to plant in each second's columns."""
PLANTED: dict[str, tuple[Planted, set[tuple[str, str]]]] = {}
"""By its name: how a fault is planted and which (rule, rest of the field) must be found, nothing else."""


def planted(*expected: tuple[str, str]) -> Callable[[Planted], Planted]:
    def note(plant: Planted) -> Planted:
        PLANTED[plant.__name__] = plant, set(expected)
        return plant

    return note


def changed(program: list[tuple[float, int]], before: int, light: int, by_s: float) -> list[tuple[float, int]]:
    """Return a program in which the change from one light to another comes later."""
    lights = [shown for _, shown in program]
    return [
        (begins + by_s if shown == light and lights[k - 1] == before else begins, shown)
        for k, (begins, shown) in enumerate(program)
    ]


def in_states(lamps: Lamps, phase: int, change: Callable[[dict[str, Any], Any], None], since: int = 0) -> Any:
    """Return a fault that changes the states that burn now of one phase of the unit, from a second on."""

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        if second >= since:
            change(columns[STATES], lamps.states(columns, UNIT, phase))

    return fault


def unbounded(states: dict[str, Any], rows: Any) -> None:
    """Leave minEndTime and maxEndTime out: the end may then not move without a cause."""
    states[COUNTING + "minEndTime"][rows] = states[COUNTING + "maxEndTime"][rows] = ABSENT


# -- what lights do --------------------------------------------------------------------------------------------------


@planted(("signal.transition", " phase 1"))
def green_turns_red_without_yellow(lamps: Lamps) -> tuple[int, list[Any]]:
    lamps.reprogram(UNIT, 1, [step for step in lamps.program(UNIT, 1) if step[1] != Light.YELLOW])
    return 100, []


@planted(("signal.transition", " phase 3"))
def yellow_turns_green_again(lamps: Lamps) -> tuple[int, list[Any]]:
    program = lamps.program(UNIT, 3)
    begins = next(at for at, light in program if light == Light.PROTECTED_GREEN)
    lamps.reprogram(UNIT, 3, [*program, (begins + 10, Light.YELLOW), (begins + 13, Light.PROTECTED_GREEN)])
    return 100, []


@planted(("signal.transition", " phase 8"))
def people_get_flashing_green_after_red(lamps: Lamps) -> tuple[int, list[Any]]:
    program = lamps.program(UNIT, 8)
    begins = next(at for at, light in program if light == Light.PROTECTED_GREEN)
    walk = [(begins + 3 if light == Light.PROTECTED_GREEN else at, light) for at, light in program]
    lamps.reprogram(UNIT, 8, [*walk, (begins, Light.FLASHING_GREEN)])
    return 100, []


@planted(("signal.yellow", " phase 2"))
def yellow_is_short(lamps: Lamps) -> tuple[int, list[Any]]:
    lamps.reprogram(UNIT, 2, changed(lamps.program(UNIT, 2), Light.PROTECTED_GREEN, Light.YELLOW, 1.5))
    return 100, []


@planted(("signal.conflict", " phases 1, 5"))
def straight_stays_green_into_the_opposite_left_arrow(lamps: Lamps) -> tuple[int, list[Any]]:
    program = changed(lamps.program(UNIT, 1), Light.PROTECTED_GREEN, Light.YELLOW, 10)
    lamps.reprogram(UNIT, 1, changed(program, Light.YELLOW, Light.RED, 10))
    return 100, []


@planted(*(("signal.conflict", f" phases {pair}") for pair in ("1, 3", "1, 6", "1, 8", "1, 10", "3, 4", "4, 6")))
def two_arms_are_green_at_an_angle(lamps: Lamps) -> tuple[int, list[Any]]:
    """Phase 1 gets a second green in the stage of the crossing street; phase 4 only its last second of yellow."""
    lamps.reprogram(
        UNIT, 1, [*lamps.program(UNIT, 1), (60, Light.PROTECTED_GREEN), (66, Light.YELLOW), (69, Light.RED)]
    )
    four = [*lamps.program(UNIT, 4), (69, Light.PROTECTED_GREEN), (70, Light.YELLOW), (73, Light.RED)]
    lamps.reprogram(UNIT, 4, four)
    return 100, []


@planted(("signal.conflict", " phases 3, 7"), ("signal.conflict", " phases 6, 7"))
def people_cross_while_the_arm_they_cross_is_green(lamps: Lamps) -> tuple[int, list[Any]]:
    lamps.reprogram(UNIT, 7, [(60, Light.PROTECTED_GREEN), (68, Light.RED)])
    return 100, []


@planted(*(("signal.status", f" phase {phase}") for phase in range(1, 11)))
def status_says_off_while_lights_burn(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["intersections"]["status"][lamps.messages(columns, UNIT)] |= 1 << 6

    return 30, [fault]


# -- what countdowns say ---------------------------------------------------------------------------------------------


@planted(("signal.countdown.jump", " phase 1"))
def countdown_jumps_by_seven_seconds(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        unbounded(states, rows)
        states[COUNTING + "likelyEndTime"][rows] += 70

    return 30, [in_states(lamps, 1, unbounded), in_states(lamps, 1, change, 20)]


@planted(("signal.countdown.frozen", " phase 3"))
def countdown_stands(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        states[COUNTING + "likelyEndTime"][rows] = 560  # what it is at second 12

    return 22, [in_states(lamps, 3, unbounded), in_states(lamps, 3, change, 12)]


@planted(("signal.countdown.order", " phase 6"))
def likely_end_lies_beyond_its_bounds(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        states[COUNTING + "maxEndTime"][rows] = np.maximum(states[COUNTING + "likelyEndTime"][rows] - 20, 0)
        states[COUNTING + "minEndTime"][rows] = ABSENT

    return 30, [in_states(lamps, 6, change)]


@planted(("signal.bounds", " phase 2"))
def light_changes_before_the_least_end_it_promised(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        for which in ("likelyEndTime", "minEndTime", "maxEndTime"):
            states[COUNTING + which][rows] += 40

    return 100, [in_states(lamps, 2, change)]


@planted(("signal.next", " phase 5"))
def another_light_comes_than_was_announced(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        states["light"][rows + 1] = Light.FLASHING_YELLOW

    return 100, [in_states(lamps, 5, change)]


@planted(("signal.timing", " phase 4"))
def phase_has_no_timing(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        for name in states:
            if name.startswith("timing"):
                states[name][rows] = ABSENT

    return 30, [in_states(lamps, 4, change)]


@planted(("signal.prediction", " phase 1"))
def ends_are_foretold_four_seconds_late(lamps: Lamps) -> tuple[int, list[Any]]:
    def change(states: dict[str, Any], rows: Any) -> None:
        unbounded(states, rows)
        states[COUNTING + "likelyEndTime"][rows] += 40

    return 560, [in_states(lamps, 1, change)]


# -- phases and lanes ------------------------------------------------------------------------------------------------


@planted(("spat.phase.unmapped", " phase 77"), ("map.phase.unlit", " phase 3"))
def phase_is_told_by_another_number(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["intersections.phases"]["id"][lamps.phases(columns, UNIT, 3)] = 77

    return 30, [fault]


@planted(("map.phase.unlit", " phase 9"))
def phase_of_people_is_left_out(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        without_phases(columns, lamps.phases(columns, UNIT, 9))

    return 30, [fault]


@planted(("spat.phase.twice", " phase 1"), ("map.phase.unlit", " phase 2"))
def phase_is_told_twice_in_a_message(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["intersections.phases"]["id"][lamps.phases(columns, UNIT, 2)] = 1

    return 30, [fault]


# -- how messages come -----------------------------------------------------------------------------------------------


def stamp(columns: Columns, rows: Any, by_ms: int) -> None:
    """Move the times that messages carry."""
    for table in ("messages", "intersections"):
        of_minute = columns[table]["timeStamp"][rows] + by_ms
        columns[table]["moy"][rows] += of_minute // 60_000
        columns[table]["timeStamp"][rows] = of_minute % 60_000


@planted(("spat.minimum", ""))
def no_time_at_all(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        for table in ("messages", "intersections"):
            for name in ("moy", "timeStamp"):
                columns[table][name][lamps.messages(columns, UNIT)] = ABSENT

    return 20, [fault]


@planted(("spat.time.minute", ""))
def minute_is_local_time(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        for table in ("messages", "intersections"):
            columns[table]["moy"][lamps.messages(columns, UNIT)] += 8 * 60

    return 20, [fault]


@planted(("spat.time.late", ""))
def clock_is_behind(lamps: Lamps) -> tuple[int, list[Any]]:
    return 20, [lambda columns, sent, source, second: stamp(columns, lamps.messages(columns, UNIT), -400)]


@planted(("spat.time.future", ""))
def clock_is_ahead(lamps: Lamps) -> tuple[int, list[Any]]:
    return 20, [lambda columns, sent, source, second: stamp(columns, lamps.messages(columns, UNIT), 400)]


@planted(("spat.time.order", ""))
def time_goes_back_once(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        if second == 12:
            stamp(columns, lamps.messages(columns, UNIT)[5], -180)

    return 20, [fault]


@planted(("spat.count", ""))
def counter_stands(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["messages"]["msgCnt"][lamps.messages(columns, UNIT)] = 5

    return 20, [fault]


@planted(("spat.count", ""))
def counter_is_random(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        rng = np.random.default_rng(second)
        steps = np.cumsum(rng.integers(1, 60, 10)) + 600 * second
        columns["messages"]["msgCnt"][lamps.messages(columns, UNIT)] = steps % 128

    return 20, [fault]


@planted(("spat.gap", ""))
def sender_pauses_for_a_second(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        mine = lamps.messages(columns, UNIT)
        if second >= 15:
            columns["messages"]["msgCnt"][mine] = (columns["messages"]["msgCnt"][mine] - 10) % 128
        keep = np.ones(len(sent), np.bool_)
        keep[mine] = second != 14
        return kept(columns, sent, source, keep)

    return 24, [fault]


@planted(("spat.rate", ""))
def every_other_message_is_not_sent(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        mine = lamps.messages(columns, UNIT)
        columns["messages"]["msgCnt"][mine] = (5 * second + np.arange(10) // 2) % 128
        keep = np.ones(len(sent), np.bool_)
        keep[mine[1::2]] = False
        return kept(columns, sent, source, keep)

    return 24, [fault]


@planted(("spat.silent", ""))
def sender_falls_silent(lamps: Lamps) -> tuple[int, list[Any]]:
    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        keep = np.ones(len(sent), np.bool_)
        keep[lamps.messages(columns, UNIT)] = second < 12
        return kept(columns, sent, source, keep)

    return 30, [fault]


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_a_planted_fault_is_found_and_nothing_else(name: str) -> None:
    plant, expected = PLANTED[name]
    lamps = Lamps()
    seconds, faults = plant(lamps)
    found = run(lamps, seconds, *faults)
    if name == "sender_falls_silent":  # on the way down it is slow first
        found = [one for one in found if one.rule != "spat.rate"]
    assert told(found) == {(rule, f"rsu/{UNIT}", f"{FIELD}{rest}") for rule, rest in expected}
    assert all(one.reason.startswith("A2: ") and one.t_us > START_US for one in found)


def test_a_slow_link_and_a_wrong_clock_are_told_apart() -> None:
    lamps = Lamps()
    rng = np.random.default_rng(4)

    def slow(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        receive = sent + 12_000
        mine = lamps.messages(columns, UNIT)
        receive[mine] = np.maximum.accumulate(sent[mine] + rng.integers(20_000, 600_000, 10))
        return columns, sent, source, receive

    found = run(lamps, 30, slow)
    assert told(found) == {("spat.time.late", f"rsu/{UNIT}", FIELD)}
    assert found[0].reason.endswith(": its link is slow")
    lamps = Lamps()
    found = run(lamps, 30, lambda columns, sent, source, second: stamp(columns, lamps.messages(columns, UNIT), -400))
    assert found[0].reason.endswith("412 to 412 ms: its clock is behind or its link slow")


def test_every_tenth_message_lost_on_the_way_is_no_fault_of_the_sender() -> None:
    lamps = Lamps()

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        keep = np.ones(len(sent), np.bool_)
        keep[lamps.messages(columns, UNIT)[second % 10]] = False
        return kept(columns, sent, source, keep)

    assert run(lamps, 60, fault) == []


def test_messages_that_overtake_each_other_on_the_way_are_no_fault_of_the_sender() -> None:
    lamps = Lamps()

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        mine = lamps.messages(columns, UNIT)
        order = np.arange(len(sent))
        order[mine[4]], order[mine[5]] = mine[5], mine[4]
        rows = np.concatenate([lamps_rows(columns, k) for k in order])
        states = np.concatenate([state_rows(columns, k) for k in rows])
        receive = np.maximum.accumulate(sent[order] + 12_000)
        cut: Columns = {
            "messages": {n: v[order] for n, v in columns["messages"].items()},
            "intersections": {n: v[order] for n, v in columns["intersections"].items()},
            "intersections.phases": {n: v[rows] for n, v in columns["intersections.phases"].items()},
            STATES: {n: v[states] for n, v in columns[STATES].items()},
        }
        return cut, sent[order], source[order], receive

    assert run(lamps, 60, fault) == []


def lamps_rows(columns: Columns, message: int) -> Any:
    per = columns["intersections"]["phases"]
    return np.arange(per[:message].sum(), per[: message + 1].sum())


def state_rows(columns: Columns, phase: int) -> Any:
    per = columns["intersections.phases"]["phaseStates"]
    return np.arange(per[:phase].sum(), per[: phase + 1].sum())
