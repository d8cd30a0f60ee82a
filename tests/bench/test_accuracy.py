"""The accuracy bench on seconds of the street: every figure the table is made from, and an error it must notice."""

from __future__ import annotations

import math

import numpy as np
import pytest

from jinyun.bench import accuracy, scoring

NAMED = (
    "recall",
    "false_share",
    "position_p95_m",
    "speed_p95_mps",
    "heading_p95_deg",
    "idf1",
    "mota",
    "hota",
    "gospa_m",
)
SHARES = ("recall", "false_share", "idf1", "hota")


@pytest.fixture(scope="module")
def runs() -> dict[str, accuracy.Run]:
    return accuracy.simulate(2.6)


@pytest.fixture(scope="module")
def result(runs: dict[str, accuracy.Run]) -> dict[str, dict[str, float]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(accuracy, "simulate", lambda seconds: runs)
        return accuracy.measure(2.6)


def test_every_figure_is_there_flat_and_a_number(result: dict[str, dict[str, float]]) -> None:
    figures = result["figures"]
    assert all(isinstance(value, float) and math.isfinite(value) for value in figures.values())
    classes, others = ("", "car_", "cyclist_", "pedestrian_"), ("", "fog_", "rain_", "turned_", "clock_", "rsu_only_")
    assert {f"{run}{of}{name}" for run in others for of in classes for name in NAMED} <= figures.keys()
    assert {f"bsm_only_{name}" for name in NAMED} <= figures.keys()
    assert all(0 <= figures[run + name] <= 1 for run in others for name in SHARES)
    assert result["peers"]["motmetrics"]["version"]


def test_the_picture_of_a_sound_street_is_right_and_each_part_alone_sees_less(
    result: dict[str, dict[str, float]],
) -> None:
    figures = result["figures"]
    assert figures["recall"] > 0.97 and figures["false_share"] < 0.01 and figures["idf1"] > 0.97
    assert figures["position_p95_m"] < 1.0 and figures["speed_p95_mps"] < 0.6
    assert figures["bsm_only_recall"] < figures["rsu_only_recall"] < figures["recall"]
    assert figures["bsm_only_pedestrian_recall"] == 0 and figures["bsm_only_car_recall"] > 0.3
    assert figures["healthy_units_accused"] == 0


def test_a_picture_that_is_wrong_scores_wrong(runs: dict[str, accuracy.Run]) -> None:
    truth, shown = (np.concatenate(rows) for rows in (runs["stated"].truth, runs["stated"].shown))
    as_is = scoring.figures(truth, shown)
    moved = shown.copy()
    moved["x_m"] += 1.0
    assert scoring.figures(truth, moved)["position_p95_m"] > as_is["position_p95_m"] + 0.4
    assert scoring.figures(truth, shown[shown["id"] % 4 > 0])["recall"] < as_is["recall"] - 0.15
    doubled = shown.copy()
    doubled["x_m"] += 8.0
    both = np.concatenate([shown, doubled])
    both = both[np.argsort(both["frame"], kind="stable")]
    assert scoring.figures(truth, both)["false_share"] > 0.4
