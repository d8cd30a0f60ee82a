"""Events and duties become notices and news: told once, before it is late, to those whose they are."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jinyun.centre.happenings import DUTIES_US, MISSED_US, Supervised
from jinyun.centre.notices import ANSWERED_US, GONE_US, acknowledge, step
from jinyun.centre.registry import Registry, open_registry
from jinyun.supervision.deadlines import BEIJING
from jinyun.supervision.ledger import Ledger
from tests.centre.asking import Place, here
from tests.centre.postgres import Store
from tests.centre.test_notices import kept
from tests.supervision.papers import declaration, vehicle

T_US = int(datetime(2026, 11, 30, 4, tzinfo=UTC).timestamp() * 1e6)
S = 1_000_000


class At:
    """A clock that a test sets."""

    now_us = T_US

    def __call__(self) -> int:
        return self.now_us


@pytest.fixture
def tmp_path(tmp_path: Path, store: Store) -> Path:
    """A state folder whose registry is in a file, then on a server."""
    return store.claim(tmp_path)


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    return open_registry(tmp_path)


def enter(ledger: Ledger, kind: str = "contact", t_us: int = T_US, vehicle: str = "", pack: str | None = None) -> str:
    id = f"{t_us}-{kind}-{vehicle}"
    body = {"zh": "轮廓相触", "en": "outlines touch", "tracks": [7, 9], "x_m": 0.0, "y_m": 0.0, "pack": pack}
    ledger.happened(id, kind, t_us, vehicle, body)
    return id


def test_an_event_is_one_notice_that_stays_until_somebody_saw_to_it(tmp_path: Path, registry: Registry) -> None:
    ledger, clock = Ledger(tmp_path), At()
    supervised = Supervised(here(), tmp_path, clock)
    assert list(supervised.events()) == []
    enter(ledger)
    _, changed = step(registry, supervised.events(), T_US)
    assert [(one["rule"], one["severity"], one["state"]) for one in changed] == [("events", "fault", "open")]
    for later in (GONE_US * 2, 3600 * S):
        assert step(registry, supervised.events(), T_US + later)[1] == []
    acknowledge(registry, kept(registry)[0]["id"], "shift-2")
    assert [one["state"] for one in step(registry, [], T_US + 3601 * S)[1]] == ["ended"]
    enter(ledger, t_us=T_US + 7200 * S)
    step(registry, supervised.events(), T_US + 7200 * S)
    assert [one["state"] for one in kept(registry)] == ["ended", "open"]
    step(registry, [], T_US + 7200 * S + ANSWERED_US + 1)
    assert [one["state"] for one in kept(registry)] == ["ended", "ended"]


def test_an_event_nobody_answers_goes_further_up(tmp_path: Path, registry: Registry) -> None:
    from jinyun.centre.registry import NoticeRule

    with registry.write() as session:
        session.get_one(NoticeRule, "events").escalate_to = ["chief"]
    ledger = Ledger(tmp_path)
    supervised = Supervised(here(), tmp_path, At())
    list(supervised.events())
    enter(ledger)
    step(registry, supervised.events(), T_US)
    due, _ = step(registry, supervised.events(), T_US + 900 * S)
    assert [(channel, what["what"]) for channel, _, what in due] == [("chief", "escalated")]


def test_hard_braking_of_everybody_is_news_and_no_notice(tmp_path: Path, registry: Registry) -> None:
    ledger = Ledger(tmp_path)
    supervised = Supervised(here(), tmp_path, At())
    list(supervised.events())
    enter(ledger, "hard-braking")
    assert step(registry, supervised.events(), T_US)[1] == []
    assert [event["kind"] for event in supervised.take_fresh()] == ["hard-braking"]
    assert supervised.take_fresh() == []


def test_who_was_away_is_told_of_the_last_minutes_and_not_of_last_year(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    enter(ledger, t_us=T_US - MISSED_US - S)
    enter(ledger, t_us=T_US - MISSED_US + S)
    supervised = Supervised(here(), tmp_path, At())
    assert len(list(supervised.events())) == 1 and supervised.take_fresh() == []
    id = enter(ledger, t_us=T_US)
    assert [one.subject for one in supervised.events()] == [id] and list(supervised.events()) == []


def hand_in(ledger: Ledger) -> None:
    for kind, paper in (("vehicle", vehicle()), ("declaration", declaration())):
        ledger.hand_in(kind, paper.model_dump(mode="json"), T_US)


def test_a_duty_is_a_notice_before_it_is_late_and_a_graver_one_when_it_is(tmp_path: Path, registry: Registry) -> None:
    ledger, clock = Ledger(tmp_path), At()
    hand_in(ledger)
    at = datetime(2026, 11, 30, 4, tzinfo=UTC)
    accident = {
        "id": "A-3",
        "declaration": "T1",
        "vin": "LTEST000000000001",
        "at": at.isoformat(),
        "severity": "serious",
    }
    ledger.hand_in("accident", accident, T_US)
    supervised = Supervised(here(), tmp_path, clock)

    def told(hours: float) -> list[tuple[str, str, str | None]]:
        clock.now_us = int((at + timedelta(hours=hours)).timestamp() * 1e6)
        return [
            (one.rule, one.severity, one.company)
            for one in supervised.duties()
            if one.rule.startswith("reported.") or one.rule == "reported"
        ]

    assert told(1) == [] and told(17.9) == []
    assert told(18.5) == [("reported.near", "warning", "A")]  # the last quarter of 24 h
    assert told(24.1) == [("reported.late", "fault", "A")]
    _, changed = step(registry, supervised.duties(), clock.now_us)
    mine = next(one for one in changed if one["subject"] == "A-3" and "逾期" in one["title"])
    due = (at + timedelta(hours=24)).astimezone(BEIJING) - timedelta(seconds=1)
    assert f"{due:%Y-%m-%d %H:%M}" in mine["text"] and mine["company"] == "A" and mine["rule"] == "duties"
    ledger.hand_in("accident", accident | {"reported": (at + timedelta(hours=25)).isoformat()}, T_US)
    assert told(25.1) == []
    assert DUTIES_US <= 60 * S


def test_news_of_events_reach_who_may_see_them_and_nobody_else(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ledger = Ledger(tmp_path)
    hand_in(ledger)
    centre = place.centre
    list(centre.supervised.events())
    start = centre.news.number
    mine, law = place.account("kestrel", "company", "A"), place.account("law", "regulator")
    other = place.account("marlin", "company", "B")
    own, anybody = enter(ledger, "takeover", vehicle="LTEST000000000001"), enter(ledger, "contact")
    asyncio.run(once(centre))

    def seen(asker: Any) -> set[str]:
        text = asker.get(f"/api/v1/stream?last={start}&kinds=event&seconds=0.05").text
        return {id for id in (own, anybody) if id in text}

    assert seen(law) == {own, anybody} and seen(mine) == {own}
    assert seen(other) == set() == seen(place.nobody)


async def once(centre: Any) -> None:
    """Let the centre look once, as it does each second."""
    watching = asyncio.create_task(centre.notices.watch())
    deadline = asyncio.get_running_loop().time() + 20
    while not any(kind == "event" for _, kind, _ in centre.news.pieces):
        assert asyncio.get_running_loop().time() < deadline, "no news of events"
        await asyncio.sleep(0.02)
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
