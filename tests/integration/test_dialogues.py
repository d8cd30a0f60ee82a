"""Second-stage applications over the broker of a running zone: two clients each, whose bytes asn1tools writes and reads."""

from __future__ import annotations

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
import pytest

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.hdmap import LaneKind
from tests.cloud.cooperation.cars import Car, second
from tests.conftest import wait_for
from tests.net.test_ntrip import EXAMPLE
from tests.oracle import compiled
from tests.running import running

pytestmark = pytest.mark.integration

SECONDS = 40.0
"""A busy machine takes a while until it has a track."""
TOLL_M = 150.0


@dataclass
class Client:
    """One device: sends what a car says ten times a second, over a connection of its own, and keeps what comes down to it."""

    car: Car
    port: int
    more: Callable[[Car, int], list[tuple[str, bytes]]] = lambda car, now_us: []
    moves: bool = False
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Client:
        self.link = paho.Client(paho.CallbackAPIVersion.VERSION2, f"test-{self.car.name}")
        self.topic = f"jinyun/{self.car.zone.id}/obu/{self.car.name}"
        self.link.on_connect = lambda *_: self.link.subscribe(f"{self.topic}/down/+")
        self.link.on_message = lambda _c, _u, got: self.car.hear(got.payload, time.time_ns() // 1000)
        self.link.connect("127.0.0.1", self.port)
        self.link.loop_start()
        self.thread = threading.Thread(target=self._speak)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        self.link.loop_stop()
        self.link.disconnect()

    def _speak(self) -> None:
        began = time.monotonic()
        ticks = 0
        while not self.stop.wait(max(began + ticks * 0.1 - time.monotonic(), 0.0)):
            ticks += 1
            now_us = time.time_ns() // 100_000 * 100
            for one in self.car.arrivals(now_us):
                self.link.publish(one.subject.replace(".", "/"), one.payload)
            for name, payload in self.more(self.car, now_us):
                self.link.publish(f"{self.topic}/up/{name}", payload)
            if self.moves:
                self.car.s_m += self.car.speed_mps * 0.1

    def told(self, kind: str) -> list[dict[str, Any]]:
        """Return what has come down, as asn1tools read it."""
        return [one for one in self.car.told if one["kind"] == kind]


class Caster(threading.Thread):
    """A caster of NTRIP 1.0 that answers everybody with the same frame, once a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = int(self.socket.getsockname()[1])
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.is_set():
            try:
                link, _ = self.socket.accept()
                with link:
                    link.recv(4096)
                    link.sendall(b"ICY 200 OK\r\n\r\n")
                    while not self.over.wait(0.2):
                        link.sendall(EXAMPLE)
            except OSError:
                continue

    def end(self) -> None:
        self.over.set()
        self.socket.close()


@pytest.fixture(scope="module")
def caster() -> Iterator[Caster]:
    one = Caster()
    one.start()
    yield one
    one.end()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, caster: Caster) -> tuple[Path, Any, Any]:
    """The reference zone with a toll on one of its roads and a caster: (folder, zone, map)."""
    folder = tmp_path_factory.mktemp("zones") / "science-city"
    shutil.copytree(zones.find("science-city"), folder)
    map = hdmap.open(zones.load(folder))
    line = map.lane_line(road(map, 0))
    s = np.append(0.0, np.cumsum(np.hypot(*np.diff(line, axis=0).T)))
    path = [[round(float(np.interp(at, s, line[:, axis])), 2) for axis in range(2)] for at in (TOLL_M, TOLL_M + 8.0)]
    place = f"at = {path[0]}, path = {path}, radius_m = 1.2, price_yuan = 3.5"
    toll = f'tolls = [{{ id = "T1", zh = "收费点", en = "Toll", {place} }}]'
    written = (folder / "zone.toml").read_text(encoding="utf-8")
    written = written.replace("format = 1\n", f"format = 1\n{toll}\n", 1)
    written += f'\n[corrections]\nhost = "127.0.0.1"\nport = {caster.port}\nmountpoint = "JY01"\n'
    (folder / "zone.toml").write_text(written, encoding="utf-8")
    return folder, zones.load(folder), map


@pytest.fixture(scope="module")
def port(town: tuple[Path, Any, Any]) -> Iterator[int]:
    with running("--no-world", str(town[0])) as zone:
        yield zone.mqtt_port


def road(map: Any, k: int) -> int:
    """Return a long lane of its own for each test, so that nobody meets."""
    lanes = np.flatnonzero((map.lanes["kind"] == LaneKind.CAR) & (map.lanes["length_m"] > 250.0))
    return int(lanes[(7 * k) % len(lanes)])


def car(town: tuple[Path, Any, Any], name: str, lane: int, s_m: float, speed: float = 0.0, **more: Any) -> Car:
    one = Car(name, town[2].lane_line(lane), s_m, speed, **more)
    one.start(town[1])
    return one


def request(kind: str, info: dict[str, Any]) -> dict[str, Any]:
    return {"reqID": 1, "status": "request", "lifeTime": 6000, "info": (kind, info)}


def test_who_drives_before_an_ambulance_that_asks_is_told_to_make_way(town: Any, port: int) -> None:
    lane = road(town[2], 1)
    asks = request("clearTheWay", {"upstreamNode": {"id": 1}, "downstreamNode": {"id": 2}, "targetLane": 1})
    first = car(town, "E0000001", lane, 40.0, 8.0, reqs=(asks,), emergency=True, classification=65)
    other = car(town, "E0000002", lane, 90.0, 5.0)
    with Client(first, port), Client(other, port) as ahead:
        wait_for(lambda: bool(ahead.told("RoadsideCoordination")), SECONDS, "RSC to the one ahead")
    (said,) = ahead.told("RoadsideCoordination")[0]["coordinates"]
    assert said["vehId"] == b"E0000002"


def test_a_unit_gets_the_corrections_of_the_caster_that_the_zone_names(town: Any, port: int) -> None:
    got: list[bytes] = []
    link = paho.Client(paho.CallbackAPIVersion.VERSION2, "test-unit")
    link.on_connect = lambda *_: link.subscribe("jinyun/science-city/rsu/RSU-A5/down/rtcm")
    link.on_message = lambda _c, _u, said: got.append(said.payload)
    link.connect("127.0.0.1", port)
    link.loop_start()
    try:  # a unit is told where somebody drives: corrections go down with the frames
        with Client(car(town, "D0000001", road(town[2], 5), 40.0), port):
            wait_for(lambda: bool(got), SECONDS, "RTCM at the unit")
    finally:
        link.loop_stop()
        link.disconnect()
    name, outer = compiled().decode("MessageFrame", got[0])
    assert (name, outer["messageId"]) == ("msgFrameExt", 10)
    (one,) = compiled().decode("RTCMcorrections", outer["value"])["corrections"]
    assert (one["payload"], one["rtcmID"]) == (EXAMPLE, 1005)


def test_who_asks_to_cross_where_nobody_comes_is_told_to_go(town: Any, port: int) -> None:
    map = town[2]
    table, points = map.crossings, map.crossing_points
    row = int(np.flatnonzero(table["phase"] == 0)[0])
    rows = [int(table["first"][row]), int(table["first"][row]) + int(table["count"][row]) - 1]
    ends = np.column_stack([points["x_m"][rows], points["y_m"][rows]])
    walker = Car("P0000001", ends, 0.0, 0.0)
    walker.start(town[1])
    walker.arrivals = lambda now_us: []  # a person sends no BSM

    def asks(one: Car, now_us: int) -> list[tuple[str, bytes]]:
        value = {
            "msgCnt": now_us // 100_000 % 128, "id": b"P0000001", "secMark": now_us // 1000 % 60_000,
            "pos": one._at(), "posAccuracy": {"semiMajor": 10, "semiMinor": 10, "orientation": 0}, "speed": 0,
            "heading": 0, "overallRadius": 5,
            "non-motorData": {"basicType": "aPEDESTRIAN", "personalReq": {"crossing": "request"}},
        }  # fmt: skip
        return [("psm", second("PersonalSafetyMessage", 15, value))]

    far = car(town, "P0000002", road(map, 2), 40.0)
    with Client(walker, port, asks) as person, Client(far, port) as other:
        wait_for(lambda: bool(person.told("RoadsideCoordination")), SECONDS, "RSC to the person")
    assert not other.told("RoadsideCoordination")


def test_who_falls_back_in_a_platoon_is_told(town: Any, port: int) -> None:
    lane = road(town[2], 3)

    def leads(one: Car, now_us: int) -> list[tuple[str, bytes]]:
        members = {"memberList": [{"vid": b"C0000001"}, {"vid": b"C0000002"}], "capacity": 4, "openToJoin": True}
        return [("clpmm", clpmm(b"C0000001", "leader", "navigating", now_us) | {"leadingExt": members})]

    def follows(one: Car, now_us: int) -> list[tuple[str, bytes]]:
        return [("clpmm", clpmm(b"C0000002", "follower", "following", now_us))]

    def written(of: Any) -> Any:
        return lambda one, now_us: [(name, second("CLPMM", 16, value)) for name, value in of(one, now_us)]

    front, back = car(town, "C0000001", lane, 150.0, 10.0), car(town, "C0000002", lane, 90.0, 10.0)
    with Client(front, port, written(leads)) as leader, Client(back, port, written(follows)) as follower:
        wait_for(lambda: bool(follower.told("RoadsideCoordination")), SECONDS, "RSC to the follower")
    (said,) = follower.told("RoadsideCoordination")[0]["coordinates"]
    assert said["vehId"] == b"C0000002"
    assert not leader.told("RoadsideCoordination")


def clpmm(who: bytes, role: str, status: str, now_us: int) -> dict[str, Any]:
    return {
        "msgCnt": now_us // 100_000 % 128, "id": who, "secMark": now_us // 1000 % 60_000, "pid": b"P" * 17, "role": role,
        "status": status,
    }  # fmt: skip


def test_two_who_ask_for_bays_are_led_to_different_ones(town: Any, port: int) -> None:
    map, asks = town[2], request("parking", {"vehicleClass": {"classification": 10}, "req": (bytes(2), 12)})
    lanes = np.flatnonzero((map.lanes["kind"] == LaneKind.CAR) & (map.lanes["length_m"] > 120.0))
    first = map.lanes["first"][lanes].astype(np.int64)
    away = np.hypot(
        map.points["x_m"][first] - map.bays["x_m"].mean(), map.points["y_m"][first] - map.bays["y_m"].mean()
    )
    near = lanes[np.argsort(away)[:2]]
    cars = [car(town, f"G000000{k}", int(lane), 40.0, reqs=(asks,)) for k, lane in enumerate(near)]
    with Client(cars[0], port) as one, Client(cars[1], port) as other:
        wait_for(lambda: bool(one.told("PAMData") and other.told("PAMData")), SECONDS, "PAM to both")
    bays = [its.told("PAMData")[-1]["parkingAreaGuidance"][0] for its in (one, other)]
    assert [bay["vehId"] for bay in bays] == [b"G0000000", b"G0000001"]
    assert bays[0]["targetParkingSlot"] != bays[1]["targetParkingSlot"]


def test_who_comes_to_a_toll_pays_there_once_and_who_is_elsewhere_is_asked_nothing(town: Any, port: int) -> None:
    map, answered = town[2], {"offered": False, "asked": False}

    def pays(one: Car, now_us: int) -> list[tuple[str, bytes]]:
        forms = {said["payment"][0] for said in one.told if said["kind"] == "VehiclePaymentMessage"}
        time_ = {"year": 2026}
        if "action-request" in forms and not answered["asked"]:
            answered["asked"] = True
            content = ("action-response", {
                "time": time_, "sourceId": b"R0000001", "targetId": b"CLOUD   ", "paymentEntityId": "freeflow",
                "ret": "noError",
                "responseParameter": ("setTollDataRs", {"tacInfo": bytes(4)}),
            })  # fmt: skip
        elif "initialzation-request" in forms and not answered["offered"]:
            answered["offered"] = True
            content = ("initialzation-response", {"time": time_, "obuId": b"R0000001", "targetId": b"CLOUD   "})
        else:
            return []
        return [("vpm", second("VehiclePaymentMessage", 17, {"msgCnt": now_us // 100_000 % 128, "payment": content}))]

    one, other = car(town, "R0000001", road(map, 0), 60.0, 10.0), car(town, "R0000002", road(map, 4), 60.0, 10.0)
    with Client(one, port, pays) as payer, Client(other, port) as elsewhere:
        wait_for(lambda: any(form == ("setMMIRq", {"toll": "ok"}) for form in actions(payer)), SECONDS, "payment shown")
    (asked,) = [content for name, content in actions(payer) if name == "setTollDataRq"]
    assert int.from_bytes(asked["transPara"]["transAmount"], "big") == 350
    assert not elsewhere.told("VehiclePaymentMessage")


def actions(client: Client) -> list[tuple[str, Any]]:
    said = [one["payment"] for one in client.told("VehiclePaymentMessage")]
    return [value["actionParameter"] for form, value in said if form == "action-request"]
