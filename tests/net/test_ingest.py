"""Bulk ingest: what MQTT devices publish arrives whole, however the stream is cut."""

from __future__ import annotations

import asyncio

import pytest

from jinyun.net import topics
from jinyun.net.block import SubjectTable
from jinyun.net.ingest import MAX_WAITING, Arrival, Block, BlockReader, IngestError, open_reader
from jinyun.net.mqtt import Publisher
from tests.conftest import Broker, free_port


class Wire(asyncio.Transport):
    """A transport that only keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def writelines(self, parts: object) -> None:
        self.written += b"".join(parts)  # type: ignore[call-overload]

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def reader() -> tuple[BlockReader, Wire]:
    found, wire = BlockReader(["a.>"], "test"), Wire()
    found.connection_made(wire)
    return found, wire


def taken(found: BlockReader) -> list[Arrival]:
    block = found.take()
    return list(block.arrivals()) if block is not None else []


STREAM = (
    b'INFO {"max_payload":1048576}\r\nPONG\r\nMSG a.b 1 5\r\nhello\r\nPING\r\nMSG a.c 1 reply.x 0\r\n\r\n'
    b"+OK\r\nMSG a.d 1 12\r\nMSG x 1 2\r\nz\r\n"
)
EXPECTED = [("a.b", b"hello"), ("a.c", b""), ("a.d", b"MSG x 1 2\r\nz")]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_a_stream_cut_anywhere_gives_the_same_messages(size: int) -> None:
    async def go() -> None:
        found, wire = reader()
        for at in range(0, len(STREAM), size):
            found.data_received(STREAM[at : at + size])
        assert [(a.subject, a.payload) for a in taken(found)] == EXPECTED
        assert found.take() is None
        assert wire.written.endswith(b"PONG\r\n")

    asyncio.run(go())


def test_errors_of_the_broker_and_nonsense_close_the_link_with_the_reason() -> None:
    async def go() -> None:
        for block, reason in ((b"-ERR 'Authorization Violation'\r\n", "Authorization"), (b"MSG a 1 x\r\n", "message line"),
                              (b"x" * 5000, "4096"), (b"MSG a 1 99999999\r\n", "99999999")):  # fmt: skip
            found, wire = reader()
            found.data_received(block)
            assert wire.closed and reason in found.error

    asyncio.run(go())


def test_a_reader_nobody_empties_keeps_the_newest_and_counts_the_rest() -> None:
    async def go() -> None:
        found, _ = reader()
        block = b"".join(b"MSG a.b 1 6\r\n%06d\r\n" % n for n in range(MAX_WAITING + 10))
        found.data_received(block)
        kept = taken(found)
        assert len(kept) <= MAX_WAITING and len(kept) + found.shed == MAX_WAITING + 10
        assert [a.payload for a in kept] == [b"%06d" % n for n in range(found.shed, MAX_WAITING + 10)]

    asyncio.run(go())


@pytest.mark.integration
def test_what_devices_publish_over_mqtt_arrives_with_its_subject(real_broker: Broker) -> None:
    async def go() -> list[Arrival]:
        found = await open_reader("127.0.0.1", real_broker.nats_port, topics.up_subjects("z"), "test")
        sender = Publisher("127.0.0.1", real_broker.mqtt_port, "sender")
        sent = [(topics.up_topic("z", "obu", f"car{n}", "bsm"), bytes([n]) * 50) for n in range(200)]
        sent.append(("V2X.RSU.SPAT.UP", b"envelope"))
        sent.append(("jinyun/other/obu/car/up/bsm", b"of another zone"))
        for topic, payload in sent:
            sender.publish(topic, payload)
        assert sender.flush()
        got: list[Arrival] = []
        async with asyncio.timeout(10):
            while len(got) < 201:
                await asyncio.sleep(0.01)
                got += taken(found)
        expected = [
            (topic.replace("/", ".") if "/" in topic else topic.replace(".", "//"), p) for topic, p in sent[:-1]
        ]
        assert [(a.subject, a.payload) for a in got] == expected
        assert all(topics.route(a.subject) for a in got)
        found.close()
        sender.close()
        return got

    asyncio.run(go())


def test_no_broker_is_an_os_error() -> None:
    with pytest.raises((OSError, IngestError)):
        asyncio.run(open_reader("127.0.0.1", free_port(), [], "test", timeout_s=2))


def test_subjects_are_told_apart_byte_for_byte() -> None:
    table = SubjectTable(size=4)
    names = [f"jinyun.z.obu.car{n}.up.bsm" for n in range(1000)]
    numbers = [table.add(name.encode()) for name in names]
    found = table.find(Block.of([Arrival(0, name, b"x") for name in [*reversed(names), "jinyun.z.obu.car.up.bsm", ""]]))
    assert found.tolist() == [*reversed(numbers), -1, -1]
    table.clear()
    assert table.find(Block.of([Arrival(0, names[0], b"")])).tolist() == [-1]


def test_blocks_joined_keep_every_message() -> None:
    arrivals = [Arrival(n, f"s{n}", bytes([n]) * (n % 5)) for n in range(20)]
    joined = Block.join([Block.of(arrivals[:7]), Block.of(arrivals[7:8]), Block.of(arrivals[8:])])
    assert list(joined.arrivals()) == arrivals
