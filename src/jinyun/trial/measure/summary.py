"""The measures of a whole run: the worst of each, when it was and with whom."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from jinyun.trial.measure import along, boxes, comfort, crossing
from jinyun.trial.measure.tracks import Tracks
from jinyun.trial.measure.value import Measured

Floats = NDArray[np.float64]
TTC_BELOW_S = 1.5
"""Threshold of TET and TIT here; a choice, stated with the value."""


def measures(tracks: Tracks) -> list[Measured]:
    """Return all measures of a run."""
    found = [*_with_others(tracks), *_comfort(tracks)]
    own = tracks.own
    driven = float(np.nansum(own.v[1:] + own.v[:-1]) / 2 * tracks.dt)
    found.append(Measured("distance", driven, "m", True))
    found.append(Measured("mean_speed", float(np.nanmean(own.v)), "m/s", True))
    return found


def pairwise_ttc(tracks: Tracks, name: str) -> Floats:
    """Return the time to collision with somebody at each step (:func:`boxes.ttc_s`), NaN while it is not there."""
    own, other = tracks.own, tracks.others[name]
    ttc = boxes.ttc_s(
        own.x, own.y, own.h, own.v, own.entity.length_m, own.entity.width_m,
        other.x, other.y, other.h, other.v, other.entity.length_m, other.entity.width_m,
    )  # fmt: skip
    return np.where(np.isfinite(other.x), ttc, np.nan)


def pairwise_distance(tracks: Tracks, name: str) -> Floats:
    """Return the distance of the boxes at each step, NaN while one is not there."""
    own, other = tracks.own, tracks.others[name]
    there = np.isfinite(other.x)
    found = np.full(len(tracks.t), np.nan)
    if there.any():
        found[there] = boxes.distance_m(
            own.x[there], own.y[there], own.h[there], own.entity.length_m, own.entity.width_m,
            other.x[there], other.y[there], other.h[there], other.entity.length_m, other.entity.width_m,
        )  # fmt: skip
    return found


def pet(tracks: Tracks, name: str) -> crossing.Encroachment:
    """Return how the ways of the one under test and somebody met."""
    own, other = tracks.own, tracks.others[name]
    there = np.isfinite(other.x)
    if not there.any():
        return crossing.NEVER
    return crossing.encroachment(
        tracks.t[there], own.x[there], own.y[there], own.h[there], own.entity.length_m, own.entity.width_m,
        other.x[there], other.y[there], other.h[there], other.entity.length_m, other.entity.width_m,
    )  # fmt: skip


def _with_others(tracks: Tracks) -> list[Measured]:
    worst: dict[str, Measured] = {}

    def keep(
        name: str, values: Floats, unit: str, about: str, greatest: bool = False, also_infinite: bool = False
    ) -> None:
        finite = np.isfinite(values)
        if not finite.any():
            return
        told = np.where(finite, values, -np.inf if greatest else np.inf)
        k = int(np.argmax(told) if greatest else np.argmin(told))
        value = float(told[k])
        before = worst.get(name)
        if before is None or not before.valid or (value > before.value if greatest else value < before.value):
            worst[name] = Measured(name, value, unit, True, float(tracks.t[k]), about)

    names = (("distance_min", "m"), ("ttc_min", "s"), ("tet", "s"), ("tit", "s²"), ("headway_min", "m"), ("thw_min", "s"),
             ("drac_max", "m/s²"), ("required_decel_max", "m/s²"), ("dce_min", "m"), ("ttce_at_dce", "s"),
             ("pet_min", "s"))  # fmt: skip
    for name, other in tracks.others.items():
        keep("distance_min", pairwise_distance(tracks, name), "m", name)
        ttc = pairwise_ttc(tracks, name)
        keep("ttc_min", ttc, "s", name)
        exposed = along.exposed_s(ttc, TTC_BELOW_S, tracks.dt)
        if exposed > worst.get("tet", Measured("tet", -1.0, "s", True)).value:
            worst["tet"] = Measured("tet", exposed, "s", True, about=name)
            worst["tit"] = Measured("tit", along.integrated_s2(ttc, TTC_BELOW_S, tracks.dt), "s²", True, about=name)
        gap, speed = tracks.gap(name), tracks.along(name)
        if np.isfinite(gap).any():
            moving = tracks.own.v > 0.5
            keep("headway_min", gap, "m", name)
            keep("thw_min", np.where(moving, along.time_headway_s(gap, tracks.own.v), np.nan), "s", name)
            keep("drac_max", along.drac_mps2(gap, tracks.own.v, speed), "m/s²", name, greatest=True)
            required = along.required_mps2(gap, tracks.own.v, speed, np.nan_to_num(other.a))
            keep("required_decel_max", -required, "m/s²", name, greatest=True)
        own = tracks.own
        near, when = boxes.closest(
            own.x, own.y, own.v * np.cos(own.h), own.v * np.sin(own.h),
            other.x, other.y, other.v * np.cos(other.h), other.v * np.sin(other.h),
        )  # fmt: skip
        before = worst.get("dce_min")
        keep("dce_min", near, "m", name)
        if worst.get("dce_min") is not before and "dce_min" in worst:
            k = int(np.nanargmin(near))
            worst["ttce_at_dce"] = Measured("ttce_at_dce", float(when[k]), "s", True, float(tracks.t[k]), name)
        met = pet(tracks, name) if other.entity.kind != "object" and np.nanmax(other.v) > 0.3 else crossing.NEVER
        if math.isfinite(met.pet_s) and met.pet_s < worst.get("pet_min", Measured("", math.inf, "s", True)).value:
            worst["pet_min"] = Measured("pet_min", met.pet_s, "s", True, met.arrives_s, name)
    return [worst.get(name, Measured(name, math.nan, unit, False)) for name, unit in names]


def _comfort(tracks: Tracks) -> list[Measured]:
    own, t = tracks.own, tracks.t
    if len(t) < 3:
        return []

    def most(name: str, values: Floats, unit: str) -> Measured:
        k = int(np.nanargmax(np.abs(values)))
        return Measured(name, float(values[k]), unit, True, float(t[k]))

    return [
        Measured("braking_max", float(-np.nanmin(own.a)), "m/s²", True, float(t[int(np.nanargmin(own.a))])),
        Measured("accel_max", float(np.nanmax(own.a)), "m/s²", True, float(t[int(np.nanargmax(own.a))])),
        most("jerk_max", comfort.jerk_mps3(own.a, tracks.dt), "m/s³"),
        most("lateral_max", comfort.lateral_mps2(own.v, own.h, tracks.dt), "m/s²"),
        most("yaw_rate_max", comfort.yaw_rps(own.h, tracks.dt), "rad/s"),
    ]
