"""Signals that give way: bounds of every change, the plan found again in SPAT, and grants held against what would have been."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jinyun.hdmap import Map
from jinyun.net.mqtt import publish_packet
from jinyun.net.mqtt_hearing import published, split, subscribe_packet
from jinyun.road.signals import order
from jinyun.road.signals.asked import HELD_US, Asked, AskedError
from jinyun.road.signals.control import Change, Demand, Junction, Rules, Want, Why
from jinyun.road.signals.network import Network
from jinyun.road.signals.order import Order, OrderError
from jinyun.road.signals.plan import Limits, Plan, bounded, plans, position
from jinyun.world.signals import BY_TRAFFIC, PRIORITY_ACTIVE, Signals
from jinyun.zone import Zone

RED, GREEN, YELLOW = 3, 6, 7
SECONDS = np.array([30.0, 3.0, 2.0, 20.0, 3.0, 2.0])
"""Main street (phase 1) 30 s, side street (phase 2) 20 s: a cycle of 60 s."""
LIGHTS = np.array([[GREEN, RED], [YELLOW, RED], [RED, RED], [RED, GREEN], [RED, YELLOW], [RED, RED]])
TWO = Plan(
    "X", 5, np.array([1, 2]), np.zeros(2, bool), SECONDS, LIGHTS,
    np.array([7.0, 3.0, 2.0, 7.0, 3.0, 2.0]), np.array([42.0, 3.0, 2.0, 32.0, 3.0, 2.0]),
)  # fmt: skip


@pytest.fixture
def rules(here: Zone) -> Rules:
    return Rules.of(here.profile)


class Lamp:
    """A controller that runs a plan and takes changes; what it shows is what the tests hold grants against."""

    def __init__(self, plan: Plan, at_s: float = 0.0) -> None:
        self.plan, self.step, self.left_s, self.now_s = plan, 0, float(plan.seconds[0]), 0.0
        self.lasted: list[tuple[int, float]] = []
        self._since_s = 0.0
        while at_s > 0:
            self.tick(0.5)
            at_s -= 0.5

    def tick(self, seconds: float) -> None:
        self.now_s += seconds
        self.left_s -= seconds
        if self.left_s <= 1e-9:
            self.lasted.append((self.step, self.now_s - self._since_s))
            self._since_s = self.now_s
            self.step = (self.step + 1) % len(self.plan.seconds)
            self.left_s += float(self.plan.seconds[self.step])

    def take(self, change: Change | None) -> None:
        if change is not None:
            assert change.step == self.step
            self.left_s = change.left_s

    def green(self, phase: int) -> bool:
        return self.plan.green(self.step, self.plan.group_of(phase))


def drive(junction: Junction, lamp: Lamp, arrives_s: float, phase: int, until_s: float, queue: int = 0,
          why: Why = Why.PRIORITY) -> float:  # fmt: skip
    """Let one come to a phase at ``arrives_s``; return when it passed (it asks until then), and go on to ``until_s``."""
    passed = np.inf
    while lamp.now_s < until_s:
        wants = []
        if passed == np.inf:
            if lamp.now_s >= arrives_s and lamp.green(phase):
                passed = lamp.now_s
            else:
                wants = [Want((1, 1), phase, max(arrives_s, lamp.now_s), why)]
        demand = {1: Demand(queue, False), 2: Demand(queue, False)}
        lamp.take(junction.step(lamp.now_s, lamp.step, lamp.left_s, wants, demand))
        lamp.tick(0.5)
    return passed


def within_bounds(lamp: Lamp, extra_s: float = 0.0) -> bool:
    plan = lamp.plan
    return all(plan.least_s[s] - 0.51 <= lasted <= plan.most_s[s] + extra_s + 0.51 for s, lasted in lamp.lasted[1:])


def test_who_would_come_just_too_late_gets_a_longer_green_and_uses_it(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules), Lamp(TWO, 10.0)
    passed = drive(junction, lamp, 35.0, 1, 55.0, queue=3)
    assert passed == pytest.approx(35.0, abs=0.6)  # the plan would have turned red at 30
    ledger = junction.ledger
    assert (ledger.counts["requested"], ledger.counts["granted"], ledger.counts["longer"]) == (1, 1, 1)
    assert ledger.counts["used"] == 1 and ledger.counts["unused"] == 0
    assert ledger.benefit_s == pytest.approx(60.0 - 35.0, abs=1.5)  # it would have waited for the next cycle
    assert ledger.cost_vehicle_s > 0
    assert within_bounds(lamp)


def test_who_comes_at_red_gets_an_earlier_green_out_of_the_others_slack(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules), Lamp(TWO, 36.0)
    passed = drive(junction, lamp, 42.0, 1, 58.0)
    assert passed < 52.0  # untouched it would have been 60
    assert junction.ledger.counts["sooner"] == 1 and junction.ledger.counts["used"] == 1
    assert junction.ledger.benefit_s == pytest.approx(60.0 - passed, abs=1.5)
    assert within_bounds(lamp)


def test_who_comes_at_green_needs_nothing_and_that_is_counted(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules), Lamp(TWO, 5.0)
    assert drive(junction, lamp, 12.0, 1, 20.0) == pytest.approx(12.0, abs=0.6)
    assert (junction.ledger.counts["needless"], junction.ledger.counts["granted"]) == (1, 0)
    assert lamp.lasted == [] and junction.shift_s == pytest.approx(0.0, abs=0.01)


def test_a_grant_whose_vehicle_goes_another_way_is_unused(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules), Lamp(TWO, 20.0)
    for _ in range(10):
        wants = [Want((1, 1), 1, 36.0)]
        lamp.take(junction.step(lamp.now_s, lamp.step, lamp.left_s, wants))
        lamp.tick(0.5)
    assert junction.grant is not None
    junction.step(lamp.now_s, lamp.step, lamp.left_s, [])
    assert (junction.ledger.counts["used"], junction.ledger.counts["unused"]) == (0, 1)
    assert junction.ledger.benefit_s == 0.0


def test_after_a_grant_the_plan_is_led_back_and_nobody_is_granted_at_once(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules), Lamp(TWO, 10.0)
    drive(junction, lamp, 36.0, 1, 37.0)
    late = junction.shift_s
    assert late > 3.0
    assert junction.step(lamp.now_s, lamp.step, lamp.left_s, [Want((2, 1), 1, lamp.now_s + 10)]) is None
    assert junction.ledger.refused["rest"] == 1
    while lamp.now_s < 400.0:
        lamp.take(junction.step(lamp.now_s, lamp.step, lamp.left_s, []))
        lamp.tick(0.5)
    assert abs(junction.shift_s) < 1.0
    assert within_bounds(lamp)


def test_an_ambulance_ends_anothers_grant_and_is_held_green_until_it_has_passed(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules), Lamp(TWO, 20.0)
    for _ in range(6):
        lamp.take(junction.step(lamp.now_s, lamp.step, lamp.left_s, [Want((9, 1), 1, 38.0)]))
        lamp.tick(0.5)
    both = [Want((9, 1), 1, 38.0), Want((1, 1), 1, 55.0, Why.EMERGENCY)]
    lamp.take(junction.step(lamp.now_s, lamp.step, lamp.left_s, both))
    assert junction.grant is not None and junction.grant.want.why is Why.EMERGENCY
    assert junction.ledger.counts["unused"] == 1
    assert drive(junction, lamp, 55.0, 1, 62.0, why=Why.EMERGENCY) == pytest.approx(55.0, abs=0.6)
    assert within_bounds(lamp, rules.hold_most_s)


def test_a_phase_that_is_not_there_is_refused(rules: Rules) -> None:
    junction = Junction(TWO, rules)
    assert junction.step(0.0, 0, 20.0, [Want((1, 1), 77, 10.0)]) is None
    assert junction.ledger.refused["phase"] == 1


def test_actuated_a_green_nobody_uses_ends_and_one_that_is_used_goes_on_to_its_most(rules: Rules) -> None:
    junction, lamp = Junction(TWO, rules, actuated=True), Lamp(TWO)
    while lamp.now_s < 12.0:
        lamp.take(junction.step(lamp.now_s, lamp.step, lamp.left_s, [], {2: Demand(3, True)}))
        lamp.tick(0.5)
    assert lamp.lasted[0][1] == pytest.approx(7.0, abs=1.1)  # its least: nobody came, three stood at the side street
    busy, lamp = Junction(TWO, rules, actuated=True), Lamp(TWO)
    while len(lamp.lasted) < 1:
        lamp.take(busy.step(lamp.now_s, lamp.step, lamp.left_s, [], {1: Demand(5, True), 2: Demand(3, True)}))
        lamp.tick(0.5)
    assert lamp.lasted[0][1] == pytest.approx(42.0, abs=1.1)


def test_people_who_are_still_on_the_road_get_longer_only_where_that_keeps_cars_red(rules: Rules) -> None:
    walkers = Plan(
        "Z", 7, np.array([1, 3]), np.array([False, True]), np.array([46.0, 3.0, 2.0, 12.0, 22.0]),
        np.array([[GREEN, RED], [YELLOW, RED], [RED, RED], [RED, GREEN], [RED, RED]]),
        np.array([7.0, 3.0, 2.0, 7.0, 22.0]), np.array([58.0, 3.0, 2.0, 24.0, 34.0]),
    )  # fmt: skip
    junction = Junction(walkers, rules)
    change = junction.step(0.0, 4, 3.0, [Want((1, 1), 3, 9.0, Why.CLEAR)])
    assert change == Change(7, 4, 9.0, Why.CLEAR)
    assert Junction(walkers, rules).step(0.0, 0, 3.0, [Want((1, 1), 3, 9.0, Why.CLEAR)]) is None


@settings(max_examples=200, deadline=None)
@given(
    step=st.integers(0, 5), spent=st.floats(0, 60), left=st.floats(0, 60), asked=st.floats(-10, 600),
    extra=st.sampled_from([0.0, 45.0]),
)  # fmt: skip
def test_no_change_leaves_the_bounds_of_its_step(
    step: int, spent: float, left: float, asked: float, extra: float
) -> None:
    got = bounded(TWO, step, spent, left, asked, extra)
    if LIGHTS[step].max() == YELLOW or (LIGHTS[step] == RED).all():
        assert got == left
    else:
        assert got >= 0
        assert TWO.least_s[step] - 1e-9 <= max(got + spent, TWO.least_s[step])
        assert got + spent <= max(TWO.most_s[step] + extra, spent) + 1e-9


def test_every_plan_of_the_map_keeps_its_yellows_and_lets_people_clear(here: Zone, precise_map: Map) -> None:
    limits = Limits.of(here.profile)
    for plan in plans(precise_map, limits).values():
        yellow = (plan.lights == YELLOW).any(axis=1)
        assert (plan.least_s[yellow] == plan.seconds[yellow]).all()
        assert (plan.most_s[yellow] == plan.seconds[yellow]).all()
        assert (plan.least_s <= plan.seconds).all() and (plan.seconds <= plan.most_s).all()
        green = np.isin(plan.lights, (5, 6))
        assert (plan.least_s[green.any(axis=1)] >= limits.green_least_s - 1e-9).all()
        walk = (green & plan.walkers).any(axis=1)
        after = np.roll(walk, 1) & ~walk
        clears = np.roll((green & plan.walkers), 1, axis=0) & ~green & plan.walkers
        assert (clears.any(axis=1) == after).all()
        row = precise_map.junction_row(plan.id)
        for step in np.flatnonzero(after).tolist():
            ended = set(plan.phase[clears[step]].tolist())
            metres = max(
                np.hypot(*np.diff([precise_map.crossing_points[name][[f, f + n - 1]] for name in ("x_m", "y_m")])[:, 0])
                for f, n, j, phase in zip(*(precise_map.crossings[c].tolist() for c in ("first", "count", "junction", "phase")),
                                          strict=True)
                if j == row and phase in ended
            )  # fmt: skip
            k, least, planned = step, float(plan.least_s[step]), float(plan.seconds[step])
            while not (green[(k + 1) % len(green)] & ~green[step]).any():
                k = (k + 1) % len(green)
                least, planned = least + float(plan.seconds[k]), planned + float(plan.seconds[k])
            assert least >= min(metres / limits.walks_mps, planned) - 1e-6


def test_where_a_signal_is_in_its_plan_is_found_again_in_what_it_tells(here: Zone, precise_map: Map) -> None:
    known = plans(precise_map, Limits.of(here.profile))
    rows = np.flatnonzero(precise_map.junctions["steps"] > 0).tolist()
    signals, rng = Signals(precise_map, rows), np.random.default_rng(3)
    for _ in range(40):
        step = np.array([rng.integers(len(plan.seconds)) for plan in signals.plans])
        left = np.array([rng.uniform(0.3, plan.seconds[s]) for plan, s in zip(signals.plans, step, strict=True)])
        told = signals.told(step, left)
        for k, node in enumerate(signals.node.tolist()):
            own = told.junction == k
            assert (told.phase[own] == known[node].phase).all()
            ends = np.floor(told.ends_s[own] * 10) / 10  # a frame carries tenths
            found = position(known[node], told.light[own], np.where(np.isinf(ends), np.nan, ends))
            assert found is not None
            assert found[1] == pytest.approx(left[k], abs=0.11)
            assert (known[node].lights[found[0]] == known[node].lights[step[k]]).all()
    plan = known[int(signals.node[0])]
    assert position(plan, np.full(len(plan.phase), GREEN), np.full(len(plan.phase), 5.0)) is None


def test_a_signal_that_may_be_changed_tells_least_likely_and_most_and_who_it_gave_way_to(
    here: Zone, precise_map: Map
) -> None:
    rows = np.flatnonzero(precise_map.junctions["steps"] > 0).tolist()
    signals = Signals(precise_map, rows, here.profile)
    step, left = np.zeros(len(rows), np.int64), np.array([plan.seconds[0] for plan in signals.plans])
    signals.look(0.0, step)
    told = signals.spat(step, left, 0.0, [0] * len(rows), [1] * len(rows), 0)
    states = told["intersections.phases.phaseStates"]
    likely, least, most = (states[f"timing.counting.{n}EndTime"] for n in ("likely", "min", "max"))
    now = states["timing.counting.startTime"] == 0
    assert (least[now] <= likely[now]).all() and (likely[now] <= most[now]).all()
    assert (least[now] < likely[now]).any() and (most[now] > likely[now]).any()
    assert (told["intersections"]["status"] == BY_TRAFFIC).all()
    node = int(signals.node[0])
    given = signals.admit(1.0, signals.row_of(node), 0, float(left[0]) - 1, 600.0, Why.PRIORITY)
    assert given == pytest.approx(signals.plans[0].most_s[0] - 1.0)
    assert (
        signals.spat(step, left, 0.0, [0] * len(rows), [1] * len(rows), 0)["intersections"]["status"][0]
        & PRIORITY_ACTIVE
    )
    assert signals.admit(1.0, 0, 1, 3.0, 9.0, Why.PRIORITY) is None  # another step than the running one
    assert Signals(precise_map, rows).admit(1.0, 0, 0, 3.0, 9.0, Why.PRIORITY) is None  # nobody may change it


def test_orders_go_over_the_wire_and_what_is_none_is_refused_by_field() -> None:
    one = Order(38, 0, 12.25, Why.WALKERS, 1_795_000_000_000_000)
    assert order.read(order.write(one)) == one
    good = json.loads(order.write(one))
    for field, value in (("node", -1), ("step", "0"), ("left_s", float("inf")), ("left_s", True), ("why", "whim")):
        with pytest.raises(OrderError, match=field):
            order.read(json.dumps({**good, field: value}).encode())
    for junk in (b"", b"[]", b"{", b"x" * 2000):
        with pytest.raises(OrderError):
            order.read(junk)


def test_the_clouds_word_of_requests_holds_two_seconds_and_junk_leaves_it() -> None:
    word = {"t_us": 10_000_000, "ended": [], "standing": [
        {"vehicle": 5, "number": 1, "node": 38, "phase": 2, "arrives_us": 22_000_000, "level": 3, "on_duty": False},
        {"vehicle": 6, "number": 1, "node": 38, "phase": 1, "arrives_us": 21_000_000, "level": 7, "on_duty": True},
    ]}  # fmt: skip
    asked = Asked()
    asked.take(json.dumps(word).encode())
    first, second = asked.at(10_500_000)[38]
    assert first == Want((5, 1), 2, 22.0, Why.PRIORITY) and second.why is Why.EMERGENCY
    for junk in (b"", b"{}", b'{"t_us": 1, "standing": [{}]}', b'{"t_us": 1, "standing": 7}'):
        with pytest.raises(AskedError):
            asked.take(junk)
    assert asked.at(10_500_000)
    assert asked.at(10_000_000 + HELD_US + 1) == {}


def test_a_network_knows_its_actuated_signals_and_refuses_one_that_is_not_there(here: Zone, precise_map: Map) -> None:
    network = Network.of(precise_map, here.profile, ["S1"])
    assert [j.plan.id for j in network.junctions.values() if j.actuated] == ["S1"]
    assert network.told()["requested"] == 0
    with pytest.raises(ValueError, match="no signal 'Q9'"):
        Network.of(precise_map, here.profile, ["Q9"])


def test_mqtt_packets_are_split_wherever_the_socket_cuts_them() -> None:
    stream = publish_packet(b"a/b", b"x" * 300) + publish_packet(b"c", b"") + b"\xd0\x00"
    for cut in range(len(stream)):
        first, rest = split(stream[:cut])
        second, rest = split(rest + stream[cut:])
        packets = first + second
        assert rest == b"" and len(packets) == 3
        assert published(packets[0][1], packets[0][0]) == ("a/b", b"x" * 300)
        assert published(packets[1][1], packets[1][0]) == ("c", b"")
    assert subscribe_packet(["a/+"]) == b"\x82\x08\x00\x01\x00\x03a/+\x00"
