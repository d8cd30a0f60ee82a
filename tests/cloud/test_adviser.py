"""The applications in a process of their own: the same advice, and a picture that goes on whatever becomes of them."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator

import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.cloud import adviser as advisers
from jinyun.cloud.adviser import Adviser
from jinyun.cloud.live import ADVICE_KEPT_US, Cloud
from jinyun.net.block import Block
from jinyun.net.columns import unpack
from tests.cloud.test_advising import FAST_MPS, T0_US, bsm, place
from tests.conftest import wait_for

pytestmark = pytest.mark.integration
READY_S = 240.0
"""Where nothing is compiled yet, the first start takes minutes."""


class Clock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture(scope="module")
def zone() -> zones.Zone:
    return zones.load(zones.find())


@pytest.fixture(scope="module")
def map(zone: zones.Zone) -> hdmap.Map:
    return hdmap.open(zone)


@pytest.fixture
def beside(zone: zones.Zone, map: hdmap.Map) -> Iterator[tuple[Cloud, Adviser, Clock]]:
    """A cloud and its adviser, ready, whose clock a test moves."""
    cloud, clock = Cloud(zone, clock="replay", map=map), Clock()
    adviser = Adviser(zone.folder, cloud.decoder.sources, zone.id, clock)
    try:
        cloud.ask_beside(adviser)
        assert adviser.wait(READY_S)
        yield cloud, adviser, clock
    finally:
        adviser.close()


def drive(
    cloud: Cloud,
    map: hdmap.Map,
    first: int,
    ticks: int,
    after: Callable[[], object] = int,
    car: int = 1,
    since: int = 0,
) -> list[bytes]:
    """Let a car come, from tick ``since`` on, up to one that stands, and stop; return the frames.

    ``after`` each tick something else is done.
    """
    at, frames = place(map), []
    for k in range(first, first + ticks):
        now, driven = T0_US + k * 100_000, k - since
        where, speed = at(20.0 + FAST_MPS * min(driven, 25) / 10), FAST_MPS if driven < 25 else 0.0
        cars = ((f"C000000{car}", where, speed), ("C0000009", at(75.0), 0.0))
        block = Block.of([bsm(cloud.zone, name, *where, speed, now) for name, where, speed in cars])
        frames += cloud.advance(block, now + 100_000)
        after()
    return frames


def advice(frame: bytes) -> int:
    return len(unpack(frame)[1]["advice"].get("episode", ()))


def rules(cloud: Cloud) -> set[str]:
    return {row["rule"] for row in cloud.episodes.listing()}


def test_it_advises_what_is_advised_at_once_and_is_waited_for_by_nobody(
    beside: tuple[Cloud, Adviser, Clock], zone: zones.Zone, map: hdmap.Map
) -> None:
    cloud, adviser, _ = beside
    alone = Cloud(zone, clock="replay", map=map)
    expected = drive(alone, map, 0, 25)
    assert drive(cloud, map, 0, 25, lambda: adviser.wait(READY_S)) == expected
    assert cloud.replies == alone.replies and cloud.replies
    assert advice(expected[-1])
    now_us = T0_US + 2_500_000
    costs = [{**one, "cost_ms": 0} for one in cloud.account(now_us)["applications"]]
    assert costs == [{**one, "cost_ms": 0} for one in alone.account(now_us)["applications"]]

    assert adviser.process is not None
    os.kill(adviser.process.pid, signal.SIGSTOP)  # as if it had too much to do
    frames = drive(cloud, map, 25, 60)
    assert len(frames) == 60 and len(unpack(frames[-1])[1]["tracks"]["id"])
    told = cloud.account(now_us + 6_000_000)["advising"]
    assert (told["asked"], told["left_out"], told["restarts"]) == (26, 59, 0)
    assert "advising.behind" in rules(cloud)
    late = ADVICE_KEPT_US // 100_000 + 1
    assert advice(frames[late - 2]) and not advice(frames[late])  # old advice is not shown as if it held

    os.kill(adviser.process.pid, signal.SIGCONT)
    assert adviser.wait(READY_S)
    assert advice(drive(cloud, map, 85, 20, lambda: adviser.wait(READY_S), car=2, since=85)[-1])


def test_one_that_dies_or_hangs_is_started_again_while_the_picture_goes_on(
    beside: tuple[Cloud, Adviser, Clock], map: hdmap.Map
) -> None:
    cloud, adviser, clock = beside
    drive(cloud, map, 0, 10, lambda: adviser.wait(READY_S))
    assert adviser.process is not None
    first = adviser.process
    first.kill()
    first.wait()
    assert len(drive(cloud, map, 10, 5)) == 5
    assert adviser.state == "away" and "advising.away" in rules(cloud)
    clock.now_s += advisers.REST_S
    drive(cloud, map, 15, 1)
    assert adviser.restarts == 1
    wait_for(lambda: adviser.wait(1.0), READY_S, "the next one")
    frames = drive(cloud, map, 16, 9, lambda: adviser.wait(READY_S))
    assert advice(frames[-1])
    assert cloud.replies  # it knows who the senders are that the first one was told of

    assert adviser.process is not None
    second = adviser.process
    os.kill(second.pid, signal.SIGSTOP)
    drive(cloud, map, 25, 2)
    clock.now_s += advisers.HUNG_S + 1
    drive(cloud, map, 27, 1)
    assert adviser.state == "away" and second.poll() is not None
