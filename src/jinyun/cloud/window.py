"""A window of arrivals while it is decoded: frames sorted into piles, and what they have given so far."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.quality.received import MapHeard
from jinyun.cloud.quality.spat import Spat
from jinyun.net import topics
from jinyun.net.csae import batch
from jinyun.shapes import Finding

FRAMED = (*topics.MESSAGES, *topics.SECOND_STAGE)
"""The messages that come as MessageFrames."""


class RsiHeard(NamedTuple):
    """One RSI as decoded: row of its sender, when we had it, and its value."""

    source: int
    receive_us: int
    value: Mapping[str, Any]


@dataclass(slots=True)
class Decoded:
    """What one window of arrivals held."""

    sightings: NDArray[np.void]
    signals: NDArray[np.void]
    findings: list[Finding]
    receive_us: NDArray[np.int64]  # of every message taken
    replies: list[tuple[str, bytes]]  # (MQTT topic, payload) to devices that ask for an answer
    spats: list[Spat]
    maps: list[MapHeard]
    reports: NDArray[np.void]
    road: list[RsiHeard] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)  # what asks or negotiates: VIR, CLPMM, VPM, crossing persons' PSM


@dataclass(slots=True)
class Pile:
    """The frames of one kind in a window, in one buffer, in the order they came."""

    buffer: NDArray[np.uint8]
    at: NDArray[np.int64]
    length: NDArray[np.int64]
    rows: NDArray[np.int64]
    receive_us: NDArray[np.int64]
    counted: NDArray[np.bool_]  # whether msgCnt is the sender's own

    def frame(self, index: int) -> bytes:
        return self.buffer[self.at[index] : self.at[index] + self.length[index]].tobytes()


@dataclass(slots=True)
class Loose:
    """Frames that did not come as such: taken out of envelopes, made of JSON."""

    payloads: list[bytes] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)
    receive_us: list[int] = field(default_factory=list)
    counted: list[bool] = field(default_factory=list)

    def add(self, payload: bytes, row: int, receive_us: int, counted: bool = True) -> None:
        self.payloads.append(payload)
        self.rows.append(row)
        self.receive_us.append(receive_us)
        self.counted.append(counted)

    def pile(self) -> Pile:
        rows, receive_us = np.array(self.rows, np.int64), np.array(self.receive_us, np.int64)
        buffer, at, length = batch.join(self.payloads)
        return Pile(buffer, at, length, rows, receive_us, np.array(self.counted, np.bool_))


@dataclass(slots=True)
class Window:
    """What a window has given so far."""

    loose: dict[str, Loose] = field(
        default_factory=lambda: {message: Loose() for message in (*topics.MESSAGES, *topics.SECOND_STAGE)}
    )
    sightings: list[NDArray[np.void]] = field(default_factory=list)
    signals: list[NDArray[np.void]] = field(default_factory=list)
    reports: list[NDArray[np.void]] = field(default_factory=list)
    receive_us: list[NDArray[np.int64]] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    spats: list[Spat] = field(default_factory=list)
    maps: list[MapHeard] = field(default_factory=list)
    road: list[RsiHeard] = field(default_factory=list)
    heard: list[Heard] = field(default_factory=list)
    replies: list[tuple[str, bytes]] = field(default_factory=list)
    relayed: dict[int, int] = field(default_factory=dict)  # row of a gateway -> frames it relayed in this window
