"""The reference zone's signals as its units tell them, encoded and decoded, as fast as they can be worked: a second at once.

A fault is planted in the programs, or in the columns before they are encoded, so that it goes the whole way a real one would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import sight
from jinyun.cloud.quality.received import MapHeard
from jinyun.cloud.quality.spat import Spat
from jinyun.cloud.quality.truth import SignalTruth
from jinyun.hdmap import mapdata_parts
from jinyun.net import csae
from jinyun.net.csae import batch
from jinyun.shapes import Finding
from tests.cloud.quality.programs import Signals
from tests.hdmap.reference import reference

Columns = dict[str, dict[str, NDArray[Any]]]
Ints = NDArray[np.int64]
START_US = 1_790_000_000_000_000
"""A whole second of September 2026."""
DELAY_US = 12_000
PER_SECOND = 10
SOME = ("RSU-A2", "RSU-A4", "RSU-C1")
"""Units of three ordinary junctions, two of one kind."""


@cache
def units() -> tuple[list[str], list[int]]:
    """Return the names of all units with a junction, and the junctions' rows."""
    here, map = reference()
    rows = [(rsu.id, map.junction_row(rsu.junction)) for rsu in here.rsus if rsu.junction is not None]
    return [name for name, _ in rows], [row for _, row in rows]


@cache
def map_values(name: str) -> tuple[Any, ...]:
    """Return the parts of a unit's MAP as values."""
    names, rows = units()
    return tuple(mapdata_parts(reference()[1], rows[names.index(name)]))


@cache
def map_frames(name: str) -> tuple[bytes, ...]:
    return tuple(csae.encode("mapFrame", part) for part in map_values(name))


def name_of(row: int) -> str:
    """Senders' rows are their places among all units with a junction; later rows are strangers."""
    names = units()[0]
    return f"rsu/{names[row]}" if row < len(names) else f"rsu/X{row}"


def row_of(name: str) -> int:
    return units()[0].index(name)


class Lamps:
    """What the units of some signalised junctions (None: all) send in each second."""

    def __init__(self, only: Sequence[str] | None = SOME) -> None:
        self.here, self.map = reference()
        names, rows = units()
        lit = [
            (name, row)
            for name, row in zip(names, rows, strict=True)
            if self.map.junctions["steps"][row] > 0 and (only is None or name in only)
        ]
        self.names, self.rows = [name for name, _ in lit], [row for _, row in lit]
        self.source = np.array([names.index(name) for name in self.names], np.int64)
        self.signals = Signals(self.map, self.rows * PER_SECOND)
        self.region = self.here.map.region
        self.count = np.zeros(len(self.rows), np.int64)
        self.after_us = np.array([k * 7 % 10 * 10_000 for k in range(len(self.rows))], np.int64)
        self.offset_s = np.tile(self.map.junctions["offset_s"][self.rows], PER_SECOND)
        self.map_count = 0

    def node(self, name: str) -> int:
        return int(self.map.junctions["node"][self.rows[self.names.index(name)]])

    def _of_phase(self, name: str, phase: int) -> NDArray[np.intp]:
        junction, n = self.signals.junction, len(self.rows)
        return np.flatnonzero((junction % n == self.names.index(name)) & (self.signals.phase == phase))

    def program(self, name: str, phase: int) -> list[tuple[float, int]]:
        """Return when in the cycle (s) a phase changes, and to which light."""
        p = self._of_phase(name, phase)[0]
        count = self.signals._count[p]
        return list(
            zip(self.signals._begins_s[p, :count].tolist(), self.signals._lights[p, :count].tolist(), strict=True)
        )

    def reprogram(self, name: str, phase: int, program: Sequence[tuple[float, int]]) -> None:
        """Give a phase another program; its countdown and what it announces follow."""
        rows, n = self._of_phase(name, phase), len(program)
        missing = max(0, n - self.signals._begins_s.shape[1])
        self.signals._begins_s = np.pad(self.signals._begins_s, ((0, 0), (0, missing)), constant_values=np.inf)
        self.signals._lights = np.pad(self.signals._lights, ((0, 0), (0, missing)))
        self.signals._begins_s[rows] = np.inf
        for k, (begins_s, light) in enumerate(sorted(program)):
            self.signals._begins_s[rows, k], self.signals._lights[rows, k] = begins_s, light
        self.signals._count[rows] = n

    def columns(self, second: int) -> tuple[Columns, Ints, Ints]:
        """Return (SPAT columns, when each was sent by true time (us), sender rows) of one second."""
        n = len(self.rows)
        step = np.repeat(np.arange(PER_SECOND), n)
        at_us = START_US + second * 1_000_000 + step * 100_000 + np.tile(self.after_us, PER_SECOND)
        counts = (np.tile(self.count, PER_SECOND) + step) % 128
        self.count = (self.count + PER_SECOND) % 128
        position = (at_us - START_US) / 1e6 - self.offset_s
        columns = self.signals.spat(position, at_us.tolist(), counts.tolist(), self.region)
        copied = {table: {name: np.array(values) for name, values in its.items()} for table, its in columns.items()}
        return copied, at_us, np.tile(self.source, PER_SECOND)

    def messages(self, columns: Columns, name: str) -> NDArray[np.intp]:
        """Return the rows of one unit's messages (and junctions: each message has one)."""
        return np.flatnonzero(np.arange(len(columns["messages"]["msgCnt"])) % len(self.names) == self.names.index(name))

    def phases(self, columns: Columns, name: str, phase: int | None = None) -> NDArray[np.intp]:
        """Return the rows of one unit's phases, or of one phase."""
        own = np.repeat(np.arange(len(columns["messages"]["msgCnt"])), columns["intersections"]["phases"])
        mine = own % len(self.names) == self.names.index(name)
        return np.flatnonzero(mine & ((columns["intersections.phases"]["id"] == phase) | (phase is None)))

    def states(self, columns: Columns, name: str, phase: int | None = None) -> NDArray[np.intp]:
        """Return the rows of the states that burn now."""
        count = columns["intersections.phases"]["phaseStates"]
        return (np.cumsum(count) - count)[self.phases(columns, name, phase)]

    def maps(self, at_us: int, names: Iterable[str] | None = None) -> list[MapHeard]:
        """Return the MAPs of all (or some) units, once, as sent at an instant."""
        self.map_count += 1
        heard = []
        for name in self.names if names is None else names:
            for frame in map_frames(name):
                heard.append(
                    MapHeard(row_of(name), at_us + DELAY_US + len(heard), numbered(frame, self.map_count % 128))
                )
        return heard


Fault = Callable[[Columns, Ints, Ints, int], Any]
"""Changes (columns, sent, senders) of a second; may return others: (columns, sent, senders) or with receipts as a fourth."""


def numbered(frame: bytes, count: int) -> bytes:
    """Return a MAP frame with another msgCnt: bits 6 to 12."""
    head = int.from_bytes(frame[:2], "big") & ~(0x7F << 3) | count << 3
    return head.to_bytes(2, "big") + frame[2:]


def kept(columns: Columns, sent: Ints, source: Ints, keep: NDArray[np.bool_]) -> tuple[Columns, Ints, Ints]:
    """Return the messages of a second that ``keep`` names."""
    of_phase = np.repeat(keep, columns["intersections"]["phases"])
    of_state = np.repeat(of_phase, columns["intersections.phases"]["phaseStates"])
    rows = {"messages": keep, "intersections": keep, "intersections.phases": of_phase}
    cut = {t: {n: v[rows.get(t, of_state)] for n, v in its.items()} for t, its in columns.items()}
    return cut, sent[keep], source[keep]


def without_phases(columns: Columns, drop: NDArray[np.intp]) -> None:
    """Take phases out of their messages."""
    phases, per = columns["intersections.phases"], columns["intersections"]["phases"]
    gone = np.zeros(len(phases["id"]), np.bool_)
    gone[drop] = True
    own = np.repeat(np.arange(len(per)), per)
    of_state = np.repeat(gone, phases["phaseStates"])
    columns["intersections"]["phases"] = per - np.bincount(own[gone], minlength=len(per))
    states = columns["intersections.phases.phaseStates"]
    columns["intersections.phases.phaseStates"] = {name: values[~of_state] for name, values in states.items()}
    columns["intersections.phases"] = {name: values[~gone] for name, values in phases.items()}


def spat(columns: Columns, sent_us: Ints, source: Ints, receive_us: Ints | None = None) -> Spat:
    """Return SPAT columns encoded and decoded, received 12 ms after they were sent."""
    given = batch.encode("spatFrame", columns)
    assert (given.verdict == batch.OK).all(), given.misfit(int(np.flatnonzero(given.verdict != batch.OK)[0]))
    receive = sent_us + DELAY_US if receive_us is None else receive_us
    read = batch.decode("spatFrame", given.buffer, given.offsets, given.lengths)
    assert (read.verdict == batch.OK).all()
    messages, junctions = read.tables["messages"], read.tables["intersections"]
    parent = junctions["parent"]
    mark = np.where(junctions["timeStamp"] >= 0, junctions["timeStamp"], messages["timeStamp"][parent])
    event = sight.event_times_us(mark, receive[parent])
    return Spat(read.tables, source, receive, np.where(mark < 0, receive[parent], event))


def truth_of(lamps: Lamps) -> SignalTruth:
    return SignalTruth(lamps.here, lamps.map, name_of)


def run(
    lamps: Lamps,
    seconds: int,
    *faults: Fault,
    truth: SignalTruth | None = None,
    maps: Callable[[int, int], list[MapHeard]] | None = None,
    since: int = 0,
) -> list[Finding]:
    """Feed seconds to a new (or the given) truth, with faults planted; return all findings.

    ``maps`` makes the MAPs of a second from its number and an instant within it.
    """
    truth = truth or truth_of(lamps)
    found: list[Finding] = []
    for second in range(since, since + seconds):
        columns, sent, source = lamps.columns(second)
        receive = None
        for fault in faults:
            made = fault(columns, sent, source, second)
            if made is not None:
                columns, sent, source, *rest = made
                receive = rest[0] if rest else receive
        now_us = START_US + (second + 1) * 1_000_000
        heard = lamps.maps(now_us - 900_000) if maps is None else maps(second, now_us - 900_000)
        spats = [spat(columns, sent, source, receive)] if len(sent) else []
        found += truth.take(spats, heard, now_us)
    return found


def told(found: Iterable[Finding]) -> set[tuple[str, str, str]]:
    """Return the causes of findings: rule, sender, field."""
    return {(one.rule, one.source, one.field) for one in found}
