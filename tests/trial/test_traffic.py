"""The SUMO executor: the same tracks as the kinematic one, and traffic that reckons with who is placed in it."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun.cli import main
from tests.trial.support import placed, scenario, straight_road

Tracks = dict[str, np.ndarray[Any, np.dtype[np.float64]]]


def played(path: Path, *options: str) -> tuple[dict[str, Any], Tracks]:
    """Play a file in a process of its own, as SUMO needs; return what is told and (t, x, y, h, v) by name."""
    out = path.with_suffix(f".{len(options)}.csv")
    argv = [
        sys.executable,
        "-m",
        "jinyun",
        "trial",
        "play",
        str(path),
        "--step",
        "0.1",
        "--csv",
        str(out),
        "--json",
        *options,
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    by: dict[str, list[list[float]]] = {}
    with out.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            by.setdefault(row["name"], []).append([float(row[key]) for key in ("t_s", "x_m", "y_m", "h_rad", "v_mps")])
    return json.loads(done.stdout), {name: np.array(rows) for name, rows in by.items()}


@pytest.mark.parametrize("name", ["cut-in", "turn-walker"])
def test_a_scripted_scenario_has_the_same_tracks_in_both_executors(tmp_path: Path, name: str) -> None:
    assert main(["trial", "write", name, "--out", str(tmp_path)]) == 0
    path = next(tmp_path.glob("*.xosc"))
    told, among = played(path, "--seconds", "15", "--executor", "sumo")
    _, alone = played(path, "--seconds", "15")
    assert told["executor"] == "sumo"
    assert set(among) == set(alone)
    for actor, rows in alone.items():
        assert among[actor].shape == rows.shape
        assert np.abs(among[actor][:, :3] - rows[:, :3]).max() < 0.01
        turn = np.remainder(among[actor][:, 3] - rows[:, 3] + np.pi, 2 * np.pi) - np.pi
        assert np.abs(turn).max() < 1e-3
    assert told["apart_m"] < 0.01
    assert told["on_lane"] > 0.5


def test_traffic_stops_behind_one_who_stands_and_drives_on_ahead_of_it_the_same_each_time(tmp_path: Path) -> None:
    straight_road(tmp_path, lanes=1)
    path = tmp_path / "stand.xosc"
    path.write_bytes(scenario(placed("Ego", -1, 900, 0) + placed("Other", -1, 930, 0), ""))
    options = ("--seconds", "90", "--executor", "sumo", "--traffic", "14", "--seed", "3")
    told, tracks = played(path, *options)
    assert told["traffic"] == 14
    assert told["contacts"] == []
    traffic = {name: rows for name, rows in tracks.items() if name.startswith("Traffic")}
    behind = {name: rows for name, rows in traffic.items() if rows[0, 2] < 0 and rows[0, 1] < 880}
    assert behind
    for rows in behind.values():
        assert rows[-1, 0] == pytest.approx(90.0)  # it is still there
        assert rows[-1, 4] < 0.2
        assert rows[-1, 1] < 900
    assert any(rows[-1, 0] < 89 for rows in traffic.values())  # others have left the road
    again, same = played(path, *options)
    assert again["log"] == told["log"]
    assert all((same[name] == rows).all() for name, rows in tracks.items())
