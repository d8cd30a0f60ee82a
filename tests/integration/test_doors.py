"""The doors of a running zone: GB/T 32960 beside MQTT, and the guard with certificates."""

from __future__ import annotations

import json
import os
import queue
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest

from jinyun.net import csae, gbt32960, rsu_json, samples
from jinyun.net.broker import MAX_PAYLOAD
from jinyun.net.gbt32960 import Packet
from jinyun.net.gbt32960.packet import beijing_time
from tests.conftest import free_port, wait_for
from tests.running import Running, command, running

pytestmark = pytest.mark.integration


@dataclass(frozen=True, slots=True)
class Open:
    """A zone whose doors stand open, and where vehicles come in."""

    zone: Running
    nev_port: int
    state: Path


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    port, state = free_port(), tmp_path_factory.mktemp("state")
    with running("--no-world", "--nev-port", str(port), state=state) as zone:
        yield Open(zone, port, state)
        assert zone.stop() == 0


def test_a_vehicle_by_gbt32960_is_answered_and_counted(opened: Open) -> None:
    zone = opened.zone
    with socket.create_connection(("127.0.0.1", opened.nev_port)) as link:
        now = beijing_time(time.time_ns() // 1000)
        login = {"serial": 1, "iccid": "8" * 20, "code_length": 0, "codes": ()}
        link.settimeout(20)
        link.sendall(gbt32960.encode(Packet(2016, 0x01, 0xFE, "LTESTVIN000000001", 1, now, login)))
        answer = gbt32960.decode(link.recv(1000))
        assert (answer.command, answer.response, answer.vin) == (0x01, 1, "LTESTVIN000000001")
        wait_for(lambda: zone.status()["received"].get("gbt32960", 0) >= 1, 20, "packet in the cloud")
        assert zone.part("vehicles")["state"] == "up"


def test_a_device_of_openv2x_registers_and_takes_what_is_sent_down_to_it(
    opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    zone = opened.zone
    monkeypatch.setenv("JINYUN_STATE", str(opened.state))
    heard: queue.Queue[tuple[str, dict[str, Any]]] = queue.Queue()
    ready = threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "R328328")

    def message(_client: paho.Client, _data: object, got: paho.MQTTMessage) -> None:
        content = json.loads(got.payload)
        heard.put((got.topic, content))
        if got.topic.endswith("/DOWN"):
            client.publish(f"{got.topic}/ACK", json.dumps({"seqNum": content["seqNum"], "errorCode": 0}))

    client.on_message = message
    client.on_connect = lambda *_: client.subscribe("V2X/RSU/R328328/#")
    client.on_subscribe = lambda *_: ready.set()
    client.connect("127.0.0.1", zone.mqtt_port)
    client.loop_start()
    assert ready.wait(20)
    words = {"rsuEsn": "R328328", "rsuName": "north gate", "version": "v1", "ack": True, "seqNum": "4"}
    client.publish("V2X/RSU/INFO/UP", json.dumps(words))
    assert heard.get(timeout=20) == ("V2X/RSU/R328328/INFO/UP/ACK", {"seqNum": "4", "errorCode": 0})

    def told() -> list[dict[str, Any]]:
        return [row["told"]["info"] for row in zone.status()["devices"] if row["id"] == "R328328" and "told" in row]

    wait_for(lambda: bool(told()), 20, "what the unit says of itself")
    assert told()[0]["rsuName"] == "north gate"
    rsi = csae.encode("rsiFrame", samples.SMALLEST["rsi"]).hex()
    sent = deed("send", "rsu/R328328", rsi, "--scheme", "json", "--wait", "20", "--json")
    assert (sent.returncode, json.loads(sent.stdout)["receipt"]) == (0, {"error": 0, "reason": ""}), sent.stderr
    while not (got := heard.get(timeout=20))[0].endswith("/DOWN"):
        pass
    assert rsu_json.read("rsi", got[1], "R328328").values[0]["refPos"] == samples.SMALLEST["rsi"]["refPos"]
    client.loop_stop()


class Guard:
    """An authority made by the command, as an operator would."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.env = {**os.environ, "JINYUN_STATE": str(state), "JINYUN_PASSPHRASE": "a passphrase of tests"}

    def admin(self, *args: str) -> dict[str, str]:
        done = subprocess.run(
            command("admin", *args, "--json"), capture_output=True, text=True, env=self.env, timeout=60
        )
        assert done.returncode == 0, done.stderr
        found: dict[str, str] = json.loads(done.stdout)
        return found


def device(
    port: int, authority: str, files: dict[str, str], name: str
) -> tuple[paho.Client, threading.Event, threading.Event]:
    connected, gone = threading.Event(), threading.Event()
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(files["certificate"], files["key"], files["key_passphrase"])
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, name)
    client.tls_set_context(context)
    client.on_connect = lambda _c, _u, _f, reason, _p: None if reason.is_failure else connected.set()
    client.on_disconnect = lambda *_: gone.set()
    client.connect("localhost", port)
    client.loop_start()
    return client, connected, gone


def test_a_guarded_zone_runs_its_street_takes_its_devices_and_drops_a_revoked_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = tmp_path / "state"
    guard = Guard(state)
    authority = guard.admin("init")["certificate"]
    files = {name: guard.admin("enroll", f"rsu/{name}", "--out", str(tmp_path)) for name in ("X1", "X2")}
    for key, value in guard.env.items():
        monkeypatch.setenv(key, value)
    with running(state=state) as zone:
        wait_for(lambda: zone.status()["participants"] > 50, 60, "the street over TLS")
        first, connected, gone = device(zone.mqtt_port, authority, files["X1"], "X1")
        assert connected.wait(20)
        payload = csae.encode("spatFrame", samples.SMALLEST["spat"])
        first.publish("jinyun/science-city/rsu/X1/up/spat", payload)

        def known() -> set[str]:
            return {device["id"] for device in zone.status()["devices"]}

        wait_for(lambda: "X1" in known(), 20, "own topic")
        first.publish("jinyun/science-city/rsu/X2/up/spat", payload)
        wait_for(lambda: "topic.foreign" in {row["rule"] for row in zone.status()["episodes"]}, 20, "violation shown")
        assert "X2" not in known()
        connected.clear()
        first.publish("jinyun/science-city/rsu/X1/up/spat", bytes(MAX_PAYLOAD + 1))
        wait_for(lambda: "payload.limit" in {row["rule"] for row in zone.status()["episodes"]}, 20, "limit shown")
        assert connected.wait(20)  # it was sent away for that, and may come back
        gone.clear()
        assert deed("sniff", "--count", "2", "--seconds", "20", "--hex").stdout.count("\n") == 2
        monkeypatch.delenv("JINYUN_PASSPHRASE")
        refused = deed("sniff", "--count", "1", "--seconds", "5")
        assert refused.returncode == 2 and "set JINYUN_PASSPHRASE" in refused.stderr
        guard.admin("revoke", "rsu/X1")
        assert gone.wait(20)
        first.loop_stop()
        assert zone.stop() == 0


def deed(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command("message", *args), capture_output=True, text=True, timeout=60)


def test_an_open_door_without_an_authority_is_refused() -> None:
    done = subprocess.run(command("run", "--mqtt-host", "0.0.0.0"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "anonymous" in done.stderr and "jinyun admin init" in done.stderr
