"""Forms other than bare T/CSAE frames: the gateway's envelope, JSON of roadside units, a radar's, new-energy vehicles'.

What can be brought into frames is, and goes on with all others; a radar's scan becomes sightings at once. Each function
takes one arrival and raises for nothing a sender can send: what is bad is refused with field and reason.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jinyun.cloud.account import NO_COUNT, NO_TIME
from jinyun.cloud.nev import vehicle_findings
from jinyun.cloud.window import Window
from jinyun.net import csae, downlink, gateway, gbt32960, radar_json, rsu_json, rsu_status, topics
from jinyun.net.block import Arrival
from jinyun.shapes import SEEN_BY_ROAD, SIGHTING, Finding, Kind

if TYPE_CHECKING:
    from jinyun.cloud.decode import Decoder

RELAYED = -1
"""Row of a BSM that a gateway relays: its own id will tell whose it is."""
MOST_RELAYED = 2_000
"""Frames one gateway may relay in one window."""
MOST_UNITS = 10_000
"""Roadside units whose word of themselves is kept."""


def take(decoder: Decoder, window: Window, arrival: Arrival, route: topics.Route) -> None:
    """Take a message in a form other than a bare frame."""
    if route.message == "radar-json":
        _radar(decoder, window, arrival, route)
    elif route.message == "gbt32960":
        _vehicle(decoder, window, arrival, route)
    elif route.message in topics.STATUS or route.message == topics.DELIVERED:
        _status(decoder, window, arrival, route)
    elif route.scheme == "gateway" and arrival.payload[:1] != b"{":
        _gateway(decoder, window, arrival, route.message)
    else:
        _json(decoder, window, arrival, route.device, route.message)


def _gateway(decoder: Decoder, window: Window, arrival: Arrival, message: str) -> None:
    try:
        envelope = gateway.unwrap(arrival.payload, message)
    except gateway.EnvelopeError as error:
        decoder.refuse(window, f"gateway/{message}", error.field, str(error), arrival.receive_us)
        return
    source = decoder.sender(window, "rsu", envelope.rsu, arrival.receive_us)
    if source is None:
        return
    row = RELAYED if message == "bsm" else source.row  # a relayed car has a clock and a counter of its own
    relayed = window.relayed.get(source.row, 0)
    room = max(0, MOST_RELAYED - relayed)
    window.relayed[source.row] = relayed + len(envelope.frames)
    for payload in envelope.frames[:room]:
        window.loose[message].add(payload, row, arrival.receive_us)
    if len(envelope.frames) > room:
        decoder.flood(window, source.row, len(envelope.frames) - room, arrival.receive_us)


def _json(decoder: Decoder, window: Window, arrival: Arrival, device: str, message: str) -> None:
    """Bring JSON of a roadside unit into frames; the device's id is inside where the topic has none."""
    name = "?"
    try:
        content = rsu_json.load(arrival.payload)
        if not device and isinstance(content, dict):
            device = str(content.get("rsuId") or content.get("rsuEsn") or "")
        if not topics.device_id_is_good(device):
            raise rsu_json.FormError("rsuId", f"{device[:40]!r} is no id of a device")
        name = device
        found = rsu_json.read(message, content, device)
        frames = [downlink.frame_of(message, value) for value in found.values]
    except (rsu_json.FormError, csae.CsaeError) as error:
        decoder.refuse(window, f"rsu/{name}", error.field, str(error), arrival.receive_us)
        return
    source = decoder.sender(window, "rsu", device, arrival.receive_us, max(1, len(frames)))
    if source is None:
        return
    for rule, place, reason in found.faults:
        window.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us))
    for payload in frames:
        window.loose[message].add(payload, source.row, arrival.receive_us, counted="msgCnt" in content)


def _status(decoder: Decoder, window: Window, arrival: Arrival, route: topics.Route) -> None:
    """Take a unit's word of itself, or its receipt for what was sent down; prepare the answer it asks for."""
    try:
        content = rsu_json.load(arrival.payload)
        if route.message == topics.DELIVERED:
            receipt = rsu_status.delivered(content)
            if receipt.error:
                reason = f"refuses message {receipt.sequence} with error {receipt.error} {receipt.reason}".rstrip()
                name = f"rsu/{route.device}"
                window.findings.append(Finding("device.refused", name, "errorCode", reason, arrival.receive_us))
            told = rsu_status.Told(route.device, {}, 0, None, False)
        else:
            told = rsu_status.read(content, route.device)
    except rsu_json.FormError as error:
        name = f"rsu/{route.device or '?'}"
        decoder.refuse(window, name, f"{route.message}.{error.field}", str(error), arrival.receive_us)
        return
    source = decoder.sender(window, "rsu", told.device, arrival.receive_us)
    if source is None:
        return
    _enter(decoder, window, source.row, "status", arrival.receive_us, arrival.receive_us)
    if told.facts and (told.device in decoder.units or len(decoder.units) < MOST_UNITS):
        known = decoder.units.setdefault(told.device, {})
        known[route.message] = told.facts
    if told.skipped:
        reason = f"{told.skipped} facts more than the {rsu_status.MAX_FACTS} that are kept"
        window.findings.append(Finding("status.long", source.name, route.message, reason, arrival.receive_us, "info"))
    if told.wants_answer:
        window.replies.append(rsu_status.answer(route.message, told.device, told.sequence))


def _enter(decoder: Decoder, window: Window, row: int, kind: str, stated_us: int, receive_us: int) -> int:
    """Enter one message that carries no count; return the time to use."""
    decoder.received[kind] += 1
    received = np.array([receive_us], np.int64)
    window.receive_us.append(received)
    rows, counts, stated = np.array([row], np.int64), np.array([NO_COUNT], np.int64), np.array([stated_us], np.int64)
    used = decoder.sources.enter(rows, kind, counts, stated, received, window.findings)
    return int(used[0])


def _radar(decoder: Decoder, window: Window, arrival: Arrival, route: topics.Route) -> None:
    source = decoder.sender(window, route.kind, route.device, arrival.receive_us)
    if source is None:
        return
    reader = decoder.radars.setdefault(source.device, radar_json.RadarReader())
    try:
        scan = reader.read(arrival.payload, arrival.receive_us)
    except radar_json.RadarError as error:
        decoder.sources.refused[source.row] += 1
        decoder.refuse(window, source.name, error.field, str(error), arrival.receive_us)
        return
    stated = NO_TIME if scan.stamp_us is None else scan.stamp_us
    event_us = _enter(decoder, window, source.row, "radar-json", stated, arrival.receive_us)
    for rule, place, reason in scan.faults:
        window.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us))
    found = np.zeros(len(scan.targets), SIGHTING)
    found["source"], found["by"], found["receive_us"] = source.row, SEEN_BY_ROAD, arrival.receive_us
    found["event_us"], found["position_sd_m"] = event_us, np.nan
    found["kind"] = [Kind.MOTOR if target.kind == "motor" else Kind.UNKNOWN for target in scan.targets]
    found["participant"] = [target.id for target in scan.targets]
    for name in ("speed_mps", "heading_rad", "length_m", "width_m", "height_m"):
        found[name] = [getattr(target, name) for target in scan.targets]
    lon, lat = (np.array([getattr(target, name) for target in scan.targets], np.float64) for name in ("lon", "lat"))
    found["x_m"], found["y_m"] = decoder.project(lon, lat)
    window.sightings.append(found)


def _vehicle(decoder: Decoder, window: Window, arrival: Arrival, route: topics.Route) -> None:
    """Take a packet of a new-energy vehicle: its alarms and contradictions are told; it reports too rarely to track."""
    source = decoder.sender(window, route.kind, route.device, arrival.receive_us)
    if source is None:
        return
    try:
        packet = gbt32960.decode(arrival.payload)
    except gbt32960.GbtError as error:
        decoder.sources.refused[source.row] += 1
        decoder.refuse(window, source.name, error.field, str(error), arrival.receive_us)
        return
    # Packets carry whole seconds, and re-sent ones are days old: neither says anything of a clock.
    _enter(decoder, window, source.row, "gbt32960", arrival.receive_us, arrival.receive_us)
    for rule, place, reason in vehicle_findings(packet):
        severity = "fault" if rule == "vehicle.alarm" else "warning"
        window.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us, severity))
