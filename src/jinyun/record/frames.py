"""Frames in the record (帧): each as it was published, byte for byte, and which track was which vehicle.

Content of a block of frames: columns ``seq``, ``t_us``, ``length``, and the packed frames one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.net import columns

IDENTITY = np.dtype([("track", np.uint32), ("vehicle_id", np.uint64)])
"""A track that said which vehicle it is (BSM id as an integer)."""


class Packed(NamedTuple):
    """One frame as it was published."""

    seq: int
    t_us: int
    data: bytes


def pack(frames: Sequence[Packed]) -> bytes:
    """Return the content of a block of the record that holds these frames."""
    tables: dict[str, columns.Table] = {
        "frames": {
            "seq": np.array([frame.seq for frame in frames], np.uint32),
            "t_us": np.array([frame.t_us for frame in frames], np.int64),
            "length": np.array([len(frame.data) for frame in frames], np.uint32),
        },
        "octets": {"octet": np.frombuffer(b"".join(frame.data for frame in frames), np.uint8)},
    }
    return columns.pack(tables)


def unpack(content: bytes) -> Iterator[Packed]:
    """Yield what :func:`pack` put in; raises ``ValueError``."""
    try:
        _, tables = columns.unpack(content)
        octets = tables["octets"]["octet"].tobytes()
        listed = tables["frames"]
        ends = np.cumsum(listed["length"].astype(np.int64))
        seqs, times = listed["seq"].tolist(), listed["t_us"].tolist()
    except KeyError as error:
        raise ValueError(f"frames: no {error}") from None
    if (int(ends[-1]) if len(ends) else 0) != len(octets):
        raise ValueError("frames: lengths do not add up")
    begin = 0
    for seq, t_us, end in zip(seqs, times, ends.tolist(), strict=True):
        yield Packed(seq, t_us, octets[begin:end])
        begin = end


def pack_identities(t_us: int, rows: NDArray[np.void]) -> bytes:
    """Return the content of a block that says which track was which vehicle (IDENTITY rows) at ``t_us``."""
    named = {name: np.ascontiguousarray(rows[name]) for name in IDENTITY.names or ()}
    return columns.pack({"identities": named}, {"t_us": t_us})


def unpack_identities(content: bytes) -> NDArray[np.void]:
    """Return the IDENTITY rows of a block; raises ``ValueError``."""
    _, tables = columns.unpack(content)
    try:
        found = tables["identities"]
        rows = np.zeros(len(found["track"]), IDENTITY)
        for name in IDENTITY.names or ():
            rows[name] = found[name]
    except KeyError as error:
        raise ValueError(f"identities: no {error}") from None
    return rows
