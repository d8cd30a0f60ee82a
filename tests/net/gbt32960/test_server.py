"""The endpoint against raw sockets and its own client: what is answered, what is handed on, what is kept out."""

from __future__ import annotations

import asyncio
import contextlib
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jinyun.net.gbt32960 import Packet, decode, encode
from jinyun.net.gbt32960.client import Silence
from jinyun.net.gbt32960.credentials import Credentials, hash_password
from jinyun.net.gbt32960.dialogue import Accepted
from jinyun.net.gbt32960.packet import beijing_time
from jinyun.net.gbt32960.server import Limits
from tests.net.gbt32960.endpoint import HOST, OTHER, Raw, endpoint, play, until
from tests.net.gbt32960.packets import FACTS, NOON, VIN, recorded, report, sealed, vehicle

DAY_US = 86_400_000_000
PLATFORMS = Credentials({"zone": hash_password(b"right", cost=4)})


def login(vin: str = VIN, edition: int = 2016) -> bytes:
    counts = {"code_length": 0} if edition == 2016 else {"packs_per_system": ()}
    data = {"serial": 1, "iccid": "8" * 20, "codes": (), **counts}
    return encode(Packet(edition, 1, 0xFE, vin, 1, NOON, data))


def platform_login(password: str, user: str = "zone") -> bytes:
    data = {"serial": 1, "user": user, "password": password, "rule": 1}
    return encode(Packet(2016, 5, 0xFE, "PLATFORM000000001", 1, NOON, data))


def now_us() -> int:
    return time.time_ns() // 1000


# -- what is answered -----------------------------------------------------------------------------------------------------


def test_answers_are_byte_for_byte_those_of_the_standard() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            car = await place.raw()
            vin = VIN.encode().hex()
            # command, 01, VIN, 01, 0006, the command's own time, checksum
            assert (await car.ask(login())).hex() == f"23230101{vin}010006" + NOON.hex() + "4e"
            assert (await car.ask(report(2016, [vehicle()]))).hex() == f"23230201{vin}010006" + NOON.hex() + "4d"
            assert (await car.ask(report(2016, [vehicle()], 3))).hex() == f"23230301{vin}010006" + NOON.hex() + "4c"
            beat = bytes.fromhex(FACTS["heartbeat answer"])
            heart = encode(Packet(2016, 7, 0xFE, beat[4:21].decode()))
            assert await car.ask(heart) == beat  # an empty data unit
            logout = encode(Packet(2016, 4, 0xFE, VIN, 1, NOON, {"serial": 1}))
            assert (await car.ask(logout)).hex() == f"23230401{vin}010006" + NOON.hex() + "4b"
            assert place.names == ["vehicle_login", "realtime", "reissue", "vehicle_logout"]
            assert [accepted.frame for accepted in place.accepted][1] == report(2016, [vehicle()])

    play(scene())


def test_recorded_commands_get_the_answers_that_were_recorded() -> None:
    frames = recorded()
    pairs = [(frames[8], frames[9]), (frames[11], frames[12]), (frames[18], frames[19]), (frames[21], frames[22])]

    async def scene() -> None:
        async with endpoint() as place:
            for command, answer in pairs:
                car = await place.raw()
                assert (await car.packet(login(command[4:21].decode()))).response == 1
                assert await car.ask(command) == answer
                await car.close()

    play(scene())


def test_time_sync_tells_the_present_and_needs_no_login() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            car = await place.client()
            before = now_us()
            told = await car.time_sync()
            assert told is not None and before // 1_000_000 <= told // 1_000_000 <= now_us() // 1_000_000

    play(scene())


@pytest.mark.parametrize("edition", [2016, 2025])
def test_a_client_logs_in_reports_and_logs_out(edition: int) -> None:
    async def scene() -> None:
        async with endpoint() as place:
            car = await place.client(edition=edition)
            assert (await car.login("8986", ("P" * 24,))).response == 1
            assert (await car.report([vehicle(edition)])).response == 1
            assert (await car.heartbeat()).response == 1
            assert (await car.logout()).response == 1
            assert place.names == ["vehicle_login", "realtime", "heartbeat", "vehicle_logout"]
            assert place.accepted[1].packet.edition == edition and not place.findings
            assert place.accepted[3].packet.data == {"serial": 1}
            assert abs(place.accepted[1].filed_us - place.accepted[1].receive_us) < 5_000_000
            await car.close()
            await until(lambda: place.server.account()["connections"] == 0)

    play(scene())


def test_two_clients_at_once_keep_apart() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            cars = [await place.client(vin) for vin in (VIN, OTHER)]

            async def drive(number: int) -> None:
                await cars[number].login()
                for speed in range(20):
                    assert (
                        await cars[number].report([vehicle(speed=speed)], now_us() + speed * 1_000_000)
                    ).response == 1

            await asyncio.gather(drive(0), drive(1))
            for vin in (VIN, OTHER):
                speeds = [a.packet.items[0]["speed"] for a in place.accepted if a.packet.vin == vin and a.packet.items]
                assert speeds == list(range(20))
            assert place.server.account()["vehicles"] == 2

    play(scene())


def test_activation_is_answered_with_a_response_and_keys_stay_here() -> None:
    async def scene() -> None:
        async with endpoint(activate=lambda packet: (2, 3) if packet.data["chip"][0] == "X" else (1, 1)) as place:
            car = await place.client(edition=2025)
            answer = await car.activate("C" * 16, b"\4" * 65, b"sig")
            assert (answer.command, answer.response, answer.data) == (0x0A, 0xFE, {"result": 1, "info": 1})
            assert (await car.activate("X" * 16, b"", b"")).data == {"result": 2, "info": 3}
            key = await car.send(0x0B, {"raw": b"secret key"})
            assert key.response == 1
            assert place.names == ["activation", "activation", "key_sync"]
            assert b"secret" not in place.accepted[2].frame and not place.accepted[2].packet.data
        async with endpoint() as place:
            car = await place.client(edition=2025)
            assert ((await car.activate("C" * 16, b"", b"")).response, place.rules()) == (2, ["command.unknown"])

    play(scene())


# -- who may speak --------------------------------------------------------------------------------------------------------


def test_a_vin_that_speaks_elsewhere_is_a_duplicate_until_it_is_gone() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            first, second = await place.client(), await place.client()
            assert (await first.login()).response == 1
            assert (await first.login()).response == 1  # again on its own connection: no harm
            assert (await second.login()).response == 3
            assert (await second.report([vehicle()])).response == 2
            assert place.rules() == ["vin.duplicate", "login.missing"]
            assert place.findings[0].source == f"nev/{VIN}"
            await first.close()
            await until(lambda: not place.server.dialogue.holders)
            assert (await second.login()).response == 1
            await second.close()

    play(scene())


def test_a_connection_that_is_long_silent_gives_its_vin_up() -> None:
    clock = [now_us()]

    async def scene() -> None:
        async with endpoint(now_us=lambda: clock[0]) as place:
            first, second = await place.client(), await place.client()
            assert (await first.login()).response == 1
            clock[0] += 59_000_000
            assert (await second.login()).response == 3
            clock[0] += 2_000_000
            assert (await second.login()).response == 1
            assert (await first.report([vehicle()])).response == 2
            assert (await second.report([vehicle()])).response == 1

    play(scene())


def test_who_is_not_known_or_not_logged_in_is_refused() -> None:
    async def scene() -> None:
        async with endpoint(allowed=lambda vin: vin == VIN) as place:
            stranger, car = await place.client(OTHER), await place.client()
            assert (await stranger.login()).response == 4
            assert (await car.report([vehicle()])).response == 2
            assert (await car.logout()).response == 2
            assert (await car.login()).response == 1
            assert (await car.login(vin="LTEST000000000003")).response == 2  # one vehicle, one connection
            raw = await place.raw()
            assert (await raw.packet(login("VIN > with.dots *"))).response == 4
            assert (await raw.packet(encode(Packet(2016, 0x80, 0xFE, VIN)))).response == 2
            assert place.names == ["vehicle_login"]
            assert place.rules() == ["vin.unknown", "login.missing", "login.missing", "login.second", "vin.unreadable",
                                     "command.unknown"]  # fmt: skip

    play(scene())


def test_nobody_speaks_in_the_name_of_another() -> None:
    async def scene() -> None:
        async with endpoint(verify=PLATFORMS, allowed=lambda vin: vin != OTHER, activate=lambda _: (1, 1)) as place:
            raw = await place.raw()
            beat = encode(Packet(2016, 7, 0xFE, OTHER))
            await raw.ask(beat)  # answered, but handed on only for those who are logged in here
            await raw.ask(login())
            await raw.ask(beat)
            assert (await raw.packet(report(2016, [vehicle()], vin=OTHER))).response == 2
            key = Packet(2025, 0x0B, 0xFE, OTHER, data={"raw": b"key"})
            assert (await raw.packet(encode(key))).response == 4
            zone = await place.client("PLATFORM000000001")
            assert (await zone.platform_login("zone", "right")).response == 1
            assert (await zone.heartbeat()).response == 1
            zone.vin = VIN
            assert (await zone.platform_logout()).response == 2
            assert place.names == ["vehicle_login", "platform_login", "heartbeat"]

    play(scene())


def test_platforms_speak_for_their_vehicles() -> None:
    async def scene() -> None:
        async with endpoint(verify=PLATFORMS) as place:
            zone = await place.client("PLATFORM000000001")
            assert (await zone.platform_login("zone", "right")).response == 1
            assert (await zone.login(vin=VIN)).response == 1
            assert (await zone.report([vehicle()], vin=VIN)).response == 1
            assert (await zone.report([vehicle()], vin=OTHER)).response == 1  # its login was not sent: taken, and told
            assert [f.rule for f in place.accepted[-1].findings] == ["login.missing"]
            car = await place.client(OTHER)
            assert (await car.login()).response == 3
            assert (await zone.platform_logout()).response == 1
            assert (await car.login()).response == 1
            assert (await zone.report([vehicle()], vin=VIN)).response == 2
            assert place.names == ["platform_login", "vehicle_login", "realtime", "realtime", "platform_logout",
                                   "vehicle_login"]  # fmt: skip

    play(scene())


def test_passwords_are_checked_and_never_handed_on() -> None:
    async def scene() -> None:
        async with endpoint(verify=PLATFORMS) as place:
            raw = await place.raw()
            assert (await raw.packet(platform_login("right"))).response == 1
            (accepted,) = place.accepted
            assert b"right" not in accepted.frame and decode(accepted.frame).data["user"].rstrip("\0") == "zone"
            raw = await place.raw()
            for user, password in (("zone", "wrong"), ("nobody", "right"), ("zone", "ri\0ht")):
                assert (await raw.packet(platform_login(password, user))).response == 2
            assert await raw.ended()  # three times is enough
            assert place.rules() == ["platform.password"] * 3
            assert "wrong" not in str(place.findings)
        async with endpoint() as place:
            raw = await place.raw()
            assert (await raw.packet(platform_login("right"))).response == 2
            assert place.rules() == ["platform.unknown"]

    play(scene())


def test_credentials_are_read_from_a_file_of_hashes(tmp_path: Path) -> None:
    file = tmp_path / "platforms.json"
    file.write_text(f'{{"zone": "{hash_password(b"right", cost=4)}"}}')
    assert Credentials.read(file)("zone", b"right") and not Credentials.read(file)("zone", b"wrong")
    assert not Credentials({})("zone", b"")
    file.write_text('["zone"]')
    with pytest.raises(ValueError):
        Credentials.read(file)


# -- times ----------------------------------------------------------------------------------------------------------------


def test_what_is_sent_again_late_is_filed_at_its_own_time() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            car = await place.client()
            await car.login()
            now = now_us() // 1_000_000 * 1_000_000
            for event_us in (now - 2 * DAY_US, now - 4 * DAY_US, now + 120_000_000):
                assert (await car.reissue([vehicle()], event_us)).response == 1
            late, old, ahead = place.accepted[1:]
            assert (late.filed_us, late.findings) == (now - 2 * DAY_US, ())
            assert (old.filed_us, [f.rule for f in old.findings]) == (now - 4 * DAY_US, ["time.old"])
            assert old.findings[0].reason == "stamped 4.0 days before receipt"
            assert (ahead.filed_us, [f.rule for f in ahead.findings]) == (ahead.receive_us, ["time.future"])
            assert (await car.report([vehicle()], now - 4 * DAY_US)).response == 1
            assert place.accepted[-1].filed_us == place.accepted[-1].receive_us  # a live report with a wrong clock

    play(scene())


def test_a_time_that_is_no_date_and_items_that_disagree_are_told_with_the_packet() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            raw = await place.raw()
            await raw.ask(login())
            assert (await raw.packet(report(2016, [vehicle(soc=120)], time=bytes([25, 2, 30, 0, 0, 0])))).response == 1
            assert {f.rule for f in place.accepted[-1].findings} == {"soc.range", "time.absent"}

    play(scene())


# -- what is broken, lost or too much -------------------------------------------------------------------------------------


def test_broken_packets_are_refused_and_the_connection_goes_on() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            raw = await place.raw()
            await raw.ask(login())
            good = report(2016, [vehicle()])
            flipped = good[:40] + bytes([good[40] ^ 1]) + good[41:]
            cut = sealed(good[:-8] + b"\0")
            await raw.say(b"garbage" + flipped)  # what it was nobody can know: no answer
            assert (await raw.packet(cut)).response == 2
            assert (await raw.packet(good)).response == 1
            assert (await raw.packet(sealed(b"$$" + cut[2:]))).response == 6  # edition 2025: structure
            encrypted = sealed(good[:21] + b"\3" + good[22:])
            assert (await raw.packet(encrypted)).response == 2
            assert (await raw.packet(sealed(b"$$" + encrypted[2:]))).response == 7
            assert place.names == ["vehicle_login", "realtime"]
            assert place.counters["refused"] == 5 and place.counters["skipped_bytes"] == 7 + len(flipped)
            assert sorted(place.rules()) == ["data.encrypted"] * 2 + ["packet.refused"] * 3

    play(scene())


def test_answers_from_the_other_side_are_not_answered() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            raw = await place.raw()
            await raw.say(bytes.fromhex(FACTS["realtime answer"]))
            assert (await raw.packet(login())).command == 1
            assert place.counters["answers"] == 1

    play(scene())


def test_an_answer_that_is_lost_makes_no_second_report() -> None:
    async def scene() -> None:
        async with endpoint() as place:

            async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                """Pass everything on but the second answer."""
                raw, passed = await place.raw(), 0
                with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                    while True:
                        answer = await raw.ask(await Raw(reader, writer).next())
                        passed += 1
                        if passed != 2:
                            writer.write(answer)
                writer.close()

            between = await asyncio.start_server(swallow, HOST, 0)
            port = between.sockets[0].getsockname()[1]
            car = await place.client(port=port, answer_s=0.3)
            assert (await car.login()).response == 1
            assert (await car.report([vehicle()])).response == 1
            assert (await car.report([vehicle(speed=1)])).response == 1
            assert car.resent >= 1 and place.counters["repeated"] >= 1 and place.counters["realtime"] == 2
            await car.close()
            between.close()

    play(scene())


def test_what_nobody_takes_is_not_acknowledged_so_that_it_comes_again() -> None:
    taken: list[Accepted] = []
    refusals = [False, False]

    def accept(accepted: Accepted) -> bool:
        if accepted.packet.name == "realtime" and refusals:
            return refusals.pop()
        taken.append(accepted)
        return True

    async def scene() -> None:
        async with endpoint(accept=accept) as place:
            car = await place.client(answer_s=0.3)
            await car.login()
            assert (await car.report([vehicle()])).response == 1
            assert car.resent >= 2 and place.counters["not_taken"] == 2
            assert [accepted.packet.name for accepted in taken] == ["vehicle_login", "realtime"]
            refusals.extend([False] * 3)
            with pytest.raises(Silence):
                await car.report([vehicle(speed=1)])

    play(scene())


def test_who_does_not_log_in_or_falls_silent_is_cut_off() -> None:
    async def scene() -> None:
        async with endpoint(limits=Limits(login_s=0.4, idle_s=0.3)) as place:
            loris = await place.raw()
            end = asyncio.create_task(loris.ended())
            for byte in login()[:-1] * 1000:
                with contextlib.suppress(ConnectionError):
                    await loris.say(bytes([byte]))
                done, _ = await asyncio.wait((end,), timeout=0.01)
                if done:
                    break
            assert await end  # bytes alone do not keep a connection
            car = await place.raw()
            await car.ask(login())
            assert await car.ended()
            beater = await place.raw()
            await beater.ask(encode(Packet(2016, 7, 0xFE, OTHER)))
            assert await beater.ended()  # nor do heartbeats without a login
            assert place.rules() == ["link.silent"] * 3 and place.counters["silent"] == 3
            assert [f.reason for f in place.findings] == ["no login in time; closed", "no packet in time; closed",
                                                          "no login in time; closed"]  # fmt: skip

    play(scene())


def test_a_flood_is_read_more_slowly_and_others_are_served() -> None:
    async def scene() -> None:
        async with endpoint(limits=Limits(vehicle_rate=20.0, burst_s=0.25)) as place:
            flood, other = await place.raw(), await place.client(OTHER)
            await flood.ask(login())
            frames = [report(2016, [vehicle(speed=speed)]) for speed in range(20)]
            await flood.say(b"".join(frames))
            assert (await other.login()).response == 1
            for frame in frames:
                assert (await flood.next())[2] == frame[2]  # nothing is dropped
            assert place.names.index("vehicle_login", 1) < len(place.names) - 1  # the flood waited, the other did not
            assert place.counters["realtime"] == 20 and place.counters["held_back"] > 0
            assert "rate.exceeded" in place.rules()

    play(scene())


def test_garbage_without_end_and_frames_over_the_limit_are_cut_off() -> None:
    async def scene() -> None:
        async with endpoint(limits=Limits(max_frame=400)) as place:
            raw = await place.raw()
            await raw.ask(login())
            large = report(2016, [{"item": "custom", "type": 0x80, "data": bytes(1000)}])
            assert (await raw.packet(large + report(2016, [vehicle()]))).response == 1  # the next is read
            await raw.say(large * 100)
            assert await raw.ended()
            assert place.rules() == ["packet.refused", "stream.garbage"]
            assert place.names == ["vehicle_login", "realtime"]

    play(scene())


def test_more_connections_than_allowed_are_turned_away() -> None:
    async def scene() -> None:
        async with endpoint(limits=Limits(connections=2)) as place:
            kept = [await place.raw() for _ in range(2)]
            await until(lambda: place.server.account()["connections"] == 2)
            third = await place.raw()
            assert await third.ended()
            assert (await kept[0].packet(login())).response == 1
            assert place.rules() == ["connection.many"] and place.counters["turned_away"] == 1

    play(scene())


def test_a_platform_speaks_for_no_more_vehicles_than_allowed() -> None:
    async def scene() -> None:
        async with endpoint(verify=PLATFORMS, limits=Limits(vins_per_platform=2)) as place:
            zone = await place.client("PLATFORM000000001")
            await zone.platform_login("zone", "right")
            answers = [(await zone.login(vin=f"LTEST00000000000{n}")).response for n in (1, 2, 3, 1)]
            assert answers == [1, 1, 2, 1]
            assert place.rules() == ["vin.many"]

    play(scene())


def test_closing_the_endpoint_closes_every_connection() -> None:
    async def scene() -> None:
        async with endpoint() as place:
            car = await place.client()
            await car.login()
        with pytest.raises(ConnectionError):
            await car.report([vehicle()])

    play(scene())


def test_tls_is_spoken_where_a_certificate_is_given(tmp_path: Path) -> None:
    import ssl

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    today = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(today - timedelta(days=1)).not_valid_after(today + timedelta(days=1)).sign(key, hashes.SHA256())
    )  # fmt: skip
    file = tmp_path / "both.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    ours = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    ours.load_cert_chain(file)
    theirs = ssl.create_default_context(cafile=str(file))
    theirs.check_hostname = False

    async def scene() -> None:
        async with endpoint(tls=ours) as place:
            car = await place.client(tls=theirs)
            assert (await car.login()).response == 1
            plain = await place.raw()
            await plain.say(login())
            assert await plain.reader.read() in (b"", b"\x15\x03\x03\x00\x02\x02\x46")  # an alert at most
            assert place.names == ["vehicle_login"]

    play(scene())


def test_nothing_is_answered_with_another_time_than_asked() -> None:
    assert decode(login()).time == NOON != beijing_time(now_us())
