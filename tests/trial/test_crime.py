"""Measures against commonroad-crime 0.4.5 on the tracks of ``crime_oracle.py``, which gave the values here.

Where definitions are equal, to a thousandth: HW, TTC, TET, TIT, and the least distance of the boxes within a recording with
its time (its DCE, which it rounds to a centimetre, and TTCE). Differences of definition: its THW is the first *step* of the
recording by which the gap is driven (1.8 s for 1.775 s); our ``dce`` is of points that keep their speed for ever; its ALongReq
is 0.0 on these tracks, ours is what the formula in its documentation gives; its PET and ET take the overlap of two *lanelets*
for the conflict area, ours what the boxes sweep, and need an intersection in the map.

With ``JINYUN_CRIME_PYTHON`` (a Python that has commonroad-crime) its values are computed anew.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from jinyun.trial.measure import along, boxes
from tests.trial.crime_oracle import SCENES, STEP_S

CRIME = {
    "behind": {"HW": 35.5, "THW": 1.8, "TTC": 3.55, "TTCE": 2.9, "DCE": 6.5, "ALongReq": 0.0, "TET": 1.4, "TIT": 0.98},
    "across": {"TTCE": 3.4, "DCE": 1.72},
}
TTC_BELOW_S = 2.0
"""Its threshold of TET and TIT."""
LENGTH_M, WIDTH_M = 4.5, 2.0


def tracks(scene: str) -> list[tuple[np.ndarray, np.ndarray, np.ndarray, float]]:  # type: ignore[type-arg]
    """x, y, heading by step and the speed of both cars of a scene, over the steps it looks at."""
    steps, cars = SCENES[scene]
    t = np.arange(steps) * STEP_S
    return [(x + v * t * math.cos(h), y + v * t * math.sin(h), np.full(steps, h), v) for x, y, h, v in cars]


def test_headway_and_time_to_collision_are_its_to_a_thousandth() -> None:
    (x1, y1, h1, v1), (x2, y2, h2, v2) = tracks("behind")
    gap = x2[0] - x1[0] - LENGTH_M
    told = CRIME["behind"]
    assert gap == pytest.approx(told["HW"], abs=1e-3)
    assert along.ttc_s(gap, v1, v2) == pytest.approx(told["TTC"], abs=1e-3)
    of_boxes = boxes.ttc_s(x1[0], y1[0], h1[0], v1, LENGTH_M, WIDTH_M, x2[0], y2[0], h2[0], v2, LENGTH_M, WIDTH_M)
    assert of_boxes == pytest.approx(told["TTC"], abs=1e-3)


def test_exposure_and_its_integral_are_its_to_a_thousandth() -> None:
    (x1, y1, h1, v1), (x2, y2, h2, v2) = tracks("behind")
    ttc = boxes.ttc_s(x1, y1, h1, v1, LENGTH_M, WIDTH_M, x2, y2, h2, v2, LENGTH_M, WIDTH_M)
    assert along.exposed_s(ttc, TTC_BELOW_S, STEP_S) == pytest.approx(CRIME["behind"]["TET"], abs=1e-3)
    assert along.integrated_s2(ttc, TTC_BELOW_S, STEP_S) == pytest.approx(CRIME["behind"]["TIT"], abs=1e-3)


@pytest.mark.parametrize("scene", SCENES)
def test_the_least_distance_of_the_boxes_and_its_time_are_its(scene: str) -> None:
    (x1, y1, h1, _), (x2, y2, h2, _) = tracks(scene)
    distance = boxes.distance_m(x1, y1, h1, LENGTH_M, WIDTH_M, x2, y2, h2, LENGTH_M, WIDTH_M)
    assert round(float(distance.min()), 2) == pytest.approx(CRIME[scene]["DCE"], abs=1e-3)
    assert int(distance.argmin()) * STEP_S == pytest.approx(CRIME[scene]["TTCE"], abs=1e-3)


def test_its_time_headway_is_ours_rounded_up_to_a_step() -> None:
    ours = float(along.time_headway_s(CRIME["behind"]["HW"], 20))
    assert math.ceil(ours / STEP_S - 1e-9) * STEP_S == pytest.approx(CRIME["behind"]["THW"], abs=1e-3)


@pytest.mark.long
def test_its_values_are_those_that_stand_here() -> None:
    python = os.environ.get("JINYUN_CRIME_PYTHON")
    if not python:
        pytest.skip("JINYUN_CRIME_PYTHON names no Python with commonroad-crime (pip install commonroad-crime==0.4.5)")
    oracle = Path(__file__).with_name("crime_oracle.py")
    said = subprocess.run([python, str(oracle)], check=True, capture_output=True, timeout=600).stdout
    told = json.loads(said.splitlines()[-1])  # it talks before
    assert told.keys() == CRIME.keys()
    for scene, values in CRIME.items():
        assert told[scene] == pytest.approx(values, abs=1e-9)
