"""Roads for the tests of what lies ahead: turned to any compass direction, with events and signs that hold on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from functools import cache

import numpy as np

from jinyun import zone
from jinyun.cloud.apps import parameters
from jinyun.cloud.prediction import roadway
from jinyun.cloud.roadevents import Posted, Posting, RoadEvents
from jinyun.hdmap import Map
from jinyun.zone import Projection, load_profile
from tests.cloud.apps.scenes import T_US, Mover
from tests.hdmap.drawn import lanes_of
from tests.hdmap.town import town

COMPASS = (0, 90, 180, 270)


@dataclass(frozen=True)
class Item:
    """Something that a zone declares."""

    x_m: float = float("nan")
    y_m: float = float("nan")
    code: int = 0
    radius_m: float = 0.0
    path: tuple[tuple[float, float], ...] = ()
    limit_kmh: float | None = None
    price_yuan: float | None = None
    posting: Posting = field(default=Posting.EVENT)


def own(id: str) -> dict[str, float]:
    """Return the parameters of an application in the national profile."""
    return parameters(_profile(), id)


@cache
def _profile() -> zone.Profile:
    return load_profile(zone.profiles_dir() / "national-2020.toml")


def at(x_m: float, y_m: float, deg: float) -> tuple[float, float]:
    """Return a place turned clockwise around the origin."""
    s, c = np.sin(np.radians(deg)), np.cos(np.radians(deg))
    return float(x_m * c + y_m * s), float(y_m * c - x_m * s)


def turned(map: Map, deg: float) -> Map:
    """Return the map turned clockwise around its origin."""
    tables = {}
    for table in fields(map):
        columns = dict(getattr(map, table.name))
        for x in [name for name in columns if "x" in name and name.endswith("_m")]:
            y = x.replace("x", "y")
            s, c = np.sin(np.radians(deg)), np.cos(np.radians(deg))
            columns[x], columns[y] = columns[x] * c + columns[y] * s, columns[y] * c - columns[x] * s
        tables[table.name] = columns
    return replace(map, **tables)


def moved(movers: Iterable[Mover], deg: float) -> list[Mover]:
    """Return movers turned with the map."""
    found = []
    for one in movers:
        x_m, y_m = at(one.x_m, one.y_m, deg)
        found.append(replace(one, x_m=x_m, y_m=y_m, heading_deg=(one.heading_deg + deg) % 360))
    return found


def posted(map: Map, items: Iterable[Item], deg: float = 0.0) -> Posted:
    """Return what holds on a map when a zone declares ``items``, turned with the map."""
    events = RoadEvents(roadway(map), Projection(106.3, 29.6))
    for item in items:
        x_m, y_m = at(item.x_m, item.y_m, deg)
        here = replace(item, x_m=x_m, y_m=y_m, path=tuple(at(*point, deg) for point in item.path))
        events.declare(item.posting, [here], T_US)
    return events.step(T_US)


@cache
def signalled(deg: float = 0.0) -> Map:
    """Return the town with its one light, turned."""
    return turned(town(), deg)


def light(phase: int, colour: int, left_s: float | None) -> dict[str, int]:
    """Return a row of SIGNAL of the town's junction."""
    end = int(T_US + left_s * 1e6) if left_s is not None else 0
    return {"region": 1, "node": 1, "phase": phase, "light": colour, "likely_end_us": end}


@cache
def curve(deg: float = 0.0) -> Map:
    """Return a road of one lane each way: 300 m to the north, a quarter to the right of 60 m radius, 300 m to the east."""
    a = np.linspace(0, np.pi / 2, 40)
    there = np.concatenate([[[0, 0]], np.column_stack([60 - 60 * np.cos(a), 300 + 60 * np.sin(a)]), [[360, 360]]])
    back = np.concatenate(
        [[[360, 363.5]], np.column_stack([60 - 63.5 * np.cos(a), 300 + 63.5 * np.sin(a)])[::-1], [[-3.5, 0]]]
    )
    return turned(lanes_of([there, back], edge=[0, 1], speed_mps=15.0), deg)
