"""Chargers against the ``ocpp`` library's own client side, over TLS; the charging plan against maximum flow."""

import asyncio
import base64
import json
import ssl
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ocpp.routing import on
from ocpp.v16 import ChargePoint as Client16
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v201 import ChargePoint as Client201
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from jinyun.road.charging import central as centrals
from jinyun.road.charging.central import Central, context, own_certificate
from jinyun.road.charging.plan import SLOT_S, PlanError, Stay, periods, plan
from jinyun.road.charging.registry import Registry, RegistryError
from jinyun.road.charging.sessions import readings

HOURS = SLOT_S / 3600


class Pile16(Client16):
    """A simulated charger of OCPP 1.6: remembers the profile it is given."""

    profile: dict[str, Any] | None = None

    @on("SetChargingProfile")
    async def on_profile(self, connector_id: int, cs_charging_profiles: dict[str, Any]) -> Any:
        self.profile = cs_charging_profiles
        return result16.SetChargingProfile("Accepted")


class Pile201(Client201):
    """A simulated charger of OCPP 2.0.1."""

    profile: dict[str, Any] | None = None
    answer = "Accepted"

    @on("SetChargingProfile")
    async def on_profile(self, evse_id: int, charging_profile: dict[str, Any]) -> Any:
        self.profile = charging_profile
        return result201.SetChargingProfile(self.answer)


class Door:
    """A central system that listens, and how to come to it."""

    def __init__(self, central: Central, port: int, tls: ssl.SSLContext) -> None:
        self.central, self.port, self.tls = central, port, tls

    async def connect(self, id: str, password: str | None, version: str = "ocpp1.6") -> ClientConnection:
        headers = {}
        if password is not None:
            coded = base64.b64encode(f"{id}:{password}".encode()).decode()
            headers = {"Authorization": f"Basic {coded}"}
        return await connect(
            f"wss://127.0.0.1:{self.port}/ocpp/{id}", ssl=self.tls, subprotocols=[version], additional_headers=headers
        )


def with_door(folder: Path, doing: Callable[[Door], Awaitable[None]], registry: Registry | None = None) -> Central:
    """Run ``doing`` beside a listening central system and return that."""
    certificate, key = own_certificate(folder, ["127.0.0.1", "localhost"])

    async def work() -> Central:
        central = Central(registry or Registry(folder))
        server = await central.listen("127.0.0.1", 0, context(certificate, key))
        try:
            port = next(iter(server.sockets)).getsockname()[1]
            await asyncio.wait_for(doing(Door(central, port, ssl.create_default_context(cafile=certificate))), 20)
        finally:
            await central.close()
            server.close()
            await server.wait_closed()
        return central

    return asyncio.run(work())


async def talking(pile: Any, doing: Awaitable[None]) -> None:
    """Let a simulated charger hear while something is done."""
    hearing = asyncio.create_task(pile.start())
    try:
        await doing
    finally:
        hearing.cancel()
        await asyncio.gather(hearing, return_exceptions=True)
        await pile._connection.close()


def test_a_charger_of_ocpp_16_charges_from_boot_to_stop_over_tls_and_obeys_its_profile(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P1", "CH1")

    async def charge(door: Door) -> None:
        pile = Pile16("P1", await door.connect("P1", password))

        async def session() -> None:
            booted = await pile.call(call16.BootNotification("M1", "Maker"))
            assert booted.status == "Accepted" and booted.interval > 0
            await pile.call(call16.StatusNotification(1, "NoError", "Preparing"))
            assert (await pile.call(call16.Authorize("S-1"))).id_tag_info["status"] == "Accepted"
            begun = await pile.call(call16.StartTransaction(1, "S-1", 1000, "2026-11-30T00:00:00Z"))
            book = door.central.book
            (running,) = book.open.values()
            assert (running.charger, running.token, running.energy_wh) == ("P1", "S-1", 0.0)
            sampled = [
                {"value": "3.5", "measurand": "Energy.Active.Import.Register", "unit": "kWh"},
                {"value": "60000", "measurand": "Power.Active.Import", "unit": "W"},
                {"value": "41", "measurand": "SoC", "unit": "Percent"},
            ]
            meter = [{"timestamp": "2026-11-30T00:05:00Z", "sampledValue": sampled}]
            await pile.call(call16.MeterValues(1, meter, begun.transaction_id))
            assert (running.energy_wh, running.power_w, running.soc_percent) == (2500.0, 60000.0, 41.0)
            assert await door.central.limit("P1", [(0, 40000.0), (900, 0.0)], 1_795_000_000_000_000)
            assert pile.profile is not None
            schedule = pile.profile["charging_schedule"]
            assert [row["limit"] for row in schedule["charging_schedule_period"]] == [40000.0, 0.0]
            assert schedule["charging_rate_unit"] == "W"
            await pile.call(call16.StopTransaction(6000, "2026-11-30T00:10:00Z", begun.transaction_id))
            assert not book.open
            assert book.closed[-1].energy_wh == 5000.0

        await talking(pile, session())

    told = with_door(tmp_path, charge, registry).book.told()
    assert told["chargers"][0]["vendor"] == "Maker" and told["alarms"] == []
    json.dumps(told, allow_nan=False)


def test_a_charger_of_ocpp_201_charges_over_tls_and_a_refused_profile_is_an_alarm(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P2", "CH1")

    def values(energy_kwh: float) -> list[dict[str, Any]]:
        unit = {"unit": "Wh", "multiplier": 3}
        sampled = [{"value": energy_kwh, "measurand": "Energy.Active.Import.Register", "unitOfMeasure": unit}]
        return [{"timestamp": "2026-11-30T00:00:00Z", "sampledValue": sampled}]

    async def charge(door: Door) -> None:
        pile = Pile201("P2", await door.connect("P2", password, "ocpp2.0.1"))

        async def event(kind: str, seq: int, energy: float, **more: Any) -> None:
            await pile.call(call201.TransactionEvent(
                kind, "2026-11-30T00:00:00Z", "ChargingStateChanged", seq, {"transactionId": "T-9", **more},
                meter_value=values(energy), evse={"id": 1}, id_token={"idToken": "S-2", "type": "ISO14443"},
            ))  # fmt: skip

        async def session() -> None:
            await pile.call(call201.BootNotification({"model": "M2", "vendorName": "Maker"}, "PowerUp"))
            await pile.call(call201.StatusNotification("2026-11-30T00:00:00Z", "Occupied", 1, 1))
            await event("Started", 0, 10.0)
            await event("Updated", 1, 12.5)
            book = door.central.book
            (running,) = book.open.values()
            assert (running.energy_wh, running.token) == (2500.0, "S-2")
            assert await door.central.limit("P2", [(0, 30000.0)], 1_795_000_000_000_000)
            assert pile.profile is not None
            period = pile.profile["charging_schedule"][0]["charging_schedule_period"][0]
            assert period["limit"] == 30000.0
            pile.answer = "Rejected"
            assert not await door.central.limit("P2", [(0, 30000.0)], 1_795_000_000_000_000)
            assert book.alarms[-1]["rule"] == "charging.profile"
            assert book.alarms[-1]["reason_zh"] == "充电桩未接受充电曲线"
            await event("Ended", 2, 15.0, stoppedReason="EVDisconnected")
            assert book.closed[-1].energy_wh == 5000.0 and book.closed[-1].reason == "EVDisconnected"

        await talking(pile, session())

    central = with_door(tmp_path, charge, registry)
    assert central.book.chargers["P2"].version == "ocpp2.0.1"
    assert central.book.chargers["P2"].connectors == {"1.1": "Occupied"}


@pytest.mark.parametrize(
    ("id", "password", "why"), [("P1", "wrong", "password"), ("P9", "any", "unknown"), ("P1", None, "password")]
)
def test_a_wrong_password_and_an_unknown_charger_are_refused_alike_and_counted(
    tmp_path: Path, id: str, password: str | None, why: str
) -> None:
    registry = Registry(tmp_path)
    registry.enroll("P1", "CH1")

    async def knock(door: Door) -> None:
        with pytest.raises(InvalidStatus) as refused:
            await door.connect(id, password)
        assert refused.value.response.status_code == 401

    assert with_door(tmp_path, knock, registry).book.refused == {why: 1}


def test_who_tries_too_often_has_to_wait_even_with_the_right_password(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P1", "CH1")

    async def knock(door: Door) -> None:
        for _ in range(centrals.TRIES):
            with pytest.raises(InvalidStatus):
                await door.connect("P1", "wrong")
        with pytest.raises(InvalidStatus) as refused:
            await door.connect("P1", password)
        assert refused.value.response.status_code == 429

    with_door(tmp_path, knock, registry)


def test_nobody_speaks_without_tls_or_with_another_certificate(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P1", "CH1")
    stranger, _ = own_certificate(tmp_path / "stranger", ["127.0.0.1"])

    async def knock(door: Door) -> None:
        door.tls = ssl.create_default_context(cafile=stranger)
        with pytest.raises(ssl.SSLCertVerificationError):
            await door.connect("P1", password)
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        writer.write(b"GET /ocpp/P1 HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = await reader.read(200)
        assert not answer.startswith(b"HTTP")
        writer.close()

    assert not with_door(tmp_path, knock, registry).points


def test_a_boot_that_was_recorded_and_is_played_again_is_refused_also_after_a_restart(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P1", "CH1")
    boot = json.dumps([2, "boot-77", "BootNotification", {"chargePointVendor": "V", "chargePointModel": "M"}])

    async def first(door: Door) -> None:
        link = await door.connect("P1", password)
        await link.send(boot)
        assert json.loads(await link.recv())[0] == 3
        await link.close()

    async def again(door: Door) -> None:
        link = await door.connect("P1", password)
        await link.send(boot)
        kind, number, code, *_ = json.loads(await link.recv())
        assert (kind, number, code) == (4, "boot-77", "SecurityError")
        with pytest.raises(ConnectionClosed):
            await link.recv()

    with_door(tmp_path, first, registry)
    assert with_door(tmp_path, again, Registry(tmp_path)).book.refused == {"replayed": 1}


def test_a_session_that_never_began_and_a_message_that_is_none_end_nothing(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P1", "CH1")

    async def odd(door: Door) -> None:
        pile = Pile16("P1", await door.connect("P1", password))
        await pile._connection.send("no OCPP")
        await pile._connection.send(json.dumps([2, "x", "Invented", {}]))
        assert json.loads(await pile._connection.recv())[:2] == [4, "x"]

        async def go_on() -> None:
            await pile.call(call16.StopTransaction(6000, "2026-11-30T00:10:00Z", 4711))
            assert (await pile.call(call16.Heartbeat())).current_time

        await talking(pile, go_on())
        assert door.central.book.alarms[-1]["rule"] == "charging.session"

    with_door(tmp_path, odd, registry)


def test_passwords_are_kept_as_hashes_and_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    registry = Registry(tmp_path)
    password = registry.enroll("P1", "CH1")
    file = tmp_path / "chargers.json"
    assert password not in file.read_text() and file.stat().st_mode & 0o077 == 0
    assert Registry(tmp_path).proves("P1", password)
    assert registry.remove("P1") and not Registry(tmp_path).proves("P1", password)
    with pytest.raises(RegistryError, match="no charger's id"):
        registry.enroll("a/b", "CH1")


def test_a_meter_speaks_in_watts_and_watt_hours_whatever_its_units() -> None:
    assert readings([{"value": "7.4", "measurand": "Power.Active.Import", "unit": "kW"}]) == {
        "Power.Active.Import": 7400.0
    }
    assert readings([{"value": "12"}]) == {"Energy.Active.Import.Register": 12.0}
    assert readings([{"value": "x"}, {"value": "nan"}, {"value": "1", "phase": "L1"}]) == {}


# -- the plan ---------------------------------------------------------------------------------------------------------

SLOTS = 10


@st.composite
def depots(draw: st.DrawFn) -> tuple[list[Stay], list[int]]:
    """Stays and limits in whole numbers, so that maximum flow is exact."""
    stays = []
    for k in range(draw(st.integers(1, 5))):
        first = draw(st.integers(0, SLOTS - 1))
        last = draw(st.integers(first, SLOTS))
        need = draw(st.integers(0, 60))
        stays.append(Stay(f"S{k}", first, last, float(need), float(draw(st.integers(0, 80))), float(need + 20)))
    return stays, draw(st.lists(st.integers(0, 150), min_size=SLOTS, max_size=SLOTS))


def most_kwh(stays: list[Stay], limit: list[int]) -> float:
    """Return how much of all needs can be met, by maximum flow: from stays through slots to the transformer."""
    graph: Any = networkx.DiGraph()
    graph.add_nodes_from(("from", "to"))
    for i, stay in enumerate(stays):
        graph.add_edge("from", i, capacity=round(stay.need_kwh * 4))
        for t in range(stay.first, stay.last):
            graph.add_edge(i, f"t{t}", capacity=round(stay.pile_kw))
    for t, kw in enumerate(limit):
        graph.add_edge(f"t{t}", "to", capacity=kw)
    return float(networkx.maximum_flow_value(graph, "from", "to")) / 4


@settings(max_examples=60, deadline=None)
@given(depots())
def test_the_plan_never_exceeds_the_limit_and_nobody_is_late_who_need_not_be(
    depot: tuple[list[Stay], list[int]],
) -> None:
    stays, limit = depot
    made = plan(stays, limit)
    assert (made.total_kw <= np.array(limit) + 1e-9).all()
    for stay, power in zip(stays, made.power_kw, strict=True):
        assert (power >= 0).all() and (power <= stay.pile_kw).all()
        outside = np.r_[power[: stay.first], power[stay.last :]]
        assert not outside.any()
        assert power.sum() * HOURS <= stay.room_kwh + 1e-6
    wanted, possible = sum(stay.need_kwh for stay in stays), most_kwh(stays, limit)
    assert made.feasible == (possible >= wanted - 1e-6)
    assert float(made.short_kwh.sum()) == pytest.approx(wanted - possible, abs=1e-3)
    assert bool(made.missing()) == (not made.feasible)


def test_the_plan_shifts_to_cheap_slots_and_is_even_where_all_cost_the_same() -> None:
    stay = Stay("S", 0, 4, 10.0, 40.0, 50.0)
    cheap = plan([stay], [100.0] * 4, [1.0, 1.0, 0.2, 1.0])
    assert cheap.power_kw[0, 2] == pytest.approx(40.0)
    even = plan([stay], [100.0] * 4)
    assert even.total_kw.max() == pytest.approx(10.0, abs=0.01)


def test_a_question_that_makes_no_sense_is_refused_by_name() -> None:
    with pytest.raises(PlanError, match="S1: slots 3 to 9 of 4"):
        plan([Stay("S1", 3, 9, 1.0, 10.0, 10.0)], [100.0] * 4)
    with pytest.raises(PlanError, match="finite"):
        plan([Stay("S1", 0, 1, float("nan"), 10.0, 10.0)], [100.0])
    with pytest.raises(PlanError, match="limit"):
        plan([], [-1.0])


def test_a_schedule_says_each_power_once_and_rounds_down() -> None:
    assert periods(np.array([10.0, 10.0, 0.0, 7.5009])) == [(0, 10000.0), (1800, 0.0), (2700, 7500.0)]


def test_who_is_enrolled_or_removed_while_the_central_system_runs_counts_at_once_and_is_not_written_over(
    tmp_path: Path,
) -> None:
    running, command = Registry(tmp_path), Registry(tmp_path)
    first = command.enroll("CH1-01", "CH1")
    assert running.proves("CH1-01", first)
    assert running.new_boot("CH1-01", "7")
    second = command.enroll("CH1-02", "CH1")
    assert running.new_boot("CH1-01", "8")  # what the running one writes keeps whom the command entered
    assert running.proves("CH1-02", second)
    assert set(Registry(tmp_path).entries) == {"CH1-01", "CH1-02"}
    renewed = command.enroll("CH1-01", "CH1")
    assert not running.proves("CH1-01", first) and running.proves("CH1-01", renewed)
    assert command.remove("CH1-02")
    assert not running.proves("CH1-02", second)
    assert not running.new_boot("CH1-02", "9")
