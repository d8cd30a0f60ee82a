"""The evaluation of the applications: labels with closed-form answers, matching by hand, and seconds of a street with deeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.bench.evaluation import contact, measuring
from jinyun.bench.evaluation.asking import CASES
from jinyun.bench.evaluation.asking.town import Town
from jinyun.bench.evaluation.asking.verdict import Verdict
from jinyun.bench.evaluation.borders import lane_changes
from jinyun.bench.evaluation.collisions import MUST_S, _of
from jinyun.bench.evaluation.contact import ACROSS, BEHIND, VULNERABLE, contacts
from jinyun.bench.evaluation.figuring import JUDGED
from jinyun.bench.evaluation.jams import jams
from jinyun.bench.evaluation.labels import BAND, CLEAR, EVENT, MUST, Labels
from jinyun.bench.evaluation.lives import FRAME_S, Floats, Lives, lives
from jinyun.bench.evaluation.matching import Tally, tally
from jinyun.bench.evaluation.others import others
from jinyun.bench.evaluation.posting import Place, posted
from jinyun.bench.evaluation.rules import red_lights, speeding
from jinyun.bench.evaluation.watching import SAID, Variant, Watched, numbers_of, watch
from jinyun.cloud.apps import CATALOGUE
from jinyun.shapes import Kind
from jinyun.world.cars import vehicle_id
from jinyun.world.staging import Deed, by_kind
from jinyun.world.street import DOING, LEFT_LAMP
from tests.cloud.apps.crossroads import crossroads
from tests.cloud.apps.scenes import straight
from tests.hdmap.drawn import lanes_of

FRAMES = 160
Way = Callable[[Floats], Floats]


def life(
    number: int, x: Way, y: Way, heading: float, kind: Kind = Kind.MOTOR, size: tuple[float, float] = (4.5, 1.8),
    lane: NDArray[np.int32] | int = -1, **does: int,
) -> dict[str, NDArray[Any]]:  # fmt: skip
    """Return the rows of one participant whose place is given by the time; ``does`` are columns of DOING."""
    t: Floats = np.arange(FRAMES, dtype=np.float64) * FRAME_S
    east, north = np.broadcast_to(x(t), t.shape), np.broadcast_to(y(t), t.shape)
    speed = np.hypot(np.gradient(east, FRAME_S), np.gradient(north, FRAME_S))
    columns = {
        "frame": np.arange(FRAMES), "number": number, "kind": np.uint8(kind), "classification": np.uint8(10),
        "length_m": size[0], "width_m": size[1], "x_m": east, "y_m": north, "heading_rad": heading, "speed_mps": speed,
        "accel_mps2": np.gradient(speed, FRAME_S), "lane": np.asarray(lane, np.int32), "connected": 0.0,
    }  # fmt: skip
    rows = {name: np.broadcast_to(np.asarray(values), t.shape) for name, values in columns.items()}
    doing = np.zeros(FRAMES, DOING)
    for name, value in does.items():
        doing[name] = value
    return rows | {"doing": doing}


def together(*some: dict[str, NDArray[Any]]) -> Lives:
    return lives({name: np.concatenate([rows[name] for rows in some]) for name in some[0]}, FRAMES)


def braking_late(speed: float, stop_m: float, decel: float) -> Way:
    """Drive at a speed, stop with that deceleration at ``stop_m``, stand a second and go on."""
    begins = (stop_m - speed**2 / (2 * decel)) / speed
    stands = begins + speed / decel

    def way(t: Floats) -> Floats:
        braked = np.clip(t - begins, 0, speed / decel)
        going = np.maximum(t - stands - 1.0, 0)
        gone: Floats = np.minimum(t, begins) * speed + speed * braked - decel / 2 * braked**2 + going**2
        return gone

    return way


def test_who_drives_at_one_that_stands_must_be_warned_two_seconds_before() -> None:
    """15 m/s towards a standing car whose rear is 100 m away: they touch (0.2 m deep) after 100.2 m less half a length."""
    standing = 100.0 + 2.25
    scene = together(
        life(1, lambda t: 0 * t, braking_late(15.0, 96.5, 8.0), 0.0),
        life(2, lambda t: 0 * t, lambda t: standing + 2 * np.maximum(t - 9.0, 0) ** 2, 0.0),
    )
    found = contacts(scene)
    labels = _of(scene, found, BEHIND, np.ones(len(found.row), np.bool_), np.zeros(len(found.row), np.bool_))
    assert len(labels.events) == 1
    event = labels.events[0]
    touch_s = (100.0 - 2.25 + 0.2) / 15.0
    assert (event["receiver"], event["about"]) == (1, 2)
    assert event["first"] == pytest.approx((touch_s - MUST_S) / FRAME_S, abs=1.01)
    assert event["peak"] == pytest.approx(touch_s / FRAME_S, abs=1.01)
    at = {int(f): int(s) for f, s in zip(scene.frame, labels.state, strict=True) if scene.number[scene.life[f]] >= 0}
    assert labels.state[int((touch_s - 5.5) * 10)] == CLEAR and labels.state[int((touch_s - 3.0) * 10)] == BAND
    assert set(at.values()) <= {-1, CLEAR, BAND, MUST}
    assert not len(_of(scene, found, ACROSS, *(np.ones(len(found.row), np.bool_),) * 2).events)


def test_who_brakes_enough_in_time_is_no_event_and_a_hard_negative() -> None:
    scene = together(
        life(1, lambda t: 0 * t, braking_late(15.0, 90.0, 3.0), 0.0),
        life(2, lambda t: 0 * t, lambda t: 102.25 + 2 * np.maximum(t - 9.0, 0) ** 2, 0.0),
    )
    found = contacts(scene)
    labels = _of(scene, found, BEHIND, np.ones(len(found.row), np.bool_), np.zeros(len(found.row), np.bool_))
    assert not len(labels.events) and labels.hard_runs(scene) >= 1


@pytest.mark.parametrize("course", np.radians([0.0, 90.0, 200.0, 315.0]).tolist())
def test_ways_that_cross_touch_when_both_are_there_whatever_the_course(course: float) -> None:
    """Two cars at 10 m/s meet at one place after 8 s; each is warned, and half a second's delay of one is not clear."""

    def along(heading: float, late_s: float) -> tuple[Way, Way]:
        return (
            lambda t: 10 * (t - 8.0 - late_s) * np.sin(heading), lambda t: 10 * (t - 8.0 - late_s) * np.cos(heading),
        )  # fmt: skip

    crosses = course + np.pi / 2
    scene = together(life(1, *along(course, 0.0), course), life(2, *along(crosses, 0.0), crosses))
    found = contacts(scene)
    every, none = np.ones(len(found.row), np.bool_), np.zeros(len(found.row), np.bool_)
    labels = _of(scene, found, ACROSS, every, none)
    assert sorted(labels.events["receiver"].tolist()) == [1, 2]
    touch_s = 8.0 - (0.9 + 2.25 - 0.2) / 10  # the front of one at the side of the other
    assert labels.events["peak"] == pytest.approx(touch_s / FRAME_S, abs=1.01)
    late = together(life(1, *along(course, 0.0), course), life(2, *along(crosses, 3.0), crosses))
    apart = contacts(late)
    assert not len(_of(late, apart, ACROSS, every, none).events)
    assert (apart.near_s[:, ACROSS] == np.inf).all()


def test_a_person_who_stops_short_is_no_event_and_one_who_goes_on_is() -> None:
    car = life(1, lambda t: 0 * t, lambda t: 12.0 * t, 0.0)
    reached_s = (96.0 - 2.25) / 12.0

    def walks(to_m: float) -> Way:
        return lambda t: np.maximum(6.0 - 1.5 * np.maximum(t - reached_s + 4.0, 0), to_m)

    for to_m, events in ((-6.0, 1), (2.0, 0)):
        person = life(7, walks(to_m), lambda t: 96.0 + 0 * t, 1.5 * np.pi, Kind.PEDESTRIAN, (0.5, 0.5))
        scene = together(car, person)
        found = contacts(scene)
        labels = _of(scene, found, VULNERABLE, *(np.ones(len(found.row), np.bool_), np.zeros(len(found.row), np.bool_)))
        assert len(labels.events) == events
        if events:
            assert labels.events["peak"][0] == pytest.approx(reached_s / FRAME_S, abs=2.1)


def test_boxes_are_as_far_apart_as_geometry_says() -> None:
    apart = contact._apart
    assert apart(0, 0, 0.0, 2.0, 1.0, 0.0, 6.0, 0.0, 2.0, 1.0, 0.0) == pytest.approx(2.0)
    assert apart(0, 0, 0.0, 2.0, 1.0, 4.0, 0.0, np.pi / 2, 2.0, 1.0, 0.0) == pytest.approx(1.0)
    diagonal = np.sqrt(2.0)  # a square on its corner reaches so far
    assert apart(0, 0, 0.0, 1.0, 1.0, 5.0, 0.0, np.pi / 4, 1.0, 1.0, 0.0) == pytest.approx(4.0 - diagonal)
    assert apart(0, 0, 0.0, 2.0, 1.0, 1.0, 1.0, 0.3, 2.0, 1.0, 0.0) < 0


def test_who_is_too_fast_for_two_seconds_must_be_told() -> None:
    """The limit is 10 m/s: 12 m/s from 4 s on is too fast, from 6 s on for two seconds; 10.5 m/s never is."""
    road = straight(2, speed_mps=10.0)
    fast = life(1, lambda t: 0 * t, lambda t: 9 * np.minimum(t, 4.0) + 12 * np.maximum(t - 4.0, 0), 0.0, lane=0)
    usual = life(2, lambda t: 0 * t - 3.5, lambda t: 10.5 * t, 0.0, lane=1)
    scene = together(fast, usual)
    labels = speeding(scene, road)
    assert labels.events["receiver"].tolist() == [1]
    assert labels.events["first"][0] == pytest.approx(60, abs=2)
    assert (labels.state[scene.life == 1] == CLEAR).all()
    hurries = together(fast | {"doing": life(1, lambda t: t, lambda t: t, 0.0, siren=2)["doing"]}, usual)
    assert not len(speeding(hurries, road).events), "who drives to an emergency is not told"


@pytest.mark.parametrize(("side", "lamp"), [(1.0, 0), (1.0, 1 << 6), (0.0, 1 << 6)])
def test_who_goes_over_the_border_beside_somebody_must_be_warned(side: float, lamp: int) -> None:
    """A car drifts 2.3 m to the left at 1 m/s from 8 s on, beside one abreast: it is over the border by 0.15 m at 9.0 s."""
    road = straight(2)
    drifts = life(
        1, lambda t: -np.clip(side * (t - 8.0), 0.0, 2.3), lambda t: 15 * t, 0.0, lane=0, lights=lamp
    )  # fmt: skip
    scene = together(drifts, life(2, lambda t: 0 * t - 3.5 - 2.0 * side, lambda t: 15 * t, 0.0, lane=1))
    labels = lane_changes(scene, road)
    if side:
        assert labels.events["receiver"].tolist() == [1]
        over_s = 8.0 + 1.75 + 0.15 - 0.9
        assert labels.events["peak"][0] == pytest.approx((over_s + 0.3) / FRAME_S, abs=1.1)
        assert labels.events["first"][0] == pytest.approx((over_s - 2.0) / FRAME_S, abs=1.1)
    else:
        assert not len(labels.events)
        assert (labels.state[scene.life == 0] != CLEAR).all(), "a lamp towards somebody: told rightly, though it stays"


def test_who_crosses_at_red_must_be_warned_and_who_has_green_not() -> None:
    """A car reaches the junction of 12 m at 14 m/s after 88/14 s; its light is red, or turns green a second before."""
    road = crossroads(signalised=True)
    lane = np.where(np.arange(FRAMES) * 1.4 < 188 - 100, 0, 8)
    car = life(1, lambda t: 1.75 + 0 * t, lambda t: -100 + 14.0 * t, 0.0, lane=lane)
    scene = together(car)
    lights = np.full((FRAMES, 2), 3, np.uint8)
    enters = int(np.argmax(lane == 8))
    labels = red_lights(scene, lights, road, contacts(scene))
    assert labels.events["peak"].tolist() == [enters] and labels.events["first"][0] == enters - 30
    lights[enters - 12 :, 0] = 6
    assert not len(red_lights(scene, lights, road, contacts(scene)).events)


def test_an_emergency_vehicle_behind_is_an_event_and_one_that_meets_is_clear() -> None:
    """It comes up at 25 m/s on one at 10 m/s, 165 m ahead: within 20 m after 145/15 s, must five seconds before."""
    host = life(1, lambda t: 0 * t, lambda t: 165 + 10 * t, 0.0, lane=0)
    meets = life(3, lambda t: 0 * t - 7, lambda t: 380 - 10 * t, np.pi, lane=1)
    scene = together(host, life(2, lambda t: 0 * t, lambda t: 25 * t, 0.0, lane=0, siren=2), meets)
    labels = others(scene, [], 0.0, straight(2))["EVW"]
    assert labels.events["receiver"].tolist() == [1] and labels.events["about"].tolist() == [2]
    assert labels.events["first"][0] == pytest.approx((145 / 15 - 5.0) / FRAME_S, abs=3)
    judged = labels.state[scene.life == 2]
    assert (judged[judged >= 0] == CLEAR).all() and (judged == CLEAR).any()


def test_one_out_of_control_ahead_is_an_event_for_who_follows_in_its_lane() -> None:
    deeds = [Deed("losing_control", 2, 0, 3.0, 6.0)]
    follows = life(1, lambda t: 0 * t, lambda t: 15 * t, 0.0, lane=0)
    beside = life(3, lambda t: 0 * t - 7.0, lambda t: 15 * t, 0.0, lane=1)
    for ahead_m, events in ((60.0, 1), (130.0, 0)):
        lost = life(2, lambda t, m=ahead_m: 0 * t, lambda t, m=ahead_m: m + 15 * t, 0.0, lane=0)
        found = others(together(follows, lost, beside), deeds, 0.0, straight(3))["CLW"]
        assert found.events["receiver"].tolist() == [1] * events


def test_who_drives_up_to_a_staged_jam_is_an_event_and_who_drives_up_to_a_light_is_clear() -> None:
    """The tail creeps at 1 m/s from 200 m on: at 15 m/s somebody is 6 s from it when 200 + t - 15 t = 90 + its length."""
    deeds = [Deed("jamming", 2, 0, 0.0, 15.9)]
    comes = life(1, lambda t: 0 * t, lambda t: 15 * t, 0.0, lane=0)
    tail = life(2, lambda t: 0 * t, lambda t: 200 + t, 0.0, lane=0)
    found = jams(together(comes, tail), deeds, 0.0, straight(1, 900))
    assert found.events["receiver"].tolist() == [1] and found.events["about"].tolist() == [2]
    assert found.events["first"][0] == pytest.approx((200 - 4.5 - 90) / 14 / FRAME_S, abs=4)
    queue = [life(n, lambda t: 0 * t, lambda t, n=n: 890.0 - 8 * n + 0 * t, 0.0, lane=0) for n in (1, 2, 3, 4)]
    host = life(9, lambda t: 0 * t, lambda t: 670 + 12 * t, 0.0, lane=0)
    waiting = together(*queue, host)
    found = jams(waiting, [], 0.0, straight(1, 900))
    judged = found.state[(waiting.life == 4) & (found.state >= 0)]
    assert len(judged) and (judged == CLEAR).all() and found.hard.any()
    amid = together(
        *[life(n, lambda t: 0 * t, lambda t, n=n: 800.0 - 8 * n + 0 * t, 0.0, lane=0) for n in (1, 2, 3)], host
    )
    found = jams(amid, [], 0.0, straight(1, 900))
    judged = found.state[(amid.life == 3) & (found.state >= 0)]
    assert len(judged) and (judged == BAND).all()


def said(*rows: tuple[int, int, int]) -> NDArray[np.void]:
    """Return episodes of (receiver, open, close)."""
    found = np.zeros(len(rows), SAID)
    for k, (receiver, opened, closed) in enumerate(rows):
        found["receiver"][k], found["open"][k], found["close"][k] = receiver, opened, closed
    return found


def test_advice_is_told_right_wrong_or_neither_by_when_it_opens() -> None:
    """Three drivers, one event of the first from frame 100 to 115, too late at 120; frames 90 to 99 are band."""
    scene = together(*(life(n, lambda t: 10 * t, lambda t: 0 * t, np.pi / 2) for n in (1, 2, 3)))
    state = np.full(3 * FRAMES, CLEAR, np.int8)
    state[90:100], state[100:116] = BAND, MUST
    events = np.array([(1, 0, 0, 100, 115, 120)], EVENT)
    labels = Labels(events, state, np.zeros(3 * FRAMES, np.bool_))
    everybody, seen = np.ones(3, np.bool_), np.ones(1, np.bool_)
    early = tally(scene, labels, said((1, 95, 130)), everybody, seen)
    assert (early.told, early.right, early.wrong, early.neither) == (1, 1, 0, 0)
    assert early.lead_s == [pytest.approx(2.5)] and early.latency_s == [0.0]
    late = tally(scene, labels, said((1, 121, 130), (2, 100, 110)), everybody, seen)
    assert (late.told, late.right, late.wrong) == (0, 0, 2) and late.recall == 0 and late.missed == [(1, 0, 100)]
    band = tally(scene, labels, said((1, 92, 94)), np.array([True, True, False]), seen)
    assert (band.right, band.told) == (1, 1), "said three frames before and gone again: still told in time"
    beside = tally(scene, labels, said((3, 100, 110)), np.array([True, True, False]), seen)
    assert (beside.wrong, beside.events) == (0, 1), "who has no unit hears nothing, right or wrong"
    unseen = tally(scene, labels, said(), everybody, np.zeros(1, np.bool_))
    assert unseen.unseen == 1 and not np.isfinite(unseen.recall)
    assert early.km == pytest.approx(3 * 10 * (FRAMES - 1) * FRAME_S / 1000)


def test_the_id_in_a_bsm_is_read_back_as_the_number_in_the_truth() -> None:
    numbers = [1, 10, 4711, 65_535, 9_999_999]
    ids = np.array([vehicle_id(number) for number in numbers] + [0], np.uint64)
    assert numbers_of(ids).tolist() == [*numbers, 0]


@pytest.fixture(scope="module")
def watched() -> Watched:
    here = zones.load(zones.find(measuring.ZONE))
    return watch(here, hdmap.open(here), [Variant("clear", 1.0), Variant("clear", 0.1)], 16.0, 3, 60.0)


def test_deeds_are_done_as_they_are_named(watched: Watched) -> None:
    """Of every kind somebody does what its name says, as the truth has it."""
    its, done = watched.lives, by_kind(watched.deeds)
    assert sum(count > 0 for count in done.values()) >= 8, done
    life_of = {int(number): k for k, number in enumerate(its.number.tolist())}

    def during(kind: str) -> list[NDArray[np.int64]]:
        found = []
        for deed in (one for one in watched.deeds if one.kind == kind):
            begin = round((deed.begin_s - watched.begin_s) / FRAME_S)
            end = begin + 60 if not np.isfinite(deed.end_s) else round((deed.end_s - watched.begin_s) / FRAME_S)
            who = life_of.get(deed.other if kind in ("stepping_out", "riding_across") else deed.by)
            if who is None:  # it begins as the watch ends
                continue
            rows = its.row(np.full(end - begin, who), np.arange(begin, end))
            if (rows >= 0).sum() > 5:  # fewer: the watch ends as it begins
                found.append(rows[rows >= 0])
        return found

    hard = [its.speed_mps[rows].max() - its.speed_mps[rows].min() for rows in during("hard_braking") if len(rows) > 20]
    assert max(hard) > 6
    assert any((its.speed_mps[rows] < 0.1).any() for rows in during("standing"))
    assert all((its.doing["siren"][rows] == 2).any() for rows in during("emergency"))
    assert any((its.doing["events"][rows] > 0).any() for rows in during("losing_control"))
    assert all(its.kind[its.life[rows[0]]] == Kind.PEDESTRIAN for rows in during("stepping_out"))
    assert all((its.speed_mps[rows[10:]] < 3.0).all() for rows in during("jamming"))
    assert all(np.isfinite(column).all() for column in (its.x_m, its.y_m, its.heading_rad, its.speed_mps))


def test_every_application_with_labels_has_figures_under_all_conditions(watched: Watched) -> None:
    sums: dict[tuple[str, Variant], Tally] = {}
    wanted = list(JUDGED)
    judged = {id: [0, 0] for id in wanted}
    measuring.take(watched, wanted, sums, judged)
    variants = list(watched.advice)
    result = measuring.told(sums, judged, wanted, variants, by_kind(watched.deeds), 16.0, [3], {})
    assert [its["id"] for its in result["applications"]] == wanted
    assert result["simulated"] and all(np.isfinite(value) for value in result["figures"].values())
    assert {id for id, _ in sums} == set(wanted)
    few, all_ = (sum(sums[id, v].events for id in wanted) for v in reversed(variants))
    assert few < all_, "where fewer are connected, fewer can be told"
    assert set(result["apps"]) == {about.id for about in CATALOGUE}
    for found in sums.values():
        assert found.told <= found.events - found.unseen
    lines = measuring.table(result).splitlines()
    assert len(lines) == 2 + len(wanted) * len(variants) and len({line.count("|") for line in lines}) == 1


def test_who_turns_left_or_runs_a_light_meets_who_comes_across(watched: Watched) -> None:
    """Both are at the place where their ways cross at once, unless somebody brakes at the last moment."""
    its = watched.lives
    life_of = {int(number): k for k, number in enumerate(its.number.tolist())}
    nearest = []
    for deed in watched.deeds:
        if deed.kind in ("turning_left", "not_yielding") and np.isfinite(deed.end_s):
            frames = np.arange(*(round((t - watched.begin_s) / FRAME_S) for t in (deed.begin_s, deed.end_s)))
            a, b = (its.row(np.full(len(frames), life_of[who]), frames) for who in (deed.by, deed.other))
            both = (a >= 0) & (b >= 0)
            nearest.append(np.hypot(its.x_m[a] - its.x_m[b], its.y_m[a] - its.y_m[b])[both].min())
    assert len(nearest) >= 3
    assert np.median(nearest) < 6.0


def test_who_drives_over_a_sign_must_be_told_before_and_who_passes_beside_it_is_not_judged() -> None:
    """At 10 m/s, 100 m before: it is within ten metres after nine seconds, and due five seconds before that."""
    scene = together(
        life(1, lambda t: 0 * t, lambda t: 10 * t, 0.0, lane=0),
        life(2, lambda t: 0 * t - 3.5, lambda t: 10 * t, 0.0, lane=1),
    )
    labels = posted(scene, straight(), {"VNFP": [Place(0, 0.0, 100.0)]})["VNFP"]
    ((_, who, _, first, last, peak),) = labels.events.tolist()
    assert (who, first, last, peak) == (0, 40, 89, 90)
    beside = labels.state[scene.first[1] : scene.first[2]]
    assert not np.isin(beside[:90], (CLEAR, MUST)).any()


@pytest.mark.parametrize("id", list(CASES))
def test_what_is_due_comes_and_what_is_not_does_not(id: str) -> None:
    """A few cases of each dialogue; CIP may refuse where it proves nothing."""
    here = zones.load(zones.find(measuring.ZONE))
    town, verdict, rng = Town(here, hdmap.open(here)), Verdict(), np.random.default_rng(5)
    for _ in range(12):
        town.clear()
        CASES[id](town, rng, verdict)
    assert verdict.positive + verdict.negative >= 5
    assert verdict.wrong == 0
    assert verdict.told >= 0.5 * verdict.positive


def test_only_what_is_there_can_be_evaluated_and_of_dialogues_no_street_is_run() -> None:
    found = measuring.evaluate(1.0, only=["DDS"])
    assert found["apps"]["DDS"]["recall"] == 1.0 and found["figures"]["deeds"] == 0
    with pytest.raises(KeyError, match="XYZ"):
        measuring.evaluate(1.0, only=["XYZ"])


def _comes_over(back_s: float, gap_m: float, speed: float, from_s: float = 0.5) -> Lives:
    """A host at 12 m/s and one that is ``gap_m`` ahead in the lane beside, comes over 2.4 m in 0.8 s, and leaves again."""

    def aside(t: Floats) -> Floats:
        x: Floats = 3.4 - 2.4 * np.clip((t - from_s) / 0.8, 0, 1) * np.clip(1 - (t - back_s) / 0.8, 0, 1)
        return x

    host = life(1, lambda t: 0 * t, lambda t: 12 * t, 0.0, lane=0)
    return together(host, life(2, aside, lambda t: 4.5 + gap_m + speed * t, 0.0, lane=1))


def _behind(scene: Lives) -> Labels:
    found = contacts(scene)
    return _of(scene, found, BEHIND, np.ones(len(found.row), np.bool_), np.zeros(len(found.row), np.bool_))


def test_who_comes_over_before_a_host_is_an_event_and_who_swerves_into_its_flank_is_none() -> None:
    before = _behind(_comes_over(back_s=90.0, gap_m=20.0, speed=9.0))
    assert before.events["receiver"].tolist() == [1] and before.events["about"].tolist() == [2]
    assert before.events["peak"][0] == pytest.approx((20.0 + 0.2) / 3.0 / FRAME_S, abs=1.1)
    beside = _behind(_comes_over(back_s=90.0, gap_m=2.0, speed=10.0, from_s=1.5))
    assert not len(beside.events), "the host's front meets nobody"
    assert CLEAR not in beside.state[:20].tolist(), "nor is that nothing"


def test_who_was_in_the_way_with_little_time_and_left_it_is_a_conflict_and_not_clear() -> None:
    near = _behind(_comes_over(back_s=2.0, gap_m=21.0, speed=4.0))  # 10 m and less at 8 m/s, then it is gone
    assert not len(near.events) and near.state[10] == BAND
    far = _behind(_comes_over(back_s=2.0, gap_m=60.0, speed=4.0))
    assert not len(far.events) and far.state[10] == CLEAR


def test_a_turn_lamp_is_shown_for_as_long_as_it_flashes_and_one_on_a_bend_is_behind() -> None:
    """A lamp that is seen lit at one instant; behind, on a circle of 60 m, one that is 27 m away along it."""

    def round_the_bend(before_m: float, radius: float) -> tuple[Way, Way, Floats]:
        t: Floats = np.arange(FRAMES, dtype=np.float64) * FRAME_S

        def angle(t: Floats) -> Floats:
            a: Floats = (14 * t - before_m) / 60.0
            return a

        return lambda t: 60 - radius * np.cos(angle(t)), lambda t: radius * np.sin(angle(t)), angle(t) % (2 * np.pi)

    lit = np.zeros(FRAMES, np.int64)
    lit[80:82] = LEFT_LAMP
    x, y, heading = round_the_bend(0.0, 60.0)
    host = life(1, x, y, 0.0, lane=0) | {"heading_rad": heading}
    host["doing"]["lights"] = lit
    x, y, heading = round_the_bend(26.0, 63.5)  # 23 m from bumper to bumper
    follower = life(2, x, y, 0.0, lane=1) | {"heading_rad": heading}
    around = np.linspace(-0.6, 3.9, 200)
    drawn = [list(zip(60 - r * np.cos(around), r * np.sin(around), strict=True)) for r in (60.0, 63.5)]
    labels = lane_changes(together(host, follower), lanes_of(drawn, edge=[0, 0], index=[0, 1]))
    judged = labels.state[np.arange(FRAMES)]
    assert judged[75] == CLEAR and judged[81] == BAND and judged[88] == BAND and judged[95] == CLEAR
