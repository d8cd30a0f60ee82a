"""RTCM frames and the NTRIP client: against the CRC's published check value and a small caster written from the protocol."""

import asyncio
import base64

import pytest

from jinyun.net.ntrip import Caster, Client, stations
from jinyun.net.rtcm import LONGEST, Splitter, crc24q, whole, wrap

# the station message 1005 of RTCM 10403's own example
EXAMPLE = bytes.fromhex("d300133ed7d30202980edeef34b4bd62ac0941986f33360b98")
TABLE = (
    "STR;JY01;Kegon;RTCM 3.2;1005(10),1077(1);2;GPS+BDS;none;CHN;29.60;106.30;0;0;jy;none;N;N;2400;\r\n"
    "STR;BROKEN;x\r\nCAS;example;2101\r\nENDSOURCETABLE\r\n"
)


def frame(number, size):
    return wrap(bytes([number >> 4, (number & 15) << 4, *range(size % 200)]))


def test_the_check_value_of_crc_24q_and_the_standards_own_example():
    reference = 0
    for bit in "".join(f"{octet:08b}" for octet in EXAMPLE[:-3]) + "0" * 24:  # long division, bit by bit
        reference = reference << 1 | int(bit)
        if reference >> 24:
            reference ^= 0x1864CFB
    assert crc24q(EXAMPLE[:-3]) == reference == int.from_bytes(EXAMPLE[-3:], "big")
    assert whole(EXAMPLE).number == 1005
    assert whole(EXAMPLE[:-1] + b"\x00") is None


def test_a_stream_cut_anywhere_gives_its_frames_and_falls_into_step_after_rubbish():
    frames = [EXAMPLE, frame(1077, 180), frame(1127, 90)]
    bad = bytearray(frame(1087, 60))
    bad[9] ^= 1
    stream = b"\xd3\x00" + frames[0] + b"noise" + frames[1] + bytes(bad) + frames[2]
    for step in (1, 7, 64, len(stream)):
        splitter, found = Splitter(), []
        for at in range(0, len(stream), step):
            found += splitter.take(stream[at : at + step])
            assert len(splitter._left) <= LONGEST
        assert [one.octets for one in found] == frames
        assert splitter.skipped == len(stream) - sum(map(len, frames))


class SmallCaster:
    """A caster: answers the requests of one client as told, one answer after another."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    async def __aenter__(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def _serve(self, reader, writer):
        self.asked.append((await reader.readuntil(b"\r\n\r\n")).decode())
        writer.write(self.answers.pop(0) if self.answers else b"HTTP/1.1 503 busy\r\n\r\n")
        await writer.drain()
        writer.close()


def chunked(*pieces):
    head = (
        b"HTTP/1.1 200 OK\r\nNtrip-Version: Ntrip/2.0\r\nTransfer-Encoding: chunked\r\nContent-Type: gnss/data\r\n\r\n"
    )
    return head + b"".join(f"{len(piece):x}\r\n".encode() + piece + b"\r\n" for piece in pieces) + b"0\r\n\r\n"


def test_both_versions_are_read_and_the_client_comes_back_later_each_time_it_fails():
    async def main():
        got, waits = [], []
        enough = asyncio.Event()
        first, second = EXAMPLE + frame(1077, 150), frame(1127, 90)
        answers = (
            b"HTTP/1.1 401 Unauthorized\r\n\r\n", b"SOURCETABLE 200 OK\r\n\r\n", b"", b"ICY 200 OK\r\n" + first,
            chunked(second[:30], second[30:]),
        )  # fmt: skip
        async with SmallCaster(*answers) as caster:

            async def wait(seconds):
                waits.append(seconds)
                if len(waits) == len(answers):
                    enough.set()
                    await asyncio.Event().wait()

            client = Client(Caster("127.0.0.1", caster.port, "JY01", "u", "w"), got.extend, wait)
            task = asyncio.create_task(client.run())
            await asyncio.wait_for(enough.wait(), 10)
            task.cancel()
        assert [one.number for one in got] == [1005, 1077, 1127]
        assert waits == [2.0, 4.0, 8.0, 1.0, 1.0]
        assert caster.asked[0].startswith("GET /JY01 HTTP/1.1\r\n")
        assert "Authorization: Basic " + base64.b64encode(b"u:w").decode() in caster.asked[0]
        assert "Ntrip-Version: Ntrip/2.0" in caster.asked[0]

    asyncio.run(main())


@pytest.mark.parametrize("head", ["SOURCETABLE 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Type: gnss/sourcetable\r\n"])
def test_the_list_of_stations_is_read_and_lines_that_are_none_are_left_out(head):
    async def main():
        async with SmallCaster((head + "\r\n" + TABLE).encode()) as caster:
            return await stations(Caster("127.0.0.1", caster.port))

    (one,) = asyncio.run(main())
    assert (one.mountpoint, one.format, one.lat, one.lon) == ("JY01", "RTCM 3.2", 29.6, 106.3)
