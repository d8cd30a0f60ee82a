"""What is measured of workers: a picture is waited for until the last partition has spoken, and all their work is counted."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest

from jinyun.bench import scale
from jinyun.bench.fusion import T0_US, Scene
from jinyun.cloud.engine import wire
from jinyun.cloud.engine.line import Heard, Line
from jinyun.cloud.engine.partition import BELIEF
from jinyun.cloud.twin import TICK_US


def belief(spread: scale.Awaited, part: int, t_us: int) -> Heard:
    turn = wire.Turn(part, spread.epoch, 1, 1, t_us, np.empty(0, BELIEF))
    return Heard(wire.out_subject(scale.ZONE, part), wire.pack(turn), b"")


def test_a_picture_is_whole_when_the_last_partition_has_spoken_and_not_before() -> None:
    async def scenario() -> None:
        spread = scale.Awaited(Line("nats://nowhere", "cloud"))
        spread.tell(Scene(50).sightings(T0_US), T0_US)
        waiting = asyncio.create_task(spread.whole(T0_US, 60.0))
        for part in range(scale.TILING.parts):
            await asyncio.sleep(0)
            assert not waiting.done()
            spread.hear_beliefs(belief(spread, part, T0_US))
        assert await waiting
        spread.tell(Scene(50).sightings(T0_US), T0_US + TICK_US)
        spread.hear_beliefs(belief(spread, 0, T0_US + TICK_US))
        assert not await spread.whole(T0_US + TICK_US, 0.01)  # the others say nothing

    asyncio.run(scenario())


@pytest.mark.integration
def test_a_worker_of_a_small_scene_is_measured_with_its_processor_time() -> None:
    with scale._cluster(1) as (port, processes):
        its = asyncio.run(scale._run(port, processes, Scene(200), 1.0))
    assert its.whole > 0 and its.cpu_s_per_tick > 0
    assert its.copies >= 1 and its.rate_per_s > 2000
