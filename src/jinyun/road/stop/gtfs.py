"""The zone's lines as a GTFS feed (静态时刻数据): stops, routes, trips by headway, and the ways they take, as one zip.

Facts: GTFS Schedule reference (gtfs.org), files agency, stops, routes, trips, stop_times, frequencies, calendar, shapes and
feed_info. Lines here run by headway and not by the minute, so there is one trip a line with ``exact_times`` 0; its times are
those of a vehicle that drives as such vehicles do and waits at each light for as long as one does on average.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np

from jinyun.hdmap import Map
from jinyun.road.signals.plan import Limits, Plan, plans
from jinyun.road.stop.course import Event, Ribbon
from jinyun.road.stop.eta import ahead
from jinyun.road.stop.pace import Pace
from jinyun.zone import Zone

TIMEZONE = "Asia/Shanghai"
FIRST_H, LAST_H = 6, 22
"""Hours between which the lines run; nothing in a zone says so yet."""
VALID_DAYS = 180
SHAPE_EVERY = 5
BUS = 3
"""route_type of buses, automated or not."""
FIXED = (1980, 1, 1, 0, 0, 0)
"""Time stamp of the files in the zip, so that the same zone gives the same bytes."""
URL = "https://example.org/"
"""GTFS wants an address of the agency; a simulated one has none."""


def trip_of(line: str) -> str:
    """Return the trip_id of a line."""
    return f"{line}-loop"


def order_of(ribbon: Ribbon) -> list[str]:
    """Return the stops of a trip in order; a loop ends where it begins."""
    stops = [event.stop for event in ribbon.stops]
    return [*stops, stops[0]] if ribbon.loop else stops


def run_times_s(ribbon: Ribbon, map: Map, limits: Limits) -> list[tuple[float, float]]:
    """Return (arrival, departure) at each stop of a trip, in seconds from its first arrival."""
    known = plans(map, limits)
    stops = list(ribbon.stops)
    at = stops[0].s_m
    arrivals = {}
    even = Pace(scatter=0.0, dwell_s=ribbon.line.dwell_s)
    found = ahead(ribbon, at, 0.0, 0.0, 0.0, {}, {}, even, served=stops[0].stop)
    for one in found:
        arrivals[one.event] = one.t_s
    events = list(ribbon.events)
    rows = [events.index(stop) for stop in stops]
    times, dwell = [(0.0, ribbon.line.dwell_s)], ribbon.line.dwell_s
    first = rows[0]
    for row in [*rows[1:], *([first] if ribbon.loop else [])]:
        span = range(first + 1, row if row > first else row + len(events))
        waits = sum(_mean_wait_s(known, events[k % len(events)]) for k in span)
        arrival = arrivals.get(row, times[-1][1]) + waits
        times.append((arrival, arrival + dwell))
    return [(round(a), round(b)) for a, b in times]


def _mean_wait_s(known: Mapping[int, Plan], event: Event) -> float:
    """Return how long one waits at a light on average who comes at any time: red squared over twice the cycle."""
    plan = known.get(event.node)
    if plan is None or event.stop:
        return 0.0
    group = plan.group_of(event.phase)
    red = sum(float(s) for k, s in enumerate(plan.seconds.tolist()) if not plan.green(k, group))
    return red * red / (2 * plan.cycle_s)


def headway_s(ribbon: Ribbon, times: Sequence[tuple[float, float]]) -> int:
    """Return the time between two vehicles of a line: its run and the way back shared by its vehicles."""
    run = times[-1][0] if ribbon.loop else times[-1][1] + ribbon.length_m / 8.0 * 0.25
    return max(60, int(np.ceil(run / ribbon.line.vehicles / 30.0)) * 30)


def feed(zone: Zone, map: Map, ribbons: Sequence[Ribbon], today: date | None = None) -> bytes:
    """Return the zip of the static feed; it is the same for the same zone, map and day."""
    today = today or datetime.now(UTC).date()
    until = today + timedelta(days=VALID_DAYS)
    limits = Limits.of(zone.profile)
    note = "（模拟）" if zone.simulated else ""
    served = {stop for ribbon in ribbons for stop in order_of(ribbon)}
    files: dict[str, list[dict[str, object]]] = {
        "agency.txt": [{"agency_id": zone.id, "agency_name": f"{zone.name.zh}{note if note not in zone.name.zh else ''}",
                        "agency_url": URL, "agency_timezone": TIMEZONE, "agency_lang": "zh"}],
        "stops.txt": [
            {"stop_id": stop.id, "stop_name": stop.zh, "stop_lat": f"{stop.lat:.7f}", "stop_lon": f"{stop.lon:.7f}",
             "wheelchair_boarding": {None: 0, True: 1, False: 2}[stop.step_free]}
            for stop in zone.stops if stop.id in served
        ],
        "routes.txt": [], "trips.txt": [], "stop_times.txt": [], "frequencies.txt": [], "shapes.txt": [],
        "calendar.txt": [{"service_id": "daily", **dict.fromkeys(
            ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), 1),
            "start_date": f"{today:%Y%m%d}", "end_date": f"{until:%Y%m%d}"}],
        "feed_info.txt": [{"feed_publisher_name": "Jinyun 缙云", "feed_publisher_url": URL, "feed_lang": "zh",
                           "feed_start_date": f"{today:%Y%m%d}", "feed_end_date": f"{until:%Y%m%d}",
                           "feed_version": f"{zone.version}-{today:%Y%m%d}"}],
        "translations.txt": _translations(zone, ribbons, served),
    }  # fmt: skip
    for ribbon in ribbons:
        _add(files, zone, map, ribbon, limits)
    return _zipped(files)


def _translations(zone: Zone, ribbons: Sequence[Ribbon], served: set[str]) -> list[dict[str, object]]:
    """Return the English names of stops and routes."""
    named = [("stops", "stop_name", stop.id, stop.en) for stop in zone.stops if stop.id in served]
    named += [("routes", "route_long_name", ribbon.line.id, ribbon.line.en) for ribbon in ribbons]
    return [
        {"table_name": table, "field_name": field, "language": "en", "translation": text, "record_id": id}
        for table, field, id, text in named
    ]


def _add(files: dict[str, list[dict[str, object]]], zone: Zone, map: Map, ribbon: Ribbon, limits: Limits) -> None:
    line, times = ribbon.line, run_times_s(ribbon, map, limits)
    order = order_of(ribbon)
    names = {stop.id: stop.zh for stop in zone.stops}
    files["routes.txt"].append({
        "route_id": line.id, "agency_id": zone.id, "route_short_name": line.id, "route_long_name": line.zh,
        "route_type": BUS, "route_color": line.colour[1:].upper(), "route_text_color": "FFFFFF",
    })  # fmt: skip
    files["trips.txt"].append({
        "route_id": line.id, "service_id": "daily", "trip_id": trip_of(line.id),
        "trip_headsign": names[order[-1]] if not ribbon.loop else line.zh, "shape_id": line.id,
    })  # fmt: skip
    start = ribbon.stops[0].s_m
    reach = [float((event.s_m - start) % ribbon.length_m) for event in ribbon.stops]
    reach += [ribbon.length_m] if ribbon.loop else []
    for k, (stop, (arrival, departure), metres) in enumerate(zip(order, times, reach, strict=True)):
        files["stop_times.txt"].append({
            "trip_id": trip_of(line.id), "arrival_time": _clock(FIRST_H * 3600 + arrival),
            "departure_time": _clock(FIRST_H * 3600 + departure), "stop_id": stop, "stop_sequence": k + 1,
            "shape_dist_traveled": f"{metres:.1f}", "timepoint": 0,
        })  # fmt: skip
    files["frequencies.txt"].append({
        "trip_id": trip_of(line.id), "start_time": _clock(FIRST_H * 3600), "end_time": _clock(LAST_H * 3600),
        "headway_secs": headway_s(ribbon, times), "exact_times": 0,
    })  # fmt: skip
    shape = np.flatnonzero(ribbon.s_m >= start)
    rows = np.concatenate([shape, np.flatnonzero(ribbon.s_m < start)]) if ribbon.loop else shape
    rows = rows[::SHAPE_EVERY] if len(rows) % SHAPE_EVERY == 1 else np.append(rows[::SHAPE_EVERY], rows[-1])
    lon, lat = zone.project.inverse(ribbon.x_m[rows], ribbon.y_m[rows])
    metres = (ribbon.s_m[rows] - start) % ribbon.length_m
    for k, (x, y, s) in enumerate(zip(lon.tolist(), lat.tolist(), metres.tolist(), strict=True)):
        files["shapes.txt"].append({
            "shape_id": line.id, "shape_pt_lat": f"{y:.7f}", "shape_pt_lon": f"{x:.7f}", "shape_pt_sequence": k + 1,
            "shape_dist_traveled": f"{s:.1f}",
        })  # fmt: skip
    if ribbon.loop:
        files["shapes.txt"].append({
            "shape_id": line.id, "shape_pt_lat": f"{lat[0]:.7f}", "shape_pt_lon": f"{lon[0]:.7f}",
            "shape_pt_sequence": len(rows) + 1, "shape_dist_traveled": f"{ribbon.length_m:.1f}",
        })  # fmt: skip


def _clock(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600:02d}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _zipped(files: dict[str, list[dict[str, object]]]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, rows in files.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED), _table(rows), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _table(rows: Iterable[dict[str, object]]) -> str:
    rows, text = list(rows), io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
