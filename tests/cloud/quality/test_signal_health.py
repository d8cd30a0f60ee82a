"""A healthy town raises nothing; what its signals promise is kept; nothing a sender can send breaks the checks."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.cloud.quality.received import MapHeard
from jinyun.cloud.quality.spat import NO_END, NOT_STATED, Spat, heard
from jinyun.cloud.quality.stations import FORGOTTEN_US, MOST_OF_ONE
from jinyun.net import csae
from jinyun.net.csae import batch
from jinyun.shapes import TRACK, Frame
from tests.cloud.quality.lamps import (
    DELAY_US,
    START_US,
    Columns,
    Ints,
    Lamps,
    kept,
    map_frames,
    row_of,
    run,
    told,
    truth_of,
)
from tests.conftest import shared_json

CYCLE_S = 125
"""Longer than the longest cycle of the town."""


def test_all_lights_of_a_healthy_town_raise_nothing_through_a_whole_cycle() -> None:
    lamps = Lamps(None)
    truth = truth_of(lamps)
    assert run(lamps, CYCLE_S, truth=truth) == []
    summary = truth.summary()
    assert len(summary["stations"]) == len(lamps.names) > 40
    assert all(station["rate_hz"] == 10.0 and station["map"] == station["source"] for station in summary["stations"])
    phases = [phase for station in summary["stations"] for phase in station["phases"]]
    assert {phase["whom"] for phase in phases} == {"vehicles", "walkers"} and len(phases) > 300
    errors = [told["p95_s"] for phase in phases for told in phase["prediction"].values()]
    assert len(errors) > 1000 and max(errors) <= 0.2, "fixed-time programs are foretold to a message's period"


def test_a_healthy_town_told_in_other_ways_raises_nothing() -> None:
    """By the hour's clock, in whole seconds, without bounds, by a unit that counts a revision in its MAP, or not at all."""
    states, counting, utc = "intersections.phases.phaseStates", "timing.counting.", "timing.utcTiming."

    def by_the_hour(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        table = columns[states]
        of_state = np.repeat(sent, columns["intersections"]["phases"])
        of_state = np.repeat(of_state, columns["intersections.phases"]["phaseStates"])
        mark = of_state // 100_000 % 36_000
        for name, other in (("startTime", "startUTCTime"), ("likelyEndTime", "likelyEndUTCTime")):
            left = table.pop(counting + name)
            table[utc + other] = np.where(left >= 36_000, 36_001, (mark + left) % 36_000)
        for name in ("minEndTime", "maxEndTime", "timeConfidence"):
            del table[counting + name]
        table["timing"] = np.ones(len(mark), np.int64)

    def in_whole_seconds(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        table = columns[states]
        for name in ("startTime", "likelyEndTime"):
            left = table[counting + name]
            table[counting + name] = np.where(left >= 36_000, 36_001, left // 10 * 10)
        for name in ("minEndTime", "maxEndTime"):
            table[counting + name] = np.full(len(table["light"]), batch.ABSENT)

    for way in (by_the_hour, in_whole_seconds):
        assert run(Lamps(), 95, way) == []
    lamps = Lamps()
    standing = [MapHeard(row_of(name), 0, frame) for name in lamps.names for frame in map_frames(name)]
    assert run(lamps, 40, maps=lambda second, at_us: [one._replace(receive_us=at_us) for one in standing]) == []


def test_a_station_that_was_taken_away_is_forgotten_and_its_findings_end() -> None:
    lamps = Lamps(["RSU-A2"])
    truth = truth_of(lamps)
    run(lamps, 15, truth=truth)
    empty: list[Any] = []
    silent = [truth.take(empty, empty, START_US + second * 1_000_000) for second in range(16, 800, 4)]
    assert told(silent[5]) == {("spat.silent", "rsu/RSU-A2", "node 0/3")}
    assert silent[-1] == [] and truth.summary()["stations"] == []
    assert truth.stations._free and truth.stations._free_groups, "its rows are used again"
    assert FORGOTTEN_US == 600_000_000


def test_one_sender_cannot_fill_the_table() -> None:
    lamps = Lamps(["RSU-A2"])
    truth = truth_of(lamps)

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        nodes = columns["intersections"]["intersectionId.id"]
        nodes[:] = 1000 + second * 10 + np.arange(len(nodes))

    found = run(lamps, 10, fault, truth=truth, maps=lambda second, at_us: [])
    assert len(truth.stations.row_of) == MOST_OF_ONE
    assert ("spat.node.many", "rsu/RSU-A2") in {(one.rule, one.source) for one in found}


def test_repeated_causes_are_told_once_a_second_with_their_count() -> None:
    lamps = Lamps(["RSU-A2"])

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> None:
        columns["messages"]["msgCnt"][:] = 9

    found = run(lamps, 12, fault)
    assert 10 <= len(found) <= 12 and sum(one.count for one in found) >= 100


def test_real_messages_of_a_unit_are_read_as_they_were_sent() -> None:
    """A capture from Beijing: counting in tenths from now, whole seconds, no bounds, permissive greens."""
    frame = bytes.fromhex(next(v["hex"] for v in shared_json("csae/vectors-stage1.json") if v["name"] == "rsu_gw_SPA"))
    value = csae.decode(frame)[1]
    read = batch.decode("spatFrame", *batch.join([frame]))
    at = np.array([START_US], np.int64)
    rows = heard(Spat(read.tables, np.zeros(1, np.int64), at, at))
    junction = value["intersections"][0]
    assert rows.node.tolist() == [junction["intersectionId"]["id"]] and rows.region.tolist() == [255]
    assert rows.phase.tolist() == [phase["id"] for phase in junction["phases"]]
    ends = [phase["phaseStates"][0]["timing"][1]["likelyEndTime"] for phase in junction["phases"]]
    assert ((rows.end_us - START_US) // 100_000).tolist() == ends
    assert (rows.least_us == NO_END).all() and rows.stated_us[0] != NOT_STATED and rows.lacks.tolist() == [0]
    assert rows.minute_off_us[0] != 0, "it was sent on another day"


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40))
def test_nothing_a_sender_can_send_makes_it_raise(seed: int, messages: int) -> None:
    rng = np.random.default_rng(seed)
    lamps = Lamps(["RSU-A2"])
    truth = truth_of(lamps)
    per = rng.integers(1, 17, messages)
    states = rng.integers(1, 5, per.sum())
    n = int(states.sum())

    def some(low: int, high: int, size: int) -> Any:
        return np.where(rng.random(size) < 0.2, batch.ABSENT, rng.integers(low, high, size))

    marks = [f"timing.counting.{name}" for name in ("minEndTime", "maxEndTime", "nextStartTime", "nextDuration")]
    columns = {
        "messages": {
            "msgCnt": rng.integers(0, 128, messages), "moy": some(0, 527_041, messages),
            "timeStamp": some(0, 65_536, messages), "intersections": np.ones(messages, np.int64),
        },
        "intersections": {
            "intersectionId.id": rng.integers(0, 6, messages), "intersectionId.region": some(0, 3, messages),
            "status": rng.integers(0, 1 << 16, messages), "moy": some(0, 527_041, messages),
            "timeStamp": some(0, 65_536, messages), "phases": per,
        },
        "intersections.phases": {"id": rng.integers(0, 256, per.sum()), "phaseStates": states},
        "intersections.phases.phaseStates": {
            "light": rng.integers(0, 9, n), "timing": np.zeros(n, np.int64),
            "timing.counting.startTime": rng.integers(0, 36_002, n),
            "timing.counting.likelyEndTime": rng.integers(0, 36_002, n), **{name: some(0, 36_002, n) for name in marks},
        },
    }  # fmt: skip
    given_ = batch.encode("spatFrame", columns)
    read = batch.decode("spatFrame", given_.buffer, given_.offsets, given_.lengths)
    receive = START_US + np.cumsum(rng.integers(0, 200_000, messages))
    source = rng.integers(-1, 3, messages)
    event = receive - rng.integers(-1_000_000, 1_000_000, messages)
    maps = [MapHeard(int(rng.integers(0, 3)), int(receive[0]), rng.bytes(int(rng.integers(0, 60)))) for _ in range(5)]
    for _ in range(3):
        truth.take(
            [Spat(read.tables, source, receive, event[read.tables["intersections"]["parent"]])], maps, int(receive[-1])
        )
        receive = receive + 1_000_000
    tracks = np.zeros(30, TRACK)
    for name in ("x_m", "y_m", "heading_rad", "speed_mps", "length_m"):
        tracks[name] = np.where(rng.random(30) < 0.2, np.nan, rng.normal(0, 1000, 30))
    tracks["id"], tracks["kind"] = rng.integers(0, 40, 30), 1
    for step in range(8):
        tracks["x_m"] += 5
        truth.frame(Frame(step, int(receive[-1]) + 100_000 * step, tracks, np.empty(0)))
    assert truth.summary()["stations"] is not None


def test_a_burst_that_was_held_up_on_the_way_is_late_but_nothing_else() -> None:
    lamps = Lamps()

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        receive = sent + DELAY_US
        mine = lamps.messages(columns, "RSU-A4")
        if second % 4 == 1:
            receive[mine] = sent[mine[-1]] + 3 * DELAY_US
            order = np.argsort(receive, kind="stable")
            assert (np.diff(order[np.isin(order, mine)]) > 0).all()
        return columns, sent, source, receive

    assert told(run(lamps, 60, fault)) == {("spat.time.late", "rsu/RSU-A4", f"node 0/{lamps.node('RSU-A4')}")}


def test_a_part_of_the_window_alone_is_taken_as_well() -> None:
    lamps = Lamps(["RSU-A2"])

    def fault(columns: Columns, sent: Ints, source: Ints, second: int) -> Any:
        return kept(columns, sent, source, np.arange(len(sent)) < (0 if second % 2 else 10))

    assert {one.rule for one in run(lamps, 30, fault)} <= {"spat.rate", "spat.gap", "spat.count"}


def test_times_are_read_around_the_turn_of_the_hour_and_of_the_year() -> None:
    """23:59:59.9 on New Year's Eve, received 40 ms later; its light ends 3 s into the new year."""
    eve = 1_798_761_600_000_000  # 2027-01-01 00:00:00 UTC
    value: Any = {
        "msgCnt": 1,
        "moy": 525_599,
        "timeStamp": 59_900,
        "intersections": [
            {
                "intersectionId": {"region": 1, "id": 9},
                "status": (b"\x00\x00", 16),
                "phases": [
                    {
                        "id": 1,
                        "phaseStates": [
                            {"light": "red", "timing": ("utcTiming", {"startUTCTime": 35_000, "likelyEndUTCTime": 30})}
                        ],
                    }
                ],
            }
        ],
    }
    frame = csae.encode("spatFrame", value)
    read = batch.decode("spatFrame", *batch.join([frame, frame]))
    receive = np.array([eve - 60_000, eve + 40_000], np.int64)
    rows = heard(Spat(read.tables, np.zeros(2, np.int64), receive, np.full(2, eve - 100_000)))
    assert rows.stated_us.tolist() == [eve - 100_000] * 2 and rows.minute_off_us.tolist() == [0, 0]
    assert rows.end_us.tolist() == [eve + 3_000_000] * 2
