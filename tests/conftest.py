"""What several tests share: the data beside the checkout, a real broker, free ports, waiting for a condition."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from jinyun.net import broker

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared" / "data"


def shared(name: str) -> Path:
    """Return a file of recordings beside the checkout, or skip the test where there is none."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"recordings are not beside this checkout: {name}")
    return path


def shared_json(name: str) -> Any:
    return json.loads(shared(name).read_text())


def wait_for(condition: Callable[[], Any], seconds: float = 20.0, what: str = "condition") -> Any:
    """Return the first true value of ``condition``, asked again and again for at most ``seconds``."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} not met within {seconds} s")
        time.sleep(0.02)
    return value


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run browser tests last: the browser's driver keeps an event loop for the rest of the run."""
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


@dataclass
class Broker:
    """A real nats-server with MQTT for one test."""

    nats_port: int
    mqtt_port: int
    folder: Path
    process: subprocess.Popen[bytes] | None = None
    name: str = "test"
    peers: broker.Peers | None = None
    line: broker.Edges | broker.Centre | None = None
    host: str = "127.0.0.1"

    def start(self) -> None:
        self.launch()
        self.answering()

    def answering(self) -> None:
        wait_for(lambda: answers(self.nats_port) and answers(self.mqtt_port), what="broker")

    def launch(self) -> None:
        self.folder.mkdir(exist_ok=True)
        config = self.folder / "nats.conf"
        where = self.nats_port, self.mqtt_port, self.folder
        config.write_text(broker.configuration(self.name, self.host, *where, peers=self.peers, line=self.line))
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen([broker.binary(), "-c", str(config)], stdout=log, stderr=log)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()


@pytest.fixture
def real_broker(tmp_path: Path) -> Iterator[Broker]:
    server = Broker(free_port(), free_port(), tmp_path / "broker")
    server.start()
    yield server
    server.kill()


@pytest.fixture(autouse=True, scope="session")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests keep their state to themselves, so they run beside a zone that is at work."""
    os.environ["JINYUN_STATE"] = str(tmp_path_factory.mktemp("state"))
