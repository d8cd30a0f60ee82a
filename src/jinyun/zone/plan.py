"""The road plan: streets as a person draws them, the source of which the precise map is compiled.

``roads.toml`` holds junctions (nodes), roads as curves through nodes and free points, cross-sections by class, and the
scenery that the page draws around them. Coordinates are metres east and north of the zone's origin, heights metres
above the valley floor. Traffic keeps to the right.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jinyun.zone.profile import Name
from jinyun.zone.reading import Written, suggestion

Metres = Annotated[float, Field(ge=0, le=100_000)]
Place = Annotated[list[float], Field(min_length=2, max_length=3)]
Line = Annotated[list[Place], Field(min_length=2)]
Control = Literal["signal", "crossing", "zebra", "priority", "roundabout", "through", "fringe"]


class Node(Written):
    """Where roads meet or change; ``no`` is its number in MAP and SPAT (T/CSAE 53 NodeReferenceID.id)."""

    no: int = Field(ge=1, le=65535)
    at: Place
    control: Control
    no_back: int | None = Field(default=None, ge=1, le=65535)
    zh: str | None = None
    en: str | None = None
    offset_s: float = Field(default=0, ge=0, lt=600)
    radius_m: float = Field(default=0, ge=0, le=100)


class Section(Written):
    """The cross-section of a class of roads, for one direction of travel from the middle outwards."""

    lanes: int = Field(ge=1, le=6)
    lane_m: float = Field(default=3.5, ge=2.5, le=5)
    median_m: Metres = 0
    bus_lane: bool = False
    bike_m: Metres = 0
    sidewalk_m: Metres = 0
    speed_kmh: float = Field(ge=5, le=130)
    pocket_m: Metres = 0
    separate: bool = False
    priority: int = Field(default=5, ge=0, le=20)


class Road(Written):
    """One named road; ``path`` runs through node ids and free ``[x, y]`` or ``[x, y, z]`` points."""

    id: str
    zh: str
    en: str
    section: str = Field(alias="class")
    path: list[str | Place] = Field(min_length=2)
    open: bool = True
    oneway: bool = False
    closed: list[tuple[str, str]] = []
    tunnel: list[tuple[str, str]] = []
    label: bool = True


class Scenery(Written):
    """What the page draws around the roads; nothing computes with it."""

    zh: str = ""
    en: str = ""
    outline: Line


class Ridge(Written):
    """A hill as a crest line and its half width; drawn as nested contours."""

    zh: str
    en: str
    crest: Line
    half_width_m: list[Annotated[float, Field(gt=0)]]
    levels: int = Field(default=5, ge=1, le=12)


class Stream(Written):
    """Running water as a line and its width."""

    zh: str
    en: str
    course: Line
    width_m: float = Field(gt=0, le=500)


class District(Written):
    """A quarter's name and where it is written."""

    zh: str
    en: str
    at: Place


class Frontage(Written):
    """Built blocks along a road, both sides: the distance from its edge, and rows' depth."""

    road: str
    setback_m: float = Field(default=12, ge=0)
    depth_m: tuple[float, float] = (14, 30)
    width_m: tuple[float, float] = (18, 60)
    gap_m: tuple[float, float] = (8, 30)
    rows: int = Field(default=1, ge=1, le=4)


class Plan(Written):
    """A whole ``roads.toml``."""

    classes: dict[str, Section]
    nodes: dict[str, Node]
    roads: list[Road]
    water: list[Scenery] = []
    parks: list[Scenery] = []
    ridges: list[Ridge] = []
    streams: list[Stream] = []
    districts: list[District] = []
    frontages: list[Frontage] = []

    def road(self, id: str) -> Road:
        """Return the road with this id; raises ``KeyError``."""
        for road in self.roads:
            if road.id == id:
                return road
        raise KeyError(id)

    def node_name(self, id: str) -> Name:
        """Return the node's own name, or one made of the roads that meet there."""
        node = self.nodes[id]
        roads = [road for road in self.roads if id in road.path and road.label]
        if node.zh and node.en:
            return Name(zh=node.zh, en=node.en)
        if not roads:
            return Name(zh=id, en=id)
        return Name(zh="/".join(r.zh for r in roads[:2]), en=" / ".join(r.en for r in roads[:2]))


def faults(plan: Plan) -> list[tuple[str, str]]:
    """Return what does not fit together in the plan, as (key path, reason)."""
    found: list[tuple[str, str]] = []
    ids = list(plan.nodes)
    numbers: dict[int, str] = {}
    for id, node in plan.nodes.items():
        for key, number in (("no", node.no), ("no_back", node.no_back)):
            if number is not None and number in numbers:
                found.append((f"nodes.{id}.{key}", f"{number} is already the number of node {numbers[number]}"))
            elif number is not None:
                numbers[number] = id
    met: set[str] = set()
    roads: set[str] = set()
    for i, road in enumerate(plan.roads):
        at = f"roads[{i}]"
        if road.id in roads:
            found.append((f"{at}.id", f"{road.id!r} names two roads"))
        roads.add(road.id)
        if road.section not in plan.classes:
            reason = f"no class {road.section!r}{suggestion(road.section, list(plan.classes))}"
            found.append((f"{at}.class", reason))
        passed = [p for p in road.path if isinstance(p, str)]
        for j, place in enumerate(road.path):
            if isinstance(place, str) and place.rstrip("+-") not in plan.nodes:
                found.append((f"{at}.path[{j}]", f"no node {place!r}{suggestion(place, ids)}"))
        if len(passed) < 2 or not isinstance(road.path[0], str) or not isinstance(road.path[-1], str):
            found.append((f"{at}.path", "a road begins and ends at nodes"))
        met.update(p.rstrip("+-") for p in passed)
        for key in ("closed", "tunnel"):
            for j, pair in enumerate(getattr(road, key)):
                for end in pair:
                    if end not in passed:
                        reason = f"{end!r} is not a node of road {road.id}{suggestion(end, passed)}"
                        found.append((f"{at}.{key}[{j}]", reason))
    found.extend((f"nodes.{id}", "no road passes it") for id in plan.nodes if id not in met)
    for i, ridge in enumerate(plan.ridges):
        if len(ridge.half_width_m) != len(ridge.crest):
            found.append(
                (f"ridges[{i}].half_width_m", f"{len(ridge.half_width_m)} widths for {len(ridge.crest)} points")
            )
    for i, frontage in enumerate(plan.frontages):
        if frontage.road not in roads:
            reason = f"no road {frontage.road!r}{suggestion(frontage.road, sorted(roads))}"
            found.append((f"frontages[{i}].road", reason))
    return found
