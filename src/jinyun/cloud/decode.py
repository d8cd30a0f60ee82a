"""Decode: a window of arrivals becomes columns of sightings and signals; whatever is bad becomes a Finding.

One broken message costs that message and nothing else: its neighbours in the window, the other participants of an RSM
and the other senders keep their data. Messages are gathered by kind and read by the batch kernels; forms that are not
T/CSAE frames (JSON of roadside units) are brought into frames first, so there is one way from there on.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import account, sight
from jinyun.cloud.account import NO_COUNT, NO_TIME
from jinyun.cloud.dialect import Dialects
from jinyun.cloud.nev import vehicle_findings
from jinyun.cloud.sight import Projection
from jinyun.cloud.sources import Source, Sources
from jinyun.cloud.ways import OTHER_WAY, Ways
from jinyun.cloud.window import Decoded, Pile, Window
from jinyun.net import csae, gateway, gbt32960, radar_json, rsu_json, topics
from jinyun.net.block import Arrival, Block
from jinyun.net.csae import batch
from jinyun.net.csae.program import FIRST_STAGE
from jinyun.net.samples import SMALLEST
from jinyun.shapes import SEEN_BY_ROAD, SIGHTING, SIGNAL, Finding, Kind

FARTHEST_M = 200_000.0
"""A place farther than this from the zone's origin is no place in the zone."""
FLOODED = -2
"""What a message is that is one too many."""
RELAYED = -1
"""Row of a BSM that a gateway relays: its own id will tell whose it is."""
MOST_OF_ONE = 2_000
"""Messages one sender may have in one window; what exceeds it is a flood, refused and counted."""
EXPLAINED = 8
"""Refusals of a window that are explained by field and bit; the rest are only counted."""
MAP_HEADER = 5
"""Octets of a MAP frame that change from message to message: count and minute."""
_FRAME = dict(zip(topics.MESSAGES, FIRST_STAGE, strict=True))
_MESSAGE = {frame: message for message, frame in _FRAME.items()}


class Decoder:
    """Reads arrivals of one zone; keeps the table of senders and what was received and refused."""

    def __init__(self, project: Projection) -> None:
        self.project = project
        self.sources = Sources()
        self.received = dict.fromkeys((*topics.MESSAGES, *topics.VENDOR_FORMS), 0)
        self.refused = 0
        self.flooded = 0
        self.unknown_extensions = 0
        self.maps: dict[tuple[int, int], dict[str, Any]] = {}  # (region, node) -> the newest Node of a MAP
        self._map_bytes: dict[int, bytes] = {}
        self._radars: dict[str, radar_json.RadarReader] = {}
        self.ways = Ways(self.sources)
        self.dialects = Dialects()

    def warm(self) -> None:
        """Load the compiled kernels now, so that the first message is not the one that waits for them.

        One message of each kind goes the whole way through a decoder that nobody uses afterwards.
        """
        other = Decoder(self.project)
        frames = [(message, csae.encode(_FRAME[message], value)) for message, value in SMALLEST.items()]
        other.decode([Arrival(1, f"jinyun.warm.rsu.warm.up.{message}", frame) for message, frame in frames])

    def decode(self, arrivals: Sequence[Arrival]) -> Decoded:
        """Return the columns of messages that are objects (recordings, tests); live ones come as blocks."""
        return self.read(Block.of(arrivals))

    def read(self, block: Block) -> Decoded:
        """Return the columns of a window; never raises for anything a sender can send."""
        window = Window()
        way, rows = self.ways.of(block)
        way = self._without_floods(window, way, rows, block.receive_us)
        for index in np.flatnonzero(way == OTHER_WAY):
            self._sort(window, block.arrival(int(index)))
        for number, message in enumerate(topics.MESSAGES):
            at = np.flatnonzero(way == number)
            if len(at):
                places = block.payload_at[at], block.payload_length[at]
                own = np.ones(len(at), np.bool_)
                self._read(window, message, Pile(block.buffer, *places, rows[at], block.receive_us[at], own))
            if window.loose[message].payloads:
                self._read(window, message, window.loose[message].pile())
        sightings = np.concatenate(window.sightings) if window.sightings else np.empty(0, SIGHTING)
        signals = np.concatenate(window.signals) if window.signals else np.empty(0, SIGNAL)
        taken = np.concatenate(window.receive_us) if window.receive_us else np.empty(0, np.int64)
        return Decoded(self._within(window, sightings), signals, window.findings, taken)

    # -- by subject: whose it is and what it should be ---------------------------------------------------------------

    def _without_floods(
        self, window: Window, way: NDArray[np.int64], rows: NDArray[np.int64], receive_us: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Take out what one sender sends beyond all measure in one window; its first messages stay."""
        own = np.flatnonzero(way != OTHER_WAY)
        if len(own) <= MOST_OF_ONE:
            return way
        counts = np.bincount(rows[own])
        way = way.copy()
        for row in np.flatnonzero(counts > MOST_OF_ONE):
            over = own[rows[own] == row][MOST_OF_ONE:]
            way[over] = FLOODED
            self._flood(window, int(row), len(over), int(receive_us[over[0]]))
        return way

    def _flood(self, window: Window, row: int, over: int, receive_us: int) -> None:
        self.flooded += over
        source = self.sources.at(row)
        reason = f"over {MOST_OF_ONE} messages in one window; the rest are refused"
        name = source.name if source else "?"
        window.findings.append(Finding("source.flood", name, "rate", reason, receive_us, "fault", over))

    def _sort(self, window: Window, arrival: Arrival) -> None:
        """Take a message that is no bare frame of a known sender."""
        route = topics.route(arrival.subject)
        if route is None:
            self._refuse(window, arrival.subject[:80], "topic", "is in no known scheme", arrival.receive_us)
        elif route.scheme == "json":
            self._json(window, arrival, route.device, route.message)
        elif route.scheme == "gateway":
            self._gateway(window, arrival, route.message)
        else:
            source = self.sources.find(route.kind, route.device)
            if source is None:
                name = f"{route.kind}/{route.device}"
                self._refuse(window, name, "source", "the table of senders is full", arrival.receive_us)
            elif route.message == "radar-json":
                self._radar(window, arrival, source)
            elif route.message == "gbt32960":
                self._vehicle(window, arrival, source)
            elif not self._other_dialect(window, route.message, arrival.payload, source, arrival.receive_us):
                window.loose[route.message].add(arrival.payload, source.row, arrival.receive_us)

    def forget(self, now_us: int) -> None:
        """Let go of senders that have been silent for long."""
        before = len(self.sources)
        self.sources.forget(now_us)
        if len(self.sources) < before:
            self.ways.clear()  # they name rows that others may get now
            self.dialects.clear()

    def _refuse(self, window: Window, source: str, place: str, reason: str, receive_us: int) -> None:
        self.refused += 1
        window.findings.append(Finding("message.refused", source, place, reason, receive_us))

    def _gateway(self, window: Window, arrival: Arrival, message: str) -> None:
        if arrival.payload[:1] == b"{":
            self._json(window, arrival, "", message)
            return
        try:
            envelope = gateway.unwrap(arrival.payload, message)
        except gateway.EnvelopeError as error:
            self._refuse(window, f"gateway/{message}", error.field, str(error), arrival.receive_us)
            return
        source = self.sources.find("rsu", envelope.rsu)
        if source is None:
            self._refuse(window, f"rsu/{envelope.rsu}", "source", "the table of senders is full", arrival.receive_us)
            return
        row = RELAYED if message == "bsm" else source.row  # a relayed car has a clock and a counter of its own
        relayed = window.relayed.get(source.row, 0)
        room = max(0, MOST_OF_ONE - relayed)
        window.relayed[source.row] = relayed + len(envelope.frames)
        for payload in envelope.frames[:room]:
            window.loose[message].add(payload, row, arrival.receive_us)
        if len(envelope.frames) > room:
            self._flood(window, source.row, len(envelope.frames) - room, arrival.receive_us)

    def _json(self, window: Window, arrival: Arrival, device: str, message: str) -> None:
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
            frames = [csae.encode(_FRAME[message], value) for value in found.values]
        except (rsu_json.FormError, csae.CsaeError) as error:
            self._refuse(window, f"rsu/{name}", error.field, str(error), arrival.receive_us)
            return
        source = self.sources.find("rsu", device)
        if source is None:
            self._refuse(window, f"rsu/{device}", "source", "the table of senders is full", arrival.receive_us)
            return
        for rule, place, reason in found.faults:
            window.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us))
        for payload in frames:
            window.loose[message].add(payload, source.row, arrival.receive_us, counted="msgCnt" in content)

    # -- by kind: from frames to columns -----------------------------------------------------------------------------

    def _read(self, window: Window, message: str, pile: Pile) -> None:
        read = batch.decode(_FRAME[message], pile.buffer, pile.at, pile.length)
        good = read.verdict == batch.OK
        for index in np.flatnonzero(~good):
            self._explain(window, message, pile, int(index))
        self.unknown_extensions += int(read.unknown.sum())
        if not good.any():
            return
        messages = read.tables["messages"]
        rows, receive_us = pile.rows, pile.receive_us
        if message == "bsm":
            self._name_relayed(window, rows, messages["id"], good, receive_us)
        good &= rows >= 0
        at = np.flatnonzero(good)
        self.received[message] += len(at)
        window.receive_us.append(receive_us[at])
        count = np.where(pile.counted, messages["msgCnt"], NO_COUNT)[at].astype(np.int64)
        stated = self._stated_us(message, read.tables, receive_us)
        used = receive_us.copy()
        used[at] = self.sources.enter(rows[at], message, count, stated[at], receive_us[at], window.findings)
        if message == "bsm":
            one = messages if len(at) == len(rows) else {name: column[at] for name, column in messages.items()}
            found, placed = sight.of_vehicles(one, rows[at], used[at], receive_us[at], self.project)
            self._keep_placed(window, found, placed)
        elif message == "rsm":
            erratic = (stated == NO_TIME) | self.sources.clocks[np.maximum(rows, 0), account.ERRATIC].astype(np.bool_)
            shift = np.where(erratic, 0, used - np.where(erratic, used, stated))
            # One that jumped is timed by receipt as a whole: the shift says by how much.
            participants = read.tables["participants"]
            found, placed = sight.of_road(participants, messages, rows, shift, erratic, receive_us, self.project)
            self._keep_placed(window, found, placed)
        elif message == "spat":
            junctions = read.tables["intersections"]
            parent = junctions["parent"]
            own = sight.event_times_us(
                np.where(junctions["timeStamp"] >= 0, junctions["timeStamp"], messages["timeStamp"][parent]),
                receive_us[parent],
            )
            shift = used - np.where(stated == NO_TIME, used, stated)
            event_us = np.where(own == NO_TIME, used[parent], own + shift[parent])
            window.signals.append(sight.of_signals(read.tables, rows, event_us))
        elif message == "map":
            self._keep_maps([pile.frame(int(index)) for index in at], rows[at])
        else:
            for index in at:
                self._road_information(window, pile.frame(int(index)), int(rows[index]), int(receive_us[index]))

    @staticmethod
    def _stated_us(message: str, tables: dict[str, batch.Table], receive_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when each message was so by its sender's clock, NO_TIME where that is unavailable.

        An RSM's time is that of its newest participant. A message kind that carries no second (MAP, RSI, a SPAT without
        stamps) is timed by receipt, which is no fault.
        """
        messages = tables["messages"]
        if message == "bsm":
            return sight.event_times_us(messages["secMark"], receive_us)
        if message == "rsm":
            participants = tables["participants"]
            each = sight.event_times_us(participants["secMark"], receive_us[participants["parent"]])
            newest = np.full(len(receive_us), NO_TIME, np.int64)
            np.maximum.at(newest, participants["parent"], each)
            return newest
        if message == "spat":
            junctions = tables["intersections"]
            mark = messages["timeStamp"].copy()
            own = junctions["timeStamp"] >= 0
            mark[junctions["parent"][own]] = junctions["timeStamp"][own]
            return np.where(mark < 0, receive_us, sight.event_times_us(np.maximum(mark, 0), receive_us))
        return receive_us

    def _explain(self, window: Window, message: str, pile: Pile, index: int) -> None:
        """Take a frame that the kernel did not: by the sender's other dialect, or say by field and bit what is wrong."""
        row, receive_us = int(pile.rows[index]), int(pile.receive_us[index])
        source = self.sources.at(row) if row >= 0 else None
        if source is not None and self._other_dialect(window, message, pile.frame(index), source, receive_us):
            return
        name = source.name if source else f"gateway/{message}"
        if source is not None:
            self.sources.refused[row] += 1
        window.explained += 1
        if window.explained > EXPLAINED:
            self.refused += 1
            return
        try:
            found, _ = csae.decode(pile.frame(index))
        except csae.CsaeError as error:
            self._refuse(window, name, f"{message}.{error.field}", str(error), receive_us)
            return
        reason = f"the topic says {message}, the frame is {_MESSAGE.get(found, found)}"
        self._refuse(window, name, "topic", reason, receive_us)

    def _other_dialect(self, window: Window, message: str, payload: bytes, source: Source, receive_us: int) -> bool:
        """Read a frame in the dialect its sender speaks, where that is not ours; return whether it was read so.

        What was read goes on in our dialect, which has room for all of it but the initial position of a BSM's history.
        """
        found = self.dialects.read(source.row, message, payload)
        if found is None:
            return False
        if found.decided:
            self.ways.slow(source.row)
            window.findings.append(Finding("dialect.pinned", source.name, message, found.decided, receive_us, "info"))
        window.loose[message].add(found.payload, source.row, receive_us)
        return True

    def _name_relayed(
        self,
        window: Window,
        rows: NDArray[np.int64],
        ids: NDArray[Any],
        good: NDArray[np.bool_],
        receive_us: NDArray[np.int64],
    ) -> None:
        """Give each relayed car the row of a sender of its own."""
        for index in np.flatnonzero((rows == RELAYED) & good):
            source = self.sources.find("obu", f"{int(ids[index]):016x}")
            if source is not None:
                rows[index] = source.row
            else:
                self._refuse(window, "gateway/bsm", "source", "the table of senders is full", int(receive_us[index]))

    def _keep_placed(self, window: Window, found: NDArray[np.void], placed: NDArray[np.bool_]) -> None:
        for index in np.flatnonzero(~placed)[:EXPLAINED]:
            source = self.sources.at(int(found["source"][index]))
            reason = "latitude or longitude is stated as unavailable"
            name = source.name if source else "?"
            window.findings.append(Finding("position.absent", name, "pos", reason, int(found["receive_us"][index])))
        window.sightings.append(found[placed])

    def _within(self, window: Window, sightings: NDArray[np.void]) -> NDArray[np.void]:
        """Drop and tell sightings that lie in no part of the zone."""
        near = (np.abs(sightings["x_m"]) < FARTHEST_M) & (np.abs(sightings["y_m"]) < FARTHEST_M)
        if near.all():
            return sightings
        for row in np.unique(sightings["source"][~near]):
            source = self.sources.at(int(row))
            first = sightings[(sightings["source"] == row) & ~near][0]
            reason = f"a place over {FARTHEST_M / 1000:.0f} km from the zone's origin; not used"
            name = source.name if source else "?"
            window.findings.append(Finding("position.outside", name, "pos", reason, int(first["receive_us"])))
        inside: NDArray[np.void] = sightings[near]
        return inside

    def _keep_maps(self, payloads: list[bytes], rows: NDArray[np.int64]) -> None:
        """Keep the newest node of each MAP; a map that only counted on is not read again."""
        for payload, row in zip(payloads, rows.tolist(), strict=True):
            content = payload[MAP_HEADER:]
            if self._map_bytes.get(row) == content:
                continue
            self._map_bytes[row] = content
            for node in csae.decode(payload)[1]["nodes"]:
                if len(self.maps) < 65_536:
                    self.maps[node["id"].get("region", 0), node["id"]["id"]] = node

    def _road_information(self, window: Window, payload: bytes, row: int, receive_us: int) -> None:
        source = self.sources.at(row)
        name = source.name if source else "?"
        value = csae.decode(payload)[1]
        for event in value.get("rtes", ()):
            reason = f"reports event {event['eventType']} (GB/T 29100), source {event['eventSource']}"
            window.findings.append(Finding("road.event", name, f"rte {event['rteId']}", reason, receive_us, "info"))
        for sign in value.get("rtss", ()):
            reason = f"announces sign {sign['signType']} (GB 5768.2)"
            window.findings.append(Finding("road.sign", name, f"rts {sign['rtsId']}", reason, receive_us, "info"))

    # -- sensors that speak a form of their maker --------------------------------------------------------------------

    def _radar(self, window: Window, arrival: Arrival, source: Source) -> None:
        reader = self._radars.setdefault(source.device, radar_json.RadarReader())
        try:
            scan = reader.read(arrival.payload, arrival.receive_us)
        except radar_json.RadarError as error:
            self.sources.refused[source.row] += 1
            self._refuse(window, source.name, error.field, str(error), arrival.receive_us)
            return
        self.received["radar-json"] += 1
        receive_us = np.array([arrival.receive_us], np.int64)
        window.receive_us.append(receive_us)
        stated = np.array([NO_TIME if scan.stamp_us is None else scan.stamp_us], np.int64)
        row, count = np.array([source.row], np.int64), np.array([NO_COUNT], np.int64)
        event_us = self.sources.enter(row, "radar-json", count, stated, receive_us, window.findings)
        for rule, place, reason in scan.faults:
            window.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us))
        found = np.zeros(len(scan.targets), SIGHTING)
        found["source"], found["by"], found["receive_us"] = source.row, SEEN_BY_ROAD, arrival.receive_us
        found["event_us"], found["position_sd_m"] = event_us[0], np.nan
        found["kind"] = [Kind.MOTOR if target.kind == "motor" else Kind.UNKNOWN for target in scan.targets]
        found["participant"] = [target.id for target in scan.targets]
        for name in ("speed_mps", "heading_rad", "length_m", "width_m", "height_m"):
            found[name] = [getattr(target, name) for target in scan.targets]
        lon, lat = (np.array([getattr(target, name) for target in scan.targets], np.float64) for name in ("lon", "lat"))
        found["x_m"], found["y_m"] = self.project(lon, lat)
        window.sightings.append(found)

    def _vehicle(self, window: Window, arrival: Arrival, source: Source) -> None:
        """Take a packet of a new-energy vehicle: its alarms and contradictions are told; it reports too rarely to track."""
        try:
            packet = gbt32960.decode(arrival.payload)
        except gbt32960.GbtError as error:
            self.sources.refused[source.row] += 1
            self._refuse(window, source.name, error.field, str(error), arrival.receive_us)
            return
        self.received["gbt32960"] += 1
        receive_us = np.array([arrival.receive_us], np.int64)
        window.receive_us.append(receive_us)
        # Packets carry whole seconds, and re-sent ones are days old: neither says anything of a clock.
        row, count = np.array([source.row], np.int64), np.array([NO_COUNT], np.int64)
        self.sources.enter(row, "gbt32960", count, receive_us, receive_us, window.findings)
        for rule, place, reason in vehicle_findings(packet):
            severity = "fault" if rule == "vehicle.alarm" else "warning"
            window.findings.append(Finding(rule, source.name, place, reason, arrival.receive_us, severity))
