"""Outlines of participants (外廓): where their fronts are, how fast two move against each other, how far two are apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""The tracks of a frame, as they are published."""


def fronts(tracks: Columns, rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return where the fronts of these bodies are: who crosses a line crosses it with the front."""
    course = np.radians(tracks["heading_deg"][rows].astype(np.float64))
    half = np.nan_to_num(tracks["length_m"][rows].astype(np.float64), nan=4.5) / 2
    return tracks["x_m"][rows] + half * np.sin(course), tracks["y_m"][rows] + half * np.cos(course)


def against(first: Columns, a: int, second: Columns, b: int) -> float:
    """Return how fast two participants move against each other (m/s)."""
    motion = []
    for tracks, row in ((first, a), (second, b)):
        course = np.nan_to_num(np.radians(float(tracks["heading_deg"][row])))
        speed = np.nan_to_num(float(tracks["speed_mps"][row]))
        motion.append(np.array([speed * np.sin(course), speed * np.cos(course)]))
    return float(np.hypot(*(motion[0] - motion[1])))


def gap_m(tracks: Columns, a: int, b: int, shrink_m: float = 0.0) -> float:
    """Return :func:`gaps_m` of two rows."""
    return float(gaps_m(tracks, np.array([a]), np.array([b]), shrink_m)[0])


def gaps_m(tracks: Columns, a: NDArray[np.int64], b: NDArray[np.int64], shrink_m: float = 0.0) -> NDArray[np.float64]:
    """Return how far outlines are apart along the axis that parts them best (m), below zero where they overlap.

    Of the rows ``a`` and ``b``, one gap each. Outlines are boxes ``shrink_m`` smaller on each side; whose course is not known
    is taken as going north, whose size is not known as 0.5 m.
    """

    def boxes(rows: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        course = np.nan_to_num(np.radians(tracks["heading_deg"][rows].astype(np.float64)))
        ahead = np.column_stack([np.sin(course), np.cos(course)])
        half = np.column_stack([
            np.maximum(np.nan_to_num(tracks[name][rows].astype(np.float64), nan=0.5) / 2 - shrink_m, 0.05)
            for name in ("length_m", "width_m")
        ])  # fmt: skip
        return ahead, np.column_stack([ahead[:, 1], -ahead[:, 0]]), half

    (ahead_a, aside_a, half_a), (ahead_b, aside_b, half_b) = boxes(a), boxes(b)
    apart = np.column_stack([
        tracks["x_m"][b].astype(np.float64) - tracks["x_m"][a], tracks["y_m"][b].astype(np.float64) - tracks["y_m"][a],
    ])  # fmt: skip
    best = np.full(len(a), -np.inf)
    for axis in (ahead_a, aside_a, ahead_b, aside_b):
        reach = np.zeros(len(a))
        for ahead, aside, half in ((ahead_a, aside_a, half_a), (ahead_b, aside_b, half_b)):
            reach += half[:, 0] * np.abs((ahead * axis).sum(1)) + half[:, 1] * np.abs((aside * axis).sum(1))
        best = np.maximum(best, np.abs((apart * axis).sum(1)) - reach)
    return best
