"""Articles 35 and 36: who tells whom of an accident, and by when."""

from __future__ import annotations

from datetime import datetime, timedelta

from jinyun.supervision.deadlines import Calendar, after_months, after_working_days, day_of, end_of
from jinyun.supervision.papers import Accident
from jinyun.supervision.rules.rule import Breach, Words
from jinyun.zone import Profile

TOLD, ANALYSED = "97-35", "97-36"


def deadlines(
    accident: Accident, profile: Profile, known: Calendar
) -> list[tuple[str, datetime, datetime | None, datetime]]:
    """Return the clocks of an accident: (what, since, done, due), instants in UTC.

    A grave one is told within 24 h; any other with its month's, by that month's end. Hours run from the accident, working days
    from the day of what starts them.
    """
    hours = timedelta(hours=profile["supervision.accident_report_h"].value)
    day = day_of(accident.at)
    month_end = end_of(after_months(day.replace(day=1), 1) - timedelta(days=1))
    told = accident.at + hours if accident.is_grave else month_end
    clocks = [("reported", accident.at, accident.reported, told)]
    if accident.is_grave and accident.reported is not None:
        due = after_working_days(day_of(accident.reported), int(profile["supervision.authority_up_days"].value), known)
        clocks.append(("reported_up", accident.reported, accident.reported_up, end_of(due)))
    if accident.liability_found is not None:
        due = after_working_days(
            day_of(accident.liability_found), int(profile["supervision.analysis_days"].value), known
        )
        clocks.append(("analysed", accident.liability_found, accident.analysed, end_of(due)))
    if accident.analysed is not None:
        due = after_working_days(day_of(accident.analysed), int(profile["supervision.forward_days"].value), known)
        clocks.append(("forwarded", accident.analysed, accident.forwarded, end_of(due)))
    return clocks


def accident_is_told(accident: Accident, profile: Profile, known: Calendar, now: datetime) -> list[Breach]:
    """Return what was told too late or not yet of an accident, and what may follow (第三十五条)."""
    months = int(profile["supervision.suspension_months"].value)
    breaches = _late(TOLD, accident, ("reported", "reported_up"), profile, known, now)
    if accident.is_grave and any(breach.field == "reported" for breach in breaches):
        words = Words(f"未按时上报，可暂停 {months} 个月", f"not told in time: may be suspended for {months} months")
        breaches.append(Breach(TOLD, accident.id, "suspension", words))
    return breaches


def accident_is_analysed(accident: Accident, profile: Profile, known: Calendar, now: datetime) -> list[Breach]:
    """Return whether the written analysis, or the authority's forwarding of it, is late (第三十六条)."""
    return _late(ANALYSED, accident, ("analysed", "forwarded"), profile, known, now)


def _late(
    rule: str, accident: Accident, fields: tuple[str, ...], profile: Profile, known: Calendar, now: datetime
) -> list[Breach]:
    names = {
        "reported": ("事故上报", "the accident's report"), "reported_up": ("主管部门上报", "the authority's report"),
        "analysed": ("事故分析报告", "the written analysis"), "forwarded": ("主管部门转报", "the authority's forwarding"),
    }  # fmt: skip
    breaches = []
    for field, _, done, due in deadlines(accident, profile, known):
        if field in fields and (done or now) > due:
            zh, en = names[field]
            at = due.isoformat(timespec="minutes")
            state = ("逾期完成", "came late") if done else ("已逾期", "is overdue")
            breaches.append(
                Breach(rule, accident.id, field, Words(f"{zh}{state[0]}，期限 {at}", f"{en} {state[1]}, due {at}"))
            )
    return breaches
