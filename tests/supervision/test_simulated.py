"""Papers of a simulated zone: they stand up to every rule, on any day, and are entered once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.supervision.deadlines import Calendar
from jinyun.supervision.duties import duties, standing
from jinyun.supervision.ledger import Ledger
from jinyun.supervision.papers import Declaration, Vehicle
from jinyun.supervision.sections import Sections
from jinyun.supervision.simulated import hand_in, vehicle_name

ZONE = zones.load(zones.find(None))


@pytest.fixture(scope="module")
def city() -> hdmap.Map:
    return hdmap.open(ZONE)


@pytest.mark.parametrize("today", [date(2026, 1, 1), date(2026, 6, 30), date(2026, 12, 1), date(2028, 2, 29)])
def test_what_a_simulated_zone_hands_in_breaks_no_rule_and_is_late_with_nothing(
    city: hdmap.Map, tmp_path: Path, today: date
) -> None:
    ledger = Ledger(tmp_path)
    now = datetime(today.year, today.month, today.day, 4, tzinfo=UTC)
    entered = hand_in(ZONE, city, ledger, today, int(now.timestamp() * 1e6))
    automated = sum(min(line.automated, line.vehicles) for line in ZONE.lines)
    assert entered == 3 * automated > 0
    assert standing(ledger, ZONE.profile, Calendar(), now) == []
    assert [duty for duty in duties(ledger, ZONE.profile, Calendar(), now) if duty.state == "late"] == []
    (paper, *_) = ledger.papers(Declaration)
    assert paper.begins <= today <= paper.ends and "模拟" in paper.subject
    assert {car.vin for car in ledger.papers(Vehicle)} == {vehicle_name(ZONE, "L1-1")}
    assert Sections(city, 5.0).unknown(paper.roads) == [] and paper.roads
    assert hand_in(ZONE, city, ledger, today, 1) == 0
    ledger.close()


def test_a_zone_of_real_streets_gets_no_papers_of_itself(city: hdmap.Map, tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    assert hand_in(replace(ZONE, simulated=False), city, ledger, date(2026, 12, 1), 1) == 0
    assert ledger.papers(Declaration) == []
    ledger.close()
