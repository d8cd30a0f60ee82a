"""The block sender against a real broker, with paho-mqtt as the independent other end."""

from __future__ import annotations

import socket
import threading
from typing import Any

import paho.mqtt.client as paho
import pytest

from jinyun.net.mqtt import MqttError, Publisher, _remaining_length, connect_packet
from tests.conftest import Broker, free_port, wait_for

pytestmark = pytest.mark.integration


def listener(broker: Broker, topic: str) -> tuple[paho.Client, list[tuple[str, bytes]]]:
    got: list[tuple[str, bytes]] = []
    ready = threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, "listener")
    client.on_connect = lambda c, *_: c.subscribe(topic)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _c, _u, m: got.append((m.topic, m.payload))
    client.connect("127.0.0.1", broker.mqtt_port)
    client.loop_start()
    assert ready.wait(10)
    return client, got


def test_messages_of_every_length_arrive_in_order(real_broker: Broker) -> None:
    client, got = listener(real_broker, "a/#")
    sender = Publisher("127.0.0.1", real_broker.mqtt_port, "sender")
    sizes = [0, 1, 121, 122, 127, 128, 16_380, 16_384, 100_000]
    for size in sizes:
        sender.publish(f"a/{size}", bytes([size % 251]) * size)
    assert sender.flush()
    wait_for(lambda: len(got) == len(sizes))
    assert got == [(f"a/{size}", bytes([size % 251]) * size) for size in sizes]
    assert (sender.sent, sender.dropped) == (len(sizes), 0)
    sender.close()
    client.loop_stop()


def test_a_broker_that_dies_and_comes_back_is_found_again(real_broker: Broker) -> None:
    sender = Publisher("127.0.0.1", real_broker.mqtt_port, "sender")
    sender.connect()
    real_broker.kill()

    def lost() -> bool:
        sender.publish("a", b"x")
        return not sender.flush()

    wait_for(lost, what="loss noticed")
    assert not sender.connected
    before = sender.sent
    real_broker.start()
    client, got = listener(real_broker, "a")

    def back() -> bool:
        sender.publish("a", b"y")
        return sender.flush()

    wait_for(back, what="connection back")
    wait_for(lambda: got)
    assert sender.sent == before + 1
    sender.close()
    client.loop_stop()


def test_no_broker_is_an_os_error_and_flush_only_says_so() -> None:
    sender = Publisher("127.0.0.1", free_port(), "sender")
    with pytest.raises(OSError):
        sender.connect(timeout_s=1)
    sender.publish("a", b"x")
    assert not sender.flush()
    assert sender.dropped == 1


def test_a_refusal_names_its_reason() -> None:
    server = socket.create_server(("127.0.0.1", 0))

    def refuse() -> None:
        link, _ = server.accept()
        link.recv(200)
        link.sendall(b"\x20\x02\x00\x05")
        link.close()

    threading.Thread(target=refuse).start()
    with pytest.raises(MqttError, match="not authorised"):
        Publisher("127.0.0.1", server.getsockname()[1], "sender").connect(timeout_s=5)
    server.close()


def test_remaining_length_follows_table_2_4_of_the_standard() -> None:
    table: dict[int, Any] = {0: "00", 127: "7f", 128: "8001", 16_383: "ff7f", 16_384: "808001", 2_097_151: "ffff7f"}
    assert {n: _remaining_length(n).hex() for n in table} == table


def test_the_connect_packet_is_that_of_the_standard() -> None:
    assert connect_packet("c", "u", "p").hex() == "101300044d51545404c2001e00016300017500" + "0170"
