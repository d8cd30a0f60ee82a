"""A clustered broker loses the node that leads the log: the picture goes on, nobody loses a partition over it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import nats
import numpy as np
import pytest
from nats.errors import Error as NatsError

from jinyun.cloud.engine import lease
from jinyun.net.broker import Peers
from tests.cloud.engine.cluster import TILING, ZONE, cluster
from tests.cloud.engine.test_workers import come_up, longest_silence, same_as_alone
from tests.conftest import Broker, free_port

pytestmark = pytest.mark.integration
NODES = 3
STREAM = lease.stream_of(ZONE)


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[list[Broker]]:
    """Three nodes of one broker."""
    ports = [free_port() for _ in range(NODES)]
    made = []
    for n in range(NODES):
        others = tuple(f"127.0.0.1:{port}" for port in ports if port != ports[n])
        peers = Peers("test", f"127.0.0.1:{ports[n]}", others, "common")
        made.append(Broker(free_port(), free_port(), tmp_path / f"n{n}", name=f"n{n}", peers=peers))
    for node in made:
        node.launch()
    for node in made:
        node.answering()
    yield made
    for node in made:
        node.kill()


async def leader(url: str, elected: Callable[[str], bool], step_down: bool = False) -> str:
    """Return which node leads the log and all leases, when it is as wanted; let others be elected until it is."""
    link = await nats.connect(url.split(","))
    try:
        for _ in range(300):
            with suppress(NatsError, TimeoutError):
                told = json.loads((await link.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=1)).data)
                leads = told.get("cluster", {}).get("leader", "")
                leases = [
                    json.loads((await link.request(f"$JS.API.CONSUMER.INFO.{STREAM}.P{part}", timeout=1)).data)
                    for part in range(TILING.parts)
                ]
                if (
                    leads
                    and elected(leads)
                    and all("config" in lease and lease["cluster"].get("leader") for lease in leases)
                ):
                    return str(leads)
                if leads and step_down and not elected(leads):
                    await link.request(f"$JS.API.STREAM.LEADER.STEPDOWN.{STREAM}", timeout=1)
            await asyncio.sleep(0.1)
        raise AssertionError("no node leads the log as wanted")
    finally:
        await link.close()


def test_the_node_that_leads_the_log_dies_and_the_picture_goes_on_with_the_same_owners(nodes: list[Broker]) -> None:
    async def scenario() -> None:
        async with cluster(nodes[0], 2, nodes[1:]) as its:
            await come_up(its, "w1", "w2")
            await its.run(3.0)
            await its.run(30.0, its.whole)
            leads = await leader(its.url, lambda name: name != "n0", step_down=True)  # n0 is the cloud's own
            await its.run(30.0, its.whole)
            numbers = set(its.told[-1].picture["id"].tolist())
            at = len(its.told)
            next(node for node in nodes if node.name == leads).kill()
            election = asyncio.create_task(leader(its.url, lambda name: name != leads))
            await its.run(40.0, election.done)
            assert election.done() and election.exception() is None
            await its.run(1.0)
            await its.run(30.0, its.whole)
            assert its.whole()
            silent = [longest_silence(its, at, f"partition {part}") for part in range(TILING.parts)]
            print(f"longest silence of a partition: {max(silent)} ticks; stale {its.spread.stale if its.spread else 0}")
            assert max(silent) < 20, "a partition was silent for as long as the log had no leader"
            assert all(len(np.unique(told.picture["id"])) == len(told.picture) for told in its.told)
            await same_as_alone(its)
            assert len(numbers & set(its.told[-1].picture["id"].tolist())) >= 0.9 * len(numbers)

    asyncio.run(scenario())
