"""The doors of a running zone: GB/T 32960 beside MQTT, and the guard with certificates."""

from __future__ import annotations

import json
import os
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from jinyun.net import csae, gbt32960, samples
from jinyun.net.gbt32960 import Packet
from jinyun.net.gbt32960.packet import beijing_time
from tests.conftest import free_port, wait_for
from tests.running import command, running

pytestmark = pytest.mark.integration


def test_a_vehicle_by_gbt32960_is_answered_and_counted() -> None:
    port = free_port()
    with running("--no-world", "--nev-port", str(port)) as zone, socket.create_connection(("127.0.0.1", port)) as link:
        now = beijing_time(time.time_ns() // 1000)
        login = {"serial": 1, "iccid": "8" * 20, "code_length": 0, "codes": ()}
        link.settimeout(20)
        link.sendall(gbt32960.encode(Packet(2016, 0x01, 0xFE, "LTESTVIN000000001", 1, now, login)))
        answer = gbt32960.decode(link.recv(1000))
        assert (answer.command, answer.response, answer.vin) == (0x01, 1, "LTESTVIN000000001")
        wait_for(lambda: zone.status()["received"].get("gbt32960", 0) >= 1, 20, "packet in the cloud")
        assert zone.part("vehicles")["state"] == "up"


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
        guard.admin("revoke", "rsu/X1")
        assert gone.wait(20)
        first.loop_stop()
        assert zone.stop() == 0


def test_an_open_door_without_an_authority_is_refused() -> None:
    done = subprocess.run(command("run", "--mqtt-host", "0.0.0.0"), capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "anonymous" in done.stderr and "jinyun admin init" in done.stderr
