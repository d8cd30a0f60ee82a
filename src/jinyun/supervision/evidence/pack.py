"""The pack of an event (事件证据包): a folder that holds what was recorded around it and proves itself.

``record/*.jyr`` are the recorded blocks as they were written, raw messages and frames; everything else is made of them to be
read by people. The manifest names every file with its SHA-256, the Merkle root over all of them and is signed with the
zone's key; ``verify.py`` in the pack proves it with nothing but Python. A pack is never changed: what is learnt later makes
another one.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from jinyun import __version__
from jinyun.cloud import findings
from jinyun.hdmap import Map
from jinyun.net.columns import ColumnsError
from jinyun.record.key import Key
from jinyun.supervision.events import Event
from jinyun.supervision.evidence import verify
from jinyun.supervision.evidence.gathering import Gathered, gather, tables_of
from jinyun.supervision.evidence.report import as_html, as_pdf
from jinyun.supervision.evidence.sheet import Scene
from jinyun.zone import Zone

FOLDER = "events"
NEAR_M = 150.0
"""Who and what was so near to an event stands in its tables, and who had a part in it from any distance."""


class PackError(ValueError):
    """A pack cannot be made; one clear line."""


def make(
    zone: Zone, map: Map | None, record: Path, event: Event, target: Path, key: Key, more: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Make the pack of an event from a record in ``target`` (a folder that is not there yet); return its manifest.

    ``more`` is what is known besides the record: data items, video references, rows of the timeline. Raises :class:`PackError`.
    """
    before_s, after_s = zone.profile["record.before_event_s"].value, zone.profile["record.after_event_s"].value
    found = gather(record, event.t_us - int(before_s * 1e6), event.t_us + int(after_s * 1e6))
    if not found.frames:
        raise PackError(f"{record}: no frame was recorded around {event.id}")
    if target.exists():
        raise PackError(f"{target}: is there already")
    making = target.with_name(target.name + ".new")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(parents=True)
    chains = _raw(found, making)
    scene = Scene(zone, map, event, found, NEAR_M)
    facts = _facts(zone, event, found, scene, _with_items(found, scene, more or {}))
    _write(making, facts, found, scene)
    for language in ("zh", "en"):
        (making / f"report.{language}.html").write_text(as_html(facts, scene, language), encoding="utf-8")
    as_pdf(facts, scene, making / "report.pdf")
    shutil.copyfile(verify.__file__, making / "verify.py")
    manifest = seal(making, facts["event"] | {"coverage": facts["coverage"], "zone": zone.id}, chains, key)
    making.replace(target)
    return manifest


def _with_items(found: Gathered, scene: Scene, more: dict[str, Any]) -> dict[str, Any]:
    """Return ``more`` with the recorded data items of the event's vehicle and of those near by, and the video they name."""
    near = []
    for said in found.items:
        x_m = y_m = np.full(1, np.nan)
        if said.get("lon") is not None and said.get("lat") is not None:
            x_m, y_m = scene.zone.project(np.array([said["lon"]]), np.array([said["lat"]]))
        own = bool(scene.event.vehicle) and said["vehicle"] == scene.event.vehicle
        if own or float(np.hypot(x_m[0] - scene.x_m, y_m[0] - scene.y_m)) <= NEAR_M:
            near.append(said)
    near.sort(key=lambda said: float(said["t_ms"]))
    named = {
        (str(said["vehicle"]), which, said[which])
        for said in near
        for which in ("video_outside", "video_inside")
        if said.get(which)
    }
    video = [{"vehicle": vehicle, "which": which, "where": where} for vehicle, which, where in sorted(named)]
    return more | {"items": [*more.get("items", []), *near], "video": [*more.get("video", []), *video]}


def seal(folder: Path, about: dict[str, Any], chains: dict[str, str], key: Key) -> dict[str, Any]:
    """Write manifest and signature over all files of a folder; ``chains`` is what stood before recorded blocks."""
    files, leaves = [], []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name, data = path.relative_to(folder).as_posix(), path.read_bytes()
        entry: dict[str, Any] = {"name": name, "bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        files.append(entry | ({"chain_before": chains[name]} if name in chains else {}))
    for entry in sorted(files, key=lambda entry: str(entry["name"])):
        data = (folder / entry["name"]).read_bytes()
        leaves.append(hashlib.sha256(entry["name"].encode() + b"\0" + data).digest())
    made = datetime.now(UTC).isoformat(timespec="seconds")
    manifest = {
        **about,
        "files": files,
        "merkle_root": verify.merkle(leaves).hex(),
        "made": made,
        "software": __version__,
    }
    raw = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    (folder / verify.MANIFEST).write_bytes(raw)
    signature = {"form": "ed25519", "key": key.public, "signature": key.sign(raw).hex()}
    (folder / verify.SIGNATURE).write_bytes(json.dumps(signature, sort_keys=True).encode() + b"\n")
    return manifest


def _raw(found: Gathered, folder: Path) -> dict[str, str]:
    (folder / "record").mkdir()
    chains = {}
    for cut in found.cuts:
        name = f"record/{cut.segment}"
        (folder / name).write_bytes(cut.data)
        chains[name] = cut.chain_before.hex()
    return chains


def _facts(zone: Zone, event: Event, found: Gathered, scene: Scene, more: dict[str, Any]) -> dict[str, Any]:
    first_us, last_us = found.covers_us
    kept_d = zone.profile["record.events_kept_d"].value
    return {
        "event": {
            "id": event.id, "kind": event.kind, "t_us": event.t_us, "tracks": list(event.tracks), "vehicle": event.vehicle,
            "zh": event.zh, "en": event.en, "lon": scene.lon, "lat": scene.lat,
            "simulated": bool(found.about.get("simulated", zone.simulated)), "map_revision": found.about.get("map"),
        },
        "zone": {"id": zone.id, "zh": zone.name.zh, "en": zone.name.en},
        "coverage": {
            "before_s": round((event.t_us - first_us) / 1e6, 1), "after_s": round((last_us - event.t_us) / 1e6, 1),
            "asked_before_s": zone.profile["record.before_event_s"].value, "frames": len(found.frames), "kept_days": kept_d,
        },
        "gaps": [note for note in found.notes if str(note.get("kind", "")).startswith("record.")],
        "participants": scene.participants(found), "timeline": timeline(event, found, more), "more": more,
    }  # fmt: skip


def timeline(event: Event, found: Gathered, more: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was found, said and done around an event, in the order of time; ``at_s`` is relative to it."""
    rows = [_row(event.t_us, event.kind, event.vehicle or list(event.tracks), event.zh, event.en)]
    episodes: set[int] = set()
    for note in found.notes:
        if note["kind"] == "account":
            for one in note["episodes"]:
                if one["id"] not in episodes and one["opened_us"] >= found.from_us:
                    episodes.add(one["id"])
                    rows.append(
                        _row(
                            one["opened_us"], one["rule"], one["source"], findings.chinese(one["reason"]), one["reason"]
                        )
                    )
        elif note["kind"] == "sent":
            rows.append(_row(note["t_us"], "sent", note["topic"], note["payload"][:60]))
        elif note["kind"] != "counsel":
            rows.append(_row(note["t_us"], note["kind"], "record", json.dumps(note)))
    rows += more.get("timeline", [])
    rows.sort(key=lambda row: int(row["t_us"]))
    return [row | {"at_s": round((int(row["t_us"]) - event.t_us) / 1e6, 2)} for row in rows]


def _row(t_us: int, what: str, who: Any, zh: str, en: str | None = None) -> dict[str, Any]:
    return {"t_us": t_us, "what": what, "who": who, "zh": zh, "en": en if en is not None else zh}


def _write(folder: Path, facts: dict[str, Any], found: Gathered, scene: Scene) -> None:
    def put(name: str, value: Any) -> None:
        (folder / name).write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")

    put("event.json", {key: facts[key] for key in ("event", "zone", "coverage", "gaps", "participants")})
    put("timeline.json", facts["timeline"])
    put("senders.json", found.senders)
    put("items.json", facts["more"].get("items", []))
    put("video.json", facts["more"].get("video", []))
    put("map.geojson", scene.map_geojson())
    with (folder / "tracks.csv").open("w") as file:
        file.write(
            "t_us,track,vehicle,kind,seen_by,sources,x_m,y_m,lon,lat,speed_mps,heading_deg,length_m,width_m,sd_m\n"
        )
        for frame in found.frames:
            _rows(file, frame.t_us, frame, scene, found)
    with (folder / "signals.csv").open("w") as file:
        file.write("t_us,node,phase,light,remaining_ds\n")
        before: dict[tuple[int, int], int] = {}
        for frame in found.frames:
            try:
                signals = tables_of(frame)[2]
            except ColumnsError:
                continue
            for node, phase, light, left in zip(
                *(signals[name].tolist() for name in ("node", "phase", "light", "remaining_ds")), strict=True
            ):
                if node in scene.nodes and before.get((node, phase)) != light:
                    before[node, phase] = light
                    file.write(f"{frame.t_us},{node},{phase},{light},{'' if left == 65_535 else left}\n")


def _rows(file: Any, t_us: int, frame: Any, scene: Scene, found: Gathered) -> None:
    try:
        tracks = tables_of(frame)[1]
    except ColumnsError:
        return
    involved = np.isin(tracks["id"], scene.event.tracks)
    near = np.flatnonzero(involved | (np.hypot(tracks["x_m"] - scene.x_m, tracks["y_m"] - scene.y_m) <= NEAR_M))
    lon, lat = scene.zone.project.inverse(
        tracks["x_m"][near].astype(np.float64), tracks["y_m"][near].astype(np.float64)
    )
    for k, row in enumerate(near.tolist()):
        id = int(tracks["id"][row])
        vehicle = f"{found.vehicle_of[id]:016x}" if id in found.vehicle_of else ""
        values = ",".join(f"{float(tracks[name][row]):.3f}" for name in ("x_m", "y_m"))
        rest = ",".join(
            f"{float(tracks[name][row]):.2f}"
            for name in ("speed_mps", "heading_deg", "length_m", "width_m", "position_sd_m")
        )
        who = f"{t_us},{id},{vehicle},{tracks['kind'][row]},{tracks['seen_by'][row]},{tracks['sources'][row]}"
        file.write(f"{who},{values},{lon[k]:.7f},{lat[k]:.7f},{rest}\n")
