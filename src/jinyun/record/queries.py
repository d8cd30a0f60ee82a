"""Questions to recorded positions (查询): who was in a box, asked with DuckDB; where a vehicle was, group by group.

Files name their span, so that a question opens only those of its time; inside, groups that cannot answer are leapt over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jinyun.record.positions import BY_PLACE, BY_VEHICLE, FOLDER, HOUR_US, MINUTE_US, POSITION, tile_of

_NAME = re.compile(r"(\d{8}T\d{2})(\d{2})?\.(by-place|by-vehicle)(?:\.\d+)?\.parquet\Z")


def files(folder: Path, order: str, from_us: int, to_us: int) -> list[Path]:
    """Return the files of a record that hold positions of a span (us), in one order; minutes serve both until their hour is."""
    found = []
    for path in sorted((folder / FOLDER).glob("*.parquet")):
        match = _NAME.match(path.name)
        if match is None or (match[2] is None and match[3] != order):
            continue
        begin = datetime.strptime(match[1] + (match[2] or "00"), "%Y%m%dT%H%M").replace(tzinfo=UTC)
        begin_us = int(begin.timestamp()) * 1_000_000
        if begin_us < to_us and from_us < begin_us + (MINUTE_US if match[2] else HOUR_US):
            found.append(path)
    return found


def _ask(paths: Sequence[Path], where: str, values: list[object], most: int) -> NDArray[np.void]:
    if not paths:
        return np.empty(0, POSITION)
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    names = ", ".join(POSITION.names or ())
    query = f"SELECT {names} FROM read_parquet([{listed}]) WHERE {where} LIMIT {int(most)}"
    with duckdb.connect(config={"threads": 2}) as link:
        found = link.execute(query, values).fetchnumpy()
    return _rows(found, paths)


def _rows(found: Mapping[str, NDArray[Any]], paths: Sequence[Path]) -> NDArray[np.void]:
    """Return columns as rows ordered by time and track, each once."""
    t_us, id = found["t_us"], found["id"]
    rows = np.empty(len(t_us), POSITION)
    sorted_already = bool(((t_us[1:] > t_us[:-1]) | ((t_us[1:] == t_us[:-1]) & (id[1:] >= id[:-1]))).all())
    order = slice(None) if sorted_already else np.lexsort((id, t_us))
    for name in POSITION.names or ():
        rows[name] = found[name][order]
    if len({path.name[:11] for path in paths}) < len(paths):  # an hour that is just being made stands there twice
        once = np.append(True, rows[1:] != rows[:-1])[: len(rows)]
        rows = rows[once]
    return rows


def in_box(
    folder: Path, west: float, south: float, east: float, north: float, from_us: int, to_us: int, most: int = 10_000_000
) -> NDArray[np.void]:
    """Return the POSITION rows inside a box (degrees) from an instant to before another, ordered by time and id."""
    paths = files(folder, BY_PLACE, from_us, to_us)
    box = [round(value * 1e7) for value in (west, east, south, north)]
    where = "t_us >= ? AND t_us < ? AND lon_e7 BETWEEN ? AND ? AND lat_e7 BETWEEN ? AND ?"
    corners = tile_of(np.array([box[0], box[1]], np.int32), np.array([box[2], box[3]], np.int32))
    where += f" AND tile BETWEEN {int(corners[0])} AND {int(corners[1])}"  # rows of tiles are leapt over whole
    return _ask(paths, where, [from_us, to_us, *box], most)


def of_vehicle(
    folder: Path, vehicle: int, from_us: int, to_us: int, track: bool = False, most: int = 10_000_000
) -> NDArray[np.void]:
    """Return the POSITION rows of a vehicle (BSM id), or of a ``track``, in a span (us), ordered by time."""
    paths = files(folder, BY_VEHICLE, from_us, to_us)
    column, value = ("id", vehicle) if track else ("vehicle", int(np.uint64(vehicle).astype(np.int64)))
    parts = [part for path in paths if (part := _of_one(path, column, value)) is not None]
    if not parts:
        return np.empty(0, POSITION)
    table = pa.concat_tables(parts)
    inside = pc.and_(pc.greater_equal(table["t_us"], from_us), pc.less(table["t_us"], to_us))
    table = table.filter(inside).slice(0, most)
    return _rows({name: table[name].to_numpy() for name in POSITION.names or ()}, paths)


def _of_one(path: Path, column: str, value: int) -> Any:
    """Return a file's rows of one value as a table, reading only the groups that may hold it; None for none."""
    file = pq.ParquetFile(path)
    about = file.metadata
    place = about.schema.names.index(column)
    groups = []
    for number in range(about.num_row_groups):
        span = about.row_group(number).column(place).statistics
        if span is None or not span.has_min_max or span.min <= value <= span.max:
            groups.append(number)
    if not groups:
        return None
    table = file.read_row_groups(groups)
    return table.filter(pc.equal(table[column], value))
