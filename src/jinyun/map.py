"""``jinyun map``: look at a map of any format, check it, compare two, turn it into another format, say it in MAP messages.

A map is a file (OpenDRIVE, Lanelet2, SUMO net, OpenStreetMap) or a zone: its folder or its name.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.hdmap import LaneKind, Map, MapError, check
from jinyun.hdmap.check import Fault
from jinyun.hdmap.differences import Differences, differences
from jinyun.net import csae
from jinyun.net.csae import explain, jer

MOST_TOLD = 40
"""Lines of text about one kind of difference."""


def map_command(args: argparse.Namespace) -> int:
    """Carry out one deed; return the exit code.

    Raises :class:`jinyun.hdmap.MapError`, :class:`jinyun.zone.ZoneError` and ``OSError`` for what cannot be used.
    """
    deeds = {"info": _info, "check": _check, "convert": _convert, "mapdata": _mapdata, "diff": _diff}
    return deeds[args.deed](args)


def open_any(given: str | None, origin: str | None = None) -> Map:
    """Return the map of a file or of a zone; raises :class:`MapError` where it is neither."""
    place = place_of(origin)
    if given is not None and Path(given).is_file():
        return hdmap.read(Path(given), origin=place)
    try:
        folder = zones.find(given)
    except zones.ZoneError as error:
        raise MapError(f"{given}: is neither a map file nor a zone ({error.messages[0].partition('; ')[2]})") from None
    if place is not None:
        raise MapError(f"{given}: is a zone, which has an origin of its own: --origin is for files")
    return hdmap.open(zones.load(folder))


def place_of(text: str | None) -> tuple[float, float] | None:
    """Return (longitude, latitude) of ``LON,LAT``, None of None; raises :class:`jinyun.hdmap.MapError`."""
    if text is None:
        return None
    try:
        lon, lat = (float(part) for part in text.split(","))
    except ValueError:
        raise MapError(f"--origin {text}: is not LON,LAT in degrees") from None
    if not (-180 <= lon <= 180 and -90 < lat < 90):
        raise MapError(f"--origin {text}: is no place on Earth")
    return lon, lat


def info(map: Map) -> dict[str, Any]:
    """Return what ``jinyun map info --json`` prints.

    ``lanes`` are all that lead somewhere (areas to wait in are none), ``junctions`` without the ends of the network
    (``ends``), ``connections`` the ways on from lane to lane across junctions and from part to part of a road.
    """
    lanes = map.lanes
    real = lanes["kind"] != LaneKind.AREA
    ends = map.junctions["control"] == "fringe"
    kinds = {kind.name.lower(): int((lanes["kind"] == kind).sum()) for kind in LaneKind if kind != LaneKind.AREA}
    lon, lat = float(map.about["lon"][0]), float(map.about["lat"][0])
    return {
        "source": str(map.about["source"][0]), "format": str(map.about["format"][0]),
        "revision": str(map.about["revision"][0]),
        "lanes": int(real.sum()), "lanes_by_kind": {kind: n for kind, n in kinds.items() if n},
        "lane_km": round(float(np.nansum(lanes["length_m"][real])) / 1000, 3),
        "road_km": round(float(np.nansum(map.sections["length_m"])) / 1000, 3),
        "junctions": int((~ends).sum()), "ends": int(ends.sum()),
        "signalised": int(map.junctions["signalised"].sum()), "signal_groups": len(map.groups["phase"]),
        "connections": len(map.links["start"]), "conflicts": len(map.conflicts["kind"]),
        "stop_lines": len(map.stop_lines["lane"]), "crossings": len(map.crossings["id"]), "stops": len(map.stops["id"]),
        "bays": len(map.bays["id"]),
        "bounds_m": [round(float(of(map.points[key])), 2) for of in (np.min, np.max) for key in ("x_m", "y_m")]
        if len(map.points["x_m"]) else [],
        "datum": str(map.about["datum"][0]), "projection": str(map.about["projection"][0]),
        "origin": [lon, lat] if np.isfinite([lon, lat]).all() else None, "ignored": map.ignored,
    }  # fmt: skip


def _info(args: argparse.Namespace) -> int:
    told = info(open_any(args.map, args.origin))
    if args.as_json:
        print(json.dumps(told, ensure_ascii=False))
        return 0
    for key, value in told.items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {n}" for name, n in value.items()) or "-"
        print(f"{key:14} {'-' if value is None or value == '' else value}")
    return 0


def _check(args: argparse.Namespace) -> int:
    map = open_any(args.map, args.origin)
    faults = check.check(map)
    if args.geojson is not None:
        args.geojson.write_text(json.dumps(_geojson(map, faults), ensure_ascii=False), encoding="utf-8")
    if args.png is not None:
        from jinyun.hdmap.picture import picture

        args.png.write_bytes(picture(map, faults))
    counts = {
        severity: sum(fault.severity == severity for fault in faults) for severity in ("fault", "warning", "info")
    }
    if args.as_json:
        about = {
            "map": str(map.about["source"][0]),
            "revision": str(map.about["revision"][0]),
            "rules": len(check.RULES),
        }
        print(json.dumps({**about, "counts": counts, "findings": [f.as_json() for f in faults]}, ensure_ascii=False))
    else:
        _tell(faults, counts, args.lang)
    return 1 if counts["fault"] else 0


def _tell(faults: list[Fault], counts: dict[str, int], language: str) -> None:
    """Print the faults by rule, with the numbers they have in the picture."""
    rules = {rule.id: rule for rule in check.RULES}
    last = ""
    for number, fault in enumerate(faults, start=1):
        if fault.rule != last:
            last = fault.rule
            rule = rules[fault.rule]
            reason = {"zh": rule.zh, "en": rule.en, "both": f"{rule.zh} / {rule.en}"}[language]
            print(f"{rule.severity}: {rule.id}: {reason}")
        where = (
            f"{fault.lon:.7f}, {fault.lat:.7f}" if fault.lon is not None else f"{fault.x_m:.2f} m, {fault.y_m:.2f} m"
        )
        print(f"  {number:4} {fault.element} {fault.message}  ({where})")
    print(", ".join(f"{n} {severity}{'' if n == 1 or severity == 'info' else 's'}" for severity, n in counts.items()))


def _geojson(map: Map, faults: list[Fault]) -> dict[str, Any]:
    """Return the faults as GeoJSON points (RFC 7946: WGS-84 degrees, longitude first)."""
    if not np.isfinite(map.about["lon"][0]):
        raise MapError(f"{map.about['source'][0]}: has no georeference: GeoJSON needs degrees (give --origin LON,LAT)")
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [f.lon, f.lat]} if f.lon is not None else None,
                "properties": {"number": number, "rule": f.rule, "severity": f.severity, "element": f.element,
                               "message": f.message},
            }
            for number, f in enumerate(faults, start=1)
        ],
    }  # fmt: skip


def _convert(args: argparse.Namespace) -> int:
    write = getattr(hdmap, "write", None)
    if write is None:
        raise MapError("no format can be written")
    map = open_any(args.map, args.origin)
    write(map, args.out)
    return 0


def _mapdata(args: argparse.Namespace) -> int:
    map = open_any(args.map, args.origin)
    frames = [
        csae.encode("mapFrame", part, args.dialect)
        for part in hdmap.mapdata_parts(map, _junction(map, args.junction), args.dialect)
    ]
    for data in frames:
        if args.as_hex:
            print(data.hex())
        elif args.as_json:
            print(json.dumps(jer.to_json(*csae.decode(data, args.dialect), args.dialect), ensure_ascii=False))
        else:
            print(explain.tree(data, args.dialect, args.lang))
    return 0


def _junction(map: Map, wanted: str) -> int:
    """Return the row of a junction by its id or by its number."""
    ids = map.junctions["id"].tolist()
    if wanted in ids:
        return map.junction_row(wanted)
    if wanted.isdecimal() and len(wanted) < 6:
        rows = np.flatnonzero(map.junctions["node"] == int(wanted))
        if len(rows) == 1:
            return int(rows[0])
    known = [id for id, control in zip(ids, map.junctions["control"].tolist(), strict=True) if control != "fringe"]
    told = ", ".join(known[:30]) + (" ..." if len(known) > 30 else "")
    raise MapError(f"--junction {wanted}: no such junction; there are: {told or 'none'}")


def _diff(args: argparse.Namespace) -> int:
    found = differences(open_any(args.old, args.origin), open_any(args.new, args.origin))
    if args.as_json:
        print(json.dumps(found, ensure_ascii=False))
    else:
        _tell_differences(found)
    return 1 if any(found.values()) else 0


def _tell_differences(found: Differences) -> None:
    for kind, values in found.items():
        assert isinstance(values, list)
        if not values:
            continue
        print(f"{kind.replace('_', ' ')}: {len(values)}")
        for value in values[:MOST_TOLD]:
            print("  " + (value if isinstance(value, str) else ", ".join(f"{key} {v}" for key, v in value.items())))
        if len(values) > MOST_TOLD:
            print(f"  and {len(values) - MOST_TOLD} more")
    if not any(found.values()):
        print("no difference", file=sys.stderr)
