"""The picture sheet (现场图): an event from above at six instants, as drawings that need no program to be seen."""

from __future__ import annotations

from typing import Any

import numpy as np

from jinyun.hdmap import Map
from jinyun.net.columns import ColumnsError
from jinyun.supervision.events import Event
from jinyun.supervision.evidence.gathering import Gathered, tables_of
from jinyun.zone import Zone

INSTANTS_S = (-3.0, -2.0, -1.0, 0.0, 1.0, 3.0)
HALF_M = 40.0
"""A picture shows so much to each side."""
KINDS = ("unknown", "motor", "non-motor", "pedestrian", "rsu")
LIGHTS = {3: "#d33", 2: "#d33", 5: "#2a2", 6: "#2a2", 4: "#2a2", 7: "#db0", 8: "#db0"}


class Scene:
    """What stood and moved around an event."""

    def __init__(self, zone: Zone, map: Map | None, event: Event, found: Gathered, near_m: float) -> None:
        self.zone, self.map, self.event, self.near_m = zone, map, event, near_m
        self.x_m, self.y_m = event.x_m, event.y_m
        lon, lat = zone.project.inverse(np.array([event.x_m]), np.array([event.y_m]))
        self.lon, self.lat = round(float(lon[0]), 7), round(float(lat[0]), 7)
        self.lines = self._lines()
        self.nodes = self._nodes()
        self.pictures = [(at_s, self._moment(found, event.t_us + int(at_s * 1e6))) for at_s in INSTANTS_S]

    def _lines(self) -> list[np.ndarray[Any, np.dtype[np.float64]]]:
        """Return the middle lines of the lanes near by (m)."""
        if self.map is None:
            return []
        points, lanes = self.map.points, self.map.lanes
        near = np.hypot(points["x_m"] - self.x_m, points["y_m"] - self.y_m) <= self.near_m
        found = []
        for first, count in zip(lanes["first"].tolist(), lanes["count"].tolist(), strict=True):
            if near[first : first + count].any():
                part = slice(first, first + count)
                found.append(np.column_stack([points["x_m"][part], points["y_m"][part]]).astype(np.float64))
        return found

    def _nodes(self) -> set[int]:
        if self.map is None:
            return set()
        at = self.map.junctions
        near = np.hypot(at["x_m"] - self.x_m, at["y_m"] - self.y_m) <= self.near_m
        return {int(node) for node in at["node"][near]}

    def _moment(self, found: Gathered, t_us: int) -> dict[str, Any] | None:
        """Return who was where in the frame nearest to an instant, None where none is within half a second."""
        if not found.frames:
            return None
        frame = min(found.frames, key=lambda one: abs(one.t_us - t_us))
        if abs(frame.t_us - t_us) > 500_000:
            return None
        try:
            _, tracks, signals = tables_of(frame)
        except ColumnsError:
            return None
        shown = np.flatnonzero(np.maximum(np.abs(tracks["x_m"] - self.x_m), np.abs(tracks["y_m"] - self.y_m)) <= HALF_M)
        names = ("id", "kind", "x_m", "y_m", "heading_deg", "speed_mps", "length_m", "width_m")
        boxes = [{name: tracks[name][row].item() for name in names} for row in shown.tolist()]
        lights = [
            (node, phase, light)
            for node, phase, light in zip(*(signals[name].tolist() for name in ("node", "phase", "light")), strict=True)
            if node in self.nodes
        ]
        return {"t_us": frame.t_us, "boxes": boxes, "lights": lights}

    def participants(self, found: Gathered) -> list[dict[str, Any]]:
        """Return who was near at the event's instant: kind, motion, and who saw it."""
        moment = self._moment(found, self.event.t_us)
        rows = []
        for box in moment["boxes"] if moment else ():
            id = int(box["id"])
            rows.append({
                "track": id, "kind": KINDS[min(int(box["kind"]), 4)], "involved": id in self.event.tracks,
                "speed_mps": round(float(box["speed_mps"]), 2), "heading_deg": round(float(box["heading_deg"]), 1),
                "vehicle": f"{found.vehicle_of[id]:016x}" if id in found.vehicle_of else "",
                "distance_m": round(float(np.hypot(box["x_m"] - self.x_m, box["y_m"] - self.y_m)), 1),
            })  # fmt: skip
        return sorted(rows, key=lambda row: (not row["involved"], row["distance_m"]))

    def map_geojson(self) -> dict[str, Any]:
        """Return the lanes near by as GeoJSON (WGS-84)."""
        features = []
        for line in self.lines:
            lon, lat = self.zone.project.inverse(line[:, 0], line[:, 1])
            shape = {"type": "LineString", "coordinates": np.column_stack([lon, lat]).round(7).tolist()}
            features.append({"type": "Feature", "geometry": shape, "properties": {}})
        return {"type": "FeatureCollection", "features": features}

    def outline(self, box: dict[str, Any]) -> list[tuple[float, float]]:
        """Return the corners of a participant (m east and north of the event), the front first."""
        course = np.nan_to_num(np.radians(box["heading_deg"]))
        ahead = np.array([np.sin(course), np.cos(course)])
        aside = np.array([ahead[1], -ahead[0]])
        middle = np.array([box["x_m"] - self.x_m, box["y_m"] - self.y_m])
        half = (
            max(np.nan_to_num(box["length_m"], nan=0.6), 0.6) / 2,
            max(np.nan_to_num(box["width_m"], nan=0.6), 0.6) / 2,
        )
        corners = [middle + a * half[0] * ahead + b * half[1] * aside for a, b in ((1, 1), (1, -1), (-1, -1), (-1, 1))]
        return [(float(corner[0]), float(corner[1])) for corner in corners]

    def svg(self, moment: dict[str, Any] | None, label: str) -> str:
        """Return one picture of 80 m by 80 m, north up."""
        ground = '<rect x="-40" y="-40" width="80" height="80" fill="#f3f4f1"/>'
        parts = [f'<svg viewBox="-40 -40 80 80" role="img" aria-label="{label}">{ground}']
        for line in self.lines:
            points = " ".join(f"{x - self.x_m:.2f},{self.y_m - y:.2f}" for x, y in line.tolist())
            parts.append(f'<polyline points="{points}" fill="none" stroke="#ccd0c8" stroke-width="3"/>')
        for box in moment["boxes"] if moment else ():
            points = " ".join(f"{x:.2f},{-y:.2f}" for x, y in self.outline(box))
            color = "#c2300b" if int(box["id"]) in self.event.tracks else "#45607c"
            parts.append(f'<polygon points="{points}" fill="{color}" fill-opacity="0.85"/>')
            x, y = box["x_m"] - self.x_m + 1.5, self.y_m - box["y_m"] - 1.5
            parts.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="2.6" fill="#222">{int(box["id"])}</text>')
        for k, (_, phase, light) in enumerate((moment["lights"] if moment else [])[:16]):
            color = LIGHTS.get(light, "#999")
            parts.append(f'<circle cx="{-37 + 4.5 * k}" cy="37" r="1.6" fill="{color}"/>')
            parts.append(
                f'<text x="{-37 + 4.5 * k}" y="34.6" font-size="2.4" text-anchor="middle" fill="#333">{phase}</text>'
            )
        scale = '<path d="M18 -36h20" stroke="#222" stroke-width="0.5"/>'
        scale += '<text x="28" y="-37" font-size="2.6" text-anchor="middle">20 m</text>'
        return "".join([*parts, scale, "</svg>"])
