"""The twin's step: from state, sightings and an instant to the next state and one immutable frame.

It depends on its arguments alone, so live, replay and tests run the same code with another clock. The state is seconds
deep and may be rebuilt from the last seconds of the log.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud import tracking
from jinyun.net import columns
from jinyun.rows import copied, joined, taken
from jinyun.shapes import SIGNAL, Frame

TICK_US = 100_000
SIGNAL_KEPT_US = 2_000_000
"""A signal state older than this is unknown, and leaves the frame."""

ADVICE_COLUMNS = {
    "episode": np.uint32, "application": np.uint8, "receiver": np.uint32, "about": np.uint32, "urgency": np.uint8,
    "x_m": np.float32, "y_m": np.float32, "after_s": np.float32, "probability": np.float32, "value": np.float32,
}  # fmt: skip
"""What subscribers get of the advice that is open."""


@dataclass(slots=True)
class State:
    """What the twin carries from tick to tick."""

    seq: int = 0
    tracks: tracking.Tracks = field(default_factory=tracking.Tracks)
    signals: NDArray[np.void] = field(default_factory=lambda: np.empty(0, SIGNAL))


def step(state: State, sightings: NDArray[np.void], signals: NDArray[np.void], now_us: int) -> Frame:
    """Advance ``state`` to ``now_us`` (us UTC) with what arrived since the last tick and return the frame."""
    tracking.take(state.tracks, sightings, now_us)
    return framed(state, tracking.published(state.tracks, now_us), signals, now_us)


def framed(state: State, tracks: NDArray[np.void], signals: NDArray[np.void], now_us: int) -> Frame:
    """Return the next frame of TRACK rows that were fused elsewhere, or here."""
    state.signals = _newest(joined([state.signals, signals], SIGNAL), now_us)
    state.seq += 1
    frame = Frame(
        state.seq,
        now_us,
        tracks,
        copied(state.signals),
    )
    frame.tracks.setflags(write=False)
    frame.signals.setflags(write=False)
    return frame


def _newest(signals: NDArray[np.void], now_us: int) -> NDArray[np.void]:
    """Return the newest state of each signal group that is not too old, by region, node and phase; of equals the last."""
    signals = taken(signals, now_us - signals["event_us"] <= SIGNAL_KEPT_US)
    groups = signals["region"].astype(np.int64) << 24 | signals["node"].astype(np.int64) << 8 | signals["phase"]
    order = np.lexsort((signals["event_us"], groups))
    last = np.append(np.diff(groups[order]) != 0, True)[: len(order)]
    return taken(signals, order[last])


def pack(frame: Frame, meta: dict[str, object]) -> bytes:
    """Return the frame as columns for subscribers: degrees, ages and remaining times as in ``docs/api.md``."""
    tracks, signals = frame.tracks, frame.signals
    age_ms = np.clip((frame.t_us - tracks["last_us"]) // 1000, 0, 65_535)
    remaining_ds = np.where(
        signals["likely_end_us"] > 0, np.clip((signals["likely_end_us"] - frame.t_us) // 100_000, 0, 65_534), 65_535
    )
    tables = {
        "tracks": {
            "id": tracks["id"],
            "kind": tracks["kind"],
            "class": tracks["classification"],
            "seen_by": tracks["seen_by"],
            "sources": tracks["sources"],
            "x_m": tracks["x_m"].astype(np.float32),
            "y_m": tracks["y_m"].astype(np.float32),
            "heading_deg": np.degrees(tracks["heading_rad"]).astype(np.float32),
            "speed_mps": tracks["speed_mps"],
            "length_m": tracks["length_m"],
            "width_m": tracks["width_m"],
            "height_m": tracks["height_m"],
            "position_sd_m": tracks["position_sd_m"],
            "age_ms": age_ms.astype(np.uint16),
        },
        "signals": {
            "node": signals["node"],
            "phase": signals["phase"],
            "light": signals["light"],
            "remaining_ds": remaining_ds.astype(np.uint16),
        },
        "advice": {
            name: frame.advice[name].astype(as_type)
            for name, as_type in ADVICE_COLUMNS.items()
            if name in (frame.advice.dtype.names or ())
        },
    }
    return columns.pack(tables, {"kind": "frame", "seq": frame.seq, "t_us": frame.t_us, **meta})
