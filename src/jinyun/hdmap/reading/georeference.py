"""Where on Earth a map's metres lie: PROJ strings of transverse Mercator planes, UTM zones and MGRS squares.

Only what needs no PROJ database is understood; for anything else a :class:`Georeference` says why there is none, and
the metres stay local. Ellipsoids of WGS-84, GRS80 and CGCS2000 differ by less than a millimetre and count as one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.zone import Projection

Floats = NDArray[np.float64]
_EARTH = {"wgs84", "grs80", "cgcs2000"}
_ROWS = "ABCDEFGHJKLMNPQRSTUV"
"""MGRS letters of 100 km squares, without I and O."""
_BANDS = "CDEFGHJKLMNPQRSTUVWX"
LOCAL_REACH_M = 50_000.0
"""A plane whose centre is this near to the whole map serves as the map's own."""


@dataclass(frozen=True)
class Georeference:
    """A plane's tie to the Earth; ``reason`` says why there is none where ``plane`` is None."""

    plane: Plane | None
    datum: str
    reason: str = ""


@dataclass(frozen=True)
class Plane:
    """A transverse Mercator plane: its centre, scale there, false easting and northing."""

    lon_deg: float
    lat_deg: float
    scale: float = 1.0
    east_m: float = 0.0
    north_m: float = 0.0

    def degrees(self, x_m: ArrayLike, y_m: ArrayLike) -> tuple[Floats, Floats]:
        """Return longitude and latitude of places in the plane."""
        x, y = np.asarray(x_m, np.float64), np.asarray(y_m, np.float64)
        centre = Projection(self.lon_deg, self.lat_deg)
        return centre.inverse((x - self.east_m) / self.scale, (y - self.north_m) / self.scale)

    @property
    def own(self) -> bool:
        """Whether the plane is one that a zone may have: true to scale at its centre, which is its zero."""
        return self.scale == 1 and self.east_m == 0 and self.north_m == 0 and abs(self.lat_deg) <= 80


def utm(zone: int, north: bool) -> Plane:
    """Return the plane of a UTM zone."""
    return Plane(zone * 6.0 - 183, 0.0, 0.9996, 500_000.0, 0.0 if north else 10_000_000.0)


def mgrs_square(code: str) -> Plane | None:
    """Return the plane whose zero is the corner of an MGRS 100 km square (``54SUE``), or None where there is no such."""
    found = re.match(r"^\s*(\d{1,2})([C-HJ-NP-X])([A-HJ-NP-Z])([A-HJ-NP-V])", code.upper())
    if not found or not 1 <= int(found[1]) <= 60:
        return None
    zone, band = int(found[1]), found[2]
    columns = ("ABCDEFGH", "JKLMNPQR", "STUVWXYZ")[(zone - 1) % 3]
    if found[3] not in columns:
        return None
    east = 100_000.0 * (columns.index(found[3]) + 1)
    row = _ROWS.index(found[4]) - (5 if zone % 2 == 0 else 0)
    lowest = _northing_of(-80.0 + 8 * _BANDS.index(band))  # rows repeat every 2000 km: the first within the band
    northing = 100_000.0 * (row % 20)
    while northing + 100_000 <= lowest:
        northing += 2_000_000
    plane = utm(zone, band >= "N")
    shift = 10_000_000.0 if band < "N" else 0.0
    return Plane(plane.lon_deg, 0.0, plane.scale, plane.east_m - east, shift - northing)


def _northing_of(lat_deg: float) -> float:
    """Return the UTM northing of a latitude at the central meridian, southern ones with the false northing."""
    north = float(Projection(0.0, 0.0)(0.0, lat_deg)[1]) * 0.9996
    return north if lat_deg >= 0 else north + 10_000_000


def understand(text: str | None) -> Georeference:
    """Return the plane of a PROJ string or EPSG code; see the module for which are understood."""
    text = (text or "").strip()
    if not text or text == "!":
        return Georeference(None, "", "no georeference")
    epsg = re.fullmatch(r"(?:EPSG:|\+init=epsg:|urn:ogc:def:crs:EPSG:[\d.]*:)(\d{4,5})", text, re.IGNORECASE)
    if epsg:
        return _epsg(int(epsg[1]))
    if not text.startswith("+") and "+proj" not in text:
        return Georeference(None, "", f"georeference {text[:60]!r} is not a PROJ string")
    words: dict[str, str] = {}
    for word in text.split():
        key, _, value = word.removeprefix("+").partition("=")
        words[key] = value
    return _of_words(words)


def _of_words(words: dict[str, str]) -> Georeference:
    kind = words.get("proj", "")
    if kind not in ("tmerc", "utm", "etmerc"):
        return Georeference(None, "", f"projection {kind!r} is not read" if kind else "no projection is named")
    ellipsoid = (words.get("ellps") or words.get("datum") or "WGS84").lower()
    if ellipsoid not in _EARTH or words.get("datum", "WGS84").lower() not in {*_EARTH, "nad83"}:
        return Georeference(None, "", f"datum or ellipsoid {words.get('datum') or ellipsoid!r} is not read")
    if any(_number(part) != 0 for part in words.get("towgs84", "0").split(",")):
        return Georeference(None, "", "a shift to WGS-84 is not read")
    if words.get("units", "m") != "m" or _number(words.get("to_meter", "1")) != 1 or "axis" in words:
        return Georeference(None, "", "axes other than metres east and north are not read")
    if kind == "utm":
        zone = _number(words.get("zone", ""))
        if not (1 <= zone <= 60 and zone == int(zone)):
            return Georeference(None, "", f"there is no UTM zone {words.get('zone')!r}")
        return Georeference(utm(int(zone), "south" not in words), _datum(words))
    values = [
        _number(words.get(key) or default)
        for key, default in (("lon_0", "0"), ("lat_0", "0"), ("x_0", "0"), ("y_0", "0"))
    ]
    scale = _number(words.get("k") or words.get("k_0") or "1")
    lon, lat, east, north = values
    sane = all(map(math.isfinite, values)) and abs(lon) <= 360 and abs(lat) <= 90 and max(abs(east), abs(north)) < 1e9
    if not sane or not 0.5 < scale < 2:
        return Georeference(None, "", "the projection's parameters are no numbers of a plane on Earth")
    return Georeference(
        Plane(lon if abs(lon) <= 180 else (lon + 180) % 360 - 180, lat, scale, east, north), _datum(words)
    )


def _datum(words: dict[str, str]) -> str:
    """Return the datum's name: PROJ strings of China's plane name the ellipsoid alone, so GRS80 is not yet a datum."""
    named = (words.get("datum") or "").lower()
    if named == "cgcs2000" or words.get("ellps", "").lower() == "cgcs2000":
        return "CGCS2000"
    if named == "wgs84" or (not named and words.get("ellps", "wgs84").lower() == "wgs84"):
        return "WGS-84"
    return f"ellipsoid {(words.get('ellps') or named).upper()}"


def _epsg(code: int) -> Georeference:
    if 32601 <= code <= 32660 or 32701 <= code <= 32760:
        return Georeference(utm(code % 100, code < 32700), "WGS-84")
    if 4513 <= code <= 4533:  # CGCS2000 3-degree Gauss-Krueger, the zone's number before the easting
        zone = code - 4513 + 25
        return Georeference(Plane(zone * 3.0, 0.0, 1.0, zone * 1e6 + 500_000, 0.0), "CGCS2000")
    if 4534 <= code <= 4554:  # the same without the zone's number
        return Georeference(Plane((code - 4534 + 25) * 3.0, 0.0, 1.0, 500_000.0, 0.0), "CGCS2000")
    return Georeference(None, "", f"EPSG:{code} is not read")


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Placed:
    """How a file's metres become the map's: ``move`` takes x, y to x, y (None: they stay).

    ``lon``, ``lat`` is the map's zero, NaN where nobody knows.
    """

    lon: float
    lat: float
    datum: str
    projection: str
    move: Callable[[Floats, Floats], tuple[Floats, Floats]] | None = None


def settle(found: Georeference, x_m: Floats, y_m: Floats, origin: tuple[float, float] | None) -> Placed:
    """Return how the metres ``x_m``, ``y_m`` of a file become those of a map with its zero at ``origin``.

    Without ``origin`` the zero is the plane's own where that is a zone's and near, else the middle of the map. A map
    that lies nowhere keeps its metres; ``origin`` then says where their zero is.
    """
    if found.plane is None:
        lon, lat = origin if origin else (math.nan, math.nan)
        how = f"local metres: {found.reason}" + ("; placed by hand" if origin else "")
        return Placed(lon, lat, "WGS-84" if origin else "", how)
    plane = found.plane
    if origin is None:
        near = len(x_m) and max(float(np.abs(x_m).max()), float(np.abs(y_m).max())) < LOCAL_REACH_M
        if plane.own and near:
            origin = plane.lon_deg, plane.lat_deg
        else:
            lon_, lat_ = plane.degrees(
                (x_m.min() + x_m.max()) / 2 if len(x_m) else 0.0, (y_m.min() + y_m.max()) / 2 if len(y_m) else 0.0
            )
            origin = round(float(lon_), 4), round(float(lat_), 4)
    if not (math.isfinite(origin[0]) and math.isfinite(origin[1])) or abs(origin[1]) > 89.9:
        return settle(Georeference(None, "", "the georeference places the map nowhere on Earth"), x_m, y_m, None)
    own = Projection(*origin)
    if plane == Plane(origin[0], origin[1]):
        return Placed(*origin, found.datum, own.proj)
    return Placed(*origin, found.datum, own.proj, lambda x, y: own(*plane.degrees(x, y)))
