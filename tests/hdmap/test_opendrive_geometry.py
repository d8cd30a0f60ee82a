"""Curves of OpenDRIVE against integration of their curvature and dense walks along their polynomials."""

import math
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.spatial import cKDTree

from jinyun import hdmap
from jinyun.hdmap import Map
from jinyun.hdmap.reading.opendrive import geometry
from jinyun.hdmap.reading.opendrive.geometry import Piece
from jinyun.hdmap.reading.source import Source
from tests.conftest import shared
from tests.hdmap import dense, xodr

CENTIMETRE = 0.01


@given(
    first=st.floats(-0.2, 0.2),
    last=st.floats(-0.2, 0.2) | st.floats(-1e-9, 1e-9),
    length=st.floats(0.5, 200),
    share=st.floats(0, 1),
)
@settings(max_examples=150, deadline=None)
def test_a_spiral_is_the_integral_of_its_curvature(first: float, last: float, length: float, share: float) -> None:
    curves = geometry.curves([Piece("here", 0, 0, 0, 0, length, (first, last))], Source("test"))
    x, y, heading = geometry.evaluate(curves, np.zeros(1, int), np.array([share * length]))
    growth = (last - first) / length

    def turned(s: float) -> float:
        return first * s + growth / 2 * s * s

    end = share * length
    u = quad(lambda s: math.cos(turned(s)), 0, end, limit=400, epsabs=1e-9)[0]
    v = quad(lambda s: math.sin(turned(s)), 0, end, limit=400, epsabs=1e-9)[0]
    assert math.hypot(x[0] - u, y[0] - v) < 1e-6
    assert abs(heading[0] - turned(end)) < 1e-9


@pytest.mark.parametrize("number", range(len(xodr.CHAIN)))
def test_each_kind_of_geometry_runs_where_a_dense_walk_runs(number: int) -> None:
    kind, _, length = xodr.CHAIN[number]
    view, _ = xodr.geometries((xodr.CHAIN[number],))
    road = ET.fromstring(f"<road><planView>{view}</planView></road>")
    s = np.linspace(0, length, 301)
    curves = geometry.curves(geometry.pieces(road, "road 1", Source("test")), Source("test"))
    x, y, heading = geometry.evaluate(curves, np.zeros(len(s), int), s)
    u, v, turn = dense.reference(road, s)
    assert np.hypot(x - u, y - v).max() < 1e-5, kind
    assert np.abs((heading - turn + math.pi) % (2 * math.pi) - math.pi).max() < 1e-4


def check(map: Map, roads: list[ET.Element]) -> float:
    """Return how far any lane's border lies from its dense line, either way."""
    by_id = {road.get("id"): road for road in roads}
    worst = 0.0
    for row, id in enumerate(map.lanes["id"].tolist()):
        if id.startswith("crossing"):
            continue
        road, section, number = id.rsplit(".", 2)
        inner, outer = dense.lane(by_id[road], int(section), int(number))
        left, right = map.borders(row)
        along = map.edges["id"][map.lanes["edge"][row]].endswith("+")
        sides = (outer, inner) if (int(number) > 0) == along else (inner, outer)
        wide = np.flatnonzero(np.hypot(*(inner - outer)[:, :2].T) > 0.02)
        keep = slice(max(wide[0] - 1, 0), wide[-1] + 2)
        for ours, theirs in zip((left, right), sides, strict=True):
            worst = max(worst, dense.farthest(theirs[keep, :2], ours), dense.farthest(ours, theirs[:, :2]))
        first = int(map.lanes["first"][row])
        rows = slice(first, first + len(left))
        middle = (inner + outer) / 2
        _, near = cKDTree(middle[:, :2]).query(np.column_stack([map.points["x_m"][rows], map.points["y_m"][rows]]))
        worst = max(worst, float(np.abs(map.points["z_m"][rows] - middle[near, 2]).max()))
    return worst


def test_every_lane_of_every_kind_of_road_is_within_a_centimetre(tmp_path: Path) -> None:
    text = xodr.every_kind()
    (tmp_path / "every.xodr").write_text(text)
    map = hdmap.read(tmp_path / "every.xodr")
    assert check(map, ET.fromstring(text).findall("road")) < CENTIMETRE
    assert map.points["z_m"].min() > 205  # heights are kept


@pytest.mark.parametrize("name", ["esmini_fabriksgatan_traffic_lights", "esmini_multi_intersections"])
def test_every_lane_of_a_real_map_is_within_a_centimetre(name: str) -> None:
    path = shared(f"maps/{name}.xodr")
    assert check(hdmap.read(path), ET.parse(path).getroot().findall("road")) < CENTIMETRE
