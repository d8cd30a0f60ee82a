"""Duties (义务时钟): what is due by when, whose it is, and how much time is left: seen before it is late.

A duty is *open*, *near* (the last quarter of its time, as the profile says), *late* or *done*. Papers are held against all
rules that ask no driving (:func:`standing`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from jinyun.supervision.deadlines import Calendar, day_of, end_of
from jinyun.supervision.demand import Demand
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.papers import Accident, Change, Declaration, Driver, Filed, Offence, Vehicle
from jinyun.supervision.rules import (
    Breach,
    accident,
    declaration,
    demonstration,
    driver,
    reporting,
    termination,
    testing,
    vehicle,
)
from jinyun.zone import Profile

NAMES = {
    "reported": ("事故上报", "report of an accident", accident.TOLD),
    "reported_up": ("主管部门上报事故", "the authority's report of an accident", accident.TOLD),
    "analysed": ("事故分析报告", "analysis of an accident", accident.ANALYSED),
    "forwarded": ("主管部门转报事故分析", "the authority's forwarding of an analysis", accident.ANALYSED),
    "half-year": ("阶段性报告", "half-yearly report", reporting.SUBJECT),
    "final": ("总结报告", "final report", reporting.SUBJECT),
    "authority": ("主管部门汇总上报", "the authority's summary", reporting.AUTHORITY),
    "plate": ("临时号牌到期", "the plate expires", declaration.PLATE),
    "inspection": ("车辆检验到期", "the vehicle's inspection expires", declaration.DECLARED),
    "insurance": ("保险到期", "the insurance expires", declaration.DECLARED),
}
LOOKED_AHEAD = timedelta(days=200)
EXPIRING = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Duty:
    """One clock: what is due, whose it is, since when, until when, and whether it is done."""

    rule: str
    what: str
    subject: str
    since: datetime
    due: datetime
    done: datetime | None
    state: str
    verified: bool  # whether the calendar of its working days is known
    zh: str
    en: str

    def as_json(self, now: datetime) -> dict[str, Any]:
        """Return it with instants as text and the seconds that are left, below zero when it is late."""
        instants = {
            name: at.isoformat() if at else None
            for name, at in (("since", self.since), ("due", self.due), ("done", self.done))
        }
        return asdict(self) | instants | {"left_s": round((self.due - now).total_seconds())}


def _duty(
    what: str,
    subject: str,
    since: datetime,
    due: datetime,
    done: datetime | None,
    profile: Profile,
    known: Calendar,
    now: datetime,
) -> Duty:
    share = profile["supervision.warn_before_share"].value
    zh, en, rule = NAMES[what]
    if done is not None:
        state = "done"
    elif now > due:
        state = "late"
    else:
        state = "near" if due - now <= (due - since) * share else "open"
    counts_days = what in ("reported_up", "analysed", "forwarded")
    verified = known.is_verified(day_of(since), day_of(due)) if counts_days else True
    return Duty(rule, what, subject, since, due, done, state, verified, zh, en)


def _at(day: date) -> datetime:
    return end_of(day - timedelta(days=1))


def duties(ledger: Ledger, profile: Profile, known: Calendar, now: datetime) -> list[Duty]:
    """Return every clock that runs, or stopped late or within the last month; the next first."""
    found: list[Duty] = []

    def add(what: str, subject: str, since: datetime, due: datetime, done: datetime | None) -> None:
        found.append(_duty(what, subject, since, due, done, profile, known, now))

    for one in ledger.papers(Accident):
        for what, since, done, due in accident.deadlines(one, profile, known):
            add(what, one.id, since.astimezone(UTC), due.astimezone(UTC), done)
    filed: dict[tuple[str, str, date], date] = {
        (one.declaration, one.kind, one.period_ends): one.filed for one in ledger.papers(Filed)
    }
    vehicles = {one.vin: one for one in ledger.papers(Vehicle)}
    declared = ledger.papers(Declaration)
    for paper in declared:
        begins = paper.begins
        for kind, ends, due_day in reporting.periods(paper, profile):
            done_day = filed.get((paper.id, kind, ends))
            if end_of(due_day) - now < LOOKED_AHEAD:
                add(kind, paper.id, _at(begins), end_of(due_day), _at(done_day) if done_day else None)
            begins = ends
        if paper.ends >= day_of(now):
            expiring = [("plate", paper.plate_until)]
            if (own := vehicles.get(paper.vin)) is not None:
                insured = min(own.compulsory_insurance_until, own.accident_insurance_until)
                expiring += [("inspection", own.inspection_until), ("insurance", insured)]
            for what, until in expiring:
                if until is not None and until <= paper.ends and end_of(until) - now < EXPIRING:
                    add(what, paper.id, end_of(until) - EXPIRING, end_of(until), None)
    if declared:
        first = min(paper.begins for paper in declared)
        for kind, ends, due_day in reporting.authority_periods(first, day_of(now) + LOOKED_AHEAD, profile):
            done_day = filed.get(("authority", kind, ends))
            add(
                kind,
                "authority",
                end_of(due_day) - timedelta(days=30),
                end_of(due_day),
                _at(done_day) if done_day else None,
            )
    found = [
        duty for duty in found if duty.done is None or now - duty.done < timedelta(days=31) or duty.done > duty.due
    ]
    return sorted(found, key=lambda duty: (duty.done is not None, duty.due))


def standing(ledger: Ledger, profile: Profile, known: Calendar, now: datetime) -> list[Breach]:
    """Return what does not stand up in all papers that were handed in."""
    today = day_of(now)
    found: list[Breach] = []
    vehicles = {one.vin: one for one in ledger.papers(Vehicle)}
    declared = {one.id: one for one in ledger.papers(Declaration)}
    accidents, offences, filed = ledger.papers(Accident), ledger.papers(Offence), ledger.papers(Filed)
    for person in ledger.papers(Driver):
        found += driver.driver_may(person, profile, today)
    for car in vehicles.values():
        found += (
            vehicle.vehicle_may(car, profile)
            + vehicle.vehicle_is_marked(car, profile)
            + testing.vehicle_is_tested(car, profile)
        )
    found += vehicle.changes_are_reported(ledger.papers(Change), profile)
    for paper in declared.values():
        own = vehicles.get(paper.vin)
        if own is None:
            continue
        check = declaration.declaration_stands if paper.stage == "test" else demonstration.demonstration_stands
        found += check(paper, own, profile) + declaration.plate_is_within(paper, profile)
        found += declaration.plate_is_renewed(paper, declared.get(paper.renews), profile)
        found += testing.other_city_asks_no_more(paper, own, profile)
        if paper.stage == "demonstration":
            driven = driven_under(ledger, paper.tested_under, accidents, offences)
            found += demonstration.demonstration_is_earned(paper, driven, declared.get(paper.tested_under), profile)
        if paper.begins <= today <= paper.ends:
            found += termination.must_end(paper, own, offences, accidents, profile, today)
        found += reporting.subject_reports(paper, filed, profile, today)
    for one in accidents:
        found += accident.accident_is_told(one, profile, known, now) + accident.accident_is_analysed(
            one, profile, known, now
        )
    return found


def driven_under(ledger: Ledger, id: str, accidents: list[Accident], offences: list[Offence]) -> demonstration.Driven:
    """Return what was driven automated under a declaration, and how clean it was."""
    rows = [row for row in ledger.driven(Demand(declaration=id)) if row["mode"] == "automated"]
    return demonstration.Driven(
        sum(row["hours"] for row in rows), sum(row["km"] for row in rows),
        sum(one.declaration == id for one in offences),
        sum(one.declaration == id and one.at_fault is True for one in accidents),
    )  # fmt: skip
