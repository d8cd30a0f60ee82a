"""Days that the scorecard passed are counted from what the cloud wrote of them: gaps, bad days and no record end the count."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jinyun import zone as zones
from jinyun.growth.description import read
from jinyun.growth.drawing import draw
from jinyun.growth.verifying import days_passed

ZONE = zones.load(zones.find("science-city"))
NETWORK = draw(ZONE, read(ZONE.folder))
DAY_US = 86_400_000_000
NOW = 20_000 * DAY_US + 7_000_000
SECTION, SENDER = "yungu.5", "rsu/RSU-A5"
MET = {"completeness": {"value": 0.99, "valid": True, "meets": True}}
MISSED = {"completeness": {"value": 0.4, "valid": True, "meets": False}}


def day(ago: int, figures: dict[str, Any] = MET, seconds: float = 86_400.0) -> dict[str, Any]:
    """Return the line of the day so many days ago."""
    return {"t_us": (20_000 - ago) * DAY_US, "seconds": seconds, "devices": {SENDER: figures}, "work": []}


def passed(folder: Path, lines: list[dict[str, Any]], section: str = SECTION) -> int:
    (folder / "quality").mkdir(exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (folder / "quality" / "day.jsonl").write_text(text, encoding="utf-8")
    return int(days_passed(ZONE, NETWORK, section, folder, NOW)["scorecard_days"])


def test_nine_days_in_a_row_are_nine_and_say_from_when_to_when(tmp_path: Path) -> None:
    assert passed(tmp_path, [day(ago) for ago in range(9, 0, -1)]) == 9
    told = days_passed(ZONE, NETWORK, SECTION, tmp_path, NOW)
    assert (told["from_us"], told["to_us"]) == ((20_000 - 9) * DAY_US, (20_000 - 1) * DAY_US)
    assert SENDER in told["senders"] and told["ended"]


@pytest.mark.parametrize(
    "fourth", [None, day(4, MISSED), day(4, seconds=40_000.0), day(4, {}), day(4, {"completeness": {"valid": False}})]
)
def test_a_day_that_is_missing_bad_hardly_watched_or_says_nothing_ends_the_count(
    tmp_path: Path, fourth: dict[str, Any] | None
) -> None:
    lines = [day(ago) for ago in range(9, 0, -1) if ago != 4] + ([fourth] if fourth else [])
    assert passed(tmp_path, lines) == 3


def test_good_days_of_long_ago_are_none_now_and_without_records_there_are_none(tmp_path: Path) -> None:
    assert days_passed(ZONE, NETWORK, SECTION, tmp_path, NOW)["scorecard_days"] == 0
    assert passed(tmp_path, [day(ago) for ago in range(30, 2, -1)]) == 0


def test_a_road_where_no_sender_stands_has_no_days(tmp_path: Path) -> None:
    drawn = next(id for id in NETWORK.segments if "." not in id)
    assert passed(tmp_path, [day(ago) for ago in range(9, 0, -1)], drawn) == 0
