"""The process between vehicles and the broker: what is taken stands on NATS, what nobody can take is not acknowledged."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jinyun.net.gbt32960 import client, decode
from jinyun.net.gbt32960.bridge import subject
from jinyun.net.gbt32960.client import Silence
from jinyun.net.gbt32960.credentials import hash_password
from jinyun.net.ingest import Arrival, open_reader
from tests.conftest import Broker, wait_for
from tests.net.gbt32960.endpoint import OTHER, play, until
from tests.net.gbt32960.packets import VIN, vehicle

pytestmark = pytest.mark.integration


@pytest.fixture
def bridge(real_broker: Broker, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    (tmp_path / "vins").write_text(f"{VIN}\n")
    (tmp_path / "platforms").write_text(json.dumps({"zone": hash_password(b"right", cost=4)}))
    argv = [sys.executable, "-m", "jinyun.net.gbt32960.bridge", "--zone-id", "z", "--port", "0", "--with-parent",
            "--nats-port", str(real_broker.nats_port), "--state-dir", str(tmp_path), "--vins", str(tmp_path / "vins"),
            "--platforms", str(tmp_path / "platforms")]  # fmt: skip
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, env=os.environ)
    yield process, tmp_path / "nev.json"
    process.kill()
    process.communicate()


def state(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text()) if file.exists() else {}


def test_packets_reach_the_broker_as_they_came(
    real_broker: Broker, bridge: tuple[subprocess.Popen[bytes], Path]
) -> None:
    process, file = bridge
    wait_for(lambda: state(file).get("broker"), seconds=90, what="bridge")

    async def scene() -> None:
        listener = await open_reader("127.0.0.1", real_broker.nats_port, ["jinyun.z.nev.*.up.*"], "test", timeout_s=60)
        car = await client.connect("127.0.0.1", state(file)["port"], VIN, answer_s=20.0)
        stranger = await client.connect("127.0.0.1", state(file)["port"], OTHER, answer_s=20.0)
        assert (await car.login()).response == 1
        assert (await stranger.login()).response == 4
        assert (await stranger.platform_login("zone", "wrong")).response == 2
        assert (await car.report([vehicle(soc=111)])).response == 1
        got: list[Arrival] = []

        def two() -> bool:
            block = listener.take()
            got.extend(block.arrivals() if block else ())
            return len(got) >= 2

        await until(two)
        assert (
            [arrival.subject for arrival in got] == [subject("z", VIN)] * 2 == [f"jinyun.z.nev.{VIN}.up.gbt32960"] * 2
        )
        assert [decode(arrival.payload).name for arrival in got] == ["vehicle_login", "realtime"]
        await until(lambda: state(file).get("findings", {}).get("soc.range"))
        told = state(file)
        assert (told["published"], told["vehicles"], told["connections"]) == (2, 1, 2)
        assert told["findings"].items() >= {"vin.unknown": 1, "platform.password": 1, "soc.range": 1}.items()
        assert f"nev/{OTHER}" in [row["source"] for row in told["newest"]] and "wrong" not in file.read_text()

        real_broker.kill()
        car.answer_s = 0.1
        await until(lambda: not state(file)["broker"])
        with pytest.raises(Silence):  # not acknowledged: the vehicle keeps it
            await car.report([vehicle(speed=1)])
        listener.close()
        await asyncio.to_thread(real_broker.start)
        await until(lambda: state(file)["broker"])
        car.answer_s = 20.0
        assert (await car.report([vehicle(speed=1)])).response == 1
        assert state(file)["findings"]["broker.away"] >= 1
        for end in (car, stranger):
            await end.close()

    play(scene())
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0
    assert state(file)["published"] == 3 and state(file)["connections"] == 0


def test_the_bridge_ends_with_who_started_it(bridge: tuple[subprocess.Popen[bytes], Path]) -> None:
    process, file = bridge
    wait_for(lambda: state(file).get("broker"), seconds=90, what="bridge")
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(20) == 0
