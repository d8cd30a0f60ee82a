"""What one roadside unit sees (路侧所见): an RSM as rows in the zone's metres, before anybody has fused anything.

A crossing cannot wait for the cloud's picture: it takes its own unit's messages as they come.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from jinyun.net import gateway, topics
from jinyun.net.csae import batch
from jinyun.shapes import Kind
from jinyun.zone import Projection

SEEN = np.dtype(
    [
        ("number", np.int64),  # ptcId: the unit's own number for it
        ("kind", np.uint8),
        ("x_m", np.float64),
        ("y_m", np.float64),
        ("speed_mps", np.float64),
        ("heading_rad", np.float64),
        ("length_m", np.float64),
    ]
)
MINUTE_US = 60_000_000
LAST_MARK_MS = 60_999


class Look(NamedTuple):
    """One RSM: whose, when it was measured (by the unit's clock) and had, and whom it holds."""

    unit: str
    event_us: int
    """0 where no participant carries a time."""
    receive_us: int
    rows: NDArray[np.void]


def look(subject: str, payload: bytes, receive_us: int, project: Projection) -> Look | None:
    """Return the RSM in a message on ``subject``; None where it is none, or one that cannot be read.

    Bare UPER and the gateway's envelope are understood. What is refused here is refused, and reported, by the cloud too.
    """
    route = topics.route(subject)
    if route is None or route.message != "rsm" or route.scheme == "json":
        return None
    unit, frames = route.device, [payload]
    if route.scheme == "gateway":
        try:
            envelope = gateway.unwrap(payload, "rsm")
        except gateway.EnvelopeError:
            return None
        unit, frames = envelope.rsu, envelope.frames
    found = batch.decode("rsmFrame", *batch.join(frames))
    if not (found.verdict == batch.OK).all():
        return None
    table, messages = found.tables["participants"], found.tables["messages"]
    if not len(table["ptcType"]):
        return None
    parent = table["parent"]
    lon, lat = batch.degrees(table, messages["refPos.lat"][parent], messages["refPos.long"][parent])
    marks = table["secMark"].astype(np.int64)
    timed = (marks >= 0) & (marks <= LAST_MARK_MS)
    event_us = int(event_times_us(marks[timed], receive_us).max()) if timed.any() else 0
    somebody = (table["ptcType"] != Kind.RSU) & np.isfinite(lon)
    rows = np.zeros(int(somebody.sum()), SEEN)
    rows["x_m"], rows["y_m"] = project(lon[somebody], lat[somebody])
    rows["number"], rows["kind"] = table["ptcId"][somebody], np.clip(table["ptcType"][somebody], 0, 4)
    speed, heading, length = (table[name][somebody] for name in ("speed", "heading", "size.length"))
    rows["speed_mps"] = np.where((speed < 0) | (speed >= 8191), np.nan, speed * 0.02)
    rows["heading_rad"] = np.where((heading < 0) | (heading >= 28_800), np.nan, np.radians(heading * 0.0125))
    rows["length_m"] = np.where(length > 0, length * 0.01, np.nan)
    return Look(unit, event_us, receive_us, rows)


def event_times_us(marks_ms: NDArray[np.int64], receive_us: int) -> NDArray[np.int64]:
    """Return the instants that DSecond (milliseconds of a minute) names nearest to receipt."""
    near = receive_us - receive_us % MINUTE_US + np.minimum(marks_ms, 59_999) * 1000
    times: NDArray[np.int64] = near + np.round((receive_us - near) / MINUTE_US).astype(np.int64) * MINUTE_US
    return times
