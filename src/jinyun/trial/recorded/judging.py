"""A recorded drive judged: measures, rules, verdict and score.

By the rules of the road: contact, limit, direction, edge, red lights, letting people pass, time gap, braking, jerk.
What cannot be known from the record and the road given is not judged and says why. Or by the rules of an item of the
catalogue, where the drive was that item's case on a closed track: then the record's plane is that of the case's road, and
its participants have the names of the case's.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from jinyun.trial.catalogue.items import Case, Item
from jinyun.trial.catalogue.setting import setting_of
from jinyun.trial.driver.interface import Command, Mission, Observation
from jinyun.trial.driver.seat import EGO, Seat, Setting
from jinyun.trial.driver.way import STEP_M
from jinyun.trial.fault import TrialError
from jinyun.trial.measure.summary import measures
from jinyun.trial.measure.tracks import Track, Tracks, track_of, tracks_of
from jinyun.trial.recorded import conduct
from jinyun.trial.recorded.clock import Drive
from jinyun.trial.recorded.ground import Ground, Under
from jinyun.trial.recorded.table import Floats, StopLine, Words
from jinyun.trial.storyboard.play import STEP_S, play
from jinyun.trial.verdict import rules, together
from jinyun.trial.verdict.case import arguments, judge, prepared
from jinyun.trial.verdict.evidence import Evidence, Judged

BEYOND_M = 150.0
"""The way goes straight on so far behind and before the drive, and others are looked for within it."""
APART_M = 0.25
"""Between places of a drive that make its way."""
WIDTH_M = 3.5
"""Width of a lane where nobody knows it."""
NO_ROAD = Words(
    "未给出道路：限速、行驶方向与车道边缘仅依据记录",
    "no road given: limits, direction and edges only as the record tells them",
)
OTHERS = Words("其他参与者是否按场景行动未核对", "what the others were to do is not held against the record")
PEOPLE = ("pedestrian", "cyclist", "bicycle")


class _Recorded:
    """Who drove: nothing is known of it but what it did."""

    name, version = "record", ""

    def begin(self, mission: Mission) -> None:
        """Nothing is to be begun."""

    def drive(self, observation: Observation) -> Command:
        """Do nothing: the drive is over."""
        return Command(0.0, 0.0)


@dataclass(frozen=True)
class Verdict:
    """What a drive came to."""

    drive: Drive
    judged: tuple[Judged, ...]
    not_judged: tuple[Judged, ...]
    measured: tuple[dict[str, Any], ...]
    outcome: str
    """``fail``: a rule was broken; ``invalid``: none was, but the record has gaps or an item's rule cannot be decided."""
    kilometres: float
    item: str = ""
    notes: tuple[Words, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        drive = self.drive
        passed = sum(one.outcome == "pass" for one in self.judged)
        return {
            "record": drive.table.source, "own": drive.own, "item": self.item, "simulated": drive.table.simulated,
            "seconds": round(float(drive.played.rows["t_s"].max()), 3), "km": round(self.kilometres, 4),
            "begin_s": drive.begin_s, "participants": len(drive.played.entities), "gaps": [list(gap) for gap in drive.gaps],
            "outcome": self.outcome, "passed": passed, "failed": sum(one.outcome == "fail" for one in self.judged),
            "not_judged": [one.told() for one in self.not_judged], "rules": [one.told() for one in self.judged],
            "score": round(100 * passed / len(self.judged), 1) if self.judged else None,
            "measures": list(self.measured), "notes": [note._asdict() for note in (*drive.table.notes, *self.notes)],
        }  # fmt: skip


def judged_on_road(
    drive: Drive, limits: Mapping[str, float], ground: Ground | None, lines: list[tuple[StopLine, bool]]
) -> Verdict:
    """Judge a drive by the rules of the road; ``lines`` are those of a map, beside those that the record tells."""
    tracks, under = tracks_along(drive, ground)
    seat = Seat(_Recorded(), Setting(), drive.own)
    seat.mission = tracks.mission
    run = Evidence(drive.played, seat, tracks, seat.setting)
    told = [rules.no_contact(run, {}), conduct.speed_known(run, limits["trial.speed_over_kmh"])]
    if under is not None:
        told += [conduct.wrong_way(run, under), conduct.on_road(run, under)]
    told.append(conduct.red_lights(run, [*((line, False) for line in drive.table.lines), *lines]))
    told += _towards_others(run, limits)
    told.append(rules.gentle(run, {"most_mps2": limits["trial.calm_braking_mps2"]}))
    told.append(rules.smooth(run, {"most_mps3": limits["trial.jerk_mps3"]}))
    return _verdict(drive, told, tracks, "", () if under is not None else (NO_ROAD,))


def _towards_others(run: Evidence, limits: Mapping[str, float]) -> list[Judged]:
    """Return the worst of letting people pass, and of the time gaps."""
    crossed, followed = [], []
    for name, other in run.tracks.others.items():
        if other.entity.kind == "pedestrian" or other.entity.category in PEOPLE:
            crossed.append(together.lets_pass(run, {"actor": name, "pet_s": limits["trial.pet_s"]}))
        elif other.entity.kind == "vehicle":
            followed.append(together.time_gap(run, {"actor": name, "least_s": limits["trial.time_gap_s"]}))
    found = []
    for of in (crossed, followed):
        known = [one for one in of if one.outcome != "invalid" and math.isfinite(one.value)]
        if known or of:
            found.append(min(known or of, key=lambda one: (one.outcome != "fail", one.value)))
    return found


def _verdict(drive: Drive, told: list[Judged], tracks: Tracks, item: str, notes: tuple[Words, ...]) -> Verdict:
    decided = tuple(one for one in told if one.outcome != "invalid")
    open_ = tuple(one for one in told if one.outcome == "invalid")
    outcome = "pass"
    if any(one.outcome == "fail" for one in decided):
        outcome = "fail"
    elif drive.gaps or not decided or (item and open_):
        outcome = "invalid"
    measured = measures(tracks)
    km = next(one.value for one in measured if one.name == "distance") / 1000
    return Verdict(drive, decided, open_, tuple(one.told() for one in measured), outcome, km, item, notes)


def judged_by_item(drive: Drive, item: Item, case: Case, limits: Mapping[str, float]) -> Verdict:
    """Judge a drive by an item's rules, as that case; raises :class:`TrialError` where somebody of the case is missing."""
    _, scenario, network = prepared(item, case)
    values = {**item.scenario.parameters, **case.values}
    setting = setting_of(item.scenario, values)
    seat = Seat(_Recorded(), setting)
    play(scenario, network, driven=EGO, drive=seat.drive, most_s=2 * STEP_S)  # the case's own beginning makes its way
    told_by_case = {one.name: one for one in scenario.entities}
    missing = set(told_by_case) - {one.name for one in drive.played.entities}
    if drive.own != EGO:
        raise TrialError(f"{drive.table.source}: in a case of {item.id} the one under test is named {EGO!r}")
    absent = {name for name in missing if told_by_case[name].kind != "object"}
    if absent:
        raise TrialError(f"{drive.table.source}: {item.id} has {', '.join(sorted(absent))}, the record has not")
    seat.commands = list(drive.table.commands)
    for t, _, _, _, request in seat.commands:
        if request in ("takeover", "minimal risk") and math.isnan(seat.requested_s):
            seat.requested_s = t - drive.begin_s
        if request == "released" and math.isnan(seat.released_s):
            seat.released_s = t - drive.begin_s
    seat.commands = [(t - drive.begin_s, *rest) for t, *rest in seat.commands]  # type: ignore[misc]
    tracks = tracks_of(drive.played, seat, STEP_S)
    run = Evidence(drive.played, seat, tracks, setting)
    told = [judge(run, rule.rule, arguments(rule.args, values, limits, item.id)) for rule in item.form.rules]
    notes = tuple(
        Words(f"记录中无 {name}：与其碰撞无从判断", f"{name} is not in the record: its contacts are not seen")
        for name in sorted(missing)
    )
    return _verdict(drive, told, tracks, case.id, (*notes, OTHERS))


def tracks_along(drive: Drive, ground: Ground | None) -> tuple[Tracks, Under | None]:
    """Return a drive's columns along the way it took, and what lies beneath it."""
    played = drive.played
    steps = np.rint(played.rows["t_s"] / STEP_S).astype(np.int64)
    count = int(steps.max()) + 1
    columns = [track_of(played, number, steps, count) for number in range(len(played.entities))]
    mine = columns[0]
    there = np.isfinite(mine.x)
    travelled = np.zeros(count)
    travelled[1:] = np.nancumsum(np.hypot(np.diff(mine.x), np.diff(mine.y)))
    under = None
    limit = drive.limit_mps
    width = WIDTH_M
    if ground is not None:
        under = _beneath(ground, mine, there, count)
        limit = np.where(np.isfinite(limit), limit, under.limit_mps)
        if np.isfinite(under.width_m).any():
            width = float(np.nanmedian(under.width_m))
    mission = _way(mine, travelled, there, limit, width)
    own = replace(mine, s=np.where(there, travelled, np.nan), d=np.where(there, 0.0, np.nan))
    others = {of.entity.name: _beside(of, travelled, mission) for of in columns[1:]}
    t = np.arange(count, dtype=np.float64) * STEP_S
    return Tracks(t, STEP_S, own, others, mission, own.s + own.entity.length_m / 2), under


def _beneath(ground: Ground, mine: Track, there: Any, count: int) -> Under:
    found = ground(mine.x[there], mine.y[there], mine.h[there])
    wide = [np.full(count, np.nan) for _ in range(3)]
    on = np.ones(count, bool)
    for column, of in zip(wide, (found.limit_mps, found.width_m, found.along), strict=True):
        column[there] = of
    on[there] = found.on
    return Under(wide[0], wide[1], on, wide[2])


def _way(mine: Track, travelled: Floats, there: Any, limit: Floats, width: float) -> Mission:
    """Return the way that was driven, straight on at both ends."""
    k = np.flatnonzero(there)
    kept, last = [int(k[0])], float(travelled[k[0]])
    for step in k[1:].tolist():
        if travelled[step] - last >= APART_M:
            kept.append(step)
            last = float(travelled[step])
    s, x, y = travelled[kept], mine.x[kept], mine.y[kept]
    begin, end = float(mine.h[kept[0]]), float(mine.h[kept[-1]])
    out = np.arange(BEYOND_M, 0, -STEP_M)
    s = np.concatenate([s[0] - out, s, s[-1] + out[::-1]])
    x = np.concatenate([x[0] - out * math.cos(begin), x, x[-1] + out[::-1] * math.cos(end)])
    y = np.concatenate([y[0] - out * math.sin(begin), y, y[-1] + out[::-1] * math.sin(end)])
    even = np.arange(s[0], s[-1], STEP_M)
    x, y = np.interp(even, s, x), np.interp(even, s, y)
    h = np.unwrap(np.arctan2(np.gradient(y), np.gradient(x)))
    told = np.interp(even, travelled[kept], limit[kept])
    room = np.full(len(even), width / 2)
    return Mission(
        even, x, y, h, np.gradient(h, even), room, room, room, width, told, float(np.nanmax(mine.v)),
        length_m=mine.entity.length_m, width_m=mine.entity.width_m,
        front_m=mine.entity.centre_x_m + mine.entity.length_m / 2,
    )  # fmt: skip


def _beside(of: Track, travelled: Floats, mission: Mission) -> Track:
    """Return somebody's places along the way: the nearest of it, within ``BEYOND_M`` of where the one judged is then."""
    s, d = np.full(len(travelled), np.nan), np.full(len(travelled), np.nan)
    reach = round(BEYOND_M / STEP_M)
    window = np.arange(-reach, reach)
    for part in np.array_split(np.flatnonzero(np.isfinite(of.x)), max(len(travelled) // 2000, 1)):
        if not len(part):
            continue
        at = np.rint((travelled[part] - mission.s_m[0]) / STEP_M).astype(np.int64)
        k = np.clip(at[:, None] + window, 0, len(mission.s_m) - 1)
        away = (mission.x_m[k] - of.x[part, None]) ** 2 + (mission.y_m[k] - of.y[part, None]) ** 2
        best = k[np.arange(len(part)), away.argmin(axis=1)]
        h = mission.h_rad[best]
        ex, ey = of.x[part] - mission.x_m[best], of.y[part] - mission.y_m[best]
        s[part] = mission.s_m[best] + ex * np.cos(h) + ey * np.sin(h)
        d[part] = -ex * np.sin(h) + ey * np.cos(h)
    return replace(of, s=s, d=d)
