"""What supervision has for notices and news (监管事项): events as they are entered, duties whose day comes.

An event is told once; its notice stays open until somebody answers it, a day at most. A duty is told while it is near or late.
Whose an event or a duty is decides which company sees it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jinyun.centre.notices import Happening
from jinyun.cloud import findings
from jinyun.supervision import kinds
from jinyun.supervision.deadlines import BEIJING, load
from jinyun.supervision.duties import NAMES, Duty, duties
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.papers import Accident, Declaration, Driver, Vehicle
from jinyun.zone import Zone

ENDS = {"near": ("将到期", "near"), "late": ("已逾期", "late")}
"""How a duty stands of which is told."""
MISSED_US = 600_000_000
"""Events of so short a time before the centre's start are told at its start."""
DUTIES_US = 60_000_000
"""Duties are looked at once a minute."""
MOST_AT_ONCE = 200


def owners(ledger: Ledger) -> tuple[dict[str, str], dict[str, str]]:
    """Return whose each vehicle (by VIN and by plate) and whose each paper (by id, vehicles by VIN) is."""
    of_vehicle: dict[str, str] = {}
    of_paper: dict[str, str] = {}
    for car in ledger.papers(Vehicle):
        of_vehicle[car.vin] = of_vehicle[car.plate] = of_paper[car.vin] = car.subject
    for paper in ledger.papers(Declaration):
        of_paper[paper.id] = paper.subject
    for person in ledger.papers(Driver):
        of_paper[person.id] = person.subject
    for one in ledger.papers(Accident):
        of_paper[one.id] = of_paper.get(one.declaration, "")
    return of_vehicle, of_paper


def of_event(event: dict[str, Any], company: str | None) -> Happening:
    """Return the happening that an event is."""
    kind = kinds.of(event["kind"])
    who = event["vehicle"] or ", ".join(map(str, event.get("tracks", ())))
    return Happening(
        "event", event["kind"], kind.severity, f"event|{event['id']}", f"{kind.zh} · {kind.en}: {who}",
        f"{event['zh']} / {event['en']}", event["id"], company,
    )  # fmt: skip


def of_duty(duty: Duty, company: str | None) -> Happening:
    """Return the happening that a duty is which is near or late."""
    due = f"{(duty.due - timedelta(seconds=1)).astimezone(BEIJING):%Y-%m-%d %H:%M}"
    zh, en = ENDS[duty.state]
    whose = duty.subject if duty.subject != "authority" else due[:10]  # its name says already whose it is
    return Happening(
        "duty", f"{duty.what}.{duty.state}", "fault" if duty.state == "late" else "warning",
        f"duty|{duty.what}|{duty.subject}|{duty.due.isoformat()}|{duty.state}",
        f"{duty.zh}{zh} · {duty.en}, {en}: {whose}", f"期限 {due}（{duty.rule}） / due {due} UTC+8 ({duty.rule})",
        duty.subject, company,
    )  # fmt: skip


def names() -> dict[str, list[dict[str, str]]]:
    """Return the names that a rule of notices may hold, by source, with what each is called in both languages."""
    return {
        "finding": findings.listing(),
        "event": [{"id": id, "zh": kind.zh, "en": kind.en} for id, kind in kinds.KINDS.items()],
        "duty": [
            {"id": f"{what}.{state}", "zh": f"{zh}{end_zh}", "en": f"{en}, {end_en}"}
            for what, (zh, en, _) in NAMES.items()
            for state, (end_zh, end_en) in ENDS.items()
        ],
    }


class Supervised:
    """Looks into the ledger for what is new; blocking, to be called from one thread at a time."""

    def __init__(self, zone: Zone, folder: Path, now_us: Callable[[], int]) -> None:
        self.zone, self.folder, self.now_us = zone, folder, now_us
        self.fresh: list[dict[str, Any]] = []
        self._ledger: Ledger | None = None
        self._seen: int | None = None
        self._duties: list[Happening] = []
        self._duties_us = -DUTIES_US

    def _opened(self) -> Ledger:
        if self._ledger is None:
            self._ledger = Ledger(self.folder)
        return self._ledger

    def events(self) -> Iterable[Happening]:
        """Return the events that were entered or changed since the last look; keep those that are new in :attr:`fresh`."""
        ledger = self._opened()
        first = self._seen is None
        since_us = self.now_us() - MISSED_US if first else 0
        self._seen, found = ledger.entered(self._seen or 0, since_us, MOST_AT_ONCE)
        if not found:
            return []
        of_vehicle, _ = owners(ledger)
        rows = [row | {"company": of_vehicle.get(row["vehicle"])} for row in found]
        self.fresh += rows if not first else []
        return [of_event(row, row["company"]) for row in rows]

    def take_fresh(self) -> list[dict[str, Any]]:
        """Return the events that came since this was asked last, for the news."""
        found, self.fresh = self.fresh, []
        return found

    def duties(self) -> Iterable[Happening]:
        """Return the duties that are near or late now."""
        now_us = self.now_us()
        if now_us - self._duties_us >= DUTIES_US:
            self._duties_us = now_us
            ledger = self._opened()
            _, of_paper = owners(ledger)
            at = datetime.fromtimestamp(now_us / 1e6, UTC)
            running = duties(ledger, self.zone.profile, load(self.zone.folder), at)
            self._duties = [of_duty(one, of_paper.get(one.subject)) for one in running if one.state in ("near", "late")]
        return self._duties
