"""What attackers send, held against what their units would have sent: well-formed, changed as the class says, no more."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.net import csae, topics
from jinyun.net.block import Arrival
from jinyun.world import attacks, cars

BEGIN = 1_795_000_000_000_000
HERE = zones.load(zones.find("science-city"))
EAST = 7200
"""Heading in the units of the wire."""


def said(second: float, numbers: range = range(1, 13)) -> list[Arrival]:
    """What cars in a row, 37 m apart, send at one instant on their way east at 10 m/s."""
    out = []
    for number in numbers:
        lon, lat = HERE.project.inverse(37.3 * number + 10.0 * second, 0.0)
        value = {
            "msgCnt": round(second * 10) % 128, "id": cars.name_of(number).encode(), "secMark": round(second * 1000),
            "pos": {"lat": round(float(lat) * 1e7), "long": round(float(lon) * 1e7)}, "transmission": "forwardGears",
            "speed": 500, "heading": EAST, "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {},
            "size": {"width": 180, "length": 450}, "vehicleClass": {"classification": 10},
        }  # fmt: skip
        topic = topics.up_topic(HERE.id, "obu", cars.name_of(number), "bsm").replace("/", ".")
        frame = csae.encode("bsmFrame", value)
        out.append(Arrival(BEGIN + round(second * 1e6) + number, topic, frame))
    return out


def run(kind: str, seconds: float = 20.0) -> tuple[attacks.Attack, list[tuple[Arrival, list[Arrival]]]]:
    """Return the attack after ``seconds`` (it begins at 10 s) and what each car's message became, in time."""
    attack = attacks.Attack(kind, HERE.project, 0.4, BEGIN + 10_000_000)
    became = []
    for n in range(round(seconds * 10)):
        own = said(n / 10)
        out = attack.on(own)
        for one in own:
            name = one.subject.split(".")[attacks.DEVICE_AT]
            ghosts = f"X{int(name[1:]):06d}"
            of = [a for a in out if a.subject == one.subject or a.subject.split(".")[attacks.DEVICE_AT][:7] == ghosts]
            became.append((one, of))
        assert len(out) == sum(len(of) for _, of in became[-len(own) :])
    return attack, became


def value(arrival: Arrival) -> dict[str, Any]:
    return csae.decode(arrival.payload)[1]


def metres(one: Arrival, other: Arrival) -> tuple[float, float]:
    a, b = (HERE.project(value(x)["pos"]["long"] / 1e7, value(x)["pos"]["lat"] / 1e7) for x in (one, other))
    return float(b[0] - a[0]), float(b[1] - a[1])


@pytest.mark.parametrize("kind", list(attacks.KINDS))
def test_only_attackers_lie_only_from_then_on_and_all_they_send_is_well_formed(kind: str) -> None:
    attack, became = run(kind, 13.0)
    liars = {one.subject.split(".")[attacks.DEVICE_AT] for one, of in became if of != [one]}
    assert 2 <= len(liars) <= 9 and all(attack.attacks(name) for name in liars)
    assert all(of == [one] for one, of in became if one.receive_us < attack.begins_us)
    for one, of in became:
        name = one.subject.split(".")[attacks.DEVICE_AT]
        assert (name in liars) or of == [one]
        assert all(csae.encode("bsmFrame", value(arrival)) == arrival.payload for arrival in of if arrival is not one)
    names = {name for name in attack.lies_since_us if name.startswith("C")}
    assert names == (set() if kind == "sybil" else liars)


def test_a_constant_offset_drifts_there_without_a_leap_and_stays() -> None:
    _, became = run("constant_offset", 52.0)
    ways: dict[str, list[tuple[float, float]]] = {}
    for one, (sent,) in became:
        ways.setdefault(one.subject, []).append(metres(one, sent))
    lies = [np.array(way) for way in ways.values() if np.any(way)]
    assert lies
    for off in lies:
        assert np.hypot(*np.diff(off, axis=0).T).max() < 0.25
        assert attacks.OFFSET_M[0] - 0.1 < math.hypot(*off[-1]) < attacks.OFFSET_M[1] + 0.1
        assert np.ptp(off[-30:], axis=0).max() < 0.1


def test_a_replay_is_what_the_victim_said_five_seconds_before_under_the_attackers_own_name() -> None:
    _, became = run("replay")
    words = {(value(one)["pos"]["long"], value(one)["pos"]["lat"]): one for one, _ in became}
    lies = [(one, of[0]) for one, of in became if of != [one]]
    assert lies
    for one, lie in lies:
        first = words[value(lie)["pos"]["long"], value(lie)["pos"]["lat"]]
        assert value(lie)["id"] == value(one)["id"] and first.subject != one.subject
        assert 5.0 <= (one.receive_us - first.receive_us) / 1e6 < 5.15


def test_a_sudden_stop_stays_where_it_was_and_a_crowd_queues_about_its_maker() -> None:
    _, became = run("sudden_stop")
    stops: dict[str, set[tuple[int, int]]] = {}
    for one, of in became:
        if of != [one]:
            assert value(of[0])["speed"] == 0
            stops.setdefault(one.subject, set()).add(tuple(value(of[0])["pos"].values()))
    assert stops and all(len(places) == 1 for places in stops.values())
    _, became = run("sybil", 12.0)
    crowds = [(one, of) for one, of in became if len(of) > 1]
    assert crowds
    for one, of in crowds:
        assert one in of and len({value(arrival)["id"] for arrival in of}) == 5
        ahead = sorted(metres(one, ghost)[0] for ghost in of if ghost is not one)
        assert ahead == pytest.approx(sorted(attacks.GHOST_PLACES_M), abs=0.8)


def test_denial_of_service_sends_ten_times_as_often_with_counts_that_go_on() -> None:
    _, became = run("denial_of_service", 13.0)
    floods = [of for one, of in became if len(of) > 1]
    assert floods and all(len(of) == 10 for of in floods)
    assert all(
        np.diff([value(a)["msgCnt"] for a in of]).tolist() in ([1] * 9,) or 127 in [value(a)["msgCnt"] for a in of]
        for of in floods
    )
