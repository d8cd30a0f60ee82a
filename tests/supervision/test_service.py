"""Supervision as a process of its own: what a test vehicle sends over MQTT stands in the ledger, and a wish becomes a pack."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as mqtt
import pytest

from jinyun import zone as zones
from jinyun.record.key import own
from jinyun.state import read_json, write_json
from jinyun.supervision.evidence import verify
from jinyun.supervision.evidence.pack import FOLDER
from jinyun.supervision.ledger import Ledger
from tests.conftest import Broker, wait_for
from tests.supervision.crash import CRASH_S, T0_US, record

pytestmark = pytest.mark.integration
ZONE = zones.load(zones.find(None))


@pytest.fixture
def at_work(real_broker: Broker, tmp_path: Path) -> Iterator[Path]:
    state = tmp_path / "state"
    state.mkdir()
    record(state / "record", own(state))
    write_json(state / "recording.json", {"folder": str(state / "record"), "ring": False})
    argv = [sys.executable, "-m", "jinyun.supervision", "--zone", str(ZONE.folder), "--state-dir", str(state)]
    with subprocess.Popen([*argv, "--nats-port", str(real_broker.nats_port)]) as process:
        wait_for(lambda: (read_json(state / "supervision.json") or {}).get("t_us"), 90, "supervision")
        yield state
        process.terminate()
        assert process.wait(20) == 0


def test_a_vehicle_that_drives_automated_without_a_declaration_is_told_and_a_wish_is_packed(
    at_work: Path, real_broker: Broker
) -> None:
    client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv311)
    client.connect("127.0.0.1", real_broker.mqtt_port)
    client.loop_start()
    said = {"vehicle": "STRANGER", "mode": "automated", "lon": 106.3, "lat": 29.6, "speed_mps": 9.0}

    def told() -> list[dict[str, object]]:
        client.publish(f"jinyun/{ZONE.id}/obu/x/up/items", json.dumps(said | {"t_ms": time.time_ns() // 1_000_000}))
        return [one for one in Ledger(at_work).events() if one["vehicle"] == "STRANGER"]

    (event, *_) = wait_for(told, 30, "event")
    client.loop_stop()
    client.disconnect()
    assert event["kind"] == "section-exit"
    rows = wait_for(lambda: read_json(at_work / "supervision.json")["vehicles"], 30, "vehicle")
    assert rows[0]["vehicle"] == "STRANGER" and rows[0]["breaches"][0]["rule"] == "97-28"
    wish = {"kind": "contact", "t_us": T0_US + int(CRASH_S * 1e6), "x_m": -4.6, "y_m": 0.0, "tracks": [7, 9],
            "zh": "轮廓相触", "en": "outlines touch", "vehicle": ""}  # fmt: skip
    write_json(at_work / FOLDER / "wishes" / "one.json", wish)
    pack = wait_for(lambda: next((at_work / FOLDER).glob("*contact*/manifest.json"), None), 60, "pack").parent
    manifest, faults = verify.verify(pack, own(at_work).public)
    assert faults == [] and manifest["coverage"]["before_s"] >= 90
    wait_for(lambda: any((at_work / "record" / "positions").glob("*.parquet")), 60, "columns")
