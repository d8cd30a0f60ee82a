"""What stands in the zone (资产): units, crossings, stops and chargers, found by place and word among a hundred thousand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun.zone import Zone
from jinyun.zone.description import Placed

Box = tuple[float, float, float, float]
"""West, south, east, north [degrees, WGS-84]."""


def of_zone(zone: Zone) -> list[dict[str, Any]]:
    """Return what the zone's description places: ``id, kind, name{zh,en}, lon, lat, x_m, y_m`` and what is its kind's own."""
    rows = [
        _row("rsu", rsu)
        | {
            "node": rsu.node,
            "sensors": [sensor.type for sensor in rsu.sensors],
            "sensing": sorted({zone.sensor_types[sensor.type].source for sensor in rsu.sensors}),
        }
        for rsu in zone.rsus
    ]
    rows += [_row("crossing", crossing) for crossing in zone.crossings]
    rows += [_row("stop", stop) | {"smart": stop.smart} for stop in zone.stops]
    rows += [
        _row("charger", charger) | {"piles": charger.piles, "power_kw": charger.power_kw} for charger in zone.chargers
    ]
    return rows


def _row(kind: str, thing: Placed) -> dict[str, Any]:
    name = {"zh": thing.name.zh, "en": thing.name.en}
    return {
        "id": f"{kind}/{thing.id}", "kind": kind, "name": name, "lon": thing.lon, "lat": thing.lat,
        "x_m": thing.x_m, "y_m": thing.y_m, "state": None,
    }  # fmt: skip


PLACES = frozenset({"crossing", "stop", "charger"})


def order(row: Mapping[str, Any]) -> str:
    """Return by what rows are sorted: what speaks first, then what only stands there, each by its id."""
    return f"{int(row['kind'] in PLACES)}{row['id']}"


def name_of(device: Mapping[str, Any]) -> str:
    """Return the id of a device's row."""
    return f"{device.get('kind')}/{device.get('id')}"


def of_stranger(device: Mapping[str, Any]) -> dict[str, Any]:
    """Return the row of a device that speaks and is not the zone's."""
    name = {"zh": device.get("zh"), "en": device.get("en")}
    return {"id": name_of(device), "kind": device.get("kind"), "name": name, "lon": None, "lat": None}


STATES = ("online", "late", "silent", "unknown")
"""How a device may be; what only stands there has no state."""


class Assets:
    """Rows in the order of what they are and of their ids, with places, words and states side by side for the search.

    What the cloud says of devices changes once a second and is taken by itself (:meth:`hear`): of a hundred thousand rows only
    those of a page are put together.
    """

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        self.placed = sorted(rows, key=order)
        self.keys = [order(row) for row in self.placed]
        self.at = {str(row["id"]): i for i, row in enumerate(self.placed)}
        self.kind = np.array([str(row["kind"]) for row in self.placed])
        self.kinds = sorted(set(self.kind.tolist()))
        place = [(row.get("lon"), row.get("lat")) for row in self.placed]
        self.lon, self.lat = (
            np.array([np.nan if each[axis] is None else each[axis] for each in place], np.float64) for axis in (0, 1)
        )
        self.words = [f"{row['id']} {row['name']['zh']} {row['name']['en']}".casefold() for row in self.placed]
        self.state = np.full(len(self.placed), -1, np.int8)
        self._said: Mapping[int, Mapping[str, Any]] = {}

    def hear(self, devices: Iterable[Mapping[str, Any]]) -> None:
        """Take what the cloud says of devices now; those that have no row here are left out."""
        said = {row: device for device in devices if (row := self.at.get(name_of(device))) is not None}
        self.state = np.full(len(self.placed), -1, np.int8)
        for row, device in said.items():
            if (state := device.get("state")) in STATES:
                self.state[row] = STATES.index(state)
        self._said = said

    def row(self, row: int) -> dict[str, Any]:
        """Return one row with what the cloud says of it now."""
        said = self._said.get(row, {})
        return {**self.placed[row], **{name: said[name] for name in said if name not in ("id", "kind", "zh", "en")}}

    def found(self, q: str = "", kind: str = "", box: Box | None = None) -> NDArray[np.intp]:
        """Return the rows, in order, whose words hold each word of ``q``, of that kind, within that box."""
        good = np.ones(len(self.placed), np.bool_)
        if kind:
            good &= self.kind == kind
        if box is not None:
            west, south, east, north = box
            across = self.lon >= west if west > east else np.zeros(len(good), np.bool_)
            within = (self.lon <= east) | across if west > east else (self.lon >= west) & (self.lon <= east)
            good &= within & (self.lat >= south) & (self.lat <= north)
        rows = np.flatnonzero(good)
        for word in q.casefold().split():
            rows = np.array([row for row in rows.tolist() if word in self.words[row]], np.intp)
        return rows

    def counted(self, rows: NDArray[np.intp]) -> dict[str, int]:
        """Return how many of the rows are in each state."""
        of = self.state[rows]
        counts = np.bincount(of[of >= 0], minlength=len(STATES))
        return dict(zip(STATES, counts.tolist(), strict=True))

    def in_state(self, rows: NDArray[np.intp], state: str) -> NDArray[np.intp]:
        """Return those of the rows that are in a state; none where there is no such state."""
        wanted = STATES.index(state) if state in STATES else len(STATES)
        found: NDArray[np.intp] = rows[self.state[rows] == wanted]
        return found
