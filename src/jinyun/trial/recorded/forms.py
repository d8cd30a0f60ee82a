"""The files a drive comes in, told by name and content; each becomes a :class:`~.table.Table`.

Plain tables (``.csv``, which ``jinyun record export`` and ``jinyun trial play --csv`` write too), positions of a zone's record
(``.parquet``), the truth of a simulated zone and a shuttle's recorder (``.jyc``, or a folder of them), a case of a run
(its ``.parquet`` with the ``.json`` beside).
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jinyun.net import columns
from jinyun.shapes import Light as Colour
from jinyun.trial import record
from jinyun.trial.fault import TrialError
from jinyun.trial.recorded import plain
from jinyun.trial.recorded.table import KINDS, OBSERVED, STATES, Floats, Table, Words, entity
from jinyun.zone import Projection

MOST_FILES = 2_000
UNKNOWN_CDEG = 65_535
"""A heading that nobody knows, in a record's positions."""


def read(path: Path, project: Projection | None = None) -> Table:
    """Return what a file or folder tells; ``project`` leads from degrees to metres. Raises :class:`TrialError`."""
    if path.is_dir():
        files = sorted(path.glob("*.jyc"))[: MOST_FILES + 1]
        if not files or len(files) > MOST_FILES:
            raise TrialError(f"{path}: holds {'more than ' + str(MOST_FILES) if files else 'no'} .jyc files")
        return _containers(files, project)
    if not path.is_file():
        raise TrialError(f"{path}: no such file")
    if path.suffix == ".csv":
        return plain.read(path, project)
    if path.suffix == ".jyc":
        return _containers([path], project)
    if path.suffix == ".parquet":
        return _parquet(path, project)
    raise TrialError(f"{path.name}: a record's name ends in .csv, .parquet or .jyc")


def _made(
    source: str, names: NDArray[Any], given: dict[str, Any], bodies: dict[str, tuple[str, float, float]]
) -> Table:
    """Return a table from columns; ``bodies`` are kind, length and width by name, places are the boxes' middles."""
    known, who = np.unique(names.astype(str), return_inverse=True)
    n = len(names)
    table = Table(source, known.tolist(), who.astype(np.int64), {
        key: np.asarray(given.get(key, np.full(n, np.nan)), np.float64) for key in OBSERVED
    }, [])  # fmt: skip
    assumed_of = []
    for name in table.names:
        body, assumed = entity(name, *bodies.get(name, ("", math.nan, math.nan)), 0.0)
        table.bodies.append(body)
        if assumed:
            assumed_of.append(name)
    if assumed_of:
        count = len(assumed_of)
        table.notes.append(Words(
            f"{len(known)} 个交通参与者中 {count} 个未给出尺寸，按该类常见尺寸计",
            f"no size told: usual ones assumed for {count} of {len(known)} participants",
        ))  # fmt: skip
    return table


def _parquet(path: Path, project: Projection | None) -> Table:
    try:
        read = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise TrialError(f"{path.name}: {error}") from None
    names = set(read.column_names)
    if {"t_us", "id", "lon_e7", "lat_e7"} <= names:
        return _positions(path.name, {key: read[key].to_numpy() for key in names}, project)
    if set(record.ROWS.names) <= names:
        return _case(path, {key: read[key].to_numpy() for key in names})
    raise TrialError(f"{path.name}: holds neither positions of a record nor rows of a case")


def _positions(source: str, of: dict[str, NDArray[Any]], project: Projection | None) -> Table:
    if not len(of["t_us"]):
        raise TrialError(f"{source}: is empty")
    lon, lat = of["lon_e7"] / 1e7, of["lat_e7"] / 1e7
    project = project or Projection(float(lon[0]), float(lat[0]))
    x, y = project(lon, lat)
    heading = of["heading_cdeg"].astype(np.float64)
    speed = of["speed_cmps"].astype(np.float64)
    first: dict[str, tuple[str, float, float]] = {}
    for id, kind in zip(of["id"].tolist(), of["kind"].tolist(), strict=True):
        first.setdefault(str(id), (KINDS.get(kind, ""), math.nan, math.nan))
    return _made(source, of["id"], {
        "t_s": of["t_us"] / 1e6, "x_m": x, "y_m": y, "v_mps": np.where(speed < 0, np.nan, speed / 100),
        "h_rad": np.where(heading == UNKNOWN_CDEG, np.nan, np.radians(90 - heading / 100)),
    }, first)  # fmt: skip


def _case(path: Path, of: dict[str, NDArray[Any]]) -> Table:
    told = record.get(path.with_suffix(".json"))
    try:
        actors = [(a["name"], a["kind"], a["length_m"], a["width_m"], a["ahead_m"]) for a in told["actors"]]
        lights = [(float(t), str(id), str(state)) for t, id, state in told["signals"]]
        commands = [(float(t), float(a), float(k), str(lamps), str(asks)) for t, a, k, lamps, asks in told["commands"]]
    except (KeyError, TypeError, ValueError) as error:
        raise TrialError(f"{path.with_suffix('.json').name}: is no case of a run: {error}") from None
    given = {key: np.asarray(of[key], np.float64) for key in OBSERVED if key in of}
    given["limit_mps"] = np.full(len(of["t_s"]), np.nan)
    table = Table(
        path.name, [a[0] for a in actors], of["actor"].astype(np.int64), given, [], lights, [], commands, True
    )
    table.bodies = [entity(name, _word(kind), length, width, ahead)[0] for name, kind, length, width, ahead in actors]
    return table


def _word(kind: str) -> str:
    try:
        entity("", kind, 1.0, 1.0, 0.0)
    except KeyError:
        return "object"
    return kind


def _containers(files: list[Path], project: Projection | None) -> Table:
    read = []
    for path in files:
        try:
            read.append(columns.unpack(path.read_bytes()))
        except columns.ColumnsError as error:
            raise TrialError(f"{path.name}: {error}") from None
    kinds = {str(meta.get("kind")) for meta, _ in read}
    source = files[0].name if len(files) == 1 else files[0].parent.name
    try:
        if kinds == {"truth"}:
            return _truth(source, [tables for _, tables in read])
        if kinds == {"shuttle record"} and len(read) == 1:
            return _recorder(source, *read[0], project)
    except KeyError as error:
        raise TrialError(f"{source}: lacks {error}") from None
    raise TrialError(f"{source}: holds {', '.join(sorted(kinds))}; truth or one shuttle record can be judged")


def _truth(source: str, parts: list[dict[str, dict[str, NDArray[Any]]]]) -> Table:
    def joined(table: str, key: str) -> NDArray[Any]:
        return np.concatenate([part[table][key] for part in parts])

    ids, kind = joined("participants", "id"), joined("participants", "kind")
    length, width = joined("participants", "length_m"), joined("participants", "width_m")
    known, row = np.unique(ids, return_index=True)
    bodies = {
        str(id): (KINDS.get(int(kind[k]), ""), float(length[k]), float(width[k]))
        for id, k in zip(known.tolist(), row.tolist(), strict=True)
    }
    table = _made(source, ids, {
        "t_s": joined("participants", "t_us") / 1e6, "x_m": joined("participants", "x_m"), "y_m": joined("participants", "y_m"),
        "h_rad": np.pi / 2 - joined("participants", "heading_rad"), "v_mps": joined("participants", "speed_mps"),
    }, bodies)  # fmt: skip
    now: dict[tuple[int, int], int] = {}
    for t, node, phase, light in zip(
        *(joined("signals", key).tolist() for key in ("t_us", "node", "phase", "light")), strict=True
    ):
        if now.get((node, phase)) != light:
            now[node, phase] = light
            table.lights.append((t / 1e6, f"{node}/{phase}", STATES.get(Colour(light), "off")))
    table.simulated = True
    return table


def _recorder(source: str, meta: dict[str, Any], tables: dict[str, Any], project: Projection | None) -> Table:
    items = tables["items"]
    lon, lat = items["Vehicle.CurrentLocation.Longitude"], items["Vehicle.CurrentLocation.Latitude"]
    project = project or Projection(float(lon[0]), float(lat[0]))
    x, y = project(lon, lat)
    name = str(meta.get("identity") or "vehicle")
    given: dict[str, Floats] = {
        "t_s": items["t_us"] / 1e6, "x_m": x, "y_m": y, "v_mps": items["Vehicle.Speed"] / 3.6,
        "a_mps2": items["Vehicle.Acceleration.Longitudinal"],
        "h_rad": np.radians(90 - items["Vehicle.CurrentLocation.Heading"]),
    }  # fmt: skip
    table = _made(source, np.full(len(x), name), given, {name: ("shuttle", math.nan, math.nan)})
    words = meta.get("words", {}).get("Private.Jinyun.Mode", [])
    asks = {"manual": "released", "minimal_risk": "minimal risk"}
    modes = [words[int(k)] if int(k) < len(words) else "" for k in items.get("Private.Jinyun.Mode", np.zeros(0))]
    for t, before, now in zip(given["t_s"][1:].tolist(), modes, modes[1:], strict=False):
        if before == "automated" and now in asks:
            table.commands.append((t, math.nan, math.nan, "hazard" if now == "minimal_risk" else "", asks[now]))
    table.simulated = bool(meta.get("simulated"))
    table.notes.append(Words(
        "车载记录不含其他交通参与者：与他人有关的规则未评",
        "the recorder keeps no other participants: nothing towards others is judged",
    ))  # fmt: skip
    return table
