"""Article 8: the ten data items, and how long what was recorded is kept."""

from __future__ import annotations

from dataclasses import dataclass

from jinyun.supervision.rules.rule import Breach, found
from jinyun.zone import Profile

LIVE, BEFORE = "97-8-items", "97-8-record"


@dataclass(frozen=True, slots=True)
class Coming:
    """How the data of a vehicle came over some time: seconds, those in which items 1 to 4 came, longest gap, items seen."""

    vehicle: str
    seconds: int
    with_first_four: int
    longest_gap_s: float
    items: frozenset[int]


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of an event: seconds before it, and how long packs are kept."""

    event: str
    before_s: float
    kept_days: float


def items_come(coming: Coming, profile: Profile) -> list[Breach]:
    """Return which of the ten items do not come, or come too seldom (第八条; item 9 and 10 only if there is any)."""
    most_s, least = profile["supervision.items_live_s"].value, profile["supervision.items_complete_share"].value
    missing = sorted(set(range(1, 9)) - coming.items)
    share = coming.with_first_four / max(coming.seconds, 1)
    listed = ", ".join(map(str, missing))
    return found(
        LIVE, coming.vehicle,
        (bool(missing), "items", f"数据项 {listed} 从未上报", f"items {listed} have never come"),
        (share < least, "with_first_four", f"第 1 至 4 项在 {100 * share:.1f} % 的秒内上报，要求 {100 * least:g} %",
         f"items 1 to 4 came in {100 * share:.1f} % of the seconds, {100 * least:g} % are asked"),
        (coming.longest_gap_s > max(most_s, 1.0) * 5, "longest_gap_s", f"实时数据中断 {coming.longest_gap_s:.1f} s",
         f"live data was away for {coming.longest_gap_s:.1f} s"),
    )  # fmt: skip


def event_is_kept(kept: Kept, profile: Profile) -> list[Breach]:
    """Return whether an event is recorded from too short before it, or kept too briefly (第八条)."""
    least_s, years = profile["supervision.items_recorded_s"].value, profile["supervision.items_kept_years"].value
    return found(
        BEFORE, kept.event,
        (kept.before_s < least_s, "before_s", f"事件前只记录了 {kept.before_s:.1f} s，要求 {least_s:g} s",
         f"only {kept.before_s:.1f} s before it are recorded, {least_s:g} s are asked"),
        (kept.kept_days < 365 * years, "kept_days", f"只保存 {kept.kept_days:g} 天，要求 {years:g} 年",
         f"is kept for {kept.kept_days:g} days only, {years:g} years are asked"),
    )  # fmt: skip
