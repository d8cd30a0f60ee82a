"""Workers on hosts of their own (network namespaces): one picture as of one process; a host that is cut off is done without."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tests.cloud.engine.cluster import cluster
from tests.cloud.engine.test_workers import come_up, same_as_alone
from tests.conftest import Broker, free_port

pytestmark = pytest.mark.integration


def ip(*words: str) -> bool:
    try:
        return subprocess.run(["ip", *words], stderr=subprocess.DEVNULL, check=False).returncode == 0
    except FileNotFoundError:
        return False


@dataclass
class Host:
    """A namespace with one line to this machine."""

    number: int

    @property
    def name(self) -> str:
        return f"jy{os.getpid() % 100_000}h{self.number}"

    @property
    def network(self) -> str:
        return f"10.{213 + self.number}.{os.getpid() % 250}"

    @property
    def before(self) -> list[str]:
        return ["ip", "netns", "exec", self.name]

    def make(self) -> bool:
        here, there = f"{self.name}a", f"{self.name}b"
        return (
            ip("netns", "add", self.name)
            and ip("link", "add", here, "type", "veth", "peer", "name", there, "netns", self.name)
            and ip("addr", "add", f"{self.network}.1/24", "dev", here)
            and ip("link", "set", here, "up")
            and ip("-n", self.name, "addr", "add", f"{self.network}.2/24", "dev", there)
            and ip("-n", self.name, "link", "set", there, "up")
        )

    def line(self, state: str) -> None:
        assert ip("link", "set", f"{self.name}a", state)

    def remove(self) -> None:
        ip("netns", "del", self.name)
        ip("link", "del", f"{self.name}a")


@pytest.fixture
def hosts() -> Iterator[list[Host]]:
    made = [Host(1), Host(2)]
    try:
        if not all([host.make() for host in made]):
            pytest.skip("this machine lets us make no network namespaces (root and iproute2 are needed)")
        yield made
    finally:
        for host in made:
            host.remove()


@pytest.fixture
def open_broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(free_port(), free_port(), tmp_path / "broker", host="0.0.0.0")
    server.start()
    yield server
    server.kill()


def test_hosts_fuse_as_one_process_would_and_one_that_is_cut_off_comes_back(
    open_broker: Broker, hosts: list[Host]
) -> None:
    async def scenario() -> None:
        async with cluster(open_broker, 0) as its:
            for number, host in enumerate(hosts, 1):
                its.start(f"w{number}", f"nats://{host.network}.1:{open_broker.nats_port}", host.before)
            await come_up(its, "w1", "w2")
            await its.run(2.0)
            await same_as_alone(its)
            hosts[1].line("down")
            await its.run(30.0, lambda: its.shared_by("w1"))
            await come_up(its, "w1")
            await same_as_alone(its)
            hosts[1].line("up")
            await come_up(its, "w1", "w2")
            await same_as_alone(its)
            assert all(len(np.unique(told.picture["id"])) == len(told.picture) for told in its.told)

    asyncio.run(scenario())
