"""Ray places workers, ends them, and starts again one that died; without Ray one line says what to install."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

import pytest

from jinyun.cloud.engine import placing
from tests.cloud.engine.cluster import TILING, ZONE, cluster
from tests.cloud.engine.test_workers import come_up, same_as_alone
from tests.conftest import Broker


def test_without_ray_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(placing.RayError, match=r"jinyun\[ray\]"):
        placing.connect("auto", "test")


@pytest.mark.integration
@pytest.mark.long
def test_ray_places_two_workers_starts_one_again_that_dies_and_ends_them(real_broker: Broker) -> None:
    ray = pytest.importorskip("ray", reason="Ray is not installed: pip install 'jinyun[ray]'")
    from ray.cluster_utils import Cluster as Machines  # type: ignore[import-not-found,unused-ignore]

    machines = Machines(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    machines.add_node(num_cpus=1)
    try:
        connected = placing.connect(machines.address, ZONE)

        async def scenario() -> None:
            async with cluster(real_broker, 0) as its:
                placed = await asyncio.to_thread(placing.place, connected, ZONE, its.url, 2, TILING)
                assert [name for name, _ in placed] == ["ray-1", "ray-2"]
                nodes = {row["NodeID"] for row in ray.nodes() if row["Alive"]}
                assert len(nodes) == 2
                await come_up(its, "ray-1", "ray-2")
                await same_as_alone(its)
                os.kill(placed[0][1], signal.SIGKILL)
                await its.run(10.0, lambda: not its.shared_by("ray-1", "ray-2"))
                await come_up(its, "ray-1", "ray-2")  # Ray has begun it again
                await same_as_alone(its)
                assert await asyncio.to_thread(placing.withdraw, connected) == ["ray-1", "ray-2"]

        asyncio.run(scenario())
    finally:
        ray.shutdown()
        machines.shutdown()
