"""A zone is a folder: ``zone.toml``, its road plan, its devices and its rules; everything else reads it from here.

``load`` returns a :class:`Zone` or raises :class:`ZoneError` with every fault at once, each naming file, key and reason.
What it is not: the precise map itself (:mod:`jinyun.hdmap` compiles that) or anything that changes while the zone runs.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from jinyun.zone.description import (
    Charger,
    Corrections,
    Crossing,
    Depot,
    DepotVehicle,
    Description,
    Duty,
    MapSource,
    Notice,
    OnBoardUnit,
    Origin,
    Placed,
    Rsu,
    Sensor,
    SensorType,
    SignalControl,
    Stop,
    Traffic,
    TransitLine,
)
from jinyun.zone.place import Projection
from jinyun.zone.plan import Plan
from jinyun.zone.plan import faults as plan_faults
from jinyun.zone.profile import Name, Profile, Quantity, load_profile
from jinyun.zone.reading import ZoneError, parse, read_toml, suggestion

__all__ = [
    "Charger", "Corrections", "Crossing", "Depot", "DepotVehicle", "Duty", "MapSource", "Name", "Notice", "OnBoardUnit", "Plan",
    "Profile", "Projection", "Quantity", "Rsu", "Sensor", "SensorType", "SignalControl", "Stop", "Traffic",
    "TransitLine", "Zone", "ZoneError", "cache_dir", "find", "load", "load_profile", "profiles_dir",
]  # fmt: skip

REFERENCE = "science-city"
"""The zone that comes with the package."""

Item = TypeVar("Item", bound=Placed)


@dataclass(frozen=True)
class Zone:
    """A zone as described, with references checked and every place known in metres and in degrees."""

    folder: Path
    id: str
    name: Name
    simulated: bool
    datum: str
    version: str
    origin: Origin
    map: MapSource
    plan: Plan
    profile: Profile
    sensor_types: dict[str, SensorType]
    rsus: tuple[Rsu, ...]
    crossings: tuple[Crossing, ...]
    stops: tuple[Stop, ...]
    chargers: tuple[Charger, ...]
    lines: tuple[TransitLine, ...]
    traffic: Traffic | None
    signals: SignalControl = field(default_factory=SignalControl)
    depot: Depot | None = None
    signs: tuple[Notice, ...] = ()
    hazards: tuple[Notice, ...] = ()
    tolls: tuple[Notice, ...] = ()
    corrections: Corrections | None = None

    @cached_property
    def project(self) -> Projection:
        """Degrees to the zone's metres: ``project(lon, lat) -> x_m, y_m``; ``project.inverse`` leads back."""
        return Projection(self.origin.lon, self.origin.lat)

    @property
    def open_roads(self) -> tuple[str, ...]:
        """The ids of the plan's roads that are open for tests, wholly or in part."""
        return tuple(road.id for road in self.plan.roads if road.open)


def load(path: Path | str) -> Zone:
    """Return the zone in folder ``path``; raises :class:`ZoneError` with every fault, each ``FILE: key.path: reason``."""
    folder = Path(path)
    if not folder.is_dir():
        raise ZoneError([f"{folder}: -: no such folder"])
    messages: list[str] = []
    described = _gathered(messages, lambda: parse(Description, read_toml(folder / "zone.toml"), "zone.toml"))
    plan_file = described.map.plan if described else "roads.toml"
    plan = None
    if described is not None and described.map.file is not None:
        plan = Plan(classes={}, nodes={}, roads=[])
        if not (folder / described.map.file).is_file():
            messages.append(f"zone.toml: map.file: no file {described.map.file!r} in the zone's folder")
    elif described is not None or (folder / plan_file).exists():
        plan = _gathered(messages, lambda: parse(Plan, read_toml(folder / plan_file), plan_file))
    if plan is not None:
        messages += [f"{plan_file}: {key}: {reason}" for key, reason in plan_faults(plan)]
    if described is None:
        raise ZoneError(messages)
    profile = _gathered(messages, lambda: _profile(described.profile, folder))
    messages += [f"zone.toml: {key}: {reason}" for key, reason in _faults(described, plan, folder)]
    if messages or plan is None or profile is None:
        raise ZoneError(messages)
    project = Projection(described.origin.lon, described.origin.lat)
    return Zone(
        folder=folder.resolve(),
        plan=plan,
        profile=profile,
        rsus=_placed(described.rsus, project, lambda rsu: _rsu_defaults(rsu, plan)),
        crossings=_placed(described.crossings, project, lambda crossing: _crossing_defaults(crossing, plan)),
        stops=_placed(described.stops, project),
        chargers=_placed(described.chargers, project),
        lines=tuple(described.lines),
        signs=_placed(described.signs, project),
        hazards=_placed(described.hazards, project),
        tolls=_placed(described.tolls, project),
        **{
            key: getattr(described, key)
            for key in (
                "id",
                "name",
                "simulated",
                "datum",
                "version",
                "origin",
                "map",
                "sensor_types",
                "traffic",
                "signals",
                "depot",
                "corrections",
            )
        },
    )


def find(name: Path | str | None = None) -> Path:
    """Return the folder of a zone: None the reference zone, a path itself, a name in ./zones or among the package's.

    Raises :class:`ZoneError` with the names there are.
    """
    if name is not None and (Path(name) / "zone.toml").exists():
        return Path(name)
    shelves = [Path("zones"), *_shipped("zones")]
    wanted = str(name) if name is not None else REFERENCE
    for shelf in shelves:
        if "/" not in wanted and (shelf / wanted / "zone.toml").exists():
            return shelf / wanted
    names = sorted({path.parent.name for shelf in shelves for path in shelf.glob("*/zone.toml")})
    raise ZoneError([f"{wanted}: -: no such zone{suggestion(wanted, names)}; there are: {', '.join(names) or 'none'}"])


def profiles_dir() -> Path:
    """Return the folder of the package's profiles (``profiles`` of a checkout, or inside the installed package)."""
    for folder in _shipped("profiles"):
        return folder
    raise ZoneError(["profiles: -: neither a checkout's profiles folder nor the installed one is there"])


def cache_dir() -> Path:
    """Return where compiled maps are kept: $JINYUN_CACHE, $XDG_CACHE_HOME/jinyun or ~/.cache/jinyun; not created."""
    if own := os.environ.get("JINYUN_CACHE"):
        return Path(own)
    if xdg := os.environ.get("XDG_CACHE_HOME"):
        return Path(xdg) / "jinyun"
    return Path.home() / ".cache" / "jinyun"


def _shipped(what: str) -> list[Path]:
    """Return the folders that come with the package and exist: a checkout's first, then the installed package's."""
    package = Path(__file__).resolve().parents[1]
    checkout = package.parents[1] / what
    in_checkout = (package.parents[1] / "pyproject.toml").exists()
    return [folder for folder in ([checkout] if in_checkout else []) + [package / what] if folder.is_dir()]


def _profile(name: str, folder: Path) -> Profile:
    shelves = [folder / "profiles", *_shipped("profiles")]
    for shelf in shelves:
        if (shelf / f"{name}.toml").exists():
            return load_profile(shelf / f"{name}.toml")
    names = sorted({path.stem for shelf in shelves for path in shelf.glob("*.toml")})
    raise ZoneError([f"zone.toml: profile: no profile {name!r}{suggestion(name, names)}"])


Result = TypeVar("Result")


def _gathered(messages: list[str], read: Callable[[], Result]) -> Result | None:
    """Return what ``read`` returns, or None after noting its faults in ``messages``."""
    try:
        return read()
    except ZoneError as error:
        messages.extend(error.messages)
        return None


def _faults(zone: Description, plan: Plan | None, folder: Path) -> list[tuple[str, str]]:
    """Return what does not fit together in the description, as (key path, reason)."""
    found: list[tuple[str, str]] = []

    def known(at: str, word: str | None, words: Sequence[str], what: str) -> None:
        if word is not None and word not in words:
            found.append((at, f"no {what} {word!r}{suggestion(word, words)}"))

    if zone.id != folder.resolve().name:
        found.append(("id", f"{zone.id!r} is not the folder's name {folder.resolve().name!r}"))
    if zone.simulated and zone.traffic is None:
        found.append(("traffic", "a simulated zone says who is on its street"))
    kinds: dict[str, Sequence[Placed | TransitLine]] = {
        "rsus": zone.rsus, "crossings": zone.crossings, "stops": zone.stops, "chargers": zone.chargers,
        "lines": zone.lines, "signs": zone.signs, "hazards": zone.hazards, "tolls": zone.tolls,
    }  # fmt: skip
    for kind, items in kinds.items():
        seen: set[str] = set()
        for i, item in enumerate(items):
            if item.id in seen:
                found.append((f"{kind}[{i}].id", f"{item.id!r} is used twice"))
            seen.add(item.id)
            if isinstance(item, Placed):
                if (item.lon is None) != (item.lat is None) or (item.at is not None and item.lon is not None):
                    found.append((f"{kind}[{i}]", "a place is either `at` or `lon` and `lat`"))
                anchored = isinstance(item, Crossing) or (isinstance(item, Rsu) and item.junction is not None)
                if item.at is None and item.lon is None and not (anchored and zone.map.file is None):
                    found.append((f"{kind}[{i}].at", "missing"))
    rsu_ids, stop_ids, types = [r.id for r in zone.rsus], [s.id for s in zone.stops], list(zone.sensor_types)
    for i, rsu in enumerate(zone.rsus):
        for j, sensor in enumerate(rsu.sensors):
            known(f"rsus[{i}].sensors[{j}].type", sensor.type, types, "sensor type")
    for i, crossing in enumerate(zone.crossings):
        known(f"crossings[{i}].rsu", crossing.rsu, rsu_ids, "RSU")
    for i, line in enumerate(zone.lines):
        for j, stop in enumerate(line.stops):
            known(f"lines[{i}].stops[{j}]", stop, stop_ids, "stop")
    if zone.depot is not None:
        known("depot.place", zone.depot.place, [charger.id for charger in zone.chargers], "charging place")
    if plan is None or zone.map.file is not None:  # a map file's junctions are known when it is read
        if zone.map.open is not None and zone.map.file is None:
            found.append(("map.open", "is for a map file; a plan says of each road whether it is open"))
        return found
    nodes, roads = list(plan.nodes), [road.id for road in plan.roads]
    for i, rsu in enumerate(zone.rsus):
        known(f"rsus[{i}].junction", rsu.junction, nodes, "node")
    for i, node in enumerate(zone.signals.actuated):
        known(f"signals.actuated[{i}]", node, nodes, "node")
    for i, crossing in enumerate(zone.crossings):
        known(f"crossings[{i}].node", crossing.node, nodes, "node")
        known(f"crossings[{i}].toward", crossing.toward, nodes, "node")
    for i, stop_ in enumerate(zone.stops):
        known(f"stops[{i}].road", stop_.road, roads, "road")
    for i, line in enumerate(zone.lines):
        for j, node in enumerate(line.via):
            known(f"lines[{i}].via[{j}]", node, nodes, "node")
    return found


def _placed(
    items: Sequence[Item], project: Projection, defaults: Callable[[Item], dict[str, Any]] = lambda item: {}
) -> tuple[Item, ...]:
    """Return the items with both forms of their place, after filling in ``defaults``."""
    done = []
    for item in items:
        update = defaults(item)
        at = item.at or update.get("at")
        if at is None:
            x_m, y_m = project(item.lon or 0.0, item.lat or 0.0)
            at = (float(x_m), float(y_m))
        lon, lat = project.inverse(at[0], at[1])
        done.append(item.model_copy(update={**update, "at": at, "lon": float(lon), "lat": float(lat)}))
    return tuple(done)


def _rsu_defaults(rsu: Rsu, plan: Plan) -> dict[str, Any]:
    if rsu.junction is None or not plan.nodes:
        return {}
    node, name = plan.nodes[rsu.junction], plan.node_name(rsu.junction)
    update: dict[str, Any] = {"zh": rsu.zh or name.zh, "en": rsu.en or name.en, "node": rsu.node or node.no}
    if rsu.at is None and rsu.lon is None:
        update["at"] = (node.at[0], node.at[1])
    return update


def _crossing_defaults(crossing: Crossing, plan: Plan) -> dict[str, Any]:
    if not plan.nodes:
        return {}
    node, name = plan.nodes[crossing.node], plan.node_name(crossing.node)
    update: dict[str, Any] = {"zh": crossing.zh or name.zh, "en": crossing.en or name.en}
    if crossing.at is None and crossing.lon is None:
        update["at"] = (node.at[0], node.at[1])
    return update
