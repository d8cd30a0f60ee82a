"""Which road may open now: a score of each section from what its own devices, signals, shape and records say.

Four figures, each 0 to 1 with what it is of, None where nothing is known; unknown is not zero and not good enough:
**sensing** (figures of the scorecard that are met by senders beside it), **signals** (junctions at its ends whose phases
are told truly), **safety** (serious events by km and day against the profile's figure) and **geometry** (its narrowest
bend). A section is ready when all are known and each reaches the profile's least score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.growth.network import Floats, Network
from jinyun.state import read_json
from jinyun.zone import Zone

BESIDE_M = 150.0
BEND_M = 20.0
"""A bend is taken over so much road, so that a drawn corner is not a hairpin."""
ON_ROAD_M = 30.0
"""An event so near a section happened on it."""


def records(
    zone: Zone, state_dir: Path
) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]] | None, float]:
    """Return what the zone's state folder holds: senders' figures, signal stations, events (None: no book), days of them."""
    latest = read_json(state_dir / "quality" / "latest.json")
    signals = read_json(state_dir / "signals.json")
    devices = latest.get("devices", {}) if isinstance(latest, dict) else {}
    stations = signals.get("stations", []) if isinstance(signals, dict) else []
    events, days = None, 0.0
    if (state_dir / "supervision.db").exists():
        from jinyun.supervision.ledger import Ledger

        book = Ledger(state_dir)
        try:
            rows = book.events(10_000)
        finally:
            book.close()
        if rows:
            events = rows
            times = [row["t_us"] for row in rows]
            days = max((max(times) - min(times)) / 86_400e6, 1 / 24)
    return (
        (devices if isinstance(devices, dict) else {}),
        (stations if isinstance(stations, list) else []),
        events,
        days,
    )


def score(
    zone: Zone, network: Network, devices: Mapping[str, Any], stations: Sequence[Mapping[str, Any]],
    events: Sequence[Mapping[str, Any]] | None = None, days: float = 0.0,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the score of each of the zone's own sections (those that its plan has), in the network's order."""
    at = {f"rsu/{rsu.id}": np.asarray(rsu.at, float) for rsu in zone.rsus if rsu.at is not None}
    health = {str(row.get("junction")): _signal(row) for row in stations}
    least = zone.profile["growth.ready_score"].value
    told = []
    for e, id in enumerate(network.segments):
        if "." not in id:  # drawn around the zone: nothing stands there yet
            continue
        beside = [name for name, place in at.items() if name in devices and away(network.shape[e], place) <= BESIDE_M]
        known = [f["meets"] for name in beside for f in devices[name].values()
                 if isinstance(f, Mapping) and f.get("valid") and isinstance(f.get("meets"), bool)]  # fmt: skip
        ends = [health[j] for j in (network.junctions[network.a[e]], network.junctions[network.b[e]]) if j in health]
        lit = [value for value in ends if value is not None]
        figures = {
            "sensing": (sum(known) / len(known) if known else None, len(known)),
            "signals": (sum(lit) / len(lit) if lit else None, len(lit)),
            "safety": _safety(zone, network, e, events, days),
            "geometry": (geometry(network.shape[e], zone.profile["growth.ready_radius_m"].value), 1),
        }
        values = [value for value, _ in figures.values() if value is not None]
        unknown = [name for name, (value, _) in figures.items() if value is None]
        low = [name for name, (value, _) in figures.items() if value is not None and value < least]
        told.append({
            "segment": id, "open": bool(network.open[e]), "km": round(float(network.length_m[e]) / 1000, 3),
            "score": round(min(values), 4) if values and not unknown else None,
            "ready": not unknown and not low, "unknown": unknown, "low": low,
            "figures": {name: {"value": None if value is None else round(value, 4), "of": of}
                        for name, (value, of) in figures.items()},
        })  # fmt: skip
    return told


def geometry(line: Floats, radius_m: float) -> float:
    """Return how near the narrowest bend of a line comes to ``radius_m``: 1 where no bend is narrower."""
    steps = np.hypot(*np.diff(line, axis=0).T)
    station = np.r_[0, np.cumsum(steps)]
    s = np.arange(0, station[-1] + 1e-9, BEND_M)
    if len(s) < 3:
        return 1.0
    x, y = np.interp(s, station, line[:, 0]), np.interp(s, station, line[:, 1])
    heading = np.unwrap(np.arctan2(np.diff(y), np.diff(x)))
    turn = float(np.abs(np.diff(heading)).max())
    return 1.0 if turn < 1e-6 else min(1.0, BEND_M / turn / radius_m)


def away(line: Floats, place: Floats) -> float:
    """Return how far a place is from a line [m]."""
    start, step = line[:-1], np.diff(line, axis=0)
    along = np.clip(((place - start) * step).sum(axis=1) / np.maximum((step**2).sum(axis=1), 1e-9), 0, 1)
    return float(np.hypot(*(place - start - along[:, None] * step).T).min())


def _signal(station: Mapping[str, Any]) -> float | None:
    """Return the share of a junction's phases that nobody crossed while they were red; None where nothing was seen."""
    seen = [
        row["crossed_on"] for row in station.get("phases", []) if isinstance(row, Mapping) and row.get("crossed_on")
    ]
    return sum("red" not in crossed for crossed in seen) / len(seen) if seen else None


def _safety(
    zone: Zone, network: Network, e: int, events: Sequence[Mapping[str, Any]] | None, days: float
) -> tuple[float | None, int]:
    if events is None or days <= 0:
        return None, 0
    count = 0
    for row in events:
        if "x_m" in row and "y_m" in row:
            place = np.array([float(row["x_m"]), float(row["y_m"])])
            count += away(network.shape[e], place) <= ON_ROAD_M
    rate = count / max(network.length_m[e] / 1000, 0.05) / days
    return max(0.0, 1 - rate / zone.profile["growth.ready_conflicts_per_km_day"].value), count
