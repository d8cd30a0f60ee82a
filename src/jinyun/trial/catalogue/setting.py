"""From a compact scenario to a seat: where the signals stand along the way, what is posted, what befalls the driver."""

from __future__ import annotations

import math
from collections.abc import Mapping

from jinyun.trial.driver.interface import Posted
from jinyun.trial.driver.seat import Befalling, Setting
from jinyun.trial.scenario.compact import number
from jinyun.trial.scenario.written import Number, ScenarioForm


def setting_of(form: ScenarioForm, values: Mapping[str, float]) -> Setting:
    """Return what a case adds to its scenario; stations become lengths from where the driver begins."""
    mission = form.mission

    def of(value: Number) -> float:
        return number(value, values, form.id)

    def along(value: Number | None) -> float:
        return math.nan if value is None else of(value) - of(mission.s_m)

    lane, width = round(of(mission.lane)), form.road.width_m
    change = math.nan if mission.change_lane is None else (of(mission.change_lane) - lane) * width
    posted = []
    for sign in form.signs:
        end = (
            along(sign.end_m) if sign.end_m is not None else (math.inf if sign.kind == "limit" else along(sign.s_m) + 1)
        )
        speed = math.nan if sign.kmh is None else of(sign.kmh) / 3.6
        beside = 0 if sign.lane is None else sign.lane - lane
        posted.append((Posted(sign.kind, along(sign.s_m), end, speed, beside), sign.told))
    return Setting(
        wanted_mps=None if mission.wanted_kmh is None else of(mission.wanted_kmh) / 3.6,
        arrive_m=along(mission.to_m), stop_m=along(mission.stop_m),
        stop_d_m=0.0 if mission.stop_t_m is None else of(mission.stop_t_m),
        change_by_m=along(mission.change_by_m), change_d_m=0.0 if math.isnan(change) else change,
        lights=tuple((signal.id, along(signal.s_m), signal.told) for signal in form.signals),
        posted=tuple(posted),
        troubles=tuple(
            Befalling(one.kind, of(one.time_s), math.nan if one.human_after_s is None else of(one.human_after_s))
            for one in form.troubles
        ),
        connected=frozenset(actor.name for actor in form.actors if actor.connected),
        hidden=frozenset(actor.name for actor in form.actors if actor.hidden),
        emergency=frozenset(actor.name for actor in form.actors if actor.emergency),
        visibility_m=of(mission.visibility_m), cooperation=mission.cooperation,
    )  # fmt: skip
