"""Raw messages in the record (原始报文): whole blocks of arrivals as they came, and the turns of the cloud they came in.

A turn is one round of the cloud: what it took, and until when it then let its clock run. With the turns, the cloud's step
can be run again over the same bytes and must give the same frames.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from jinyun.net import columns
from jinyun.net.block import Block

TURN = np.dtype(
    [
        ("now_us", np.int64),  # until when the clock ran
        ("messages", np.uint32),  # how many of the messages it took, in their order
        ("lags", np.uint32),  # how many of the lags are its own
        ("deed", np.uint8),  # ADVANCED or TOLD
    ]
)
ADVANCED, TOLD = 0, 1
"""A turn took messages and made frames, or closed a second's account."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Some rounds of the cloud: TURN rows, their messages, and how late each of their windows was (s)."""

    rows: NDArray[np.void]
    messages: Block
    lags_s: NDArray[np.float64]


@njit(cache=True, nogil=True)
def _gather(
    data: NDArray[np.uint8],
    subject_at: NDArray[np.int64],
    subject_length: NDArray[np.int64],
    payload_at: NDArray[np.int64],
    payload_length: NDArray[np.int64],
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Copy subject and payload of each message to ``out`` from ``at`` on; return where they end."""
    for i in range(len(subject_at)):
        for k in range(subject_length[i]):
            out[at + k] = data[subject_at[i] + k]
        at += subject_length[i]
        for k in range(payload_length[i]):
            out[at + k] = data[payload_at[i] + k]
        at += payload_length[i]
    return at


def pack(rows: NDArray[np.void], blocks: Sequence[Block], lags_s: NDArray[np.float64]) -> bytes:
    """Return the content of a block of the record: TURN rows, the messages of all of them in order, their lags (s)."""
    count = sum(map(len, blocks))
    subject = np.concatenate([block.subject_length for block in blocks]) if blocks else np.empty(0, np.int64)
    payload = np.concatenate([block.payload_length for block in blocks]) if blocks else np.empty(0, np.int64)
    octets = np.empty(int(subject.sum() + payload.sum()), np.uint8)
    at = 0
    for block in blocks:
        at = _gather(
            block.buffer, block.subject_at, block.subject_length, block.payload_at, block.payload_length, octets, at
        )
    received = np.concatenate([block.receive_us for block in blocks]) if count else np.empty(0, np.int64)
    tables = {
        "turns": {name: np.ascontiguousarray(rows[name]) for name in TURN.names or ()},
        "lags": {"s": lags_s},
        "messages": {
            "receive_us": received,
            "subject": subject.astype(np.uint16),
            "payload": payload.astype(np.uint32),
        },
        "octets": {"octet": octets},
    }
    return columns.pack(tables)


def unpack(content: bytes) -> Turns:
    """Return what :func:`pack` put in; raises ``ValueError``."""
    try:
        _, tables = columns.unpack(content)
        turns, messages = tables["turns"], tables["messages"]
        octets = tables["octets"]["octet"].tobytes()
        rows = np.zeros(len(turns["now_us"]), TURN)
        for name in TURN.names or ():
            rows[name] = turns[name]
        subject, payload = messages["subject"].astype(np.int64), messages["payload"].astype(np.int64)
        received = messages["receive_us"].astype(np.int64)
        lags_s = tables["lags"]["s"].astype(np.float64)
    except KeyError as error:
        raise ValueError(f"messages: no {error}") from None
    ends = np.cumsum(subject + payload)
    subject_at = ends - subject - payload
    if (int(ends[-1]) if len(ends) else 0) != len(octets) or int(rows["messages"].sum()) != len(received):
        raise ValueError("messages: lengths do not add up")
    block = Block(octets, subject_at, subject, subject_at + subject, payload, received)
    return Turns(rows, block, lags_s)
