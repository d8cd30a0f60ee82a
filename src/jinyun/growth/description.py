"""What a zone's ``growth.toml`` says: stages, places to serve, lines, and the roads (a file, or a rule that draws them)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from jinyun.zone.reading import Written, ZoneError, parse, read_toml, suggestion

FILE = "growth.toml"
CENTRE = "centre"
"""The word by which a line's ``via`` means the zone's own middle."""

Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Pair = tuple[float, float]


class Points(Written):
    """What a stage is for: the points (of 100 together) that each aim brings when wholly reached."""

    corridor: NotNegative = 0
    anchors: NotNegative = 0
    trips: NotNegative = 0
    loops: NotNegative = 0
    area: NotNegative = 0
    density: NotNegative = 0


class Stage(Written):
    """One stage: at least ``km`` of road open at its end, what it may cost, and how many test cars it must carry then."""

    id: str
    zh: str
    en: str
    km: Positive
    budget_mcny: Positive
    tunnel_km: NotNegative
    test_cars: NotNegative = 0
    years: Positive = 1
    points: Points


class Anchor(Written):
    """A place to be joined; its people and jobs live within about ``radius_m`` (a normal curve)."""

    id: str
    zh: str
    en: str
    kind: Literal["station", "airport", "port", "logistics", "industry", "university", "hospital", "town", "depot"]
    at: Pair
    radius_m: Positive
    people: NotNegative
    jobs: NotNegative


class Line(Written):
    """A shuttle, bus or freight line from place to place; ``per_day`` passengers or loads, both directions together."""

    id: str
    zh: str
    en: str
    kind: Literal["shuttle", "bus", "logistics"]
    via: Annotated[list[str], Field(min_length=2)]
    per_day: Positive


class Ridge(Written):
    """A hill: no road within ``half_width_m`` of its crest, except so many tunnels."""

    crest: Annotated[list[Pair], Field(min_length=2)]
    half_width_m: Positive
    tunnels: Annotated[int, Field(ge=0, le=100)]


class Drawing(Written):
    """How the candidate roads and the trips are drawn from a seed."""

    seed: int
    town_spacing_m: Annotated[float, Field(ge=200)]
    country_spacing_m: Annotated[float, Field(ge=400)]
    trip_zone_m: Annotated[float, Field(ge=300)]
    trip_decay_m: Positive
    trip_pairs: Annotated[int, Field(ge=1, le=20_000)]
    ridges: list[Ridge] = []


class Growth(Written):
    """A whole ``growth.toml``."""

    format: Literal[1]
    simulated: bool
    extent_m: tuple[float, float, float, float]
    stages: Annotated[list[Stage], Field(min_length=1, max_length=6)]
    drawing: Drawing
    anchors: list[Anchor]
    lines: list[Line] = []


def read(folder: Path) -> Growth:
    """Return what the zone in ``folder`` says of its growth; raises :class:`ZoneError` with every fault."""
    growth = parse(Growth, read_toml(folder / FILE), FILE)
    faults = [f"{FILE}: {key}: {reason}" for key, reason in _faults(growth)]
    if faults:
        raise ZoneError(faults)
    return growth


def _faults(growth: Growth) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    west, south, east, north = growth.extent_m
    if not (west < east and south < north):
        found.append(("extent_m", "not west < east and south < north"))
    for kind, items in (("stages", growth.stages), ("anchors", growth.anchors), ("lines", growth.lines)):
        ids = [item.id for item in items]
        found += [(f"{kind}[{i}].id", f"{id!r} is used twice") for i, id in enumerate(ids) if id in ids[:i]]
    found += [
        (f"stages[{i}].km", f"{later.km:g} km after {earlier.km:g} km: a stage adds")
        for i, (earlier, later) in enumerate(zip(growth.stages, growth.stages[1:], strict=False), 1)
        if later.km <= earlier.km
    ]
    known = [CENTRE, *(anchor.id for anchor in growth.anchors)]
    for i, line in enumerate(growth.lines):
        found += [
            (f"lines[{i}].via[{j}]", f"no anchor {word!r}{suggestion(word, known)}")
            for j, word in enumerate(line.via) if word not in known
        ]  # fmt: skip
    for i, anchor in enumerate(growth.anchors):
        if not (west <= anchor.at[0] <= east and south <= anchor.at[1] <= north):
            found.append((f"anchors[{i}].at", "outside extent_m"))
    return found
