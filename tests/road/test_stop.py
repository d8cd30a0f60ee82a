"""Stops: arrivals against closed forms and a plan's greens, the board's alerts, GTFS read back by others' code."""

import csv
import io
import math
import zipfile
from datetime import date

import numpy as np
import pytest
from google.transit import gtfs_realtime_pb2 as pb

from jinyun.hdmap import Map
from jinyun.road.charging.timetable import stays
from jinyun.road.signals.network import Network
from jinyun.road.signals.plan import Plan
from jinyun.road.stop import gtfs, realtime
from jinyun.road.stop.course import Event, Ribbon, ribbons
from jinyun.road.stop.eta import START_MPS2, STOP_MPS2, YELLOW_S, Timing, ahead
from jinyun.road.stop.following import Vehicle, move, stand
from jinyun.road.stop.live import Stops
from jinyun.road.stop.pace import Pace
from jinyun.zone import Zone

RED, GREEN = 3, 6
CYCLE = Plan(
    "X", 5, np.array([1]), np.zeros(1, bool), np.array([20.0, 40.0]), np.array([[GREEN], [RED]]),
    np.array([20.0, 40.0]), np.array([20.0, 40.0]),
)  # fmt: skip
NOWHERE = math.nan
EVEN = Pace(usual=1.0, scatter=0.0, dwell_s=25.0)
"""Everybody drives alike and as fast as may be."""


@pytest.fixture(scope="module")
def lines(here: Zone, precise_map: Map) -> list[Ribbon]:
    return ribbons(here, precise_map)


def straight(lines: list[Ribbon], *events: Event, loop: bool = False) -> Ribbon:
    """A line of 2 km to the east at 10 m/s."""
    s = np.arange(0.0, 2000.0, 4.0)
    return Ribbon(
        lines[0].line,
        loop,
        2000.0,
        s,
        s.copy(),
        np.zeros(len(s)),
        np.full(len(s), np.pi / 2),
        np.full(len(s), 10.0),
        events,
    )


def test_a_free_way_takes_distance_by_speed_and_each_stop_its_stand_and_its_start(lines: list[Ribbon]) -> None:
    ribbon = straight(lines, Event(500.0, "A"), Event(1500.0, "B"))
    first, second = ahead(ribbon, 0.0, 10.0, 100.0, NOWHERE, {}, {}, EVEN)
    brakes, starts = 10.0 / (2 * STOP_MPS2), 10.0 / (2 * START_MPS2)
    assert first.stop == "A"
    assert first.t_s == pytest.approx(100.0 + 50.0 + brakes)
    assert second.t_s == pytest.approx(first.t_s + ribbon.line.dwell_s + 100.0 + starts + brakes)


@pytest.mark.parametrize("come_s", [5.0, 19.0, 21.0, 30.0, 59.0])
def test_who_comes_at_red_goes_on_when_the_plan_turns_green(lines: list[Ribbon], come_s: float) -> None:
    ribbon = straight(lines, Event(500.0, "", 5, 1), Event(1000.0, "A"))
    timing = Timing(CYCLE, 0, 20.0, 0.0)  # green from 0 to 20 s, red to 60 s, and so on
    (arrival,) = ahead(ribbon, 500.0 - 10.0 * come_s, 10.0, 0.0, NOWHERE, {5: timing}, {}, EVEN)
    free = come_s + 50.0 + 10.0 / (2 * STOP_MPS2)
    if come_s < 20.0 + YELLOW_S:
        assert arrival.t_s == pytest.approx(free)
    else:
        assert 60.0 + 50.0 < arrival.t_s < 60.0 + 50.0 + 12.0


def test_those_who_stand_before_the_light_go_first(lines: list[Ribbon]) -> None:
    ribbon = straight(lines, Event(500.0, "", 5, 1), Event(1000.0, "A"))
    timing = {5: Timing(CYCLE, 1, 10.0, 0.0)}
    alone, behind = (
        ahead(ribbon, 460.0, 10.0, 0.0, NOWHERE, timing, queue, EVEN)[0].t_s for queue in ({}, {(5, 1): 6})
    )
    assert 8.0 < behind - alone < 16.0


def test_a_plans_green_is_found_in_any_later_cycle() -> None:
    timing = Timing(CYCLE, 1, 15.0, 1000.0)  # the next green begins at 1015 and lasts 20 s, then every minute
    t_s = np.arange(1000.0, 1600.0, 0.5)
    wait, over, since = timing.waits(1, t_s)
    into = (t_s - 1015.0) % 60.0  # since the last green began
    green = into < 20.0
    assert np.allclose(wait, np.where(green, 0.0, 60.0 - into))
    assert np.allclose(since[green], into[green]) and np.isnan(since[~green]).all()
    assert np.allclose(over[~green], into[~green] - 20.0) and np.isnan(over[green]).all()
    assert (timing.waits(99, t_s)[0] == 0).all()


def test_a_green_that_runs_on_into_the_next_cycle_is_one() -> None:
    plan = Plan("X", 5, np.array([1]), np.zeros(1, bool), np.array([10.0, 30.0, 20.0]), np.array([[GREEN], [RED], [GREEN]]),
                np.array([10.0, 30.0, 20.0]), np.array([10.0, 30.0, 20.0]))  # fmt: skip
    wait, over, since = Timing(plan, 0, 10.0, 0.0).waits(1, np.array([0.0, 9.9, 10.1, 39.0, 41.0, 59.0]))
    assert np.allclose(wait, [0.0, 0.0, 29.9, 1.0, 0.0, 0.0])
    assert np.allclose(since[[0, 1, 4, 5]], [20.0, 29.9, 1.0, 19.0])
    assert np.allclose(over[[2, 3]], [0.1, 29.0])


def test_who_may_just_make_a_green_or_just_miss_it_is_told_between_with_a_span_that_holds_both(
    lines: list[Ribbon],
) -> None:
    ribbon = straight(lines, Event(500.0, "", 5, 1), Event(1000.0, "A"))
    timing = {5: Timing(CYCLE, 0, 20.0, 0.0)}
    doubtful = Pace(usual=1.0, scatter=0.06)
    (edge,) = ahead(ribbon, 500.0 - 10.0 * (20.0 + YELLOW_S), 10.0, 0.0, NOWHERE, timing, {}, doubtful)
    assert edge.late_s - edge.early_s > 35.0 and edge.early_s < edge.t_s < edge.late_s
    (sure,) = ahead(ribbon, 400.0, 10.0, 0.0, NOWHERE, timing, {}, doubtful)
    assert sure.late_s - sure.early_s < 12.0


def test_who_stands_at_a_stop_or_has_just_left_it_is_not_foretold_there_again(lines: list[Ribbon]) -> None:
    ribbon = straight(lines, Event(500.0, "A"), Event(1500.0, "B"))
    standing = ahead(ribbon, 490.0, 0.0, 0.0, 5.0, {}, {}, EVEN, served="A")
    assert [one.stop for one in standing] == ["B"]
    assert standing[0].t_s == pytest.approx(20.0 + 101.0 + 10.0 / (2 * START_MPS2) + 10.0 / (2 * STOP_MPS2))
    assert [one.stop for one in ahead(ribbon, 492.0, 2.0, 0.0, NOWHERE, {}, {}, EVEN, served="A")] == ["B"]
    assert [one.stop for one in ahead(ribbon, 492.0, 2.0, 0.0, NOWHERE, {}, {}, EVEN)] == ["A", "B"]


def test_legs_stands_and_starts_at_lights_are_learnt_from_who_was_followed(lines: list[Ribbon]) -> None:
    """Vehicles at 8 of 10 m/s that stand 31 s at A and wait at the light until 3 s after its green begins."""
    ribbon = straight(lines, Event(300.0, "A"), Event(800.0, "", 5, 1), Event(1500.0, "B"))
    pace, timings = Pace(usual=1.0, dwell_s=20.0), {5: Timing(CYCLE, 0, 20.0, 0.0)}
    for k in range(12):
        s, t, stood = 10.0, 20.0 * (k % 2), 0.0
        vehicle = Vehicle(k, "L", s, 0.0, 0.0, 8.0, 90.0, t, t)
        vehicle.begin_leg(t, s, 8.0)
        while s < 1490.0:
            t += 1.0
            speed = 8.0
            if 296.0 <= s < 300.0 and stood < 31.0:
                speed, stood = 0.0, stood + 1.0
            elif s < 796.0 and s + 8.0 >= 796.0 and (t - 3.0) % 60.0 > 17.0:
                speed = 0.0  # red, or green for less than 3 s
            s += speed
            move(ribbon, vehicle, s, speed, t, timings, pace)
            vehicle.s_m, vehicle.speed_mps, vehicle.seen_s = s, speed, t
            stand(ribbon, vehicle, t, pace)
    assert pace.stand_s(0) == pytest.approx(31.0, abs=6.0)
    assert pace.share(1) == pytest.approx(0.8, abs=0.06)
    assert pace.lost_at(1) == pytest.approx(4.0, abs=2.0)
    assert pace.scatter < 0.06


def test_on_a_loop_each_stop_comes_once_and_those_behind_come_last(lines: list[Ribbon]) -> None:
    ribbon = straight(lines, Event(500.0, "A"), Event(1500.0, "B"), loop=True)
    assert [one.stop for one in ahead(ribbon, 1000.0, 10.0, 0.0, NOWHERE, {}, {}, EVEN)] == ["B", "A"]
    gone = straight(lines, Event(500.0, "A"), Event(1500.0, "B"))
    assert [one.stop for one in ahead(gone, 1000.0, 10.0, 0.0, NOWHERE, {}, {}, EVEN)] == ["B"]


def test_the_lines_of_the_zone_pass_their_stops_in_order_and_places_are_found_on_them(
    here: Zone, precise_map: Map, lines: list[Ribbon]
) -> None:
    by_id = {line.id: line for line in here.lines}
    for ribbon in lines:
        assert [event.stop for event in ribbon.stops] == by_id[ribbon.line.id].stops
        assert (np.diff(ribbon.s_m) > 0).all()
        gaps = np.hypot(np.diff(ribbon.x_m), np.diff(ribbon.y_m))
        assert gaps.max() < 25.0  # no piece of the way is missing
        assert float(gaps.sum()) == pytest.approx(ribbon.length_m, rel=0.03)
        for k in range(5, len(ribbon.s_m) - 5, 97):
            x, y, heading = ribbon.x_m[k] + 1.0, ribbon.y_m[k] - 1.0, ribbon.heading_rad[k]
            assert ribbon.locate(x, y, heading, ribbon.s_m[k] - 30) == pytest.approx(ribbon.s_m[k], abs=9.0)
        assert math.isnan(ribbon.locate(1e6, 0.0, 0.0))
    shuttle = lines[0]
    assert shuttle.loop and 4000 < shuttle.length_m < 4400


def frame(rows: list[tuple[int, int, int, float, float, float, float]]) -> dict[str, np.ndarray]:
    """Return a frame's table of (id, kind, class, x, y, heading in degrees, speed)."""
    names = ("id", "kind", "class", "x_m", "y_m", "heading_deg", "speed_mps")
    kinds = (np.uint32, np.uint8, np.uint8, *[np.float32] * 4)
    table = zip(*rows, strict=True) if rows else [[]] * 7
    return {name: np.array(list(column), kind) for name, kind, column in zip(names, kinds, table, strict=True)}


def board(here: Zone, precise_map: Map) -> tuple[Stops, Network, int]:
    """A shuttle that comes to S02, one that stands at S01, and three people who wait at S02."""
    stops, network = Stops(here, precise_map), Network.of(precise_map, here.profile)
    ribbon = stops.ribbons[0]
    first, second = ribbon.stops[0], ribbon.stops[1]

    def at(s: float) -> int:
        return int(np.argmin(np.abs(ribbon.s_m - s)))

    t_us = 1_795_000_000_000_000
    for k in range(3):
        coming, standing = at(second.s_m - 200.0 + 8 * k), at(first.s_m - 4)
        rows = [
            (7, 1, 50, ribbon.x_m[coming], ribbon.y_m[coming], math.degrees(ribbon.heading_rad[coming]), 8.0),
            (8, 1, 50, ribbon.x_m[standing], ribbon.y_m[standing], math.degrees(ribbon.heading_rad[standing]), 0.0),
        ]
        place = next(stop for stop in here.stops if stop.id == second.stop)
        rows += [(20 + n, 3, 82, place.x_m + n, place.y_m, 0.0, 0.1) for n in range(3)]
        stops.look(frame(rows), t_us + k * 1_000_000, {}, network, t_us)
    return stops, network, t_us + 2_000_000


def test_the_board_says_who_comes_who_stands_how_many_wait_and_which_line_has_nobody(
    here: Zone, precise_map: Map
) -> None:
    stops, network, t_us = board(here, precise_map)
    told = stops.told()
    by_id = {stop["id"]: stop for stop in told["stops"]}
    coming = by_id["S02"]["arrivals"][0]
    assert coming["vehicle"] == 7 and 15 < (coming["at_us"] - t_us) / 1e6 < 60
    assert by_id["S01"]["arrivals"][0] == {
        "line": "L1", "vehicle": 8, "at_us": t_us, "standing": True, "toward": "S01",
    }  # fmt: skip
    assert (by_id["S02"]["waiting"], by_id["S02"]["crowd"]) == (3, "calm")
    assert {alert["line"] for alert in told["alerts"]} == {"B1", "B2"}
    stops.look(frame([]), t_us + 10_000_000, {}, network, t_us)
    assert stops.vehicles == {} and len(stops.told()["alerts"]) == 3


def test_realtime_feeds_parse_and_say_the_same_as_the_board(here: Zone, precise_map: Map) -> None:
    stops, _, t_us = board(here, precise_map)
    told = stops.told()
    message = pb.FeedMessage()
    message.ParseFromString(realtime.trip_updates(told, stops.ribbons))
    assert message.header.gtfs_realtime_version == "2.0" and message.header.timestamp == t_us // 1_000_000
    updates = {entity.trip_update.vehicle.id: entity.trip_update for entity in message.entity}
    assert set(updates) == {"7", "8"}
    for update in updates.values():
        assert update.trip.route_id == "L1" and update.trip.schedule_relationship == pb.TripDescriptor.UNSCHEDULED
        sequences = [one.stop_sequence for one in update.stop_time_update]
        times = [one.arrival.time for one in update.stop_time_update]
        doubts = [one.arrival.uncertainty for one in update.stop_time_update]
        assert min(doubts) >= 1 and max(doubts) == doubts[-1]  # the farther, the less sure
        assert sequences == sorted(set(sequences)) and times == sorted(times) and times[0] >= t_us // 1_000_000
    assert updates["7"].stop_time_update[0].stop_id == "S02"
    assert updates["7"].stop_time_update[-1].stop_sequence == 10  # back where the loop began
    positions = pb.FeedMessage()
    positions.ParseFromString(realtime.vehicle_positions(told, here.project))
    by_id = {entity.vehicle.vehicle.id: entity.vehicle for entity in positions.entity}
    assert by_id["8"].current_status == pb.VehiclePosition.STOPPED_AT and by_id["8"].stop_id == "S01"
    x, y = here.project([by_id["7"].position.longitude], [by_id["7"].position.latitude])
    vehicle = stops.vehicles[7]
    assert math.hypot(float(x[0]) - vehicle.x_m, float(y[0]) - vehicle.y_m) < 1.5  # degrees of four octets
    alerts = pb.FeedMessage()
    alerts.ParseFromString(realtime.alerts(told))
    assert {entity.alert.informed_entity[0].route_id for entity in alerts.entity} == {"B1", "B2"}
    assert {text.language for text in alerts.entity[0].alert.header_text.translation} == {"zh", "en"}


def test_the_static_feed_holds_together(here: Zone, precise_map: Map, lines: list[Ribbon]) -> None:
    """Keys that lead somewhere, times and distances that rise, a day that repeats: what a reader of GTFS relies on."""
    data = gtfs.feed(here, precise_map, lines, date(2026, 11, 30))
    assert data == gtfs.feed(here, precise_map, lines, date(2026, 11, 30))
    archive = zipfile.ZipFile(io.BytesIO(data))
    assert archive.testzip() is None
    tables = {
        name: list(csv.DictReader(io.StringIO(archive.read(name).decode("utf-8")))) for name in archive.namelist()
    }
    stops, routes, trips = ({row[key] for row in tables[name]} for name, key in (
        ("stops.txt", "stop_id"), ("routes.txt", "route_id"), ("trips.txt", "trip_id")))  # fmt: skip
    assert routes == {"L1", "B1", "B2"} and len(stops) == 17
    for row in tables["trips.txt"]:
        assert row["route_id"] in routes and row["service_id"] == "daily"
    for trip in trips:
        rows = [row for row in tables["stop_times.txt"] if row["trip_id"] == trip]
        assert {row["stop_id"] for row in rows} <= stops
        clocks = [sum(int(p) * f for p, f in zip(row[k].split(":"), (3600, 60, 1), strict=True))
                  for row in rows for k in ("arrival_time", "departure_time")]  # fmt: skip
        assert clocks == sorted(clocks)
        metres = [float(row["shape_dist_traveled"]) for row in rows]
        assert metres == sorted(metres) and metres[0] == 0.0
        shape = [row for row in tables["shapes.txt"] if row["shape_id"] == trip.removesuffix("-loop")]
        along = [float(row["shape_dist_traveled"]) for row in shape]
        assert along == sorted(along) and along[-1] >= metres[-1] - 1
        for row, at in zip(rows, metres, strict=True):
            stop = next(one for one in tables["stops.txt"] if one["stop_id"] == row["stop_id"])
            k = int(np.argmin(np.abs(np.array(along) - at)))
            away = math.hypot(
                (float(shape[k]["shape_pt_lat"]) - float(stop["stop_lat"])) * 111_200,
                (float(shape[k]["shape_pt_lon"]) - float(stop["stop_lon"])) * 96_700,
            )
            assert away < 40.0
    loop = [row for row in tables["stop_times.txt"] if row["trip_id"] == "L1-loop"]
    assert loop[0]["stop_id"] == loop[-1]["stop_id"] == "S01"
    hours, minutes, _ = (int(part) for part in loop[-1]["arrival_time"].split(":"))
    assert 10 <= (hours - 6) * 60 + minutes <= 20  # the loop takes about a quarter of an hour
    english = {
        row["record_id"]: row["translation"] for row in tables["translations.txt"] if row["table_name"] == "stops"
    }
    assert english["S01"] == "Yungu Plaza East"


def test_a_shuttle_leaves_the_depot_with_what_its_next_duty_takes_and_the_least(here: Zone) -> None:
    depot = here.depot
    assert depot is not None
    evening = 1_796_050_800_000_000  # 2026-11-30 23:00 in Shanghai: all three are back
    found = [stay for stay in stays(depot, 160.0, {"L1-1": 0.5}, evening) if stay.first == 0]
    assert [stay.shuttle for stay in found] == ["L1-1", "L1-2", "L1-3"]
    first = found[0]
    assert first.last == 28  # it leaves at 06:00, seven hours on
    duty_kwh, least = 68 * depot.kwh_per_km, depot.least_share * depot.battery_kwh
    assert first.need_kwh == pytest.approx(duty_kwh + least - 0.5 * depot.battery_kwh)
    assert found[1].need_kwh == pytest.approx(74 * depot.kwh_per_km)  # nobody knows its battery: the least is in it
    assert all(stay.need_kwh <= stay.room_kwh + 1e-9 for stay in found)
