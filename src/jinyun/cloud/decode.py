"""Decode: a window of arrivals becomes columns of sightings and signals; whatever is bad becomes a Finding.

One broken message costs that message and nothing else: its neighbours in the window, the other participants of an RSM
and the other senders keep their data. Places are projected once per window, not once per message.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.sources import Source, Sources
from jinyun.net import csae, gateway, radar_json, rsu_json, topics
from jinyun.net.ingest import Arrival
from jinyun.shapes import SEEN_BY_ITSELF, SEEN_BY_ROAD, SIGHTING, SIGNAL, Finding, Kind, Light

Projection = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]

NAN = float("nan")
FARTHEST_M = 200_000.0
"""A place farther than this from the zone's origin is no place in the zone."""
_FRAME_OF = {"bsmFrame": "bsm", "mapFrame": "map", "rsmFrame": "rsm", "spatFrame": "spat", "rsiFrame": "rsi"}
_KINDS = {"motor": Kind.MOTOR, "non-motor": Kind.NON_MOTOR, "pedestrian": Kind.PEDESTRIAN, "rsu": Kind.RSU}
_LIGHTS = {light.name.lower().replace("_", "-"): int(light) for light in Light}
_RADIUS_M = {"cm": 0.01, "m": 1.0}
MINUTE_US = 60_000_000
HOUR_US = 3_600_000_000


def _confidence_sd_m(name: str | None) -> float:
    """Return one standard deviation (m) of PositionConfidence: its 95 % radius halved; NaN where unavailable."""
    if not name or not name.startswith("a"):
        return NAN
    unit = "cm" if name.endswith("cm") else "m"
    return float(name[1 : -len(unit)]) * _RADIUS_M[unit] / 2.0


def event_time_us(sec_mark_ms: int, receive_us: int) -> int | None:
    """Return the instant that DSecond names nearest to receipt, None where it is unavailable (65535, 61000..65534)."""
    if sec_mark_ms > 60_999:
        return None
    within = min(sec_mark_ms, 59_999) * 1000
    minute = receive_us - receive_us % MINUTE_US
    return min((minute + shift + within for shift in (-MINUTE_US, 0, MINUTE_US)), key=lambda t: abs(t - receive_us))


def time_mark_us(mark_ds: int, receive_us: int) -> int:
    """Return the instant that TimeMark (0.1 s of a UTC hour) names nearest to receipt."""
    hour = receive_us - receive_us % HOUR_US
    within = mark_ds * 100_000
    return min((hour + shift + within for shift in (-HOUR_US, 0, HOUR_US)), key=lambda t: abs(t - receive_us))


@dataclass(slots=True)
class Decoded:
    """What one window of arrivals held."""

    sightings: NDArray[np.void]
    signals: NDArray[np.void]
    findings: list[Finding]
    receive_us: NDArray[np.int64]  # of every message taken


@dataclass(slots=True)
class _Rows:
    """The columns of a window while they grow."""

    sightings: list[tuple[Any, ...]] = field(default_factory=list)
    places: list[tuple[float, float]] = field(default_factory=list)  # lon, lat of each sighting
    signals: list[tuple[Any, ...]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    receive_us: list[int] = field(default_factory=list)


class Decoder:
    """Reads arrivals of one zone; keeps the table of senders and what was received and refused."""

    def __init__(self, project: Projection) -> None:
        self.project = project
        self.sources = Sources()
        self.received = dict.fromkeys((*topics.MESSAGES, *topics.VENDOR_FORMS), 0)
        self.refused = 0
        self.unknown_extensions = 0
        self.maps: dict[tuple[int, int], dict[str, Any]] = {}  # (region, node) -> the newest Node of a MAP
        self._radars: dict[str, radar_json.RadarReader] = {}

    @property
    def lost(self) -> int:
        return sum(source.lost for source in self.sources)

    def decode(self, arrivals: Sequence[Arrival]) -> Decoded:
        """Return the columns of a window; never raises for anything a sender can send."""
        rows = _Rows()
        for arrival in arrivals:
            route = topics.route(arrival.subject)
            if route is None:
                self._refuse(rows, arrival.subject[:80], "topic", "is in no known scheme", arrival.receive_us)
                continue
            if route.scheme == "json":
                self._json(rows, arrival, route.device, route.message)
            elif route.scheme == "gateway":
                self._gateway(rows, arrival, route.message)
            elif route.message in topics.VENDOR_FORMS:
                self._radar(rows, arrival, route.device)
            else:
                self._frame(rows, arrival.payload, arrival.receive_us, route.kind, route.device, route.message)
        return self._columns(rows)

    def _columns(self, rows: _Rows) -> Decoded:
        sightings = np.array(rows.sightings, SIGHTING) if rows.sightings else np.empty(0, SIGHTING)
        if rows.places:
            place = np.array(rows.places, np.float64)
            sightings["x_m"], sightings["y_m"] = self.project(place[:, 0], place[:, 1])
            near = (np.abs(sightings["x_m"]) < FARTHEST_M) & (np.abs(sightings["y_m"]) < FARTHEST_M)
            for row in np.unique(sightings["source"][~near]):
                source = self.sources.at(int(row))
                if source is not None:
                    lon, lat = place[(sightings["source"] == row) & ~near][0]
                    reason = f"{lon:.5f}, {lat:.5f} is over {FARTHEST_M / 1000:.0f} km from the zone; not used"
                    rows.findings.append(Finding("position.outside", source.name, "pos", reason, source.last_us))
            sightings = sightings[near]
        signals = np.array(rows.signals, SIGNAL) if rows.signals else np.empty(0, SIGNAL)
        return Decoded(sightings, signals, rows.findings, np.array(rows.receive_us, np.int64))

    def _refuse(self, rows: _Rows, source: str, place: str, reason: str, receive_us: int) -> None:
        self.refused += 1
        rows.findings.append(Finding("message.refused", source, place, reason, receive_us))

    def _source(self, rows: _Rows, kind: str, device: str, receive_us: int) -> Source | None:
        source = self.sources.find(kind, device, receive_us)
        if source is None:
            self._refuse(rows, f"{kind}/{device}", "source", "the table of senders is full", receive_us)
        return source

    def _json(self, rows: _Rows, arrival: Arrival, device: str, message: str) -> None:
        """Read a message in one of the JSON forms of roadside units; the device's id is inside where the topic has none."""
        try:
            content = rsu_json.load(arrival.payload)
            if not device and isinstance(content, dict):
                device = str(content.get("rsuId") or content.get("rsuEsn") or "")
            if not topics.device_id_is_good(device):
                raise rsu_json.FormError("rsuId", f"{device[:40]!r} is no id of a device")
            found = rsu_json.read(message, content, device)
        except rsu_json.FormError as error:
            source = self.sources.find("rsu", device, arrival.receive_us) if topics.device_id_is_good(device) else None
            self._refuse(rows, source.name if source else "rsu/?", error.field, str(error), arrival.receive_us)
            if source is not None:
                source.refused += 1
            return
        source = self._source(rows, "rsu", device, arrival.receive_us)
        if source is not None:
            for rule, place, reason in found.faults:
                rows.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us))
            for value in found.values:
                self._take(rows, source, message, value, arrival.receive_us, counted="msgCnt" in content)

    def _gateway(self, rows: _Rows, arrival: Arrival, message: str) -> None:
        if arrival.payload[:1] == b"{":
            self._json(rows, arrival, "", message)
            return
        try:
            envelope = gateway.unwrap(arrival.payload, message)
        except gateway.EnvelopeError as error:
            self._refuse(rows, f"gateway/{message}", error.field, str(error), arrival.receive_us)
            return
        for frame in envelope.frames:
            self._frame(rows, frame, arrival.receive_us, "rsu", envelope.rsu, message)

    def _frame(self, rows: _Rows, payload: bytes, receive_us: int, kind: str, device: str, message: str) -> None:
        source = self._source(rows, kind, device, receive_us)
        if source is None:
            return
        try:
            name, value = csae.decode(payload)
        except csae.CsaeError as error:
            source.refused += 1
            self._refuse(rows, source.name, f"{message}.{error.field}", str(error), receive_us)
            return
        found = _FRAME_OF.get(name, name)
        if found != message:
            source.refused += 1
            reason = f"the topic says {message}, the frame is {found}"
            self._refuse(rows, source.name, "topic", reason, receive_us)
            return
        self._take(rows, source, message, value, receive_us)

    def _take(
        self, rows: _Rows, source: Source, message: str, value: dict[str, Any], receive_us: int, counted: bool = True
    ) -> None:
        """Account for a message that was read, and turn it into rows."""
        self.received[message] += 1
        rows.receive_us.append(receive_us)
        source.heard(message, receive_us)
        if counted:
            # A gateway relays many cars' BSM: their counters run apart.
            counter = f"bsm {value['id'].hex()}" if message == "bsm" and source.kind == "rsu" else message
            if len(source.last_count) > 5000:
                source.last_count.clear()
            source.counted(counter, value["msgCnt"])
        getattr(self, f"_{message}")(rows, source, value, receive_us)

    # -- the five messages -------------------------------------------------------------------------------------------

    def _bsm(self, rows: _Rows, source: Source, value: dict[str, Any], receive_us: int) -> None:
        position = value["pos"]
        if position["lat"] > 900_000_000 or position["long"] > 1_800_000_000:
            reason = "latitude or longitude is stated as unavailable"
            rows.findings.append(Finding("position.absent", source.name, "pos", reason, receive_us))
            return
        event_us = source.time(event_time_us(value["secMark"], receive_us), receive_us, rows.findings)
        accuracy = value.get("posAccuracy", {}).get("semiMajor", 255)
        sd_m = accuracy * 0.05 if accuracy < 254 else _confidence_sd_m(value.get("posConfidence", {}).get("pos"))
        vehicle = int.from_bytes(value["id"], "big")
        classification = value["vehicleClass"]["classification"]
        kind = Kind.NON_MOTOR if classification == 85 else Kind.PEDESTRIAN if 80 <= classification <= 86 else Kind.MOTOR
        self._sighting(
            rows, source, SEEN_BY_ITSELF, kind, classification, vehicle, vehicle, event_us, receive_us, value, sd_m
        )
        rows.places.append((position["long"] * 1e-7, position["lat"] * 1e-7))

    def _rsm(self, rows: _Rows, source: Source, value: dict[str, Any], receive_us: int) -> None:
        lat0, lon0 = value["refPos"]["lat"], value["refPos"]["long"]
        participants: Iterable[dict[str, Any]] = value["participants"]
        newest: int | None = None
        times = [event_time_us(participant["secMark"], receive_us) for participant in participants]
        stated = [time for time in times if time is not None]
        newest = max(stated) if stated else None
        used = source.time(newest, receive_us, rows.findings)
        shift = used - newest if newest is not None else 0
        for participant, time in zip(participants, times, strict=True):
            form, offset = participant["pos"]["offsetLL"]
            lon, lat = offset["lon"], offset["lat"]
            if form != "position-LatLon":
                lon, lat = lon + lon0, lat + lat0
            if lat > 900_000_000 or lon > 1_800_000_000:
                reason = "latitude or longitude is stated as unavailable"
                rows.findings.append(Finding("position.absent", source.name, "participants.pos", reason, receive_us))
                continue
            event_us = receive_us if time is None or source.clock.erratic else time + shift
            kind = _KINDS.get(participant["ptcType"], Kind.UNKNOWN)
            if kind == Kind.RSU:
                continue
            vehicle = int.from_bytes(participant["id"], "big") if "id" in participant else 0
            sd_m = _confidence_sd_m(participant["posConfidence"]["pos"])
            classification = participant.get("vehicleClass", {}).get("classification", 0)
            self._sighting(
                rows, source, SEEN_BY_ROAD, kind, classification, participant["ptcId"], vehicle, event_us, receive_us,
                participant, sd_m,
            )  # fmt: skip
            rows.places.append((lon * 1e-7, lat * 1e-7))

    @staticmethod
    def _sighting(
        rows: _Rows, source: Source, by: int, kind: int, classification: int, participant: int, vehicle: int,
        event_us: int, receive_us: int, value: dict[str, Any], sd_m: float,
    ) -> None:  # fmt: skip
        """Append one row; BSM and RSM share the units of speed, heading and size."""
        speed, heading, size = value["speed"], value["heading"], value["size"]
        rows.sightings.append(
            (
                source.row, by, kind, classification, participant, vehicle, event_us, receive_us, NAN, NAN,
                speed * 0.02 if speed != 8191 else NAN,
                math.radians(heading * 0.0125) if heading != 28800 else NAN,
                size["length"] * 0.01 or NAN, size["width"] * 0.01 or NAN, size.get("height", 0) * 0.05 or NAN, sd_m,
            )
        )  # fmt: skip

    def _spat(self, rows: _Rows, source: Source, value: dict[str, Any], receive_us: int) -> None:
        for intersection in value["intersections"]:
            stamp = intersection.get("timeStamp", value.get("timeStamp"))
            event_us = source.time(
                event_time_us(stamp, receive_us) if stamp is not None else receive_us, receive_us, rows.findings
            )
            reference = intersection["intersectionId"]
            for phase in intersection["phases"]:
                state = phase["phaseStates"][0]
                rows.signals.append(
                    (
                        source.row, reference.get("region", 0), reference["id"], phase["id"],
                        _LIGHTS.get(state["light"], 0), event_us, _likely_end_us(state, event_us),
                    )
                )  # fmt: skip

    def _map(self, rows: _Rows, source: Source, value: dict[str, Any], receive_us: int) -> None:
        for node in value["nodes"]:
            if len(self.maps) < 65_536:
                self.maps[node["id"].get("region", 0), node["id"]["id"]] = node

    def _rsi(self, rows: _Rows, source: Source, value: dict[str, Any], receive_us: int) -> None:
        for event in value.get("rtes", ()):
            reason = f"reports event {event['eventType']} (GB/T 29100), source {event['eventSource']}"
            rows.findings.append(
                Finding("road.event", source.name, f"rte {event['rteId']}", reason, receive_us, "info")
            )
        for sign in value.get("rtss", ()):
            reason = f"announces sign {sign['signType']} (GB 5768.2)"
            rows.findings.append(Finding("road.sign", source.name, f"rts {sign['rtsId']}", reason, receive_us, "info"))

    # -- sensors that speak a form of their maker --------------------------------------------------------------------

    def _radar(self, rows: _Rows, arrival: Arrival, device: str) -> None:
        source = self._source(rows, "sensor", device, arrival.receive_us)
        if source is None:
            return
        reader = self._radars.setdefault(device, radar_json.RadarReader())
        try:
            scan = reader.read(arrival.payload, arrival.receive_us)
        except radar_json.RadarError as error:
            source.refused += 1
            self._refuse(rows, source.name, error.field, str(error), arrival.receive_us)
            return
        self.received["radar-json"] += 1
        rows.receive_us.append(arrival.receive_us)
        source.heard("radar-json", arrival.receive_us)
        event_us = source.time(scan.stamp_us, arrival.receive_us, rows.findings)
        for rule, place, reason in scan.faults:
            rows.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us))
        for target in scan.targets:
            rows.sightings.append(
                (
                    source.row, SEEN_BY_ROAD, Kind.MOTOR if target.kind == "motor" else Kind.UNKNOWN, 0, target.id, 0,
                    event_us, arrival.receive_us, NAN, NAN, target.speed_mps, target.heading_rad, target.length_m,
                    target.width_m, target.height_m, NAN,
                )
            )  # fmt: skip
            rows.places.append((target.lon, target.lat))


def _likely_end_us(state: dict[str, Any], event_us: int) -> int:
    """Return when a phase state is expected to end (us), 0 where it is not told."""
    if "timing" not in state:
        return 0
    form, timing = state["timing"]
    if form == "counting":
        mark = timing["likelyEndTime"]
        return event_us + mark * 100_000 if mark < 36_000 else 0
    if form == "utcTiming":
        mark = timing["likelyEndUTCTime"]
        return time_mark_us(mark, event_us) if mark < 36_000 else 0
    return 0
