"""What roadside units announce in RSI, laid onto the way of a shuttle and kept to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from jinyun.hdmap import Map
from jinyun.net import csae
from jinyun.vehicle.shuttle.announced import SILENT_S, SLOWLY_MPS, Announced
from jinyun.vehicle.shuttle.guideline import Guideline
from jinyun.zone import Zone
from tests.vehicle.shuttle.drives import drive
from tests.vehicle.shuttle.test_driving import STRAIGHT_M

NOW_US = round(datetime(2026, 6, 1, 8, tzinfo=UTC).timestamp() * 1e6)
MINUTE = (151 * 24 + 8) * 60
"""The minute of the year at NOW_US."""


def offset(here: Zone, x_m: float, y_m: float) -> dict[str, Any]:
    lon, lat = here.project.inverse([x_m], [y_m])
    return {"offsetLL": ("position-LatLon", {"lon": round(float(lon[0]) * 1e7), "lat": round(float(lat[0]) * 1e7)})}


def path(here: Zone, line: Guideline, stations: tuple[float, ...], d_m: float = 0.0) -> list[dict[str, Any]]:
    return [offset(here, *(float(c) for c in line.place(s, d_m)[:2])) for s in stations]


def rsi(here: Zone, rows: str, item: dict[str, Any], words: str) -> bytes:
    lon, lat = here.project.inverse([0.0], [0.0])
    common = {"description": ("textGB2312", words.encode("gb2312"))}
    kind = {"rteId": 7, "eventType": 501, "eventSource": "police"} if rows == "rtes" else {"rtsId": 7, "signType": 38}
    value = {
        "msgCnt": 1, "id": b"H1      ", "refPos": {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)},
        rows: [kind | common | item],
    }  # fmt: skip
    return csae.encode("rsiFrame", value)


def along(here: Zone, line: Guideline, d_m: float = 0.0, back: bool = False) -> dict[str, Any]:
    stations = (STRAIGHT_M + 90.0, STRAIGHT_M + 110.0, STRAIGHT_M + 130.0)
    return {"referencePaths": [{"activePath": path(here, line, stations[:: -1 if back else 1], d_m), "pathRadius": 15}]}


def test_works_along_the_own_lane_close_it_and_along_another_they_slow(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    heard = Announced(precise_map, loop, here.project)
    heard.hear(rsi(here, "rtes", along(here, loop), "道路施工"), 0.0, NOW_US)
    (own,) = heard.posted(0.0, NOW_US)
    assert (own.kind, own.s_m, own.end_m) == (
        "closed", pytest.approx(STRAIGHT_M + 90, abs=0.6), pytest.approx(STRAIGHT_M + 130, abs=0.6)
    )  # fmt: skip
    heard.hear(rsi(here, "rtes", along(here, loop, -3.5), "道路施工"), 0.1, NOW_US)  # the same event, moved
    (beside,) = heard.posted(0.1, NOW_US)
    assert (beside.kind, beside.speed_mps) == ("speed", SLOWLY_MPS)
    heard.hear(rsi(here, "rtes", along(here, loop, -7.0, back=True), "道路施工"), 0.2, NOW_US)
    assert heard.posted(0.2, NOW_US) == ()  # the other direction's


def test_an_obstacle_in_the_own_lane_closes_it_there_and_an_area_slows(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    heard = Announced(precise_map, loop, here.project)
    place = {"eventPos": path(here, loop, (STRAIGHT_M + 100.0,), 0.5)[0]}
    heard.hear(rsi(here, "rtes", place | {"eventRadius": 20}, "路面有抛洒物"), 0.0, NOW_US)
    (there,) = heard.posted(0.0, NOW_US)
    assert there.kind == "closed"
    assert (there.s_m, there.end_m) == (pytest.approx(STRAIGHT_M + 98, abs=1), pytest.approx(STRAIGHT_M + 102, abs=1))
    heard.hear(rsi(here, "rtes", place | {"eventRadius": 300}, "accident"), 0.1, NOW_US)
    (area,) = heard.posted(0.1, NOW_US)
    assert area.kind == "speed"
    assert area.end_m - area.s_m == pytest.approx(60, abs=2)


def test_a_sign_that_tells_a_speed_counts_and_warnings_of_others_do_not(
    here: Zone, precise_map: Map, loop: Guideline
) -> None:
    heard = Announced(precise_map, loop, here.project)
    heard.hear(rsi(here, "rtss", along(here, loop), "限速20"), 0.0, NOW_US)
    (sign,) = heard.posted(0.0, NOW_US)
    assert (sign.kind, sign.speed_mps) == ("speed", pytest.approx(20 / 3.6))
    others = Announced(precise_map, loop, here.project)
    others.hear(rsi(here, "rtes", along(here, loop), "FCW 前车急刹"), 0.0, NOW_US)
    others.hear(rsi(here, "rtss", along(here, loop), "限速0"), 0.0, NOW_US)
    assert others.posted(0.0, NOW_US) == ()


def test_what_is_over_or_not_heard_again_is_forgotten(here: Zone, precise_map: Map, loop: Guideline) -> None:
    heard = Announced(precise_map, loop, here.project)
    works = rsi(here, "rtes", along(here, loop) | {"timeDetails": {"endTime": MINUTE + 2}}, "道路施工")
    heard.hear(works, 0.0, NOW_US)
    heard.hear(works, 8.0, NOW_US)
    assert len(heard.posted(8.0 + SILENT_S - 0.1, NOW_US)) == 1
    assert heard.posted(8.0 + SILENT_S + 0.1, NOW_US) == ()
    heard.hear(works, 30.0, NOW_US)
    assert len(heard.posted(30.0, NOW_US + 60_000_000)) == 1
    assert heard.posted(30.0, NOW_US + 121_000_000) == ()


def test_what_cannot_be_read_is_counted_and_harms_nothing(here: Zone, precise_map: Map, loop: Guideline) -> None:
    heard = Announced(precise_map, loop, here.project)
    nowhere = rsi(here, "rtes", {}, "道路施工")
    for payload in (b"", b"\xff" * 40, nowhere[:-3], nowhere):
        heard.hear(payload, 0.0, NOW_US)
    assert heard.refused == 3
    assert heard.posted(0.0, NOW_US) == ()


def test_a_shuttle_leaves_a_lane_that_the_road_says_is_closed(here: Zone, precise_map: Map, loop: Guideline) -> None:
    works = rsi(here, "rtes", along(here, loop), "车道封闭")
    found = drive(
        here, precise_map, loop, STRAIGHT_M, 30.0, speed_mps=9.0, rsi=lambda t: (works,) if t % 1.0 < 0.05 else ()
    )
    assert "pass_closed" in found.reason
    inside = [
        pose for pose, front in zip(found.poses, found.front_m, strict=True)
        if STRAIGHT_M + 95 < front < STRAIGHT_M + 130
    ]  # fmt: skip
    assert inside
    for pose in inside:
        at = (loop.x_m - pose.x_m) ** 2 + (loop.y_m - pose.y_m) ** 2
        assert float(at.min()) ** 0.5 > 2.0
    assert found.front_m[-1] > STRAIGHT_M + 135
