"""Articles 30 and 31: the half-yearly report, the final one, and what the authority reports each June and December."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date

from jinyun.supervision.deadlines import after_months
from jinyun.supervision.papers import Declaration, Filed
from jinyun.supervision.rules.rule import Breach, Words
from jinyun.zone import Profile

SUBJECT, AUTHORITY = "97-30", "97-31"


def periods(declaration: Declaration, profile: Profile) -> list[tuple[str, date, date]]:
    """Return the reports that a declaration asks for: (kind, the period's last day, the day it is due)."""
    months, final = (
        int(profile["supervision.report_months"].value),
        int(profile["supervision.final_report_months"].value),
    )
    asked, number = [], 1
    while (ends := after_months(declaration.begins, months * number)) < declaration.ends:
        asked.append(("half-year", ends, ends))
        number += 1
    asked.append(("final", declaration.ends, after_months(declaration.ends, final)))
    return asked


def authority_periods(first: date, last: date, profile: Profile) -> list[tuple[str, date, date]]:
    """Return what the authority reports between two days: (kind, last day of the month, the same day)."""
    months = [int(profile[f"supervision.authority_{word}_month"].value) for word in ("first", "second")]
    asked = []
    for year in range(first.year, last.year + 1):
        for month in months:
            day = date(year, month, calendar.monthrange(year, month)[1])
            if first <= day <= last:
                asked.append(("authority", day, day))
    return asked


def subject_reports(declaration: Declaration, filed: Sequence[Filed], profile: Profile, today: date) -> list[Breach]:
    """Return the reports of a subject that are overdue or were late (第三十条)."""
    return _late(SUBJECT, declaration.id, periods(declaration, profile), filed, today)


def authority_reports(filed: Sequence[Filed], profile: Profile, since: date, today: date) -> list[Breach]:
    """Return the authority's reports since a day that are overdue or were late (第三十一条)."""
    return _late(AUTHORITY, "authority", authority_periods(since, today, profile), filed, today)


def _late(
    rule: str, whose: str, asked: list[tuple[str, date, date]], filed: Sequence[Filed], today: date
) -> list[Breach]:
    breaches = []
    for kind, ends, due in asked:
        came = [one.filed for one in filed if one.declaration == whose and one.kind == kind and one.period_ends == ends]
        if came and min(came) > due:
            words = Words(
                f"截至 {ends} 的报告于 {min(came)} 提交，期限 {due}",
                f"report to {ends} was filed {min(came)}, due {due}",
            )
        elif not came and today > due:
            words = Words(f"截至 {ends} 的报告未提交，期限 {due}", f"report to {ends} is not filed, it was due {due}")
        else:
            continue
        breaches.append(Breach(rule, whose, kind, words))
    return breaches
