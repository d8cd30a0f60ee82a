"""Corrections of a caster that zone.toml names: said on the broker, read back by asn1tools, passed on by DDS."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from jinyun import zone as zones
from jinyun.cloud.corrections import Relay, caster_of
from jinyun.zone import Zone, ZoneError
from tests.net.test_ntrip import EXAMPLE, SmallCaster, chunked, frame
from tests.oracle import compiled


def named(tmp_path: Path, port: int = 2101, more: str = "") -> Zone:
    folder = tmp_path / "science-city"
    shutil.copytree(zones.find(), folder, dirs_exist_ok=True)
    written = (zones.find() / "zone.toml").read_text(encoding="utf-8")
    place = f'[corrections]\nhost = "127.0.0.1"\nport = {port}\nmountpoint = "JY01"\nuser = "zone"\n{more}'
    (folder / "zone.toml").write_text(f"{written}\n{place}\n", encoding="utf-8")
    return zones.load(folder)


def test_what_a_caster_sends_is_said_as_a_unit_would_say_it(tmp_path: Path) -> None:
    said: list[tuple[str, bytes]] = []

    async def main() -> None:
        enough = asyncio.Event()

        def publish(subject: str, payload: bytes) -> None:
            said.append((subject, payload))
            enough.set()

        async with SmallCaster(chunked(EXAMPLE + frame(1077, 150))) as caster:
            relay = Relay(named(tmp_path, caster.port), publish, {"JINYUN_NTRIP_WORD": "a word"})
            relay.start()
            async with asyncio.timeout(20):
                await enough.wait()
            relay.stop()
            assert "GET /JY01 " in caster.asked[0] and "Authorization: Basic em9uZTphIHdvcmQ=" in caster.asked[0]

    asyncio.run(main())
    payloads = []
    for subject, octets in said:
        assert subject == "jinyun.science-city.rsu.NTRIP.up.rtcm"
        name, outer = compiled().decode("MessageFrame", octets)
        assert (name, outer["messageId"]) == ("msgFrameExt", 10)
        payloads += [one["payload"] for one in compiled().decode("RTCMcorrections", outer["value"])["corrections"]]
    assert payloads == [EXAMPLE, frame(1077, 150)]


def test_a_zone_without_a_caster_reads_nothing_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    assert caster_of(zones.load(zones.find()), {}) is None
    with pytest.raises(ZoneError, match="corrections"):
        named(tmp_path, 2101, "word = 'secret'")
