"""From sums to verdicts: which roadside sender has which fault, by how much, and how sure.

Each rule is one function over all senders at once. It returns the measured value and where it stands: beyond the zone
profile's figure by more than chance explains. A cause hides its consequences: who is frozen is not also told to be shifted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.quality import sensors as of
from jinyun.cloud.tracking import trust as believed
from jinyun.zone.profile import Profile

Floats = NDArray[np.float64]
RULES = (
    "sensor.frozen", "sensor.swapped", "sensor.ids", "sensor.heading", "sensor.turned", "sensor.shifted",
    "sensor.clock", "sensor.misses", "sensor.ghosts",
)  # fmt: skip
FROZEN, SWAPPED, IDS, HEADING, TURNED, SHIFTED, CLOCK, MISSES, GHOSTS = range(len(RULES))
HIDES = {
    FROZEN: (SWAPPED, HEADING, TURNED, SHIFTED, CLOCK, MISSES, GHOSTS),
    SWAPPED: (HEADING, TURNED, SHIFTED, CLOCK, MISSES, GHOSTS),
    IDS: (TURNED, SHIFTED, CLOCK, GHOSTS),
    HEADING: (GHOSTS,),
}
"""A rule and those that only follow from it."""
QUICK = (FROZEN, SWAPPED, HEADING)
"""Rules that also look at the last minute alone."""
SUSPECT_SHARE, SUSPECT_MATCHES = 0.15, 0.5
HARM = np.array([10.0, 10.0, 4.0, 4.0, 6.0, 6.0, 6.0, 3.0, 3.0])
"""How badly each fault spoils one participant's picture, beside each other: our own weights for the work list."""
CERTAIN = 5.0
"""Standard deviations by which an offset of the last minutes must differ from nothing."""
SIGMAS = 4.0
"""Standard deviations by which a value must stand beyond its figure."""
ENOUGH = {"trials": 300, "judged": 500, "moving": 20, "course": 40, "looks": 200, "usual": 60, "matches": 15}
"""Least counts before a share says anything."""
MANY_TIMES = 4.0
"""So many times as many matches as its own places have, and a transform is what makes them match."""
CLEARLY = 0.25
"""Share by which another way to read headings must do better."""
PATIENCE_S = 170.0
"""Headings are judged after so many seconds (of the fading sums) even where no car ever matched the places."""
SETTLED_S = 80.0
"""False looks are judged after so many seconds: what else is wrong with a sender shows first."""
MOST_BLIND = 0.6
HYSTERESIS = 0.7
"""A standing verdict holds until its value falls to this share of the figure."""

TRANSFORM_ZH = ("", "经纬度偏移对调", "东西镜像", "南北镜像", "转180度", "转90度", "转270度", "经纬度对调并反向")
TRANSFORM_EN = (
    "", "latitude and longitude offsets are exchanged", "east and west are mirrored", "north and south are mirrored",
    "places are turned by 180 degrees", "places are turned by 90 degrees anticlockwise",
    "places are turned by 90 degrees clockwise", "latitude and longitude offsets are exchanged and reversed",
)  # fmt: skip
READING = ("as_is", "reversed", "mirrored_ew", "mirrored_ns", "from_east")
READING_EN = (
    "", "reversed", "mirrored (counted anticlockwise from north)", "mirrored about the east-west line",
    "counted anticlockwise from east",
)  # fmt: skip
READING_ZH = ("", "反向", "镜像（自北逆时针计）", "南北镜像", "自东逆时针计")
_POINTS_EN = ("north", "north-east", "east", "south-east", "south", "south-west", "west", "north-west")
_POINTS_ZH = ("北", "东北", "东", "东南", "南", "西南", "西", "西北")


@dataclass(frozen=True)
class Evidence:
    """What is judged: sums (senders, columns), senders' rows of the fusion's trust, masts, and the decoder's corrections."""

    sums: Floats
    trust: Floats
    masts: Floats
    corrected_s: Floats  # what the decoder already adds to each sender's times
    quick: Floats  # sums as the first, of the last minute or so
    lean: Floats  # offsets of the last minutes about the mast (:mod:`.lean`), and their standard deviations
    lean_sd: Floats


@dataclass
class Verdicts:
    """(rules, senders): the value measured, whether it stands, and for some a second value (bearing, which transform)."""

    value: Floats
    stands: NDArray[np.bool_]
    detail: Floats


def share(part: Floats, whole: Floats) -> Floats:
    """Return part / whole, NaN where there is no whole."""
    out: Floats = np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
    return out


def judge(evidence: Evidence, profile: Profile, standing: NDArray[np.bool_]) -> Verdicts:
    """Return the verdicts of all rules; those ``standing`` (rules, senders) need less to go on."""
    n = len(evidence.sums)
    out = Verdicts(np.full((len(RULES), n), np.nan), np.zeros((len(RULES), n), np.bool_), np.zeros((len(RULES), n)))
    each: tuple[tuple[int, _Rule], ...] = (
        (FROZEN, _frozen), (SWAPPED, _swapped), (IDS, _ids), (HEADING, _heading), (TURNED, _turned),
        (SHIFTED, _shifted), (CLOCK, _clock), (MISSES, _misses), (GHOSTS, _ghosts),
    )  # fmt: skip
    lately = replace(evidence, sums=evidence.quick)
    for rule, does in each:
        ease = np.where(standing[rule], HYSTERESIS, 1.0)
        out.value[rule], out.stands[rule], out.detail[rule] = does(evidence, profile, ease)
        if rule in QUICK:  # what has begun shows in the last minute first
            value, stands, detail = does(lately, profile, ease)
            for old, new in ((out.value, value), (out.detail, detail), (out.stands, stands)):
                old[rule] = np.where(stands, new, old[rule])
    suspected = _suspected(lately)
    for cause, hidden in HIDES.items():
        for rule in hidden:
            out.stands[rule] &= ~(out.stands[cause] | suspected.get(cause, np.zeros(n, np.bool_)))
    out.stands[SHIFTED] &= ~out.stands[TURNED] | (out.value[SHIFTED] > 2 * profile["sensing.found_shift_m"].value)
    return out


_Judged = tuple[Floats, NDArray[np.bool_], Floats]
_Rule = Callable[[Evidence, Profile, Floats], _Judged]


def _suspected(lately: Evidence) -> dict[int, NDArray[np.bool_]]:
    """Return where a cause is not told yet but shows: what may follow from it waits until it is told or has gone."""
    course, moving = _column(lately, "course"), _column(lately, "moving")
    matches = lately.sums[:, of.PLACE : of.PLACE + of.TRANSFORMS]
    return {
        FROZEN: _column(lately, "stuck") > SUSPECT_SHARE * moving + 1,
        HEADING: course - _column(lately, "as_is") > SUSPECT_SHARE * course + 2,
        SWAPPED: matches[:, 1:].max(axis=1) > SUSPECT_MATCHES * matches[:, 0] + 3,
    }


def _column(evidence: Evidence, name: str) -> Floats:
    column: Floats = evidence.sums[:, of.AT[name]]
    return column


def _surely(part: Floats, whole: Floats, least: Floats) -> NDArray[np.bool_]:
    """Return where a counted share exceeds ``least`` by more than chance; counts of one object are not independent."""
    sure: NDArray[np.bool_] = part - SIGMAS * np.sqrt(np.maximum(part, 1.0)) > least * whole
    return sure


def _frozen(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    stuck, moving = _column(evidence, "stuck"), _column(evidence, "moving")
    value = share(stuck, moving)
    stands = (moving >= ENOUGH["moving"]) & (value >= ease * profile["sensing.found_frozen_share"].value)
    return value, stands, moving


def _swapped(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    matches = evidence.sums[:, of.PLACE : of.PLACE + of.TRANSFORMS]
    best = matches[:, 1:].argmax(axis=1) + 1
    most = np.take_along_axis(matches, best[:, None], axis=1)[:, 0]
    stands = (most >= ENOUGH["matches"]) & (most > MANY_TIMES * ease * (matches[:, 0] + 1))
    return share(most, matches.sum(axis=1)), stands, best.astype(np.float64)


def _ids(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    twins, looks = _column(evidence, "twins"), _column(evidence, "looks")
    changes, minutes = _column(evidence, "changes"), _column(evidence, "car_s") / 60
    doubled = share(twins, looks)
    twice = (looks >= ENOUGH["looks"]) & _surely(twins, looks, ease * profile["sensing.found_twin_share"].value)
    each = share(changes, minutes)
    often = _surely(changes, minutes, ease * profile["sensing.found_changes_per_min"].value) & (minutes >= 1)
    return np.where(twice, doubled, np.where(often, each, np.nan)), twice | often, np.where(twice, 1.0, 2.0)


def _heading(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    course = _column(evidence, "course")
    shares = np.stack([share(_column(evidence, name), course) for name in READING])
    best = np.nan_to_num(shares[1:]).argmax(axis=0) + 1
    most = np.take_along_axis(shares, best[None, :], axis=0)[0]
    placed = evidence.sums[:, of.PLACE] >= ENOUGH["matches"]  # else it may be the places that are exchanged or mirrored
    placed |= _column(evidence, "seconds") >= PATIENCE_S
    stands = placed & (course >= ENOUGH["course"]) & (most >= ease * profile["sensing.found_heading_share"].value)
    return most, stands & (most > shares[0] + CLEARLY), best.astype(np.float64)


def _applied(evidence: Evidence) -> NDArray[np.bool_]:
    applied: NDArray[np.bool_] = evidence.trust[:, believed.APPLIED] > 0
    return applied


def _sd(evidence: Evidence, which: int) -> Floats:
    sd: Floats = np.sqrt(np.maximum(evidence.trust[:, believed.ERROR + 5 * which], 0.0))
    return sd


def _turned(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    """What shows in the last minutes, else what the fusion takes out."""
    least = ease * profile["sensing.found_turn_deg"].value
    lately = np.degrees(evidence.lean[:, 2])
    now = (np.abs(lately) > CERTAIN * ease * np.degrees(evidence.lean_sd[:, 2])) & (np.abs(lately) >= least)
    turn = np.degrees(evidence.trust[:, believed.OFFSET + 2])
    sure = np.abs(turn) > SIGMAS * ease * np.degrees(_sd(evidence, 2))
    known = _applied(evidence) & sure & (np.abs(turn) >= least)
    told = np.where(now | ~known, lately, turn)
    return np.abs(told), now | known, told


def _shifted(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    """A sender that is turned is shifted only by what is left at its mast."""
    least = ease * profile["sensing.found_shift_m"].value
    lately = np.hypot(evidence.lean[:, 0], evidence.lean[:, 1])
    now = (lately > CERTAIN * ease * evidence.lean_sd[:, :2].max(axis=1)) & (lately >= least)
    trust, masts = evidence.trust, evidence.masts
    turn = trust[:, believed.OFFSET + 2]
    ux, uy = np.nan_to_num(masts.T - trust[:, [believed.MIDDLE_X, believed.MIDDLE_Y]].T)
    east = trust[:, believed.OFFSET] + turn * uy
    north = trust[:, believed.OFFSET + 1] - turn * ux
    far = np.hypot(east, north)
    sd = np.hypot(np.maximum(_sd(evidence, 0), _sd(evidence, 1)), _sd(evidence, 2) * np.hypot(ux, uy))
    known = _applied(evidence) & (far > SIGMAS * ease * sd) & (far >= least)
    fresh = now | ~known
    bearing = np.degrees(
        np.arctan2(np.where(fresh, evidence.lean[:, 0], east), np.where(fresh, evidence.lean[:, 1], north))
    )
    return np.where(fresh, lately, far), now | known, bearing % 360


def _clock(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    """The decoder has already put right what proves itself (stamps from the future); the pairs show the rest."""
    found = ease * profile["clock.found_offset_ms"].value
    corrected = evidence.corrected_s * 1000
    lately = evidence.lean[:, 3] * 1000
    now = np.abs(lately) > CERTAIN * ease * evidence.lean_sd[:, 3] * 1000
    learnt = np.where(_applied(evidence), evidence.trust[:, believed.OFFSET + 3] * 1000, 0.0)
    sure = np.abs(learnt) > SIGMAS * ease * _sd(evidence, 3) * 1000
    total = corrected + np.where(now, lately, np.where(sure, learnt, 0.0))
    stands = (np.abs(total) >= found) & (now | sure | (np.abs(corrected) >= found))
    return np.abs(total), stands, total


def _misses(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    missed, trials = _column(evidence, "missed"), _column(evidence, "trials")
    blind, usual = _column(evidence, "blind"), _column(evidence, "usual")
    between = share(missed, trials)
    often = (trials >= ENOUGH["trials"]) & _surely(missed, trials, ease * profile["sensing.found_missed_share"].value)
    gone = (usual >= ENOUGH["usual"]) & (np.nan_to_num(share(blind, usual)) >= ease * MOST_BLIND)
    return np.where(gone, share(blind, usual), between), often | gone, np.where(gone, 1.0, 0.0)


def _ghosts(evidence: Evidence, profile: Profile, ease: Floats) -> _Judged:
    false, judged = _column(evidence, "unconfirmed"), _column(evidence, "judged")
    alone, watched = _column(evidence, "alone"), _column(evidence, "watched")
    least = ease * profile["sensing.found_false_share"].value
    often = false >= ease * profile["sensing.found_false_per_s"].value * _column(evidence, "seconds")
    settled = _column(evidence, "seconds") >= SETTLED_S
    unknown = (judged >= ENOUGH["judged"]) & settled & often & _surely(false, judged, least)
    return share(false, judged), unknown, share(alone, watched)


def words(rule: int, value: float, detail: float) -> tuple[str, str]:
    """Return (Chinese, English) what a verdict says."""
    percent = f"{100 * value:.0f} %"
    if rule == FROZEN:
        return (
            f"内容冻结：{percent}的运动目标位置不变",
            f"content is frozen: {percent} of what it states to move stays in place",
        )
    if rule == SWAPPED:
        return (
            f"位置错误：{TRANSFORM_ZH[int(detail)]}",
            f"its objects match nobody's places, but do when undone: {TRANSFORM_EN[int(detail)]}",
        )
    if rule == IDS:
        if detail == 1.0:
            return f"编号重复：{percent}的目标与他者同号", f"one number for several at once in {percent} of its looks"
        return f"编号不稳：每分钟变更{value:.0f}次", f"numbers change {value:.0f} times a track-minute"
    if rule == HEADING:
        return (
            f"航向{READING_ZH[int(detail)]}（{percent}）",
            f"headings are {READING_EN[int(detail)]}: {percent} fit its objects' ways so",
        )
    if rule == TURNED:
        zh, en = ("顺", "clockwise") if detail > 0 else ("逆", "anticlockwise")
        return f"{zh}时针偏转{value:.1f}度", f"turned by {value:.1f} degrees {en}"
    if rule == SHIFTED:
        point = round(detail / 45) % 8
        return f"向{_POINTS_ZH[point]}偏移{value:.1f}米", f"shifted by {value:.1f} m to the {_POINTS_EN[point]}"
    if rule == CLOCK:
        zh, en = ("慢", "behind") if detail > 0 else ("快", "ahead")
        return f"时钟{zh}{value:.0f}毫秒", f"clock is {value:.0f} ms {en}"
    if rule == MISSES:
        if detail == 1.0:
            return f"平常可见处{percent}的车辆未见", f"does not see {percent} of the cars where it usually does"
        return f"漏检{percent}", f"misses {percent} of the looks it should have"
    return f"虚警{percent}", f"{percent} of its looks belong to nobody"
