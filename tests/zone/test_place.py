"""The projection against PROJ (pyproj), which shares no code with it."""

import numpy as np
import pyproj
import pytest

from jinyun.zone import Projection


@pytest.mark.parametrize(("lon", "lat"), [(106.3, 29.6), (121.18, 31.28), (0.0, 0.0), (-70.0, -45.0)])
def test_metres_are_those_of_proj_within_a_tenth_of_a_millimetre_over_50_km(lon: float, lat: float) -> None:
    project = Projection(lon, lat)
    oracle = pyproj.Transformer.from_crs("EPSG:4326", project.proj, always_xy=True)
    rng = np.random.default_rng(1)
    lons, lats = lon + rng.uniform(-0.5, 0.5, 2000), lat + rng.uniform(-0.45, 0.45, 2000)
    x, y = project(lons, lats)
    expected_x, expected_y = oracle.transform(lons, lats)
    assert np.abs(x - expected_x).max() < 1e-4
    assert np.abs(y - expected_y).max() < 1e-4


def test_there_and_back_is_the_same_place() -> None:
    project = Projection(106.3, 29.6)
    rng = np.random.default_rng(2)
    x, y = rng.uniform(-50_000, 50_000, (2, 3000))
    lon, lat = project.inverse(x, y)
    back_x, back_y = project(lon, lat)
    assert np.abs(back_x - x).max() < 1e-6
    assert np.abs(back_y - y).max() < 1e-6


def test_a_metre_of_the_plane_is_a_metre_of_ground() -> None:
    project = Projection(106.3, 29.6)
    geod = pyproj.Geod(ellps="WGS84")
    lon, lat = project.inverse([4000.0, 5000.0], [3000.0, 3000.0])
    _, _, distance = geod.inv(lon[0], lat[0], lon[1], lat[1])
    assert distance == pytest.approx(1000.0, abs=0.001)


def test_the_origin_is_zero_and_single_numbers_do() -> None:
    project = Projection(106.3, 29.6)
    assert [float(v) for v in project(106.3, 29.6)] == pytest.approx([0.0, 0.0], abs=1e-9)
    assert [float(v) for v in project.inverse(0, 0)] == pytest.approx([106.3, 29.6], abs=1e-12)
