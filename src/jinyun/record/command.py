"""``jinyun record``: what is kept, whether it is whole, positions of it as a table, and letting go."""

from __future__ import annotations

import argparse
import json
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jinyun import zone as zones
from jinyun.record import book, key, positions, queries
from jinyun.record.archiving import EVENTS, Archive
from jinyun.record.compacting import close_hours, let_positions_go, take_segments
from jinyun.record.fetching import FETCHED, FetchError, fetch
from jinyun.record.retention import ARCHIVE, Keeping, held, prune
from jinyun.record.segment import listing, number_of
from jinyun.record.store import AddressError, address
from jinyun.record.verifying import verify
from jinyun.state import read_json, state_dir
from jinyun.zone import Zone

LISTED = 20
QUIET_S = 900.0
"""An archiving process says how it is at least so often, whether its store is there or not."""


class CommandError(ValueError):
    """What was asked cannot be done; one clear line."""


def place(zone: Zone, named: Path | None) -> Path:
    """Return the folder of a record: the one named, else where the zone records to; raises :class:`CommandError`."""
    if named is None:
        where = read_json(state_dir(zone.id) / "recording.json")
        if not where:
            raise CommandError(f"zone {zone.id} has no record here: name its folder, or start jinyun run")
        named = Path(where["folder"])
    if not named.is_dir():
        raise CommandError(f"{named}: no such folder")
    return named


def instant_us(text: str) -> int:
    """Return an instant (us UTC) of ``2026-11-30T08:00:00Z``, seconds since 1970, or ``90s``/``5m``/``2h``/``1d`` ago."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|m|h|d)", text)
    if match:
        unit_s = {"s": 1, "m": 60, "h": 3600, "d": 86_400}[match[2]]
        return time.time_ns() // 1000 - int(float(match[1]) * unit_s * 1e6)
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return int(float(text) * 1e6)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"{text!r} is no instant: 2026-11-30T08:00:00Z, or 5m for five minutes ago") from None
    if at.tzinfo is None:
        raise CommandError(f"{text!r} does not say its time zone: end it with Z or +08:00")
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def text_of(t_us: int) -> str:
    """Return an instant as people write it, in UTC."""
    return datetime.fromtimestamp(t_us / 1e6, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def listed(folder: Path) -> dict[str, Any]:
    """Return what is in a record: its span, what it holds, how it is kept."""
    lines = book.read(folder)
    ends = book.ends(lines)
    paths = listing(folder)
    counts: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for path in paths:
        end = ends.get(number_of(path))
        rows.append(
            {"segment": number_of(path), "name": path.name, "bytes": path.stat().st_size, "sealed": end is not None}
        )
        if end is not None:
            rows[-1] |= {"first_us": end["first_us"], "last_us": end["last_us"], "cut": bool(end.get("cut"))}
            for name, count in end.get("counts", {}).items():
                counts[name] = counts.get(name, 0) + count
    spans = [(row["first_us"], row["last_us"]) for row in rows if row["sealed"] and row["last_us"]]
    kept = sorted((folder / positions.FOLDER).glob("*.parquet"))
    return {
        "folder": str(folder), "segments": len(paths), "bytes": sum(row["bytes"] for row in rows),
        "first_us": min((a for a, _ in spans), default=None), "last_us": max((b for _, b in spans), default=None),
        "counts": counts, "let_go": len(book.let_go(lines)) + book.folded(lines)[0], "held": len(held(folder)),
        "positions": {"files": len(kept), "bytes": sum(path.stat().st_size for path in kept)}, "files": rows,
        "archive": read_json(folder / ARCHIVE),
    }  # fmt: skip


def show(folder: Path, as_json: bool) -> int:
    """Print what a record holds."""
    found = listed(folder)
    if as_json:
        print(json.dumps(found))
        return 0
    print(f"{folder}: {found['segments']} segments, {found['bytes'] / 1e6:.1f} MB, {found['let_go']} let go")
    if found["first_us"]:
        print(f"  from {text_of(found['first_us'])} to {text_of(found['last_us'])}")
    print("  " + ", ".join(f"{count} {name}" for name, count in sorted(found["counts"].items())))
    print(f"  positions: {found['positions']['files']} files, {found['positions']['bytes'] / 1e6:.1f} MB")
    if found["archive"]:
        print("  " + archive_told(found["archive"], time.time_ns() // 1000))
    for row in found["files"][-LISTED:]:
        state = "open" if not row["sealed"] else "cut" if row["cut"] else "sealed"
        print(f"  {row['name']}  {row['bytes']:>10} B  {state}")
    return 0


def archive_told(said: dict[str, Any], now_us: int) -> str:
    """Return in one line how far an archive is, and since when it is away."""
    text = f"archive: {said['uri']}: "
    if said.get("name"):
        text += f"{said['name']} up to segment {said['segment']}"
        text += f" ({text_of(said['last_us'])})" if said.get("last_us") else ""
    else:
        text += "nothing yet"
    text += f", {said['waiting']} waiting" if said.get("waiting") else ""
    if said.get("away_since_us"):
        text += f"; {said['word']} since {text_of(said['away_since_us'])}: {said['reason']}"
    quiet_s = (now_us - said.get("told_us", 0)) / 1e6
    return text + (f"; nobody archives since {text_of(said.get('told_us', 0))}" if quiet_s > QUIET_S else "")


def archive(folder: Path, uri: str, zone: Zone, as_json: bool) -> int:
    """Copy what a record holds sealed to an archive, once, and print how far that went; return 1 where the store is away."""
    state = state_dir(zone.id)
    own = place(zone, None) if (state / "recording.json").exists() else None
    packs = state / EVENTS if own is not None and own.resolve() == folder.resolve() else None
    try:
        work = Archive(folder, address(uri), key.own(state), packs)
    except BlockingIOError:
        raise CommandError(f"{folder}: is being archived by somebody else") from None
    now_us = time.time_ns() // 1000
    reached = work.round(now_us)
    work.close()
    print(json.dumps(work.state) if as_json else archive_told(work.state | {"told_us": now_us}, now_us))
    return 0 if reached else 1


def bring(folder: Path, uri: str, name: str | None, as_json: bool) -> int:
    """Fetch a record from an archive and print what came; return 1 where something is missing or changed."""
    found = fetch(address(uri), folder, name)
    if as_json:
        print(json.dumps(found))
    else:
        print(f"{folder}: {found['name']}: {found['segments']} segments, {found['bytes'] / 1e6:.1f} MB", end="")
        print(f", {found['positions']} files of positions, {found['packs']} packs of events")
        for fault in found["faults"]:
            print(f"  {fault}")
    return 1 if found["faults"] else 0


def prove(folder: Path, head: str | None, as_json: bool) -> int:
    """Print whether a record is whole; return 1 where it is not."""
    verdict = verify(folder, head)
    if as_json:
        print(json.dumps(verdict))
    else:
        print(f"{folder}: {verdict['segments']} segments, {'whole' if verdict['ok'] else 'NOT whole'}")
        for fault in verdict["faults"]:
            print(f"  {fault['segment']}: {fault['fault']}: {fault['reason']}")
        for note in verdict["notes"]:
            print(f"  {note}")
        print(f"  head {verdict['head']}")
    return 0 if verdict["ok"] else 1


def _span(args: argparse.Namespace) -> tuple[int, int]:
    from_us = instant_us(args.begin) if args.begin else 0
    to_us = instant_us(args.end) if args.end else time.time_ns() // 1000 + 1
    if from_us >= to_us:
        raise CommandError("the span is empty: --from is not before --to")
    return from_us, to_us


def asked(zone: Zone, folder: Path, args: argparse.Namespace) -> NDArray[np.void]:
    """Return the positions that a command asks for: of a box, a vehicle, a track, or all of a span."""
    take_segments(folder, zone.project.inverse, 10**9)
    if (folder / FETCHED).exists():  # a minute may stand in an hour that came and in a segment: once is enough
        close_hours(folder, time.time_ns() // 1000)
    from_us, to_us = _span(args)
    if args.vehicle is not None:
        try:
            vehicle = int(args.vehicle, 16)
        except ValueError:
            raise CommandError(f"{args.vehicle!r} is no BSM id: 16 hexadecimal digits") from None
        return queries.of_vehicle(folder, vehicle, from_us, to_us)
    if args.track is not None:
        return queries.of_vehicle(folder, args.track, from_us, to_us, track=True)
    box = (-180.0, -90.0, 180.0, 90.0)
    if args.box is not None:
        try:
            west, south, east, north = map(float, args.box.split(","))
        except ValueError:
            raise CommandError(f"{args.box!r} is no box: WEST,SOUTH,EAST,NORTH in degrees") from None
        box = (west, south, east, north)
    return queries.in_box(folder, *box, from_us, to_us)


def export(rows: NDArray[np.void], out: Path) -> None:
    """Write positions as CSV (degrees, m/s), GeoJSON (a line a track) or Parquet; raises :class:`CommandError`."""
    if out.suffix == ".parquet":
        positions.write(out, rows)
    elif out.suffix == ".csv":
        with out.open("w") as file:
            file.write("t_us,id,vehicle,lon,lat,speed_mps,heading_deg,kind,class\n")
            for row in rows.tolist():
                t_us, id, vehicle, lon, lat, speed, heading, kind, code, _ = row
                name = f"{vehicle & 0xFFFFFFFFFFFFFFFF:016x}" if vehicle else ""
                place = f"{lon / 1e7:.7f},{lat / 1e7:.7f},{'' if speed < 0 else f'{speed / 100:.2f}'}"
                course = "" if heading == 65_535 else f"{heading / 100:.2f}"
                file.write(f"{t_us},{id},{name},{place},{course},{kind},{code}\n")
    elif out.suffix in (".geojson", ".json"):
        features = []
        for id in np.unique(rows["id"]).tolist():
            own = rows[rows["id"] == id]
            line = np.column_stack([own["lon_e7"] / 1e7, own["lat_e7"] / 1e7]).round(7).tolist()
            shape = (
                {"type": "LineString", "coordinates": line}
                if len(line) > 1
                else {"type": "Point", "coordinates": line[0]}
            )
            about = {
                "id": id,
                "from_us": int(own["t_us"][0]),
                "to_us": int(own["t_us"][-1]),
                "kind": int(own["kind"][0]),
            }
            features.append({"type": "Feature", "geometry": shape, "properties": about})
        out.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    else:
        raise CommandError(f"{out}: a name ends in .csv, .geojson or .parquet")


def let_go(zone: Zone, folder: Path, args: argparse.Namespace) -> int:
    """Let go what is older or more than asked, or than the zone's profile keeps; print what went."""
    own = Keeping.of(zone.profile)
    keeping = Keeping(
        args.older_h * 3600 if args.older_h is not None else None if args.most_gb is not None else own.segments_s,
        int(args.most_gb * 1e9)
        if args.most_gb is not None
        else None
        if args.older_h is not None
        else own.segments_bytes,
    )
    now_us = time.time_ns() // 1000
    gone = prune(folder, keeping, now_us, key.own(state_dir(zone.id)).sign)
    gone += let_positions_go(folder, now_us - int((own.positions_s or 1e12) * 1e6))
    print(json.dumps({"let_go": gone}) if args.as_json else "\n".join(gone) or "nothing to let go")
    return 0


def command(args: argparse.Namespace) -> int:
    """Carry ``jinyun record`` out; return its exit code. Raises :class:`CommandError`, ``BookError`` or ``OSError``."""
    try:
        if args.deed == "fetch":
            return bring(args.folder, args.uri, args.name, args.as_json)
        zone = zones.load(zones.find(args.zone))
        folder = place(zone, args.folder)
        if args.deed == "archive":
            return archive(folder, args.uri, zone, args.as_json)
    except (AddressError, FetchError) as error:
        raise CommandError(str(error)) from None
    if args.deed == "ls":
        return show(folder, args.as_json)
    if args.deed == "verify":
        return prove(folder, args.head, args.as_json)
    if args.deed == "prune":
        return let_go(zone, folder, args)
    rows = asked(zone, folder, args)
    export(rows, args.out)
    print(json.dumps({"positions": len(rows), "file": str(args.out)}))
    return 0
