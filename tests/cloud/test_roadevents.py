"""Events and signs that hold: heard as real RSI frames, on the lanes they name, until they end."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jinyun import zone
from jinyun.cloud.decode import Decoder
from jinyun.cloud.prediction import roadway
from jinyun.cloud.roadevents import MOST, MOST_OF_ONE, Posting, RoadEvents, instant_us
from jinyun.cloud.window import RsiHeard
from jinyun.net import csae
from jinyun.net.block import Arrival
from jinyun.zone import Projection
from tests.hdmap.town import town

HERE = Projection(106.3, 29.6)
T_US = int(datetime(2026, 3, 1, 8, tzinfo=UTC).timestamp()) * 1_000_000
MINUTE = (31 + 28) * 1440 + 8 * 60


def offset(x_m: float, y_m: float) -> dict[str, Any]:
    lon, lat = HERE.inverse(x_m, y_m)
    away = {"lon": round((float(lon) - 106.3) * 1e7), "lat": round((float(lat) - 29.6) * 1e7)}
    return {"offsetLL": ("position-LL4", away)}


def rsi(**rows: Any) -> dict[str, Any]:
    return {"msgCnt": 1, "id": b"R1      ", "refPos": {"lat": 296_000_000, "long": 1_063_000_000}, **rows}


def heard(value: dict[str, Any], at_us: int = T_US, source: int = 0) -> list[RsiHeard]:
    """Return an RSI as it comes out of the decoder, after it was a frame."""
    reader = Decoder(HERE)
    found = reader.decode([Arrival(at_us, "jinyun.z.rsu.R1.up.rsi", csae.encode("rsiFrame", value))]).road
    return [one._replace(source=source) for one in found]


def events() -> RoadEvents:
    return RoadEvents(roadway(town()), HERE)


def lanes(held: RoadEvents, now_us: int = T_US) -> dict[int, tuple[float, float]]:
    on = held.step(now_us).stretches
    return {int(lane): (a, b) for lane, a, b in zip(on.lane, on.from_m, on.to_m, strict=True)}


def test_paths_links_circles_and_mere_places_hold_on_their_lanes() -> None:
    """The town: lanes 0, 1 lead east from x = -200 to the node 1, 2, 3 on from it; 4 leads north."""
    path: dict[str, Any] = {"activePath": [offset(-150, -5.25), offset(-100, -5.25)], "pathRadius": 15}
    link = {"upstreamNodeId": {"id": 2}, "downstreamNodeId": {"id": 1}, "referenceLanes": (b"\x20\x00", 16)}  # lane 2
    cases: list[tuple[dict[str, Any], dict[int, tuple[float, float]]]] = [
        ({"referencePaths": [path]}, {0: (50, 100)}),
        ({"referencePaths": [{**path, "activePath": path["activePath"][::-1]}]}, {}),  # the other way: nobody's
        ({"referenceLinks": [link]}, {0: (0, 185)}),
        ({"referenceLinks": [{"upstreamNodeId": {"id": 2}, "downstreamNodeId": {"id": 1}}]}, {0: (0, 185), 1: (0, 185)}),
        ({"eventPos": offset(-120, -5.25), "eventRadius": 100}, {0: (70, 90), 1: (70, 90)}),
        ({"eventPos": offset(-120, -9)}, {0: (80, 80), 1: (80, 80)}),  # beside the road: the whole carriageway
        ({"eventPos": offset(-120, 150)}, {}),
    ]  # fmt: skip
    for number, (where, on) in enumerate(cases):
        held = events()
        event = {"rteId": number, "eventType": 9902, "eventSource": "police", **where}
        assert held.hear(heard(rsi(rtes=[event]))) == []
        found = lanes(held)
        assert set(found) == set(on), where
        for lane, stretch in on.items():
            assert found[lane] == pytest.approx(
                stretch, abs=5.1
            )  # lanes are sampled every 4 m, and a path has a radius
        assert held.step(T_US).rows["code"].tolist() == [9902]


def test_it_holds_from_its_start_to_its_end_and_not_without_being_heard() -> None:
    held = events()
    at = {"eventPos": offset(-120, -5.25), "eventType": 1, "eventSource": "unknown"}
    timed = [{"rteId": 1, **at, "timeDetails": {"startTime": MINUTE + 2, "endTime": MINUTE + 4}}, {"rteId": 2, **at}]
    held.hear(heard(rsi(rtes=timed)))
    assert [len(held.step(T_US + minutes * 60_000_000)) for minutes in (0, 1)] == [1, 1]
    for minutes in (2, 3):
        held.hear(heard(rsi(rtes=timed), T_US + minutes * 60_000_000))
        assert len(held.step(T_US + minutes * 60_000_000)) == 2
    assert held.step(T_US + 4 * 60_000_000).rows["code"].tolist() == [1]
    assert len(held.step(T_US + 5 * 60_000_000)) == 0 and len(held) == 0
    december = int(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp()) * 1_000_000
    assert instant_us(1, december) == december + 2 * 60_000_000


def test_saying_it_again_changes_nothing_and_moving_it_keeps_its_number() -> None:
    held = events()
    event = {"rteId": 1, "eventType": 401, "eventSource": "police", "eventPos": offset(-120, -5.25)}
    held.hear(heard(rsi(rtes=[event])))
    first = held.step(T_US)
    held.hear(heard(rsi(rtes=[event]), T_US + 1_000_000))
    assert held.step(T_US + 1_000_000) is first
    held.hear(heard(rsi(rtes=[{**event, "eventPos": offset(-80, -5.25)}]), T_US + 2_000_000))
    moved = held.step(T_US + 2_000_000)
    assert moved.rows["number"].tolist() == first.rows["number"].tolist()
    assert moved.stretches.from_m[0] - first.stretches.from_m[0] == pytest.approx(40, abs=0.1)
    held.forget([0])
    assert len(held.step(T_US + 3_000_000)) == 0


def test_a_sign_tells_its_limit_in_words_and_nonsense_tells_none() -> None:
    held = events()
    texts = [
        ("textGB2312", "前方施工限速40".encode("gb2312")),
        ("textGB2312", b"\xff\xfe"),
        ("textString", "speed limit 700"),
    ]
    signs = [{"rtsId": n, "signType": 85, "signPos": offset(-120, -5.25), "description": text, "priority": b"\xe0"}
             for n, text in enumerate(texts)]  # fmt: skip
    held.hear(heard(rsi(rtss=signs)))
    rows = held.step(T_US).rows
    assert rows["limit_mps"][0] == pytest.approx(40 / 3.6) and np.isnan(rows["limit_mps"][1:]).all()
    assert (rows["posting"] == Posting.SIGN).all() and rows["priority"].tolist() == [7, 7, 7]


def test_one_unit_and_all_of_them_are_held_to_a_number_and_told_once() -> None:
    held, findings = events(), []
    for source in range(2 * MOST // MOST_OF_ONE):
        for n in range(256 // 8):
            rows = [
                {"rteId": 8 * n + k, "eventType": 1, "eventSource": "unknown", "eventPos": offset(0, k)}
                for k in range(8)
            ]
            findings += held.hear([RsiHeard(source, T_US, rsi(rtes=rows))])
    assert len(held) == MOST
    assert [f.rule for f in findings] == ["road.full"] * (2 * MOST // MOST_OF_ONE)
    nowhere = held.hear([RsiHeard(0, T_US, rsi(rtes=[{"rteId": 1, "eventType": 1, "eventSource": "unknown"}]))])
    assert [f.rule for f in nowhere] == ["road.place"]


def test_what_a_zone_declares_holds_without_an_end_and_its_faults_are_told(tmp_path: Path) -> None:
    folder = tmp_path / "science-city"
    shutil.copytree(zone.find(), folder)
    text = (folder / "zone.toml").read_text(encoding="utf-8")
    tables = '[[hazards]]\nid = "h"\nat = [-120, -9]\ncode = 401\n[[signs]]\nid = "s"\nat = [-80, -9]\nlimit_kmh = 40\n'
    (folder / "zone.toml").write_text(text + tables, encoding="utf-8")
    described, held = zone.load(folder), events()
    held.declare(Posting.EVENT, described.hazards, T_US)
    held.declare(Posting.SIGN, described.signs, T_US)
    later = held.step(T_US + 86_400_000_000)
    assert later.rows["code"].tolist() == [401, 0] and later.rows["limit_mps"][1] == pytest.approx(40 / 3.6)
    assert lanes(held) == {0: pytest.approx((118, 122)), 1: pytest.approx((118, 122))}  # the sign's come last
    (folder / "zone.toml").write_text(text + tables.replace("40\n", "400\n"), encoding="utf-8")
    with pytest.raises(zone.ZoneError, match=r"zone\.toml: signs\[0\]\.limit_kmh"):
        zone.load(folder)
