"""Decode: a window of arrivals becomes columns of sightings and signals; whatever is bad becomes a Finding.

One broken message costs that message and nothing else: its neighbours in the window, the other participants of an RSM
and the other senders keep their data. Messages are gathered by kind and read by the batch kernels; forms that are not
T/CSAE frames are brought into frames first (:mod:`jinyun.cloud.forms`), so there is one way from there on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import account, forms, sight
from jinyun.cloud.account import NO_COUNT, NO_TIME
from jinyun.cloud.allowance import Allowance
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.dialect import Dialects
from jinyun.cloud.quality.received import MapHeard
from jinyun.cloud.quality.spat import Spat
from jinyun.cloud.sight import Projection
from jinyun.cloud.sources import KINDS, Source, Sources
from jinyun.cloud.ways import OTHER_WAY, Ways
from jinyun.cloud.window import Decoded, Pile, RsiHeard, Window
from jinyun.net import csae, radar_json, topics
from jinyun.net.block import Arrival, Block
from jinyun.net.csae import batch
from jinyun.net.csae.program import FIRST_STAGE
from jinyun.net.samples import SMALLEST
from jinyun.rows import joined, taken
from jinyun.shapes import REPORT, SIGHTING, SIGNAL, Finding

FARTHEST_M = 200_000.0
"""A place farther than this from the zone's origin is no place in the zone."""
FLOODED = -2
"""What a message is that is one too many."""
MOST_OF_ONE = 2_000
"""Messages one sender may have in one window; what exceeds it is a flood, refused and counted."""
MOST_HEARD = 256
"""Messages of one window that ask or negotiate; each is read by itself, as they are few."""
EXPLAINED = 8
"""Refusals of a window that are explained by field and bit; the rest are only counted."""
EXPLAINED_HZ = 40.0
"""Refusals explained a second, on average: explaining reads a message a second time, slowly."""
_FRAME = dict(zip(topics.MESSAGES, FIRST_STAGE, strict=True)) | topics.SECOND_STAGE
_MESSAGE = {frame: message for message, frame in _FRAME.items()}


def _participants(message: str, tables: dict[str, batch.Table]) -> tuple[batch.Table, batch.Table]:
    """Return (participants, reference positions by message) of RSM, or of SSM under the names RSM has for them."""
    participants, messages = tables["participants"], tables["messages"]
    if message == "rsm":
        return participants, messages
    named = {name.removeprefix("ptc."): column for name, column in participants.items()}
    return named, {"refPos.long": messages["sensorPos.long"], "refPos.lat": messages["sensorPos.lat"]}


class Decoder:
    """Reads arrivals of one zone; keeps the table of senders and what was received and refused."""

    def __init__(self, project: Projection, most_hz: Mapping[str, float] | None = None) -> None:
        """Begin with nobody known; ``most_hz`` is the most messages a second of one device, by kind (none: unbounded)."""
        self.project = project
        self.sources = Sources(most_hz)
        self.received = dict.fromkeys(KINDS, 0)
        self.refused = 0
        self.flooded = 0
        self.unknown_extensions = 0
        self.items = 0  # messages of test vehicles' ten data items
        self.radars: dict[str, radar_json.RadarReader] = {}
        self.units: dict[str, dict[str, Any]] = {}  # what roadside units said of themselves, by device
        self._explanations = Allowance(EXPLAINED_HZ, EXPLAINED)
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
        for message in topics.SECOND_STAGE:
            if window.loose[message].payloads:
                self._read(window, message, window.loose[message].pile())
        sightings = joined(window.sightings, SIGHTING)
        signals = joined(window.signals, SIGNAL)
        taken = np.concatenate(window.receive_us) if window.receive_us else np.empty(0, np.int64)
        reports = joined(window.reports, REPORT)
        return Decoded(
            self._within(window, sightings), signals, window.findings, taken, window.replies, window.spats, window.maps,
            reports, window.road, window.heard,
        )  # fmt: skip

    # -- by subject: whose it is and what it should be ---------------------------------------------------------------

    def _without_floods(
        self, window: Window, way: NDArray[np.int64], rows: NDArray[np.int64], receive_us: NDArray[np.int64]
    ) -> NDArray[np.int64]:
        """Take out what senders send beyond their rate, or beyond all measure in one window; the first messages stay."""
        own = np.flatnonzero(way != OTHER_WAY)
        if not len(own) or (len(own) <= MOST_OF_ONE and not self.sources.limits):
            return way
        counts = np.bincount(rows[own])
        senders = np.flatnonzero(counts)
        some = counts[senders]
        admitted = np.minimum(self.sources.admit(senders, some, int(receive_us[own[-1]])), MOST_OF_ONE)
        way = way.copy()
        for row, most in zip(senders[admitted < some].tolist(), admitted[admitted < some].tolist(), strict=True):
            over = own[rows[own] == row][most:]
            way[over] = FLOODED
            self.flood(window, row, len(over), int(receive_us[over[0]]))
        return way

    def flood(self, window: Window, row: int, over: int, receive_us: int) -> None:
        """Count and tell ``over`` messages of one sender that are more than it may send."""
        self.flooded += over
        source = self.sources.at(row)
        most = self.sources.limits.get(source.kind, 0.0) if source else 0.0
        measure = f"{most:g} messages a second" if most else f"{MOST_OF_ONE} messages in one window"
        name = source.name if source else "?"
        reason = f"sends more than the {measure} one such device may; the rest are refused"
        window.findings.append(Finding("source.flood", name, "rate", reason, receive_us, "fault", over))

    def _sort(self, window: Window, arrival: Arrival) -> None:
        """Take a message that is no bare first-stage frame of a known sender."""
        route = topics.route(arrival.subject)
        if route is None:
            self.refuse(window, arrival.subject[:80], "topic", "is in no known scheme", arrival.receive_us)
        elif route.message == topics.TEST_ITEMS:
            self.sender(window, route.kind, route.device, arrival.receive_us)
            self.items += 1  # recorded here, read by supervision
        elif route.scheme != "plain" or route.message in topics.VENDOR_FORMS:
            forms.take(self, window, arrival, route)
        else:
            source = self.sender(window, route.kind, route.device, arrival.receive_us)
            if source is not None and not self._other_dialect(
                window, route.message, arrival.payload, source, arrival.receive_us
            ):
                window.loose[route.message].add(arrival.payload, source.row, arrival.receive_us)

    def sender(self, window: Window, kind: str, device: str, receive_us: int, messages: int = 1) -> Source | None:
        """Return the source of ``messages`` that came one by one, None (and say so) where it may not send them."""
        source = self.sources.find(kind, device)
        if source is None:
            self.refuse(window, f"{kind}/{device}", "source", "the table of senders is full", receive_us)
            return None
        asked = np.array([messages])
        if self.sources.limits and self.sources.admit(np.array([source.row]), asked, receive_us)[0] < messages:
            self.flood(window, source.row, messages, receive_us)
            return None
        return source

    def forget(self, now_us: int) -> list[int]:
        """Let go of senders that have been silent for long; return their rows, which others may get now."""
        gone = self.sources.forget(now_us)
        if gone:
            self.ways.clear()  # they name rows that others may get now
            self.dialects.clear()
        return gone

    def refuse(self, window: Window, source: str, place: str, reason: str, receive_us: int) -> None:
        """Count and tell a message that was refused."""
        self.refused += 1
        window.findings.append(Finding("message.refused", source, place, reason, receive_us))

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
        counts = messages.get("msgCnt", np.full(len(rows), NO_COUNT))
        count = np.where(pile.counted, counts, NO_COUNT)[at].astype(np.int64)
        stated = self._stated_us(message, read.tables, receive_us)
        used = receive_us.copy()
        used[at] = self.sources.enter(rows[at], message, count, stated[at], receive_us[at], window.findings)
        if message == "bsm":
            one = messages if len(at) == len(rows) else {name: column[at] for name, column in messages.items()}
            found, placed = sight.of_vehicles(one, rows[at], used[at], receive_us[at], self.project)
            self._keep_placed(window, found, placed)
            window.reports.append(sight.of_reports(one, rows[at], used[at]))
        elif message == "psm":
            one = {name: column[at] for name, column in messages.items()}
            found, placed = sight.of_persons(one, rows[at], used[at], receive_us[at], self.project)
            self._keep_placed(window, found, placed)
            self._hear(window, message, pile, at[one["non-motorData.personalReq.crossing"] > 0])
        elif message in ("vir", "clpmm", "vpm", "rtcm"):
            self._hear(window, message, pile, at)
        elif message in ("rsm", "ssm"):
            erratic = (stated == NO_TIME) | self.sources.clocks[np.maximum(rows, 0), account.ERRATIC].astype(np.bool_)
            shift = np.where(erratic, 0, used - np.where(erratic, used, stated))
            # One that jumped is timed by receipt as a whole: the shift says by how much.
            participants, reference = _participants(message, read.tables)
            found, placed = sight.of_road(participants, reference, rows, shift, erratic, receive_us, self.project)
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
            window.spats.append(Spat(read.tables, rows, receive_us, event_us))
        elif message == "map":
            for index in at:
                window.maps.append(MapHeard(int(rows[index]), int(receive_us[index]), pile.frame(int(index))))
        elif message == "rsi":
            for index in at:
                self._road_information(window, pile.frame(int(index)), int(rows[index]), int(receive_us[index]))

    @staticmethod
    def _stated_us(message: str, tables: dict[str, batch.Table], receive_us: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return when each message was so by its sender's clock, NO_TIME where that is unavailable.

        An RSM's time is that of its newest participant (an SSM's too; without any, its own). A message kind that carries no
        second (MAP, RSI, a SPAT without stamps) is timed by receipt, which is no fault.
        """
        messages = tables["messages"]
        if message in ("rsm", "ssm"):
            participants = _participants(message, tables)[0]
            each = sight.event_times_us(participants["secMark"], receive_us[participants["parent"]])
            newest = np.full(len(receive_us), NO_TIME, np.int64)
            np.maximum.at(newest, participants["parent"], each)
            if message == "rsm":
                return newest
            own = sight.event_times_us(messages["secMark"], receive_us)
            return np.where(newest == NO_TIME, own, newest)
        if message == "spat":
            junctions = tables["intersections"]
            mark = messages["timeStamp"].copy()
            stamped = junctions["timeStamp"] >= 0
            mark[junctions["parent"][stamped]] = junctions["timeStamp"][stamped]
            return np.where(mark < 0, receive_us, sight.event_times_us(np.maximum(mark, 0), receive_us))
        if "secMark" in messages:
            return sight.event_times_us(messages["secMark"], receive_us)
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
        if not self._explanations.take(receive_us):
            self.refused += 1
            return
        try:
            found, value = csae.decode(pile.frame(index))
        except csae.CsaeError as error:
            self.refuse(window, name, f"{message}.{error.field}", str(error), receive_us)
            return
        if found == "msgFrameExt" and isinstance(value["value"], tuple):
            found = value["value"][0]
        reason = f"the topic says {message}, the frame is {_MESSAGE.get(found, found)}"
        self.refuse(window, name, "topic", reason, receive_us)

    def _other_dialect(self, window: Window, message: str, payload: bytes, source: Source, receive_us: int) -> bool:
        """Read a frame in the dialect its sender speaks, where that is not ours; return whether it was read so.

        What was read goes on in our dialect, which has room for all of it but the initial position of a BSM's history.
        """
        found = self.dialects.read(source.row, message, payload, receive_us)
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
        for index in np.flatnonzero((rows == forms.RELAYED) & good):
            source = self.sources.find("obu", f"{int(ids[index]):016x}")
            if source is not None:
                rows[index] = source.row
            else:
                self.refuse(window, "gateway/bsm", "source", "the table of senders is full", int(receive_us[index]))

    def _keep_placed(self, window: Window, found: NDArray[np.void], placed: NDArray[np.bool_]) -> None:
        for index in np.flatnonzero(~placed)[:EXPLAINED]:
            source = self.sources.at(int(found["source"][index]))
            reason = "latitude or longitude is stated as unavailable"
            name = source.name if source else "?"
            window.findings.append(Finding("position.absent", name, "pos", reason, int(found["receive_us"][index])))
        window.sightings.append(found if placed.all() else taken(found, placed))

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
        return taken(sightings, near)

    def _hear(self, window: Window, message: str, pile: Pile, at: NDArray[np.int64]) -> None:
        """Keep the values of messages that ask or negotiate, for the cooperation; those beyond its measure are told."""
        room = MOST_HEARD - len(window.heard)
        for index in at[:room].tolist():
            value = csae.decode(pile.frame(index))[1]["value"][1]
            window.heard.append(Heard(message, int(pile.rows[index]), int(pile.receive_us[index]), value))
        over = len(at) - max(room, 0)
        if over > 0:
            reason = f"{over} {message.upper()} beyond {MOST_HEARD} in one window; they are not negotiated with"
            window.findings.append(
                Finding("cooperation.flood", message, "rate", reason, int(pile.receive_us[at[-1]]), count=over)
            )

    def _road_information(self, window: Window, payload: bytes, row: int, receive_us: int) -> None:
        source = self.sources.at(row)
        name = source.name if source else "?"
        value = csae.decode(payload)[1]
        window.road.append(RsiHeard(row, receive_us, value))
        for event in value.get("rtes", ()):
            reason = f"reports event {event['eventType']} (GB/T 29100), source {event['eventSource']}"
            window.findings.append(Finding("road.event", name, f"rte {event['rteId']}", reason, receive_us, "info"))
        for sign in value.get("rtss", ()):
            reason = f"announces sign {sign['signType']} (GB 5768.2)"
            window.findings.append(Finding("road.sign", name, f"rts {sign['rtsId']}", reason, receive_us, "info"))
