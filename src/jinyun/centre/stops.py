"""Stops for passengers (智慧站台): arrivals, crowding and alerts as JSON, and as GTFS and GTFS-Realtime for other apps."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from fastapi import APIRouter, HTTPException, Response

from jinyun import hdmap
from jinyun.centre.access import EVERYBODY, Rule, declare
from jinyun.road.stop import gtfs, realtime
from jinyun.road.stop.course import Ribbon, ribbons

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

declare(
    {
        "GET /api/v1/stops": Rule(EVERYBODY),
        "GET /api/v1/stops/{id}": Rule(EVERYBODY),
        "GET /api/v1/gtfs/schedule.zip": Rule(EVERYBODY),
        "GET /api/v1/gtfs/trip-updates.pb": Rule(EVERYBODY),
        "GET /api/v1/gtfs/vehicle-positions.pb": Rule(EVERYBODY),
        "GET /api/v1/gtfs/alerts.pb": Rule(EVERYBODY),
    }
)
FRESH_S = 10.0
"""Arrivals that were foretold longer ago are not shown."""
PROTOBUF = "application/x-protobuf"


class Feeds:
    """The lines on the map and the static feed, each made when first asked for."""

    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._ribbons: list[Ribbon] | None = None
        self._feed: tuple[str, bytes] = "", b""

    @property
    def ribbons(self) -> list[Ribbon]:
        if self._ribbons is None:
            zone = self._centre.zone
            self._ribbons = ribbons(zone, hdmap.open(zone)) if zone.lines else []
        return self._ribbons

    def static(self) -> bytes:
        """Return the zip of today."""
        today = datetime.now(UTC).date()
        if self._feed[0] != today.isoformat():
            zone = self._centre.zone
            self._feed = today.isoformat(), gtfs.feed(zone, hdmap.open(zone), self.ribbons, today)
        return self._feed[1]


def routes(centre: Centre) -> APIRouter:
    """Return the routes of stops and feeds."""
    router, feeds = APIRouter(), Feeds(centre)

    def word() -> dict[str, Any]:
        """Return what the road says of its stops; nothing foretold where it is silent."""
        told = centre.road.of("stop", FRESH_S)
        if told is not None:
            return told
        zone = centre.zone
        return {
            "zone": zone.id, "simulated": zone.simulated, "t_us": None, "vehicles": [], "alerts": [], "errors": {},
            "lines": [{"id": l_.id, "zh": l_.zh, "en": l_.en, "kind": l_.kind, "colour": l_.colour, "stops": l_.stops}
                      for l_ in zone.lines],
            "stops": [{"id": stop.id, "zh": stop.zh, "en": stop.en, "lon": stop.lon, "lat": stop.lat, "smart": stop.smart,
                       "waiting": None, "crowd": None, "step_free": stop.step_free, "arrivals": [],
                       "lines": [line.id for line in zone.lines if stop.id in line.stops]} for stop in zone.stops],
        }  # fmt: skip

    def running() -> dict[str, Any]:
        told = word()
        return told | {"t_us": told["t_us"] or time.time_ns() // 1000}

    @router.get("/api/v1/stops")
    def get_stops() -> dict[str, Any]:
        """Return every stop with who comes when, how many wait, alerts, lines, and how wrong arrivals have been lately."""
        return word()

    @router.get("/api/v1/stops/{id}")
    def get_stop(id: str) -> dict[str, Any]:
        """Return one stop's board; 404 where the zone has none of that id."""
        told = word()
        stop = next((one for one in told["stops"] if one["id"] == id), None)
        if stop is None:
            raise HTTPException(404, f"no stop {id}: /api/v1/stops lists them")
        lines = [line for line in told["lines"] if line["id"] in stop["lines"]]
        alerts = [alert for alert in told["alerts"] if alert["line"] in stop["lines"]]
        names = {one["id"]: {"zh": one["zh"], "en": one["en"]} for one in told["stops"]}
        return {
            "zone": centre.zone.id, "simulated": centre.zone.simulated, "t_us": told["t_us"],
            "now_us": time.time_ns() // 1000, "stop": stop, "lines": lines, "alerts": alerts, "names": names,
        }  # fmt: skip

    @router.get("/api/v1/gtfs/schedule.zip", response_class=Response)
    def get_schedule() -> Response:
        """Return the lines, stops and headways as a GTFS feed; 404 where the zone has no line."""
        if not centre.zone.lines:
            raise HTTPException(404, "the zone has no line")
        return Response(feeds.static(), media_type="application/zip")

    @router.get("/api/v1/gtfs/trip-updates.pb", response_class=Response)
    def get_trip_updates() -> Response:
        """Return when each vehicle will be at its stops, as GTFS-Realtime."""
        return Response(realtime.trip_updates(running(), feeds.ribbons), media_type=PROTOBUF)

    @router.get("/api/v1/gtfs/vehicle-positions.pb", response_class=Response)
    def get_vehicle_positions() -> Response:
        """Return where each vehicle of the lines is, as GTFS-Realtime."""
        return Response(realtime.vehicle_positions(running(), centre.zone.project), media_type=PROTOBUF)

    @router.get("/api/v1/gtfs/alerts.pb", response_class=Response)
    def get_alerts() -> Response:
        """Return what passengers should know, as GTFS-Realtime."""
        return Response(realtime.alerts(running()), media_type=PROTOBUF)

    return router
