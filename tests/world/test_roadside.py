"""What roadside units send, read by asn1tools: all of it decodes, at its rate, and says what the street is."""

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest

from jinyun.hdmap import Map
from jinyun.world.clock import Clock
from jinyun.world.roadside import MOST_PARTICIPANTS, Roadside
from jinyun.world.sending import Message
from jinyun.world.street import Snapshot, Street
from jinyun.zone import Zone
from tests import oracle

TICKS = 20


@pytest.fixture(scope="module")
def sent(street: Street, here: Zone, precise_map: Map) -> list[tuple[Snapshot, Clock, list[Message]]]:
    units = Roadside(here, precise_map, 5)
    found = []
    for _ in range(TICKS):
        now = street.step()
        clock = Clock(now.time_s)
        found.append((now, clock, list(units.messages(street, now, clock))))
    return found


def read(message: Message) -> dict[str, Any]:
    name, value = oracle.compiled().decode("MessageFrame", message.payload)
    assert name == f"{message.kind}Frame"
    return dict(value)


def test_each_unit_sends_at_its_rates(sent: Any, here: Zone) -> None:
    count = Counter((message.sender, message.kind) for _, _, messages in sent for message in messages)
    for rsu in here.rsus:
        assert count[rsu.id, "rsm"] >= TICKS
        node = here.plan.nodes[rsu.junction] if rsu.junction else None
        if node is not None and node.control in ("signal", "crossing"):
            assert count[rsu.id, "spat"] == TICKS
        else:
            assert count[rsu.id, "spat"] == 0
        assert (count[rsu.id, "map"] > 0) == (rsu.junction is not None)


def test_those_that_are_heard_say_the_same_when_nobody_hears_the_others(
    street: Street, here: Zone, precise_map: Map
) -> None:
    every, few = Roadside(here, precise_map, 5), Roadside(here, precise_map, 5)
    heard = np.arange(len(here.rsus)) % 3 == 0
    names = {rsu.id for rsu, its in zip(here.rsus, heard, strict=True) if its}
    kinds = set()
    for _ in range(TICKS):
        now = street.step()
        clock = Clock(now.time_s)
        meant = [message for message in every.messages(street, now, clock) if message.sender in names]
        assert few.messages(street, now, clock, heard) == meant
        kinds |= {message.kind for message in meant}
    assert kinds == {"rsm", "spat", "map"}
    assert few.messages(street, now, clock, np.zeros(len(here.rsus), np.bool_)) == []


def test_maps_come_once_a_second_with_counting_numbers(sent: Any) -> None:
    counts = defaultdict(list)
    parts = defaultdict(set)
    for _, _, messages in sent:
        for message in messages:
            if message.kind == "map":
                counts[message.sender].append(read(message)["msgCnt"])
                parts[message.sender].add(len(message.payload))
    for sender, numbers in counts.items():
        assert len(numbers) % 2 == 0, "all parts in each of two seconds"
        assert numbers == list(range(1, len(numbers) + 1)), sender


def test_rsm_hold_at_most_16_and_units_that_see_nobody_name_themselves(sent: Any, here: Zone) -> None:
    alone = 0
    for _, _, messages in sent[::4]:
        for message in messages:
            if message.kind != "rsm":
                continue
            rsm = read(message)
            assert rsm["id"] == message.sender.ljust(8).encode()
            assert 1 <= len(rsm["participants"]) <= MOST_PARTICIPANTS
            numbers = [p["ptcId"] for p in rsm["participants"]]
            assert len(set(numbers)) == len(numbers)
            if rsm["participants"][0]["ptcType"] == "rsu":
                assert len(rsm["participants"]) == 1 and numbers == [0]
                alone += 1
    assert alone > 0


def test_most_reported_places_are_somebodys(sent: Any, here: Zone) -> None:
    """Each participant of an RSM is close to somebody of its kind on the street; only invented ones are not."""
    far, all_ = 0, 0
    kinds = {"motor": 1, "non-motor": 2, "pedestrian": 3}
    for now, _, messages in sent[::5]:
        for message in messages:
            if message.kind != "rsm":
                continue
            rsm = read(message)
            for participant in rsm["participants"]:
                if participant["ptcType"] == "rsu":
                    continue
                offset = participant["pos"]["offsetLL"][1]
                x, y = here.project(
                    (rsm["refPos"]["long"] + offset["lon"]) / 1e7, (rsm["refPos"]["lat"] + offset["lat"]) / 1e7
                )
                of = now.kind == kinds[participant["ptcType"]]
                gap = np.hypot(now.x_m[of] - x, now.y_m[of] - y).min()
                all_ += 1
                far += gap > 4.5  # three times the worst error and 0.1 s at full speed
    assert all_ > 500
    assert far / all_ < 0.01


def test_second_marks_are_the_measurement_and_messages_leave_later_by_the_latency(sent: Any, here: Zone) -> None:
    delays = defaultdict(list)
    of = {rsu.id: here.sensor_types[rsu.sensors[0].type] for rsu in here.rsus}
    for now, clock, messages in sent:
        for message in messages:
            if message.kind == "rsm":
                mark = read(message)["participants"][0]["secMark"]
                measured_s = ((mark - clock.utc_us(now.time_s) // 1000) % 60_000) / 1000
                assert 0 <= measured_s < 0.101
                delays[message.sender].append(message.due_s - clock.due_s(now.time_s) - measured_s)
    for sender, values in delays.items():
        assert np.mean(values) * 1000 == pytest.approx(of[sender].latency_ms, abs=12)


def test_units_do_not_all_speak_at_once(sent: Any) -> None:
    now, clock, messages = sent[3]
    for kind in ("rsm", "spat"):
        due = np.array([message.due_s - clock.due_s(now.time_s) for message in messages if message.kind == kind])
        busiest = max(((due >= a) & (due < a + 0.01)).sum() for a in np.arange(0, 0.25, 0.005))
        assert busiest < len(due) / 3
