"""One zone's cloud between two clocks: the same messages give the same frames, however they come in."""

from __future__ import annotations

import random
from typing import Any

import pytest

from jinyun import zone as zones
from jinyun.cloud import live
from jinyun.cloud.live import BEHIND_US, LONG_WINDOW_US, WINDOW_US, Cloud
from jinyun.net import csae
from jinyun.net.block import Arrival, Block

T0 = 1_795_000_040_000_000


@pytest.fixture(scope="module")
def zone() -> zones.Zone:
    return zones.load(zones.find())


def cars(zone: zones.Zone, seconds: float, count: int = 20) -> list[Arrival]:
    """BSM of cars that drive north at 20 m/s, each at its own moments, ten a second, received 30 to 60 ms later."""
    rng = random.Random(4)
    rows = []
    for car in range(count):
        for n in range(int(seconds * 10)):
            t_us = T0 + n * 100_000 + car * 3_000
            value: dict[str, Any] = {
                "msgCnt": n % 128, "id": f"CAR{car:05d}".encode(), "secMark": t_us // 1000 % 60_000,
                "pos": {"lat": int(zone.origin.lat * 1e7) + n * 180, "long": int(zone.origin.lon * 1e7) + car * 2000},
                "posAccuracy": {"semiMajor": 10, "semiMinor": 10, "orientation": 0}, "transmission": "forwardGears",
                "speed": 1000, "heading": 0, "accelSet": {"long": 0, "lat": 0, "vert": 0, "yaw": 0}, "brakes": {},
                "size": {"width": 180, "length": 480}, "vehicleClass": {"classification": 10},
            }  # fmt: skip
            received = t_us + rng.randrange(30_000, 60_000)
            rows.append(Arrival(received, f"jinyun.{zone.id}.obu.car{car}.up.bsm", csae.encode("bsmFrame", value)))
    return sorted(rows, key=lambda row: row.receive_us)


def played(zone: zones.Zone, rows: list[Arrival], steps: list[int]) -> list[bytes]:
    """Return the frames of a cloud that is given what arrived up to each of ``steps`` (us)."""
    cloud, frames, at = Cloud(zone, clock="replay"), [], 0
    for now_us in steps:
        end = at
        while end < len(rows) and rows[end].receive_us <= now_us:
            end += 1
        frames += cloud.advance(Block.of(rows[at:end]) if end > at else None, now_us)
        at = end
    return frames


def test_frames_do_not_depend_on_when_the_messages_are_handed_over(zone: zones.Zone) -> None:
    rows = cars(zone, 3.0)
    end_us = T0 + 3_200_000
    rng = random.Random(9)
    even = list(range(T0, end_us + 1, 100_000))
    uneven = sorted({*(T0 + rng.randrange(3_200_000) for _ in range(150)), T0, end_us})
    one, other = played(zone, rows, even), played(zone, rows, uneven)
    assert len(one) == 32
    assert one == other


def test_a_frame_is_out_before_anybody_is_judged_by_it_and_is_judged_once_however_late(
    zone: zones.Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = cars(zone, 3.0)
    asked: dict[str, list[int]] = {"at once": [], "with the next": []}
    made: dict[str, list[bytes]] = {}
    for how, seen in asked.items():
        cloud = Cloud(zone, clock="replay")
        beyond, begin = [], cloud.scorecard.begin

        def noted(tracks: Any, sources: Any, t_us: int, seen: list[int] = seen, begin: Any = begin) -> Any:
            seen.append(t_us)
            return begin(tracks, sources, t_us)

        monkeypatch.setattr(cloud.scorecard, "begin", noted)
        made[how] = []
        for now_us in range(T0, T0 + 3_200_001, 20_000):
            arrived = [row for row in rows if now_us - 20_000 < row.receive_us <= now_us]
            before = len(seen)
            made[how] += cloud.fuse(Block.of(arrived) if arrived else None, now_us)
            if how == "at once":
                beyond.append(len(seen) - before)
                cloud.judge()
                cloud.judge()  # a second time is nothing
        assert not any(beyond)
    assert made["at once"] == made["with the next"] and len(made["at once"]) == 32
    assert asked["at once"] == asked["with the next"] and len(asked["at once"]) == 4


def test_many_participants_make_longer_windows_and_few_short_ones_again(
    zone: zones.Zone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MANY", 10)
    rows = cars(zone, 3.0)
    rng = random.Random(5)
    even = list(range(T0, T0 + 3_200_001, 100_000))
    uneven = sorted({*(T0 + rng.randrange(3_200_000) for _ in range(150)), T0, T0 + 3_200_000})
    assert played(zone, rows, even) == played(zone, rows, uneven)
    cloud = Cloud(zone, clock="replay")
    cloud.advance(Block.of(rows), T0 + 3_100_000)
    assert cloud.window_us == LONG_WINDOW_US
    cloud.advance(None, T0 + 9_000_000)  # nobody is left
    assert cloud.window_us == WINDOW_US


def test_nobody_is_judged_by_a_picture_that_leaves_out_what_was_said(zone: zones.Zone) -> None:
    judged: dict[float, int] = {}
    for share in (1.0, 0.5):
        cloud = Cloud(zone, clock="replay")
        cloud.shedding.share = share
        rows = cars(zone, 3.0)
        for now_us in range(T0, T0 + 3_200_001, 100_000):
            arrived = [row for row in rows if now_us - 100_000 < row.receive_us <= now_us]
            cloud.advance(Block.of(arrived) if arrived else None, now_us)
        judged[share] = int(cloud.claims._askings)
        assert cloud.twin.seq == 32
    assert judged[1.0] >= 3 and judged[0.5] == 0


def test_a_cloud_far_behind_takes_what_waits_at_once_and_says_so(zone: zones.Zone) -> None:
    cloud = Cloud(zone)
    rows = cars(zone, 0.5)
    cloud.advance(Block.of(rows[:50]), rows[49].receive_us + WINDOW_US)
    cloud.advance(Block.of(rows[50:]), rows[-1].receive_us + 2 * BEHIND_US)
    assert cloud.decoder.received["bsm"] == len(rows)
    assert "cloud.behind" in {row["rule"] for row in cloud.episodes.listing()}


def test_a_clock_set_back_goes_on_from_there(zone: zones.Zone) -> None:
    cloud = Cloud(zone)
    rows = cars(zone, 0.5)
    cloud.advance(Block.of(rows), T0 + 1_000_000)
    back_us = T0 - 3_600_000_000
    again = [row._replace(receive_us=row.receive_us - 3_600_000_000) for row in rows]
    frames = cloud.advance(Block.of(again), back_us + 1_000_000)
    frames += cloud.advance(None, back_us + 2_000_000)
    assert frames
    assert cloud.decoder.received["bsm"] == 2 * len(rows)
