"""Readiness: unknown is not ready, what is low is named, a bend is measured as a circle's."""

from __future__ import annotations

import numpy as np
import pytest

from jinyun import zone as zones
from jinyun.growth import readiness
from jinyun.growth.description import read
from jinyun.growth.drawing import draw

ZONE = zones.load(zones.find("science-city"))
NETWORK = draw(ZONE, read(ZONE.folder))


def one(id: str, devices: dict, stations: list, events: list | None, days: float = 1.0) -> dict:  # type: ignore[type-arg]
    return next(row for row in readiness.score(ZONE, NETWORK, devices, stations, events, days) if row["segment"] == id)


GOOD = {
    "completeness": {"value": 0.99, "valid": True, "meets": True},
    "missed": {"value": 0, "valid": True, "meets": True},
}
BAD = {
    "completeness": {"value": 0.5, "valid": True, "meets": False},
    "missed": {"value": 0.4, "valid": True, "meets": False},
}


def station(junction: str, on: str) -> dict:  # type: ignore[type-arg]
    return {"junction": junction, "phases": [{"phase": 1, "crossed_on": {on: 4}}]}


def test_without_records_nothing_is_ready_and_what_is_unknown_is_named() -> None:
    row = one("yungu.5", {}, [], None)
    assert not row["ready"] and row["score"] is None
    assert set(row["unknown"]) == {"sensing", "signals", "safety"}


def test_with_good_records_it_is_ready_and_each_bad_one_is_named() -> None:
    good = {"rsu/RSU-A5": GOOD}, [station("A5", "green")], []
    assert one("yungu.5", *good)["ready"]
    assert one("yungu.5", {"rsu/RSU-A5": BAD}, good[1], [])["low"] == ["sensing"]
    assert one("yungu.5", good[0], [station("A5", "red")], [])["low"] == ["signals"]
    x, y = ZONE.plan.nodes["A5"].at[:2]
    assert one("yungu.5", good[0], good[1], [{"x_m": x, "y_m": y}] * 20)["low"] == ["safety"]


def test_drawn_roads_have_no_score() -> None:
    assert all("." in row["segment"] for row in readiness.score(ZONE, NETWORK, {}, [], None))


@pytest.mark.parametrize("radius_m", [25.0, 60.0, 500.0])
def test_the_score_of_a_bend_is_its_radius_over_the_least(radius_m: float) -> None:
    angle = np.linspace(0, np.pi, 400)
    line = np.column_stack([radius_m * np.cos(angle), radius_m * np.sin(angle)])
    assert readiness.geometry(line, 1000.0) * 1000.0 == pytest.approx(radius_m, rel=0.12)
    assert readiness.geometry(line, 20.0) == 1.0
