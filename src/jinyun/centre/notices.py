"""Notices (通知): what happens in the zone and somebody must know of; once a cause, until it ends, to whom the rules say.

A happening is a finding's episode, an event, or a duty whose day comes. A rule makes it a notice; the same cause is one notice
while it goes on, and also when it comes again soon; an event's stays until it is acknowledged. Who must know acknowledges it;
where nobody does in time it rises.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from sqlalchemy import func, or_, select
from sqlalchemy.exc import SQLAlchemyError

from jinyun.centre.outbox import Outbox
from jinyun.centre.registry import Notice, NoticeRule, Registry
from jinyun.centre.registry.opening import now_us
from jinyun.cloud import findings

if TYPE_CHECKING:
    from jinyun.centre.app import Centre

SEVERITIES = ("info", "warning", "fault")
SOURCES = ("finding", "event", "duty")
EVERY_S = 1.0
GONE_US = 30_000_000
"""A cause that is told of no more has ended after so long."""
AGAIN_US = 600_000_000
"""A cause that comes again within this time is the same notice."""
ANSWERED_US = 86_400_000_000
"""An event that nobody acknowledges stays a notice for so long."""
FRESHENED_US = 30_000_000
MOST_OPEN = 1000
MOST_KEPT = 100_000


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happens: ``key`` names its cause, ``ended`` that it is over."""

    source: str
    rule: str
    severity: str
    key: str
    title: str
    text: str
    subject: str
    company: str | None = None
    ended: bool = False


def of_episode(episode: Mapping[str, Any]) -> Happening:
    """Return the happening that an episode of findings is."""
    key = f"{episode['rule']}|{episode['source']}|{episode['field']}"
    name, zh, en = findings.name(episode["rule"]), findings.chinese(episode["reason"]), episode["reason"]
    return Happening(
        "finding", episode["rule"], episode["severity"], key, f"{name['zh']} · {name['en']}: {episode['source']}",
        f"{zh} / {en}" if zh != en else en, episode["source"], None, not episode["open"],
    )  # fmt: skip


def row(notice: Notice) -> dict[str, Any]:
    """Return a notice as JSON."""
    names = (
        "id", "rule", "severity", "title", "text", "subject", "company", "opened_us", "last_us", "count", "ended_us",
        "acknowledged_us", "acknowledged_by", "escalated_us", "sent",
    )  # fmt: skip
    state = "ended" if notice.ended_us else "acknowledged" if notice.acknowledged_us else "open"
    return {name: getattr(notice, name) for name in names} | {"state": state}


Due = list[tuple[str, int, dict[str, Any]]]
"""What is to be sent: channel, notice's id, what is said."""


def step(registry: Registry, happenings: Iterable[Happening], now: int) -> tuple[Due, list[dict[str, Any]]]:
    """Open, renew, end and escalate notices; return (what is to be sent, the notices that changed)."""
    due: Due = []
    changed: list[Notice] = []
    with registry.write() as session:
        rules = session.execute(select(NoticeRule).where(NoticeRule.enabled.is_(True))).scalars().all()
        of_rule = {rule.id: rule for rule in rules}
        recent = select(Notice).where(or_(Notice.ended_us.is_(None), Notice.ended_us > now - AGAIN_US))
        known = {notice.key: notice for notice in session.execute(recent.order_by(Notice.id)).scalars()}
        free = MOST_OPEN - sum(notice.ended_us is None for notice in known.values())
        live: set[str] = set()

        def say(notice: Notice, channels: Iterable[str], what: str) -> None:
            if notice not in changed:
                changed.append(notice)
            due.extend((channel, notice.id, {"what": what, **row(notice)}) for channel in dict.fromkeys(channels))

        for happening in happenings:
            for rule in rules:
                if not _matches(rule, happening):
                    continue
                key = f"{rule.id}|{happening.key}"[:256]
                notice = known.get(key)
                if happening.ended:
                    continue
                live.add(key)
                if notice is None:
                    if free <= 0:
                        continue
                    free -= 1
                    notice = Notice(
                        key=key, rule=rule.id, severity=happening.severity, title=happening.title[:256],
                        text=happening.text[:4000], subject=happening.subject[:256], company=happening.company,
                        opened_us=now, last_us=now, count=1, sent={},
                    )  # fmt: skip
                    session.add(notice)
                    session.flush()
                    known[key] = notice
                    say(notice, rule.channels, "opened")
                elif notice.ended_us is not None:
                    notice.ended_us, notice.last_us, notice.count = None, now, notice.count + 1
                    say(notice, (), "again")
                elif now - notice.last_us > FRESHENED_US // 3:
                    notice.last_us, notice.text = now, happening.text[:4000]
        for key, notice in known.items():
            if notice.ended_us is not None:
                continue
            rule_of = of_rule.get(notice.rule)
            gone = key not in live and now - notice.last_us > GONE_US
            if rule_of is not None and rule_of.source == "event":  # it is told once: over when somebody saw to it
                gone = notice.acknowledged_us is not None or now - notice.opened_us > ANSWERED_US
            if gone:
                notice.ended_us = now
                say(notice, rule_of.channels if rule_of is not None else (), "ended")
            elif (
                rule_of is not None and rule_of.escalate_to and notice.escalated_us is None
                and notice.acknowledged_us is None and now - notice.opened_us >= rule_of.escalate_after_s * 1_000_000
            ):  # fmt: skip
                notice.escalated_us = now
                say(notice, rule_of.escalate_to, "escalated")
        told = [row(notice) for notice in changed]
    return due, told


def _matches(rule: NoticeRule, happening: Happening) -> bool:
    if rule.source != happening.source or not fnmatchcase(happening.rule, rule.rule):
        return False
    if happening.severity not in SEVERITIES:
        return True
    return SEVERITIES.index(happening.severity) >= SEVERITIES.index(rule.severity)


def acknowledge(registry: Registry, id: int, who: str) -> dict[str, Any] | None:
    """Note that somebody saw to a notice; the first one counts. None where there is no such notice."""
    with registry.write() as session:
        notice = session.get(Notice, id)
        if notice is None:
            return None
        if notice.acknowledged_us is None:
            notice.acknowledged_us, notice.acknowledged_by = now_us(), who
        return row(notice)


def company_of(registry: Registry, id: int) -> tuple[bool, str | None]:
    """Return (whether there is such a notice, whose it is)."""
    with registry.read() as session:
        notice = session.get(Notice, id)
        return notice is not None, notice.company if notice is not None else None


def note_sent(registry: Registry, id: int, channel: str, outcome: dict[str, Any]) -> None:
    """Note what became of a notice on a channel."""
    with registry.write() as session:
        notice = session.get(Notice, id)
        if notice is not None:
            notice.sent = {**notice.sent, channel: outcome}


def forget_old(registry: Registry) -> None:
    """Let the oldest ended notices go, so that :data:`MOST_KEPT` are kept at most."""
    with registry.write() as session:
        newest = session.execute(select(func.max(Notice.id))).scalar_one() or 0
        old = select(Notice).where(Notice.id <= newest - MOST_KEPT, Notice.ended_us.is_not(None)).limit(1000)
        for notice in session.execute(old).scalars():
            session.delete(notice)


class Notices:
    """Looks at what happens once a second, and keeps the outbox at work; ``sources`` may be added to."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.sources: list[Callable[[], Iterable[Happening]]] = [self._findings]
        self.outbox = Outbox(centre.registry, lambda: centre.link, self._sent)
        self._untold: list[Happening] = []  # events, which are told once, of looks that could not be written down

    def _findings(self) -> Iterable[Happening]:
        return [of_episode(episode) for episode in self.centre.account.cloud.get("episodes", ())]

    def _sent(self, id: int, channel: str, outcome: dict[str, Any]) -> None:
        note_sent(self.centre.registry, id, channel, outcome)

    def look(self) -> tuple[Due, list[dict[str, Any]]]:
        """Look once (blocking)."""
        happenings = list(self._untold)
        for source in self.sources:
            found = list(source())
            happenings += found
            self._untold += [happening for happening in found if happening.source == "event"]
            del self._untold[:-MOST_OPEN]
        done = step(self.centre.registry, happenings, now_us())
        self._untold = []
        return done

    async def watch(self) -> None:
        """Look once a second, for ever."""
        turn = 0
        try:
            while True:
                try:
                    due, changed = await to_thread.run_sync(self.look)
                    if turn % 3600 == 0:
                        await to_thread.run_sync(forget_old, self.centre.registry)
                    turn += 1
                    for event in self.centre.supervised.take_fresh():
                        self.centre.news.tell("event", event)
                    for notice in changed:
                        self.centre.news.tell("notice", notice)
                    for channel, id, what in due:
                        await self.outbox.put(channel, id, what)
                except (SQLAlchemyError, sqlite3.Error, OSError):
                    pass  # a full or locked disk, a database that is away: looked at again in a second
                await asyncio.sleep(EVERY_S)
        finally:
            self.outbox.close()
