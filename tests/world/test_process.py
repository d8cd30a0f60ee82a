"""The street as a process: it speaks to a real broker, keeps count, and ends when it is told to."""

import json
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
import pytest

from jinyun.net import columns, csae
from jinyun.net.topics import MESSAGES, SECOND_STAGE, TEST_ITEMS
from jinyun.zone import Zone
from tests.conftest import Broker, wait_for

pytestmark = pytest.mark.integration


@contextmanager
def at_work(here: Zone, broker: Broker, state: Path, *more: str) -> Iterator[subprocess.Popen[bytes]]:
    state.mkdir(exist_ok=True)
    argv = [sys.executable, "-m", "jinyun.world", "--zone", str(here.folder), "--state-dir", str(state)]
    argv += ["--mqtt", f"127.0.0.1:{broker.mqtt_port}", *more]
    with (state / "log").open("wb") as log:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=log, stderr=subprocess.STDOUT)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()


def account(state: Path) -> dict[str, Any]:
    try:
        told: dict[str, Any] = json.loads((state / "street.json").read_text())
        return told
    except (OSError, ValueError):
        return {}


class Listener:
    """Counts what comes over the broker, by kind."""

    def __init__(self, broker: Broker) -> None:
        self.heard: Counter[str] = Counter()
        self.some: dict[str, bytes] = {}
        self.topics: set[str] = set()
        ready = threading.Event()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="listener")
        self.client.on_message = self._take
        self.client.on_subscribe = lambda *_: ready.set()
        self.client.connect("127.0.0.1", broker.mqtt_port)
        self.client.subscribe("jinyun/science-city/#")
        self.client.loop_start()
        assert ready.wait(5)

    def _take(self, client: Any, data: Any, message: mqtt.MQTTMessage) -> None:
        kind = message.topic.rsplit("/", 1)[1]
        self.heard[kind] += 1
        self.topics.add(message.topic)
        self.some[kind] = message.payload

    def close(self) -> None:
        self.client.loop_stop()
        self.client.disconnect()


def test_what_it_says_it_sent_arrives_and_sigterm_ends_it(here: Zone, real_broker: Broker, tmp_path: Path) -> None:
    listener = Listener(real_broker)
    state = tmp_path / "state"
    with at_work(here, real_broker, state, "--truth") as process:
        wait_for(lambda: account(state).get("sent", {}).get("map", 0) > 100, 60, "a second of street")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0
    told = account(state)
    sent = told["sent"]
    wait_for(lambda: sum(listener.heard.values()) >= sum(sent.values()), 10, "all that was sent")
    listener.close()
    assert dict(listener.heard) == sent
    for kind, payload in listener.some.items():
        if kind in MESSAGES or kind in SECOND_STAGE:
            assert csae.decode(payload)[0] == (f"{kind}Frame" if kind in MESSAGES else "msgFrameExt")
        else:  # of a shuttle, where one has left its stop by now, and of its battery
            assert kind in ("scene", TEST_ITEMS, "gbt32960")
    assert told["vehicles"] > 250 and told["persons"] > 100 and told["simulated"] is True
    assert 0 < told["step_ms_p50"] <= told["step_ms_p99"]
    assert {"rsu", "obu"} <= {topic.split("/")[2] for topic in listener.topics} <= {"rsu", "obu", "cabin"}
    (file, *_) = sorted((state / "truth").glob("*.jyc"))
    meta, tables = columns.unpack(file.read_bytes())
    assert meta == {"kind": "truth", "simulated": True}
    people = tables["participants"]
    assert len(np.unique(people["t_us"])) >= 5
    assert np.diff(np.unique(people["t_us"])).min() >= 99_000
    assert set(np.unique(people["kind"])) == {1, 2, 3}
    assert ((people["vehicle_id"] > 0) == (people["connected"] == 1)).all()
    assert set(np.unique(tables["signals"]["light"])) <= {3, 5, 6, 7}


def test_it_outlives_the_broker_but_not_its_parent(here: Zone, real_broker: Broker, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with at_work(here, real_broker, state, "--with-parent") as process:
        wait_for(lambda: account(state).get("sent", {}).get("bsm", 0) > 300, 60, "a second of street")
        real_broker.kill()
        wait_for(lambda: not account(state) or _still(state), 20, "silence")
        silent = account(state)
        wait_for(lambda: account(state)["sim_time_s"] > silent["sim_time_s"] + 1, 20, "the street to go on alone")
        assert sum(account(state)["sent"].values()) - sum(silent["sent"].values()) == 0
        real_broker.start()
        wait_for(
            lambda: account(state)["sent"]["bsm"] > silent["sent"]["bsm"] + 300, 30, "the street to be heard again"
        )
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0


def _still(state: Path) -> bool:
    """Return whether nothing was sent between two accounts of the street."""
    first = account(state)
    later = wait_for(
        lambda: (now := account(state)) and now["sim_time_s"] > first["sim_time_s"] and now, 10, "an account"
    )
    return bool(sum(later["sent"].values()) == sum(first["sent"].values()))


def test_it_ends_by_itself_after_the_seconds_it_was_given(here: Zone, real_broker: Broker, tmp_path: Path) -> None:
    state = tmp_path / "state"
    with at_work(here, real_broker, state, "--seconds", "1.5", "--connected", "0", "--seed", "7") as process:
        assert process.wait(timeout=60) == 0
    told = account(state)
    driven = sum(line.vehicles - line.automated for line in here.lines)
    assert (
        driven <= told["connected"] <= sum(line.vehicles for line in here.lines)
    )  # the automated enter when they are ready
    assert told["sent"]["spat"] > 0
