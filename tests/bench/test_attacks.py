"""The attack bench on seconds of the street: every figure of its table, and liars that nobody can overlook."""

from __future__ import annotations

import math

import pytest

from jinyun.bench import attacks as bench
from jinyun.world import attacks

ASKED = ("attackers", "detected_share", "honest_vehicle_hours", "accused", "false_per_hour", "recall",
         "recall_unattacked", "false_share", "position_p95_m")  # fmt: skip


def test_measure_has_every_figure_and_names_who_cannot_be_overlooked(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = ("random_position", "sybil", "denial_of_service")
    monkeypatch.setattr(bench, "JUDGED_S", 1.0)
    monkeypatch.setattr(attacks, "KINDS", {kind: attacks.KINDS[kind] for kind in judged})
    result = bench.measure(seconds=7.0)
    figures = result["figures"]
    assert result["bench"] == "attacks" and result["machine"]["python"]
    assert all(isinstance(value, float | int) and math.isfinite(value) for value in figures.values())
    assert {f"{kind}_{name}" for kind in judged for name in ASKED} <= figures.keys()
    assert figures["healthy_accused"] == 0 and figures["healthy_recall"] > 0.97
    assert figures["random_position_detected_share"] == 1.0 and figures["denial_of_service_detected_share"] == 1.0
    assert figures["random_position_found_p95_s"] < 1.0
    assert figures["sybil_attackers"] == 4 * figures["random_position_attackers"]
    for kind in judged:
        assert figures[f"{kind}_accused"] == 0
        assert figures[f"{kind}_recall"] > figures[f"{kind}_recall_unattacked"] - 0.02
