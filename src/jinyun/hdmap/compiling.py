"""Compiling a zone's road plan or map file into its precise map, once, kept in the cache under a key of its sources.

The key is a hash over everything the map is made of and over the compiler itself, so a stale map is never opened. Two
processes may compile at once: each works in a folder of its own and the first to finish gives it its name.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
import json
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from jinyun.hdmap import building, netfile, numbering, plain, precise, signals, streets
from jinyun.hdmap.precise import Map
from jinyun.zone import Zone, cache_dir


def key_of(zone: Zone) -> str:
    """Return the cache key of the zone's map."""
    phases = zone.folder / numbering.FILE
    file = zone.folder / zone.map.file if zone.map.file is not None else None
    sources = {
        "compiler": _compiler(file is not None),
        "file": hashlib.sha256(file.read_bytes()).hexdigest() if file is not None else "",
        "open": zone.map.open,
        "rsus": [(rsu.id, rsu.junction) for rsu in zone.rsus] if file is not None else [],
        "sumo": importlib.metadata.version("eclipse-sumo"),
        "origin": [zone.origin.lon, zone.origin.lat, zone.datum, zone.map.region],
        "plan": zone.plan.model_dump(mode="json", by_alias=True, exclude={"districts"}),
        "stops": [stop.model_dump(mode="json") for stop in zone.stops],
        "crossings": [crossing.model_dump(mode="json") for crossing in zone.crossings],
        "chargers": [charger.model_dump(mode="json") for charger in zone.chargers],
        "phases": phases.read_text(encoding="utf-8", errors="replace") if phases.exists() else "",
    }
    return hashlib.sha256(json.dumps(sources, sort_keys=True).encode()).hexdigest()[:20]


@functools.cache
def _compiler(reads_files: bool) -> str:
    """Return a hash over the compiler's own source: a changed compiler makes a new map without anybody's doing.

    The readers and writers of other formats are part of it for the zones whose map is a file.
    """
    digest = hashlib.sha256()
    for source in sorted(Path(__file__).parent.glob("**/*.py" if reads_files else "*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()


def folder_of(zone: Zone) -> Path:
    """Return the folder in the cache that holds the zone's compiled map, whether or not it is there yet."""
    return cache_dir() / "maps" / f"{zone.id}-{key_of(zone)}"


def open_map(zone: Zone) -> Map:
    """Return the zone's precise map, compiling it first where the cache has none.

    Raises :class:`jinyun.hdmap.MapError` or :class:`jinyun.hdmap.CompileError` where the plan or the file makes no map.
    """
    folder = folder_of(zone)
    if not (folder / "map.npz").exists():
        compile_into(zone, folder)
    return precise.restore(folder / "map.npz")


def compile_into(zone: Zone, folder: Path) -> None:
    """Compile the zone's map into ``folder``: ``net.net.xml``, ``stops.add.xml``, ``map.npz``."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        map, lane_names = _adopted(zone, work) if zone.map.file is not None else _planned(zone, work)
        building.stops_file(map.stops, lane_names, work / "stops.add.xml")
        precise.dump(map, work / "map.npz")
        try:
            work.replace(folder)
        except OSError:  # another process was quicker, or a broken folder is in the way
            if not (folder / "map.npz").exists():
                shutil.rmtree(folder, ignore_errors=True)
                work.replace(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _planned(zone: Zone, work: Path) -> tuple[Map, Sequence[str]]:
    """Return the map of the zone's plan and the net's names of its lanes, after writing the net."""
    net_file = work / "net.net.xml"
    laid = streets.lay_out(zone.plan)
    plain.write(laid, zone, work)
    plain.netconvert(work, net_file)
    net = netfile.read(net_file)
    arm_of = {edge.id: f"{edge.road}.{edge.section}" for edge in laid.edges.values()}
    made = signals.programs(net, arm_of)
    offsets = {node.id: node.offset_s for node in laid.nodes.values()}
    signals.install(net_file, made, offsets)
    net.programs = {light: (offsets[light], steps) for light, steps in made.items()}
    map = _numbered(building.build(net, laid, zone), zone)
    return map, map.lanes["id"].tolist()


def _adopted(zone: Zone, work: Path) -> tuple[Map, Sequence[str]]:
    from jinyun.hdmap import adopting  # brings the readers and writers, which a zone with a plan needs not

    return adopting.lay_out(_numbered(adopting.adopt(zone), zone), work)


def _numbered(map: Map, zone: Zone) -> Map:
    phases = zone.folder / numbering.FILE
    return numbering.from_file(map, phases, nodes=False) if phases.exists() else map
