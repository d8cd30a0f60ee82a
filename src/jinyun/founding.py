"""``jinyun zone new``: a running zone made of a map file, to be edited: units and sensors stand by rule, traffic too.

Rules: a roadside unit at every junction with signals and at every other where three roads or more meet, on the corner
farthest from traffic, with a sensor that sees all round; where there is no such junction, one beside the longest lane.
Traffic by the length of lanes for cars, of cycle lanes and of sidewalks.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.hdmap import LaneKind, Map, MapError
from jinyun.map import place_of
from jinyun.zone import Zone, ZoneError

MOST_UNITS = 400
CORNER_M = 12.0
"""A unit stands so far from the middle of a junction that has no outline."""
LEAST_ARMS = 3
SAME_ARM_RAD = math.radians(30)
"""Roads that leave a junction at a smaller angle to each other are one arm of it."""
LEAST_ENDS = 3
"""With fewer ends of the map nobody drives through: all would come in by one road."""
VEHICLES_PER_KM, CYCLISTS_PER_KM, WALKERS_PER_KM = 8.0, 4.0, 6.0
MOST_VEHICLES, MOST_CYCLISTS, MOST_WALKERS = 300, 60, 150
_HEAD = """\
# {name}: a zone made of {file} ({format}). Everything here may be edited; `jinyun run {folder}` starts it.
# The map says what stands on the street. What stands below it was placed by rule, and its traffic is simulated.
format = 1
id = {id}
simulated = true
version = "1"
datum = {datum}
profile = "national-2020"
name = {{ zh = {quoted}, en = {quoted} }}
origin = {{ lon = {lon!r}, lat = {lat!r} }}{placed}

[map]
file = {file_quoted}
# open = ["..."]   # ids of its roads that are open for tests; without this, all

# Vehicles, people and the units that see them: how many, how well.
[traffic]
vehicles = {vehicles}
trucks = 0.08
bicycles = {bicycles}
persons = {persons}
connected = 0.3
electric = 0.4
through = {through}
seed = 1

[traffic.obu]
drift_sd_m = 0.5
drift_time_s = 40
noise_sd_m = 0.08
speed_sd_mps = 0.05
heading_sd_deg = 0.4

# Camera and radar of one mast, fused in the unit.
[sensor_types.pole]
source = "integrated"
mast_m = 6.5
range_m = 120
fov_deg = 360
position_sd_m = 0.25
speed_sd_mps = 0.3
heading_sd_deg = 2.5
size_sd_m = 0.15
miss = 0.02
clutter_per_s = 0.02
latency_ms = 70
latency_sd_ms = 8
id_change_per_min = 0.2
"""
_UNIT = """
[[rsus]]
id = {id}
zh = {zh}
en = {en}
{junction}at = [{x:.1f}, {y:.1f}]
sensors = [{{ type = "pole" }}]
"""


def zone_command(args: argparse.Namespace) -> int:
    """Make a zone; return the exit code. Raises :class:`MapError`, :class:`ZoneError` or ``OSError``."""
    made = new_zone(args.folder, args.map, name=args.name, origin=place_of(args.origin), vehicles=args.vehicles)
    if args.as_json:
        print(json.dumps(made, ensure_ascii=False))
        return 0
    print(
        f"{args.folder}: {made['units']} roadside units, {made['signalised']} junctions with signals; "
        f"{made['vehicles']} vehicles, {made['bicycles']} cyclists and {made['persons']} people (simulated 模拟)"
    )
    if made["placed"]:
        lon, lat = made["origin"]
        print(f"  {args.map.name} does not say where on Earth it lies: put at {lon}, {lat} (--origin LON,LAT)")
    if not any(made["routes"][kind] for kind in ("through", "local")):
        print(f"  no road of {args.map.name} is long enough to be driven: its street stays empty (jinyun map check)")
    print(f"  jinyun run {args.folder}      jinyun map check {args.folder}")
    return 0


def new_zone(
    folder: Path, file: Path, *, name: str | None = None, origin: tuple[float, float] | None = None,
    vehicles: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write the zone ``folder`` for the map in ``file`` and return what was placed.

    ``origin`` is (longitude, latitude) in degrees of the zero of the zone's metres; without it the file's own, or, where
    it has none, that of the reference zone. Raises :class:`MapError` or :class:`ZoneError`, and writes nothing then.
    """
    folder, file = Path(folder).absolute(), Path(file)
    _free(folder)
    if not file.is_file():
        raise MapError(f"{file}: -: no such file")
    map = hdmap.read(file, origin=origin)
    if not (map.lanes["kind"] == LaneKind.CAR).any():
        raise MapError(f"{file.name}: -: has no lanes for cars, so nobody could drive in its zone")
    lon, lat = float(map.about["lon"][0]), float(map.about["lat"][0])
    placed = not np.isfinite([lon, lat]).all()
    if placed:
        reference = zones.load(zones.find()).origin
        lon, lat = reference.lon, reference.lat
    kept = file.name if re.fullmatch(r"[\w .+()-]+", file.name) and file.suffix != ".toml" else "map.dat"
    counts = _traffic(map, vehicles)
    called = "".join(letter for letter in name or "" if letter.isprintable()).strip() or folder.name
    datum = str(map.about["datum"][0])
    text = _HEAD.format(
        name=called, file=kept, format=str(map.about["format"][0]), folder=folder.name, id=_toml(folder.name),
        datum=_toml(datum if datum in ("WGS-84", "CGCS2000") else "WGS-84"), quoted=_toml(called), lon=lon, lat=lat,
        placed="  # the file does not say where it lies" if placed else "", file_quoted=_toml(kept), **counts,
    )  # fmt: skip
    text += "".join(_units(map))
    above = next(parent for parent in folder.parents if parent.is_dir())
    with tempfile.TemporaryDirectory(prefix=".jinyun-", dir=above) as work:  # the zone appears whole or not at all
        made = Path(work) / folder.name
        made.mkdir()
        shutil.copyfile(file, made / kept)
        (made / "zone.toml").write_text(text, encoding="utf-8")
        zone = zones.load(made)
        routes = _routes(zone)
        folder.parent.mkdir(parents=True, exist_ok=True)
        made.replace(folder)
    return {
        "folder": str(folder), "zone": zone.id, "units": len(zone.rsus), "origin": [lon, lat], "placed": placed,
        "signalised": int((map.junctions["groups"] > 0).sum()), "vehicles": counts["vehicles"],
        "bicycles": counts["bicycles"], "persons": counts["persons"], "routes": routes,
    }  # fmt: skip


def _free(folder: Path) -> None:
    """Raise :class:`ZoneError` where no zone can be made in ``folder``."""
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", folder.name):
        raise ZoneError([f"{folder}: -: a zone's folder has a name of small letters, digits and hyphens (at most 32)"])
    if (folder / "zone.toml").exists():
        raise ZoneError([f"{folder}: -: is a zone already"])
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise ZoneError([f"{folder}: -: is there already and is no empty folder"])


def _routes(zone: Zone) -> dict[str, int]:
    """Compile the zone's map, find the ways of its people and return how many there are of each kind."""
    from jinyun.world.routes import pool  # brings SUMO

    assert zone.traffic is not None
    return {kind: len(ways) for kind, ways in pool(zone, hdmap.open(zone), zone.traffic.seed).items()}


def _toml(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _units(map: Map) -> list[str]:
    """Return the roadside units as they are written, those at signals first."""
    from jinyun.hdmap.writing import sumo

    ids = sumo.legal(map.junctions["id"])  # as the zone's map will call them
    signalised = map.junctions["groups"] > 0
    wanted = [
        row for row in range(len(ids))
        if signalised[row] or (map.junctions["control"][row] != "fringe" and _arms(map, row) >= LEAST_ARMS)
    ]  # fmt: skip
    wanted.sort(key=lambda row: (not signalised[row], row))
    units = []
    for number, row in enumerate(wanted[:MOST_UNITS], start=1):
        x, y = _corner(map, row)
        zh, en = (
            str(map.junctions[key][row]) or f"{word} {ids[row]}" for key, word in (("zh", "路口"), ("en", "Junction"))
        )
        junction = f"junction = {_toml(ids[row])}\nnode = {int(map.junctions['node'][row])}\n"
        units.append(_UNIT.format(id=_toml(f"RSU-{number}"), zh=_toml(zh), en=_toml(en), junction=junction, x=x, y=y))
    if not units:
        longest = int(np.argmax(np.where(map.lanes["kind"] == LaneKind.CAR, map.lanes["length_m"], 0)))
        line = map.borders(longest)[1]
        x, y = line[len(line) // 2].tolist()
        units.append(_UNIT.format(id=_toml("RSU-1"), zh=_toml("路侧 1"), en=_toml("Roadside 1"), junction="", x=x, y=y))
    return units


def _arms(map: Map, junction: int) -> int:
    """Return in how many directions roads for cars lead away from a junction; ramps that merge are one."""
    away: list[float] = []
    driven = np.isin(map.lanes["kind"], (LaneKind.CAR, LaneKind.BUS))
    for key, place in (("start", (0, 1)), ("end", (-1, -2))):
        for edge in np.flatnonzero(map.edges[key] == junction).tolist():
            first, count = int(map.edges["first"][edge]), int(map.edges["count"][edge])
            if not driven[first : first + count].any():
                continue
            line = map.lane_line(first + int(np.argmax(driven[first : first + count])))
            dx, dy = line[place[1]] - line[place[0]]
            heading = math.atan2(dx, dy)
            if all(abs((heading - other + math.pi) % (2 * math.pi) - math.pi) > SAME_ARM_RAD for other in away):
                away.append(heading)
    return len(away)


def _corner(map: Map, junction: int) -> tuple[float, float]:
    """Return where a mast stands: the corner of the junction's outline farthest from the lanes that lead through it."""
    outlines = (map.areas["junction"] == junction) & (map.areas["kind"] == 0)
    x, y = float(map.junctions["x_m"][junction]), float(map.junctions["y_m"][junction])
    for row in np.flatnonzero(outlines).tolist():
        first, count = int(map.areas["first"][row]), int(map.areas["count"][row])
        corners = np.column_stack([map.area_points[key][first : first + count] for key in ("x_m", "y_m")])
        _, away, _ = map.nearest_lane(corners[:, 0], corners[:, 1], kinds=(LaneKind.CAR, LaneKind.BUS, LaneKind.INNER))
        best = corners[int(np.argmax(np.where(np.isfinite(away), np.abs(away), 0)))]
        return float(best[0]), float(best[1])
    return x + CORNER_M, y + CORNER_M


def _traffic(map: Map, vehicles: int | None) -> dict[str, Any]:
    def km(*kinds: LaneKind) -> float:
        return float(np.nansum(map.lanes["length_m"][np.isin(map.lanes["kind"], kinds)])) / 1000

    def many(per_km: float, most: int, *kinds: LaneKind) -> int:
        return min(round(per_km * km(*kinds)), most)

    ends = int((map.junctions["control"] == "fringe").sum())
    cars = max(many(VEHICLES_PER_KM, MOST_VEHICLES, LaneKind.CAR, LaneKind.BUS), 4) if vehicles is None else vehicles
    return {
        "vehicles": cars, "bicycles": many(CYCLISTS_PER_KM, MOST_CYCLISTS, LaneKind.BICYCLE),
        "persons": many(WALKERS_PER_KM, MOST_WALKERS, LaneKind.SIDEWALK), "through": 0.5 if ends >= LEAST_ENDS else 0.0,
    }  # fmt: skip
