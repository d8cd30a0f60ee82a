"""Positions in columns (位置列存): who was where when, in Parquet, for questions about hours and days.

A minute of frames becomes one file, sorted by tile, id and time; an hour's files become two, one sorted by minute, tile and
id for questions about a place, one by vehicle, id and time for questions about somebody. Integers and differences are what
makes them small: degrees in 1e-7, centimetres a second, hundredths of a degree.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jinyun.net import columns
from jinyun.record import frames
from jinyun.record.frames import Packed
from jinyun.record.segment import Kind, SegmentError, blocks

POSITION = np.dtype(
    [
        ("t_us", np.int64),
        ("id", np.uint32),  # track
        ("vehicle", np.int64),  # BSM id as an integer (two's complement), 0 unknown
        ("lon_e7", np.int32),  # 1e-7 degree, WGS-84
        ("lat_e7", np.int32),
        ("speed_cmps", np.int16),  # cm/s
        ("heading_cdeg", np.uint16),  # 0.01 degree, clockwise from north
        ("kind", np.uint8),
        ("classification", np.uint8),
        ("tile", np.int32),  # square of about 500 m: :func:`tile_of`
    ]
)
"""Where somebody was at the instant of a frame."""
FOLDER = "positions"
BY_PLACE, BY_VEHICLE = "by-place", "by-vehicle"
MINUTE_US, HOUR_US = 60_000_000, 3_600_000_000
TILE_E7 = 50_000
"""Side of a tile, 0.005 degree."""
ROWS = {"by-place": 131_072, "by-vehicle": 32_768}
"""Rows of one group, by the order of a file: what a question reads at least."""
_SCHEMA = pa.schema([(name, pa.from_numpy_dtype(POSITION[name])) for name in POSITION.names or ()])
_DELTAS = ("t_us", "id", "vehicle", "lon_e7", "lat_e7", "speed_cmps", "heading_cdeg", "tile")
Inverse = Callable[[NDArray[np.float64], NDArray[np.float64]], tuple[NDArray[np.float64], NDArray[np.float64]]]


def tile_of(lon_e7: NDArray[np.int32], lat_e7: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the number of each place's tile: rows of 0.005 degree from south to north, within them from west to east."""
    row, column = lat_e7 // TILE_E7, lon_e7 // TILE_E7
    tile: NDArray[np.int32] = row * np.int32(360 * 10_000_000 // TILE_E7) + column
    return tile


def of_frames(packed: Iterable[Packed], vehicle_of: dict[int, int], inverse: Inverse) -> NDArray[np.void]:
    """Return the POSITION rows of frames; ``inverse`` leads from the zone's metres to degrees.

    ``vehicle_of`` is the vehicle of a track where it said so. Frames that are not ours are left out.
    """
    tables = []
    for frame in packed:
        try:
            _, found = columns.unpack(frame.data)
        except columns.ColumnsError:
            continue
        if "tracks" in found:
            tables.append((frame.t_us, found["tracks"]))
    if not tables:
        return np.empty(0, POSITION)

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([table[name] for _, table in tables])

    rows = np.zeros(sum(len(table["id"]) for _, table in tables), POSITION)
    rows["t_us"] = np.repeat([t_us for t_us, _ in tables], [len(table["id"]) for _, table in tables])
    rows["id"] = joined("id")
    ids, place = np.unique(rows["id"], return_inverse=True)
    vehicles = np.array([vehicle_of.get(int(id), 0) for id in ids], np.uint64).astype(np.int64)
    rows["vehicle"] = vehicles[place]
    lon, lat = inverse(joined("x_m").astype(np.float64), joined("y_m").astype(np.float64))
    rows["lon_e7"], rows["lat_e7"] = np.rint(lon * 1e7), np.rint(lat * 1e7)
    rows["speed_cmps"] = np.clip(np.nan_to_num(np.rint(joined("speed_mps") * 100.0), nan=-1), -1, 32_767)
    heading = np.nan_to_num(np.rint(joined("heading_deg") * 100.0), nan=65_535)
    rows["heading_cdeg"] = np.where(heading == 65_535, 65_535, heading % 36_000)
    rows["kind"], rows["classification"] = joined("kind"), joined("class")
    rows["tile"] = tile_of(rows["lon_e7"], rows["lat_e7"])
    return rows


def by_place(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return rows in the order of minute, tile, id and time."""
    ordered: NDArray[np.void] = rows[np.lexsort((rows["t_us"], rows["id"], rows["tile"], rows["t_us"] // MINUTE_US))]
    return ordered


def by_vehicle(rows: NDArray[np.void]) -> NDArray[np.void]:
    """Return rows in the order of vehicle, id and time."""
    ordered: NDArray[np.void] = rows[np.lexsort((rows["t_us"], rows["id"], rows["vehicle"]))]
    return ordered


def write(path: Path, rows: NDArray[np.void], order: str = BY_PLACE) -> None:
    """Write rows in their order; a reader sees the whole file or none."""
    table = pa.Table.from_arrays([pa.array(np.ascontiguousarray(rows[name])) for name in _SCHEMA.names], schema=_SCHEMA)
    fresh = path.with_name(path.name + ".new")
    pq.write_table(
        table, fresh, compression="zstd", row_group_size=ROWS[order], use_dictionary=["kind", "classification"],
        column_encoding={name: "DELTA_BINARY_PACKED" for name in _DELTAS},
    )  # fmt: skip
    fresh.replace(path)


def read(paths: Iterable[Path]) -> NDArray[np.void]:
    """Return the rows of some files, one after the other."""
    parts = []
    for path in paths:
        table = pq.read_table(path, schema=_SCHEMA)
        rows = np.empty(table.num_rows, POSITION)
        for name in _SCHEMA.names:
            rows[name] = table[name].to_numpy()
        parts.append(rows)
    return np.concatenate(parts) if parts else np.empty(0, POSITION)


def from_segment(path: Path, inverse: Inverse) -> NDArray[np.void]:
    """Return the positions of a segment's frames; what stands behind a broken block is left out."""
    packed: list[Packed] = []
    vehicle_of: dict[int, int] = {}
    try:
        for block in blocks(path):
            if block.kind == Kind.FRAMES:
                packed += frames.unpack(block.content())
            elif block.kind == Kind.IDENTITIES:
                named = frames.unpack_identities(block.content())
                vehicle_of |= dict(zip(named["track"].tolist(), named["vehicle_id"].tolist(), strict=True))
    except (SegmentError, ValueError):
        pass
    return of_frames(packed, vehicle_of, inverse)
