"""Lists of the running zone over HTTP: devices, participants, findings and road events, by page, place and format."""

from __future__ import annotations

import math
import time
from collections.abc import Set
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from fastapi import APIRouter, HTTPException, Query, Response

from jinyun.centre import exports, paging
from jinyun.centre.assets import Assets, Box, name_of, of_stranger, of_zone
from jinyun.cloud import findings
from jinyun.cloud.quality import report
from jinyun.cloud.quality.rollups import FOLDER
from jinyun.net import columns

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

RENEWED_S = 0.5
SCORED_S = 20.0
Bbox = Annotated[str, Query(max_length=120, description="west,south,east,north in degrees, WGS-84")]
Word = Annotated[str, Query(max_length=100, description="words that id or name hold")]
KINDS = {0: "unknown", 1: "motor", 2: "non-motor", 3: "pedestrian"}


def box(text: str) -> Box | None:
    """Return a box from its text, None for none; 422 where it is not four such numbers."""
    if not text:
        return None
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        raise HTTPException(422, "bbox: west,south,east,north in degrees") from None
    if not all(map(math.isfinite, (west, south, east, north))) or south > north:
        raise HTTPException(422, "bbox: west,south,east,north in degrees, the south not above the north")
    return west, south, east, north


class _Newest:
    """The assets as of half a second ago, and the scorecard as of its last reading."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self._of: Any = None
        self._at = self._scored_at = -1e9
        self._assets = Assets(of_zone(centre.zone))
        self._own = self._assets.at.keys()
        self._strangers: Set[str] = frozenset()
        self._scores: dict[str, Any] = {}

    def assets(self) -> Assets:
        devices = self.centre.account.cloud.get("devices", ())
        now = time.monotonic()
        if devices is not self._of and now - self._at > RENEWED_S:
            strangers = {name_of(device): device for device in devices if name_of(device) not in self._own}
            if strangers.keys() != self._strangers:
                self._strangers = strangers.keys()
                self._assets = Assets([*of_zone(self.centre.zone), *map(of_stranger, strangers.values())])
            self._assets.hear(devices)
            self._of, self._at = devices, now
        return self._assets

    def scores(self) -> dict[str, Any]:
        now = time.monotonic()
        if now - self._scored_at > SCORED_S:
            try:
                self._scores = report.gather(self.centre.state_dir / FOLDER, self.centre.zone.id)
            except report.ReportError:
                self._scores = {}
            self._scored_at = now
        return self._scores


def routes(centre: Centre) -> APIRouter:
    """Return the routes of one zone's lists."""
    router = APIRouter(prefix="/api/v1", tags=["zone"])
    newest = _Newest(centre)
    zone = centre.zone

    def about() -> dict[str, Any]:
        return {"zone": zone.id, "simulated": zone.simulated, "t_us": time.time_ns() // 1000}

    @router.get("/devices", response_class=Response, responses=exports.RESPONSES)
    def get_devices(
        q: Word = "",
        kind: Annotated[str, Query(max_length=20, examples=["rsu"])] = "",
        state: Annotated[str, Query(max_length=10, examples=["silent"])] = "",
        bbox: Bbox = "",
        cursor: paging.Cursor = "",
        limit: paging.Limit = 100,
        format: exports.Format = "json",
    ) -> Response:
        """Return sites and devices with their state now, who speaks first; ``total`` is how many the filters leave."""
        found = newest.assets()
        rows = found.found(q, kind, box(bbox))
        counts = found.counted(rows)
        if state:
            rows = found.in_state(rows, state)
        page, after = paging.page(rows.tolist(), cursor, limit, lambda row: found.keys[row])
        told = about() | {"total": len(rows), "states": counts, "kinds": found.kinds}
        return exports.answer("devices", [found.row(row) for row in page], format, told, after)

    @router.get("/devices/{id:path}")
    def get_device(id: str) -> dict[str, Any]:
        """Return one site or device with its scorecard: the last minute's figures, what stands, hours and days before."""
        found = newest.assets()
        row = found.at.get(id)
        if row is None:
            raise HTTPException(404, f"no device {id[:80]}: /api/v1/devices lists them")
        scores = newest.scores()
        short = id.partition("/")[2]

        def figures(of: dict[str, Any]) -> Any:
            devices = of.get("devices", {})
            return devices.get(id, devices.get(short))

        episodes = [
            each for each in centre.account.cloud.get("episodes", ()) if each.get("source") in (id, f"sensor/{short}")
        ]
        return about() | {
            "device": found.row(row),
            "scored_us": scores.get("t_us"),
            "scorecard": figures(scores),
            "sensors": {name: value for name, value in scores.get("devices", {}).items() if name.startswith(f"{id}/")},
            "work": [
                each | {"name": findings.name(each["rule"])}
                for each in scores.get("work", ())
                if each.get("device") in (id, short)
            ],
            "series": {
                period: [{"t_us": line.get("t_us"), "figures": figures(line)} for line in scores.get(period, ())]
                for period in ("minutes", "hours", "days")
            },
            "episodes": episodes,
        }

    @router.get("/participants", response_class=Response, responses=exports.RESPONSES)
    def get_participants(
        bbox: Bbox = "",
        cursor: paging.Cursor = "",
        limit: paging.Limit = 1000,
        format: exports.Format = "json",
    ) -> Response:
        """Return who is on the street in the newest frame, by the track's number; at 10 Hz ``WS /api/v1/live`` is better."""
        wanted = box(bbox)
        meta, rows = _tracks(centre, wanted)
        page, after = paging.page(rows, cursor, limit, lambda row: f"{row['id']:010d}")
        told = {"zone": zone.id, "simulated": meta.get("simulated", zone.simulated), "t_us": meta.get("t_us")}
        return exports.answer("participants", page, format, told | {"seq": meta.get("seq"), "total": len(rows)}, after)

    @router.get("/findings", response_class=Response, responses=exports.RESPONSES)
    def get_findings(
        q: Word = "",
        severity: Annotated[str, Query(max_length=10, examples=["fault"])] = "",
        open: Annotated[bool | None, Query(description="only those that go on, or only those that ended")] = None,
        cursor: paging.Cursor = "",
        limit: paging.Limit = 100,
        format: exports.Format = "json",
    ) -> Response:
        """Return what is wrong with the data: open and lately closed episodes of findings, by their number."""
        words = q.casefold().split()
        rows = [
            each
            for each in centre.account.cloud.get("episodes", ())
            if (not severity or each["severity"] == severity)
            and (open is None or each["open"] == open)
            and all(word in _words_of(each) for word in words)
        ]
        rows.sort(key=lambda each: each["id"])
        page, after = paging.page(rows, cursor, limit, lambda each: f"{each['id']:012d}")
        return exports.answer("findings", page, format, about() | {"total": len(rows)}, after)

    @router.get("/road-events")
    def get_road_events() -> dict[str, Any]:
        """Return works and hazards that the zone announces, as a GeoJSON feed in the manner of WZDx work zone events.

        The members that WZDx requires and a zone does not know (dates of works, lanes closed) are null, never guessed.
        """
        now = _iso(time.time())
        features = []
        for notice in zone.hazards:
            line = [list(zone.project.inverse(x, y)) for x, y in notice.path]
            places = [[round(float(lon), 7), round(float(lat), 7)] for lon, lat in line]
            point = [notice.lon, notice.lat]
            geometry = (
                {"type": "LineString", "coordinates": places}
                if len(places) > 1
                else {"type": "Point", "coordinates": point}
            )
            features.append(
                {
                    "type": "Feature",
                    "id": f"{zone.id}/{notice.id}",
                    "properties": {
                        "core_details": {
                            "event_type": "work-zone", "data_source_id": zone.id, "road_names": [], "direction": "unknown",
                            "description": notice.zh or notice.en, "update_date": now,
                        },
                        "start_date": None, "end_date": None, "vehicle_impact": "unknown",
                        "reduced_speed_limit_kph": notice.limit_kmh, "code_gbt29100": notice.code,
                    },
                    "geometry": geometry,
                }
            )  # fmt: skip
        return {
            "feed_info": {
                "publisher": zone.name.en, "version": "in the manner of WZDx 4.2", "update_date": now,
                "license": None, "data_sources": [{"data_source_id": zone.id, "organization_name": zone.name.en}],
                "simulated": zone.simulated,
            },
            "type": "FeatureCollection",
            "features": features,
        }  # fmt: skip

    return router


def _words_of(episode: dict[str, Any]) -> str:
    """Return what an episode is found by: rule and source, what they are called and say in both languages."""
    names = episode["name"].values()
    return " ".join((episode["rule"], episode["source"], *names, episode["reason"], episode["reason_zh"])).casefold()


def _iso(t_s: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(t_s))


def _tracks(centre: Centre, wanted: Box | None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return (meta, rows by id) of the newest frame; no rows where there is none."""
    offer = centre.hub.frame
    if offer is None:
        return {}, []
    try:
        meta, tables = columns.unpack(offer.whole)
        tracks = tables["tracks"]
    except (columns.ColumnsError, KeyError):
        return {}, []
    order = np.argsort(tracks["id"], kind="stable")
    lon, lat = centre.zone.project.inverse(tracks["x_m"][order], tracks["y_m"][order])
    if wanted is not None:
        west, south, east, north = wanted
        inside = (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)
        order, lon, lat = order[inside], lon[inside], lat[inside]
    rows = []
    for i, track in enumerate(order):
        row: dict[str, Any] = {
            "id": int(tracks["id"][track]), "kind": KINDS.get(int(tracks["kind"][track]), "unknown"),
            "lon": round(float(lon[i]), 7), "lat": round(float(lat[i]), 7),
        }  # fmt: skip
        for name in ("heading_deg", "speed_mps", "length_m", "width_m", "position_sd_m"):
            if name in tracks:
                value = float(tracks[name][track])
                row[name] = round(value, 3) if math.isfinite(value) else None
        if "seen_by" in tracks:
            row["seen_by"] = int(tracks["seen_by"][track])
        rows.append(row)
    return meta, rows
