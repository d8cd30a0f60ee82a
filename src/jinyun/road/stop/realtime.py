"""What runs now as GTFS-Realtime (实时到站数据): trip updates, vehicle positions and alerts, as protocol buffers.

Facts: GTFS Realtime reference 2.0 (gtfs.org). The trips are those of the static feed (:mod:`jinyun.road.stop.gtfs`), which run
by headway with ``exact_times`` 0: each vehicle's run is ``UNSCHEDULED`` and known by when it began.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from google.transit import gtfs_realtime_pb2 as pb

from jinyun.road.stop.course import Ribbon
from jinyun.road.stop.gtfs import TIMEZONE, order_of, trip_of
from jinyun.zone import Projection

VERSION = "2.0"


def _message(t_us: int) -> Any:
    message = pb.FeedMessage()
    message.header.gtfs_realtime_version = VERSION
    message.header.incrementality = pb.FeedHeader.FULL_DATASET
    message.header.timestamp = t_us // 1_000_000
    return message


def _trip(trip: Any, line: str, began_us: int) -> None:
    began = datetime.fromtimestamp(began_us / 1e6, ZoneInfo(TIMEZONE))
    trip.trip_id, trip.route_id = trip_of(line), line
    trip.start_date, trip.start_time = f"{began:%Y%m%d}", f"{began:%H:%M:%S}"
    trip.schedule_relationship = pb.TripDescriptor.UNSCHEDULED


def trip_updates(told: Mapping[str, Any], ribbons: Sequence[Ribbon]) -> bytes:
    """Return a FeedMessage with when each vehicle will be at the rest of its trip's stops; ``told`` is the road's word."""
    message, order = _message(told["t_us"]), {ribbon.line.id: order_of(ribbon) for ribbon in ribbons}
    for vehicle in told["vehicles"]:
        if not vehicle["arrivals"]:
            continue
        entity = message.entity.add()
        entity.id = f"trip-{vehicle['id']}"
        update = entity.trip_update
        _trip(update.trip, vehicle["line"], vehicle["began_us"])
        update.vehicle.id, update.vehicle.label = str(vehicle["id"]), f"{vehicle['line']} {vehicle['id']}"
        update.timestamp = vehicle["seen_us"] // 1_000_000
        stops, last = order[vehicle["line"]], 0
        for arrival in vehicle["arrivals"]:
            sequence = _sequence(stops, arrival["stop"], last)
            if sequence <= last:
                break  # the next round is a trip of its own
            last = sequence
            one = update.stop_time_update.add()
            one.stop_sequence, one.stop_id = sequence, arrival["stop"]
            one.arrival.time = round(arrival["at_us"] / 1e6)
            one.arrival.uncertainty = max(round((arrival["late_us"] - arrival["early_us"]) / 2e6), 1)
            if sequence < len(stops):
                one.departure.time = round(arrival["at_us"] / 1e6 + vehicle["dwell_s"])
    return bytes(message.SerializeToString())


def _sequence(stops: Sequence[str], stop: str, last: int) -> int:
    """Return the stop_sequence of a stop behind ``last``; a loop's first stop ends its trip where others came before."""
    for k, id in enumerate(stops, start=1):
        if id == stop and k > last:
            if k == 1 and stops[-1] == stop:
                return len(stops)
            return k
    return 0


def vehicle_positions(told: Mapping[str, Any], project: Projection) -> bytes:
    """Return a FeedMessage with where each vehicle is and which stop it is at or comes to."""
    message = _message(told["t_us"])
    for vehicle in told["vehicles"]:
        entity = message.entity.add()
        entity.id = f"vehicle-{vehicle['id']}"
        one = entity.vehicle
        _trip(one.trip, vehicle["line"], vehicle["began_us"])
        one.vehicle.id, one.vehicle.label = str(vehicle["id"]), f"{vehicle['line']} {vehicle['id']}"
        lon, lat = project.inverse([vehicle["x_m"]], [vehicle["y_m"]])
        one.position.latitude, one.position.longitude = float(lat[0]), float(lon[0])
        one.position.bearing, one.position.speed = vehicle["heading_deg"] % 360, vehicle["speed_mps"]
        one.timestamp = vehicle["seen_us"] // 1_000_000
        if vehicle["stop"]:
            one.current_status, one.stop_id = pb.VehiclePosition.STOPPED_AT, vehicle["stop"]
        elif vehicle["arrivals"]:
            one.current_status, one.stop_id = pb.VehiclePosition.IN_TRANSIT_TO, vehicle["arrivals"][0]["stop"]
    return bytes(message.SerializeToString())


def alerts(told: Mapping[str, Any]) -> bytes:
    """Return a FeedMessage with what passengers should know, in Chinese and English."""
    message = _message(told["t_us"])
    for alert in told["alerts"]:
        entity = message.entity.add()
        entity.id = alert["id"]
        one = entity.alert
        one.informed_entity.add().route_id = alert["line"]
        one.cause, one.effect = pb.Alert.UNKNOWN_CAUSE, pb.Alert.Effect.Value(alert["effect"])
        for language in ("zh", "en"):
            text = one.header_text.translation.add()
            text.language, text.text = language, alert[language]
    return bytes(message.SerializeToString())
