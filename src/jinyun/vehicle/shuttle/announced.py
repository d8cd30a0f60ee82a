"""What roadside units announce (RSI 路侧信息): works, closed lanes, obstacles and speeds, laid onto the shuttle's own way.

A sign counts where its words tell a speed. An event counts where its words say that something lies or is built on the
road: along a path, or round a place, that takes the own lane it is a closed stretch; near the way it is a reason to drive
slowly. Other events (warnings of somebody, weather) are not for a planner that sees for itself. Whoever is not heard again
is forgotten: RSI has no way to call one back. Reference links are not read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from jinyun.hdmap import Map
from jinyun.net import csae
from jinyun.vehicle.shuttle.guideline import STEP_M, Guideline
from jinyun.vehicle.shuttle.laying import held, stretches
from jinyun.vehicle.shuttle.posted import Posted
from jinyun.zone import Projection

SILENT_S = 10.0
"""What has not been announced for so long is over; units repeat it about once a second."""
MOST = 64
"""Events and signs kept at once."""
SLOWLY_MPS = 20 / 3.6
"""Past what takes another lane, or nobody knows which; our own choice."""
NARROW_M = 6.0
"""Round a place an event with no more than this radius takes a lane; a larger one is an area."""
NEAR_M = 1.0
"""So far before and beyond the place of an obstacle without a radius its lane is closed."""
NO_MINUTE = 527_040
ABSOLUTE = "position-LatLon"
_LIMIT = re.compile(r"(?:限速|speed limit)\D{0,4}(\d{1,3})", re.IGNORECASE)
_TAKES = re.compile(
    r"施工|封闭|占道|障碍|抛洒|落物|事故|抛锚|closed|road ?works?|construction|obstacle|debris|accident|breakdown",
    re.IGNORECASE,
)


@dataclass(slots=True)
class _Kept:
    said: bytes
    posted: tuple[Posted, ...]
    heard_s: float
    end_us: int  # 0: open


class Announced:
    """What has been announced to one shuttle: :meth:`hear` each message, :meth:`posted` what holds now."""

    def __init__(self, map: Map, line: Guideline, project: Projection) -> None:
        self._map, self._line, self._project = map, line, project
        self._kept: dict[tuple[bytes, str, int], _Kept] = {}
        self.refused = 0

    def hear(self, payload: bytes, now_s: float, now_us: int) -> None:
        """Take a MessageFrame; one that cannot be read is counted, one that is no RSI is nothing."""
        try:
            name, value = csae.decode(payload)
        except csae.CsaeError:
            self.refused += 1
            return
        if name != "rsiFrame":
            return
        for rows, id in (("rtes", "rteId"), ("rtss", "rtsId")):
            for item in value.get(rows, ()):
                key = (value["id"], rows, int(item[id]))
                said = repr((value["refPos"], item)).encode()
                kept = self._kept.get(key)
                if kept is not None and kept.said == said:
                    kept.heard_s = now_s
                elif kept is not None or len(self._kept) < MOST:
                    posted = tuple(self._laid(rows, item, value["refPos"]))
                    end_us = _end_us(item.get("timeDetails", {}).get("endTime", NO_MINUTE), now_us)
                    self._kept[key] = _Kept(said, posted, now_s, end_us)

    def posted(self, now_s: float, now_us: int) -> tuple[Posted, ...]:
        """Return what holds now, and forget what is over."""
        self._kept = {
            key: its for key, its in self._kept.items()
            if now_s - its.heard_s <= SILENT_S and not 0 < its.end_us <= now_us
        }  # fmt: skip
        return tuple(one for its in self._kept.values() for one in its.posted)

    def _laid(self, rows: str, item: Mapping[str, Any], origin: Mapping[str, Any]) -> list[Posted]:
        words = _words(item.get("description"))
        limit = _LIMIT.search(words)
        if rows == "rtss":
            if limit is None or not 5 <= int(limit.group(1)) <= 130:
                return []
            return self._stretches(item, origin, "signPos", int(limit.group(1)) / 3.6)
        if not _TAKES.search(words):
            return []
        closed = self._closed(item, origin)
        return closed or self._stretches(item, origin, "eventPos", SLOWLY_MPS)

    def _stretches(self, item: Mapping[str, Any], origin: Mapping[str, Any], place: str, mps: float) -> list[Posted]:
        """Return the stretches of the way with a speed on which something holds."""
        found = []
        for x, y, path, radius_m in self._areas(item, origin, place):
            for begin, end in stretches(held(x, y, path, radius_m, self._map, self._line), self._line):
                found.append(Posted("speed", begin * STEP_M, end * STEP_M, mps))
        return found

    def _closed(self, item: Mapping[str, Any], origin: Mapping[str, Any]) -> list[Posted]:
        """Return the stretches of the own lane that an event takes: its path runs in it, or its place lies in it."""
        line, found = self._line, []
        for x, y, path, radius_m in self._areas(item, origin, "eventPos"):
            if len(path) > 1:
                own = float(np.median(line.left_m))
                runs = stretches(held(x, y, path, 0.0, self._map, line, aside_m=own), line)
                found += [Posted("closed", begin * STEP_M, end * STEP_M) for begin, end in runs]
                continue
            away = np.hypot(line.x_m - x, line.y_m - y)
            at = int(np.argmin(away))
            if radius_m <= NARROW_M and away[at] < line.left_m[at]:
                half = max(radius_m, NEAR_M)
                found.append(Posted("closed", max(at * STEP_M - half, 0.0), at * STEP_M + half))
        return found

    def _areas(
        self, item: Mapping[str, Any], origin: Mapping[str, Any], place: str
    ) -> list[tuple[float, float, tuple[tuple[float, float], ...], float]]:
        """Return (x, y, path, radius) of each path, else of the place; none where it has neither."""
        paths = [
            (tuple(self._metres(path["activePath"], origin)), path["pathRadius"] * 0.1)
            for path in item.get("referencePaths", ())
        ]
        if any(path for path, _ in paths):
            return [(*path[0], path, radius_m) for path, radius_m in paths if path]
        radius_m = item.get("eventRadius", 0) * 0.1
        return [(x, y, (), radius_m) for x, y in self._metres([item[place]] if place in item else [], origin)]

    def _metres(self, places: Sequence[Mapping[str, Any]], origin: Mapping[str, Any]) -> list[tuple[float, float]]:
        """Return places as metres of the zone; those in a form that a later standard may bring are left out."""
        known = [place["offsetLL"] for place in places if place["offsetLL"][0] is not None]
        lon, lat = np.empty(len(known)), np.empty(len(known))
        for k, (form, offset) in enumerate(known):
            away = form != ABSOLUTE
            lon[k], lat[k] = offset["lon"] + away * origin["long"], offset["lat"] + away * origin["lat"]
        x, y = self._project(lon * 1e-7, lat * 1e-7)
        return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]


def _words(description: Any) -> str:
    if description is None:
        return ""
    form, content = description
    return content.decode("gb2312", "replace") if form == "textGB2312" else str(content)


def _end_us(minute: int, near_us: int) -> int:
    """Return the instant of a minute of the UTC year that is nearest to another instant, 0 for none."""
    if not 0 <= minute < NO_MINUTE:
        return 0
    year = datetime.fromtimestamp(near_us / 1e6, UTC).year
    options = [int(datetime(y, 1, 1, tzinfo=UTC).timestamp() + minute * 60) * 1_000_000
               for y in (year - 1, year, year + 1)]  # fmt: skip
    return min(options, key=lambda at: abs(at - near_us))
