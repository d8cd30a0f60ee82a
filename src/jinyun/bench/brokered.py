"""A broker of their own for measurements (测量用消息枢纽): started for a block's time on free ports of loopback."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from jinyun.net import broker


@dataclass(frozen=True, slots=True)
class Where:
    """Where a measurement's broker listens and what it may write to."""

    nats_port: int
    mqtt_port: int
    folder: Path
    server: int  # its process


@contextlib.contextmanager
def brokered(folder: Path, zone: str = "bench") -> Iterator[Where]:
    """Run a broker for the block's time; it keeps what it keeps in ``folder``."""
    nats_port, mqtt_port = free_port(), free_port()
    config = folder / "nats.conf"
    config.write_text(broker.configuration(zone, "127.0.0.1", nats_port, mqtt_port, folder))
    server = subprocess.Popen(
        [broker.binary(), "-c", str(config)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        await_port(nats_port)
        await_port(mqtt_port)
        yield Where(nats_port, mqtt_port, folder, server.pid)
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """Return a port of loopback that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_port(port: int) -> None:
    """Wait until something answers on a port of loopback."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.02)
    raise TimeoutError(f"nothing answers on port {port}")
