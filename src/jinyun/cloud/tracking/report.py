"""What the fusion found wrong with its senders, in words: Findings with the numbers that prove them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from jinyun.cloud.tracking import trust
from jinyun.cloud.tracking.table import Tracks
from jinyun.shapes import Finding

OWN_SDS = 4.0
"""A car is told to be off when its places are off by so many of the standard deviations it states."""
OWN_SURE = 0.5
"""How certain that must be: share of the stated standard deviation that is still unknown."""
SCATTERS = 9.0
"""A sender is told to scatter when its places' variance is so many times what it states."""
RECENT_US = 2_000_000


def findings(tracks: Tracks, name_of: Callable[[int], str | None], now_us: int) -> list[Finding]:
    """Return what is wrong with senders now: ``source.bias`` and ``source.scatter``; ``name_of`` names a sender's row."""
    found: list[Finding] = []
    for source, east_m, north_m, turn_rad, clock_s, passages in trust.offsets(tracks.trust):
        name = name_of(source)
        if name is not None:
            reason = f"{_offset(east_m, north_m, turn_rad, clock_s)}, by {passages} passages that others saw too"
            found.append(Finding("source.bias", name, "pos", f"{reason}; taken out of its sightings", now_us))
    known = tracks.trust[:, trust.LOOKS] >= trust.MIDDLE_LOOKS
    recent = now_us - tracks.trust[:, trust.SEEN_US] <= RECENT_US
    for source in np.flatnonzero(known & recent & (tracks.trust[:, trust.SCATTER] > SCATTERS)).tolist():
        name = name_of(source)
        if name is not None:
            times = float(np.sqrt(tracks.trust[source, trust.SCATTER]))
            reason = f"its places scatter {times:.1f} times as far as it states; weighed accordingly"
            found.append(Finding("source.scatter", name, "pos", reason, now_us))
    found += _of_cars(tracks, name_of, now_us)
    return found


def _offset(east_m: float, north_m: float, turn_rad: float, clock_s: float) -> str:
    """Return an offset in words, its large parts first."""
    parts: list[tuple[float, str]] = []
    side = "clockwise" if turn_rad > 0 else "anticlockwise"
    parts.append((abs(turn_rad) / trust.WORTH[2], f"turned {np.degrees(abs(turn_rad)):.1f} degrees {side}"))
    late = "behind" if clock_s > 0 else "ahead"
    parts.append((abs(clock_s) / trust.WORTH[3], f"its clock {abs(clock_s) * 1000:.0f} ms {late}"))
    shift = f"shifted {east_m:+.1f} m east and {north_m:+.1f} m north"
    parts.append((max(abs(east_m), abs(north_m)) / trust.WORTH[0], shift))
    parts.sort(reverse=True)
    return ", ".join(text for size, text in parts if size >= min(1.0, parts[0][0]))


def _of_cars(tracks: Tracks, name_of: Callable[[int], str | None], now_us: int) -> Iterator[Finding]:
    """Yield a Finding for each car whose own places differ from what the road sees of it."""
    rows = tracks.rows
    off_m = np.hypot(rows["bias_x"], rows["bias_y"])
    seen_both = (now_us - rows["self_us"] <= RECENT_US) & (now_us - rows["road_us"] <= RECENT_US)
    large = rows["alive"] & rows["guided"] & seen_both & (rows["bias_sd"] > 0) & (off_m > OWN_SDS * rows["bias_sd"])
    for row in np.flatnonzero(large).tolist():
        own = tracks.links[row][tracks.links[row]["participant"] == rows["vehicle_id"][row]]
        name = name_of(int(own["source"][0])) if len(own) else None
        if name is not None:
            reason = (
                f"says it is {off_m[row]:.1f} m from where the road sees it, and states {rows['bias_sd'][row]:.2f} m; "
                "taken out of its reports"
            )
            yield Finding("source.bias", name, "pos", reason, now_us)
