"""The record of a run: what each case was, came to and looked like, in files that others can read.

A folder per run: ``run.json`` (who was tested with what), ``cases/<item>/<number>.json`` (result) beside ``.parquet`` (rows),
``.xosc`` and ``.xodr`` (the scenario itself), ``summary.json`` at the end. A case's file is written whole or not at all, so a
run that was broken off goes on where it was.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from jinyun.trial.fault import TrialError
from jinyun.trial.storyboard.play import ROW
from jinyun.trial.verdict.case import Run

ROWS = pa.schema([
    ("t_s", pa.float64()), ("actor", pa.int16()), ("x_m", pa.float64()), ("y_m", pa.float64()), ("h_rad", pa.float64()),
    ("v_mps", pa.float64()), ("a_mps2", pa.float64()), ("s_m", pa.float64()), ("t_m", pa.float64()), ("lane", pa.int16()),
])  # fmt: skip


def stem(folder: Path, case: str) -> Path:
    """Return where a case's files lie, without their endings."""
    item, _, number = case.partition("/")
    if "/" in number or ".." in case or not number.isdecimal():
        raise TrialError(f"{case!r} is no case")
    return folder / "cases" / item / number


def write(folder: Path, run: Run) -> None:
    """Write a case's files, the result last."""
    at = stem(folder, run.result.case)
    at.parent.mkdir(parents=True, exist_ok=True)
    table = pa.Table.from_arrays([pa.array(run.played.rows[name]) for name in ROW.names or ()], schema=ROWS)
    pq.write_table(table, at.with_suffix(".parquet"), compression="zstd")
    at.with_suffix(".xosc").write_bytes(run.compiled.xosc)
    at.with_suffix(".xodr").write_bytes(run.compiled.xodr)
    told = run.result.told() | {
        "actors": [
            {"name": one.name, "kind": one.category or one.kind, "length_m": one.length_m, "width_m": one.width_m,
             "ahead_m": one.centre_x_m}
            for one in run.played.entities
        ],
        "lines": run.network.lines(),
        "log": [list(line) for line in run.played.log if line[1] in ("event", "condition", "signal", "storyboard")],
        "signals": [list(line) for line in run.played.signals],
        "lights": [{"id": id, "line_m": line, "told": told} for id, line, told in run.setting.lights],
        "contacts": [list(line) for line in run.played.contacts],
        "commands": [[t, round(a, 4), round(k, 6), lamps, request] for t, a, k, lamps, request in run.seat.commands],
    }  # fmt: skip
    put(at.with_suffix(".json"), told)


def put(path: Path, told: Any) -> None:
    """Write JSON whole or not at all."""
    part = path.with_suffix(path.suffix + ".part")
    part.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def get(path: Path) -> dict[str, Any]:
    """Return a JSON object; raises :class:`TrialError` naming the file."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrialError(f"{path.name}: {error}") from None
    if not isinstance(told, dict):
        raise TrialError(f"{path.name}: is no JSON object")
    return told


def rows(folder: Path, case: str) -> NDArray[np.void]:
    """Return a case's rows (ROW); raises :class:`TrialError`."""
    path = stem(folder, case).with_suffix(".parquet")
    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise TrialError(f"{case}: {error}") from None
    found = np.empty(table.num_rows, ROW)
    for name in ROW.names or ():
        found[name] = table[name].to_numpy()
    return found


def results(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the results of a run's cases in the order of their names."""
    for path in sorted((folder / "cases").glob("*/*.json")):
        yield get(path)
