"""From message columns to sightings and signals: the units of the wire become metres, radians and microseconds.

Input are the tables of :mod:`jinyun.net.csae.batch`; nothing here looks at a single message.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.cloud.account import NO_TIME
from jinyun.net.csae.batch import ABSENT
from jinyun.rows import taken
from jinyun.shapes import REPORT, SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, SIGNAL, Kind, Light

Table = Mapping[str, NDArray[Any]]
Projection = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]

MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000
LAST_MARK_MS = 60_999
ABSOLUTE = 6
"""Index of position-LatLon in PositionOffsetLL."""
NO_LATITUDE, NO_LONGITUDE = 900_000_000, 1_800_000_000
"""Beyond these the standard says unavailable."""
_RADII_M = [np.nan, 500, 200, 100, 50, 20, 10, 5, 2, 1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01]
CONFIDENCE_SD_M = np.array(_RADII_M) / 2.0
"""One standard deviation per axis (m) of each PositionConfidence: its 95 % radius, halved."""


def event_times_us(sec_mark_ms: ArrayLike, receive_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the instants that DSecond names nearest to receipt, NO_TIME where it is unavailable (61000 and above)."""
    mark = np.asarray(sec_mark_ms, np.int64)
    within = np.minimum(mark, 59_999) * 1000
    near = receive_us - receive_us % MINUTE_US + within
    near = near + np.round((receive_us - near) / MINUTE_US).astype(np.int64) * MINUTE_US
    return np.where((mark > LAST_MARK_MS) | (mark < 0), NO_TIME, near)


def time_marks_us(mark_ds: ArrayLike, receive_us: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the instants that TimeMark (0.1 s of a UTC hour) names nearest to receipt."""
    near = receive_us - receive_us % HOUR_US + np.asarray(mark_ds, np.int64) * 100_000
    return near + np.round((receive_us - near) / HOUR_US).astype(np.int64) * HOUR_US


def _motion(rows: NDArray[np.void], table: Table) -> None:
    """Fill speed, heading and size, whose units BSM and RSM share; unavailable and zero sizes are NaN."""
    speed, heading = table["speed"], table["heading"]
    rows["speed_mps"] = np.where((speed == ABSENT) | (speed >= 8191), np.nan, speed * 0.02)
    rows["heading_rad"] = np.where((heading == ABSENT) | (heading >= 28_800), np.nan, np.radians(heading * 0.0125))
    for name, column, unit in (
        ("length_m", "size.length", 0.01),
        ("width_m", "size.width", 0.01),
        ("height_m", "size.height", 0.05),
    ):
        size = table[column]
        rows[name] = np.where(size > 0, size * unit, np.nan)


def _of_themselves(
    table: Table, row: NDArray[np.int64], event_us: NDArray[np.int64], receive_us: NDArray[np.int64]
) -> NDArray[np.void]:
    """Return rows of participants that report themselves: who and when, nothing else yet."""
    rows = np.zeros(len(row), SIGHTING)
    rows["source"], rows["by"] = row, SEEN_BY_ITSELF
    rows["participant"] = rows["vehicle_id"] = table["id"]
    rows["event_us"], rows["receive_us"] = event_us, receive_us
    return rows


def of_vehicles(
    table: Table,
    row: NDArray[np.int64],
    event_us: NDArray[np.int64],
    receive_us: NDArray[np.int64],
    project: Projection,
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Return (SIGHTING rows, where each has a place at all) of BSM messages."""
    rows = _of_themselves(table, row, event_us, receive_us)
    code = np.maximum(table["vehicleClass.classification"], 0)
    rows["classification"] = code
    walker = (code >= 80) & (code <= 86)
    rows["kind"] = np.where(code == 85, Kind.NON_MOTOR, np.where(walker, Kind.PEDESTRIAN, Kind.MOTOR))
    _motion(rows, table)
    semi_major, confidence = table["posAccuracy.semiMajor"], table["posConfidence.pos"]
    stated = (semi_major != ABSENT) & (semi_major < 254)
    by_class = CONFIDENCE_SD_M[np.where(confidence == ABSENT, 0, confidence)]
    rows["position_sd_m"] = np.where(stated, semi_major * 0.05, by_class)
    return _placed(rows, table["pos.long"], table["pos.lat"], project)


ENGAGED, PEDAL_ON = 3, 2
"""Indices of ``engaged`` in the states of brake systems, of ``on`` in BrakePedalStatus."""


def of_reports(table: Table, row: NDArray[np.int64], event_us: NDArray[np.int64]) -> NDArray[np.void]:
    """Return REPORT rows of those BSM messages that say anything of brakes, lamps, events or an emergency."""
    braking = (table["brakes.brakePadel"] == PEDAL_ON).astype(np.uint8)
    for bit, name in ((2, "traction"), (4, "abs"), (8, "scs")):
        braking |= np.where(table[f"brakes.{name}"] == ENGAGED, bit, 0).astype(np.uint8)
    says = (table["safetyExt?"] == 1) | (table["emergencyExt?"] == 1) | (braking > 0)
    rows = np.zeros(int(says.sum()), REPORT)
    rows["vehicle_id"], rows["source"], rows["event_us"] = table["id"][says], row[says], event_us[says]
    rows["braking"] = braking[says]
    for name, column in (
        ("lights", "safetyExt.lights"), ("events", "safetyExt.events"), ("response", "emergencyExt.responseType"),
        ("siren", "emergencyExt.sirenUse"), ("lightbar", "emergencyExt.lightsUse"),
    ):  # fmt: skip
        rows[name] = np.maximum(table[column][says], 0)
    return rows


PEDAL_CYCLIST = 2
"""PersonalDeviceUserType of somebody on a bicycle."""


def of_persons(
    table: Table,
    row: NDArray[np.int64],
    event_us: NDArray[np.int64],
    receive_us: NDArray[np.int64],
    project: Projection,
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Return (SIGHTING rows, where each has a place at all) of PSM messages (T/CSAE 157, 弱势交通参与者安全消息)."""
    rows = _of_themselves(table, row, event_us, receive_us)
    cyclist = table["non-motorData.basicType"] == PEDAL_CYCLIST
    rows["kind"] = np.where(cyclist, Kind.NON_MOTOR, Kind.PEDESTRIAN)
    unknown = np.full(len(row), ABSENT, np.int32)
    _motion(rows, {**table, "size.length": unknown, "size.width": unknown, "size.height": unknown})
    semi_major = table["posAccuracy.semiMajor"]
    stated = (semi_major != ABSENT) & (semi_major < 254)
    rows["position_sd_m"] = np.where(stated, semi_major * 0.05, np.nan)
    return _placed(rows, table["pos.long"], table["pos.lat"], project)


def of_road(
    table: Table,
    messages: Table,
    row: NDArray[np.int64],
    shift_us: NDArray[np.int64],
    erratic: NDArray[np.bool_],
    receive_us: NDArray[np.int64],
    project: Projection,
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    """Return (SIGHTING rows, where each has a place at all) of the participants of RSM messages.

    ``row``, ``shift_us`` (what is added to the sender's times), ``erratic`` (receipt is used instead) and ``receive_us``
    are the messages'; ``table["parent"]`` says whose participant each is. An RSU listed as participant is left out.
    """
    parent = table["parent"]
    rows = np.zeros(len(parent), SIGHTING)
    rows["source"], rows["by"], rows["receive_us"] = row[parent], SEEN_BY_ROAD, receive_us[parent]
    rows["participant"] = table["ptcId"]
    rows["vehicle_id"] = np.where(table["id?"] == 1, table["id"], 0)
    stated = event_times_us(table["secMark"], receive_us[parent])
    unusable = erratic[parent] | (stated == NO_TIME)
    rows["event_us"] = np.where(unusable, receive_us[parent], stated + np.where(unusable, 0, shift_us[parent]))
    kind = table["ptcType"]
    rows["kind"] = np.where((kind >= 0) & (kind <= Kind.RSU), kind, Kind.UNKNOWN)
    rows["classification"] = np.maximum(table["vehicleClass.classification"], 0)
    _motion(rows, table)
    rows["position_sd_m"] = CONFIDENCE_SD_M[np.maximum(table["posConfidence.pos"], 0)]
    absolute = table["pos.offsetLL"] == ABSOLUTE
    longitude = table["pos.offsetLL.lon"].astype(np.int64) + np.where(absolute, 0, messages["refPos.long"][parent])
    latitude = table["pos.offsetLL.lat"].astype(np.int64) + np.where(absolute, 0, messages["refPos.lat"][parent])
    rows, placed = _placed(rows, longitude, latitude, project)
    own = rows["kind"] == Kind.RSU
    return (taken(rows, ~own), placed[~own]) if own.any() else (rows, placed)


def _placed(
    rows: NDArray[np.void], longitude: NDArray[Any], latitude: NDArray[Any], project: Projection
) -> tuple[NDArray[np.void], NDArray[np.bool_]]:
    placed = (latitude <= NO_LATITUDE) & (longitude <= NO_LONGITUDE)
    rows["x_m"] = rows["y_m"] = np.nan
    rows["x_m"][placed], rows["y_m"][placed] = project(longitude[placed] * 1e-7, latitude[placed] * 1e-7)
    return rows, placed


def of_signals(tables: Mapping[str, Table], row: NDArray[np.int64], event_us: NDArray[np.int64]) -> NDArray[np.void]:
    """Return SIGNAL rows of SPAT messages: the first state of each phase is the one that holds now.

    ``event_us`` is that of each intersection state, ``row`` of each message.
    """
    intersections, phases = tables["intersections"], tables["intersections.phases"]
    states = tables["intersections.phases.phaseStates"]
    first = np.flatnonzero(np.diff(states["parent"], prepend=-1) != 0)
    phase = states["parent"][first]
    junction = phases["parent"][phase]
    rows = np.zeros(len(first), SIGNAL)
    rows["source"] = row[intersections["parent"][junction]]
    rows["region"] = np.maximum(intersections["intersectionId.region"][junction], 0)
    rows["node"] = intersections["intersectionId.id"][junction]
    rows["phase"] = phases["id"][phase]
    light = states["light"][first]
    rows["light"] = np.where((light >= 0) & (light <= Light.FLASHING_YELLOW), light, Light.UNAVAILABLE)
    rows["event_us"] = at = event_us[junction]
    counting, utc = states["timing.counting.likelyEndTime"][first], states["timing.utcTiming.likelyEndUTCTime"][first]
    counts, clocked = (counting != ABSENT) & (counting < 36_000), (utc != ABSENT) & (utc < 36_000)
    rows["likely_end_us"] = np.where(
        counts, at + counting.astype(np.int64) * 100_000, np.where(clocked, time_marks_us(np.maximum(utc, 0), at), 0)
    )
    return rows
