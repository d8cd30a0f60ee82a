"""Packets are read and written byte for byte; whatever is broken is refused with GbtError and nothing else."""

from __future__ import annotations

import random

import pytest

from jinyun.net.gbt32960 import GbtError, Packet, acknowledge, decode, encode
from jinyun.net.gbt32960.packet import bcc, beijing_time
from tests.net.gbt32960 import packets
from tests.net.gbt32960.packets import FACTS, NOON, VIN, random_report, recorded, report, sealed, vehicle

WHOLE = {name: bytes.fromhex(text) for name, text in FACTS.items()}


def test_every_recorded_packet_is_written_again_as_it_was_read() -> None:
    frames = recorded()
    assert len(frames) == 48
    for frame in frames:
        assert encode(decode(frame)) == frame


@pytest.mark.parametrize("name", FACTS)
def test_frames_seen_on_the_line_are_written_again_as_they_were_read(name: str) -> None:
    assert encode(decode(WHOLE[name])) == WHOLE[name]


def test_random_reports_are_written_again_as_they_were_made() -> None:
    rng = random.Random(1)
    for _ in range(1000):
        frame = random_report(rng)
        packet = decode(frame)
        assert encode(packet) == frame


def test_what_frames_say() -> None:
    login = decode(WHOLE["login"])
    assert (login.edition, login.name, login.response, login.vin) == (2016, "vehicle_login", 0xFE, "LTEST000000000007")
    assert login.data == {"serial": 253, "iccid": "89860402101700179779", "code_length": 0, "codes": ("",)}
    assert login.event_us == 1_540_902_954_000_000  # 2018-10-30 20:35:54 in Beijing
    newer = decode(WHOLE["login 2025"])
    assert (newer.edition, newer.data["packs_per_system"]) == (2025, (1,))
    assert newer.data["codes"] == ("0RJPEA00HAU0AAF131001955",)
    assert decode(WHOLE["logout"]).data == {"serial": 20}
    assert decode(WHOLE["activation response"]).data == {"result": 2, "info": 1}
    assert decode(WHOLE["heartbeat"]).data == {} and decode(WHOLE["heartbeat answer"]).response == 1
    assert [item["item"] for item in decode(WHOLE["realtime"]).items][-1] == "custom"


def test_other_commands_are_written_and_read() -> None:
    platform = {"serial": 7, "user": "zone".ljust(12, "\0"), "password": "p" * 20, "rule": 1}
    activation = {"chip": "C" * 16, "public_key": b"\4" + bytes(64), "vin": VIN, "signature": b"\1\0\1r\0\1s"}
    for command, time_, data in (
        (5, NOON, platform), (6, NOON, {"serial": 7}), (9, NOON, activation), (8, None, {}), (0x0B, None, {"raw": b"key"}),
        (0x0A, None, {"result": 1, "info": 1}), (0x80, None, {"raw": NOON + b"\1\2"}), (0x33, None, {"raw": b"?"}),
    ):  # fmt: skip
        packet = Packet(2025, command, 0xFE, VIN, 1, time_, data)
        assert decode(encode(packet)) == packet


def test_lists_whose_count_says_nothing_are_empty_and_kept() -> None:
    frame = sealed(report(2016, [])[:-1] + bytes([2, 0xFE, 8, 1, 1, *[0] * 8, 0xFF, 9, 0xFF]) + b"\0")
    motors, packs, probes = decode(frame).items
    assert motors == {"item": "motors", "motors": [], "motors_count": 0xFE}
    assert packs["packs"][0]["cells"] == () and packs["packs"][0]["cells_count"] == 0xFF
    assert probes == {"item": "probes", "packs": [], "packs_count": 0xFF}
    assert encode(decode(frame)) == frame
    with pytest.raises(OverflowError):
        report(2016, [{"item": "motors", "motors": [{}] * 254}])


def test_custom_items_without_a_length_are_kept_as_they_are() -> None:
    alone = sealed(report(2016, [vehicle()])[:-1] + bytes.fromhex("81ffff0102") + b"\0")
    assert decode(alone).items[1] == {"item": "custom", "type": 0x81, "rest": bytes.fromhex("ffff0102")}
    # A length that leads into something that is no item: the last custom item is the rest, the one before stands.
    twice = sealed(report(2016, [])[:-1] + bytes.fromhex("80000155 8100014477") + b"\0")
    assert decode(twice).items == [
        {"item": "custom", "type": 0x80, "data": b"\x55"},
        {"item": "custom", "type": 0x81, "rest": bytes.fromhex("00014477")},
    ]
    for frame in (alone, twice):
        assert encode(decode(frame)) == frame


def test_tens_of_thousands_of_empty_items_are_read_in_one_go() -> None:
    for body in (b"\x80\0\0" * 21_000, b"\2\0" * 32_000, b"\x80\0\0" * 21_000 + b"\x77", b"\x80" * 65_000):
        frame = sealed(report(2016, [])[:-1] + body + b"\0")
        assert encode(decode(frame)) == frame


def refused(frame: bytes) -> None:
    with pytest.raises(GbtError):
        decode(frame)


def test_every_byte_of_a_frame_counts() -> None:
    for frame in WHOLE.values():
        for at in range(len(frame)):
            for flip in (0x01, 0x80, 0xFF):
                refused(frame[:at] + bytes([frame[at] ^ flip]) + frame[at + 1 :])


def test_every_byte_of_a_recorded_packet_counts() -> None:
    for frame in recorded():
        for at in range(len(frame)):
            refused(frame[:at] + bytes([frame[at] ^ (1 << at % 8)]) + frame[at + 1 :])
            refused(frame[:at])


def test_a_wrong_checksum_is_refused_however_good_the_rest() -> None:
    frame = report(2016, [vehicle()])
    with pytest.raises(GbtError, match=r"checksum: 0x.. stated, 0x.. computed"):
        decode(frame[:-1] + bytes([frame[-1] ^ 0x10]))


def test_every_cut_is_refused_with_its_place() -> None:
    rng = random.Random(2)
    for frame in [*WHOLE.values(), *(random_report(rng) for _ in range(30)), *packets.reports(list(WHOLE.values()))]:
        for n in range(len(frame)):
            with pytest.raises(GbtError):
                decode(frame[:n])
        for n in range(25, len(frame)):  # cut inside, sealed again: refused or read, nothing else
            cut = sealed(frame[:n])
            try:
                assert encode(decode(cut)) == cut
            except GbtError as error:
                assert error.field


def test_nonsense_is_refused_with_gbt_error_only() -> None:
    rng = random.Random(3)
    for _ in range(3000):
        body = bytes([rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 0x80, 0x55)), rng.choice((1, 0xFE)), *VIN.encode(),
                      1, 0, 0, *rng.randbytes(rng.randrange(80))])  # fmt: skip
        frame = sealed(rng.choice((b"##", b"$$")) + body + b"\0")
        try:
            assert encode(decode(frame)) == frame
        except GbtError as error:
            assert error.field


def test_the_reason_names_the_place() -> None:
    for body, place in ((b"\1", "vehicle"), (b"\x09\1\1\0\5\0", r"packs\[0\].temperatures"), (b"\x55", "item 0"),
                        (b"\2\1\1", r"motors\[0\]"), (b"\7" + bytes(5), "alarms.battery")):  # fmt: skip
        with pytest.raises(GbtError, match=f"^{place}"):
            decode(sealed(report(2016, [])[:-1] + body + b"\0"))


def test_what_does_not_fit_cannot_be_written() -> None:
    with pytest.raises(ValueError, match="17"):
        encode(Packet(2016, 7, 0xFE, VIN + "X"))
    with pytest.raises(ValueError, match="65531"):
        encode(Packet(2016, 0x80, 0xFE, VIN, 1, None, {"raw": bytes(65_532)}))


def test_answers_are_those_seen_on_the_line() -> None:
    for command, answer in (("logout", "logout answer"), ("heartbeat", "heartbeat answer")):
        assert acknowledge(decode(WHOLE[command])) == WHOLE[answer][:4] + WHOLE[command][4:21] + WHOLE[answer][
            21:-1
        ] + bytes([bcc(WHOLE[answer][2:4] + WHOLE[command][4:21] + WHOLE[answer][21:-1])])
    assert acknowledge(decode(WHOLE["logout"])) == WHOLE["logout answer"]


def test_times_are_beijing_times() -> None:
    assert beijing_time(1_748_750_400_000_000) == NOON  # 2025-06-01 04:00:00 UTC
    assert Packet(2016, 2, 0xFE, VIN, time=NOON).event_us == 1_748_750_400_000_000
    assert Packet(2016, 2, 0xFE, VIN, time=bytes([25, 2, 29, 0, 0, 0])).event_us is None
    assert Packet(2016, 2, 0xFE, VIN, time=bytes([24, 2, 29, 0, 0, 0])).event_us is not None
    assert Packet(2016, 2, 0xFE, VIN).event_us is None
