"""The chargers of a running zone (充电运行): the central system, the batteries, the plan — and what all of them say.

``python -m jinyun.road.charging`` is one such process. Twice a minute the plan is made anew from the timetable, the batteries
and who is plugged in, and each charger at the depot at which a shuttle charges is sent its part as a profile; one whose shuttle
has no part in the running quarter of an hour is told to wait. Whom the plan leaves short, it says, and by how much.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.net import parts, topics
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.parent import end_asked
from jinyun.road.charging.battery import Batteries
from jinyun.road.charging.central import Central, context, own_certificate
from jinyun.road.charging.plan import Plan, PlanError, Stay, periods, plan
from jinyun.road.charging.registry import Registry
from jinyun.road.charging.sessions import now_us
from jinyun.road.charging.timetable import SLOTS, first_slot_us, stays
from jinyun.state import write_json
from jinyun.zone import Zone

FOLDER = "charging"
LOOK_S, TELL_S, PLAN_S, RETRY_S = 0.2, 1.0, 30.0, 0.5


class Depot:
    """The plan of one zone's depot, made anew as time goes on."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        self.plan: Plan | None = None
        self.start_us = 0
        self.error = ""
        chargers = {charger.id: charger for charger in zone.chargers}
        self.pile_kw = chargers[zone.depot.place].power_kw if zone.depot is not None else 0.0

    def renew(self, shares: Mapping[str, float], at_us: int) -> None:
        """Make the plan for the next day; what went wrong stands in ``error``."""
        depot = self.zone.depot
        if depot is None or not depot.vehicles:
            return
        try:
            found: list[Stay] = stays(depot, self.pile_kw, shares, at_us)
            self.plan, self.start_us, self.error = plan(found, [depot.limit_kw] * SLOTS), first_slot_us(at_us), ""
        except PlanError as error:
            self.error = str(error)

    def part_of(self, shuttle: str) -> list[tuple[int, float]]:
        """Return a shuttle's periods (seconds from the plan's start, watts) of its present stay; it waits where it has none."""
        if self.plan is None:
            return []
        for stay, power in zip(self.plan.stays, self.plan.power_kw, strict=True):
            if stay.shuttle == shuttle and stay.first == 0:
                return periods(power[: max(stay.last, 1)])
        return [(0, 0.0)]

    def told(self) -> dict[str, Any] | None:
        """Return the plan for a page."""
        depot = self.zone.depot
        if self.plan is None or depot is None:
            return None
        return {
            "place": depot.place, "limit_kw": depot.limit_kw, "start_us": self.start_us, "slot_s": 900,
            "feasible": self.plan.feasible, "missing": [{"shuttle": s, "kwh": k} for s, k in self.plan.missing()],
            "total_kw": [round(v, 1) for v in self.plan.total_kw.tolist()], "error": self.error,
            "stays": [
                {"shuttle": stay.shuttle, "first": stay.first, "last": stay.last, "need_kwh": round(stay.need_kwh, 1),
                 "power_kw": np.round(power, 1).tolist()}
                for stay, power in zip(self.plan.stays, self.plan.power_kw, strict=True)
            ],
        }  # fmt: skip


class Work:
    """Central system, batteries and depot of one zone."""

    def __init__(self, zone: Zone, central: Central) -> None:
        self.zone, self.central = zone, central
        self.batteries, self.depot = Batteries(), Depot(zone)
        self._sent: dict[str, tuple[str, int, list[tuple[int, float]]]] = {}
        self._short: set[str] = set()

    def take(self, packet: bytes) -> None:
        """Take one GB/T 32960 packet; its new alarms are alarms of the zone."""
        for vin, alarm in self.batteries.take(packet):
            self.central.book.alarm("battery.alarm", vin, alarm.name.replace("_", " "), alarm.zh, "fault")

    def shares(self) -> dict[str, float]:
        """Return how full the shuttles' batteries are: as their vehicles say, else as the charger says."""
        found: dict[str, float] = {}
        for session in self.central.book.open.values():
            if np.isfinite(session.soc_percent):
                found[session.token] = session.soc_percent / 100
        for vehicle in self.zone.depot.vehicles if self.zone.depot is not None else ():
            battery = self.batteries.of.get(vehicle.vin)
            if battery is not None and np.isfinite(battery.share):
                found[vehicle.id] = battery.share
        return found

    async def renew(self, at_us: int) -> None:
        """Make the plan and send every charger at which a shuttle charges what has changed for it."""
        self.depot.renew(self.shares(), at_us)
        made = self.depot.plan
        if made is None or self.zone.depot is None:
            return
        short = {shuttle for shuttle, _ in made.missing()}
        for shuttle, kwh in made.missing():
            if shuttle not in self._short:
                self.central.book.alarm(
                    "charging.short", shuttle, f"leaves with {kwh:g} kWh too little", f"发车时缺 {kwh:g} kWh", "fault"
                )
        self._short = short
        shuttles = {vehicle.id for vehicle in self.zone.depot.vehicles}
        for session in list(self.central.book.open.values()):
            if session.token not in shuttles:
                continue
            part = self.depot.part_of(session.token)
            sent = session.id, self.depot.start_us, part
            if self._sent.get(session.charger) != sent and await self.central.limit(
                session.charger, part, self.depot.start_us
            ):
                self._sent[session.charger] = sent

    def told(self) -> dict[str, Any]:
        """Return everything for a page."""
        names = {v.vin: v.id for v in self.zone.depot.vehicles} if self.zone.depot is not None else {}
        return {
            "zone": self.zone.id, "simulated": self.zone.simulated, "t_us": now_us(), **self.central.book.told(),
            "sites": [
                {"id": c.id, "zh": c.zh, "en": c.en, "piles": c.piles, "power_kw": c.power_kw} for c in self.zone.chargers
            ],
            "batteries": [
                {"vin": b.vin, "vehicle": names.get(b.vin, ""), "charging": b.charging, "alarms": b.alarms,
                 "share": round(b.share, 3) if np.isfinite(b.share) else None, "event_us": b.event_us}
                for b in list(self.batteries.of.values())[:500]
            ],
            "plan": self.depot.told(),
        }  # fmt: skip


async def serve(zone: Zone, host: str, port: int, nats_host: str, nats_port: int, state_dir: Path) -> None:
    """Run until SIGTERM; raises ``OSError`` where the port is taken."""
    stop = end_asked()
    folder = state_dir / FOLDER
    certificate, key = own_certificate(folder, ["localhost", "127.0.0.1", *([host] if host != "127.0.0.1" else [])])
    work = Work(zone, Central(Registry(folder)))
    server = await work.central.listen(host, port, context(certificate, key))
    reader: BlockReader | None = None
    told_at = planned_at = tried_at = -1e9
    while not stop.is_set():
        now = time.monotonic()
        if (reader is None or reader.closed.is_set()) and now - tried_at > RETRY_S:
            tried_at, reader = now, await _connect(zone, nats_host, nats_port)
        block = reader.take() if reader is not None else None
        for arrival in block.arrivals() if block is not None else ():
            work.take(arrival.payload)
        if now - planned_at > PLAN_S:
            planned_at = now
            await work.renew(now_us())
        if now - told_at > TELL_S:
            told_at = now
            told = json.dumps(work.told(), ensure_ascii=False, allow_nan=False).encode()
            write_json(state_dir / "charging.json", {"refused": work.central.book.refused})
            if reader is not None:
                for part in parts.cut(told, now_us() & 0xFFFFFFFF):
                    reader.publish(topics.road_subject(zone.id, "charging"), part)
        await asyncio.sleep(LOOK_S)
    await work.central.close()
    server.close()
    await server.wait_closed()
    if reader is not None:
        reader.close()


async def _connect(zone: Zone, host: str, port: int) -> BlockReader | None:
    try:
        return await open_reader(host, port, [f"jinyun.{zone.id}.nev.*.up.gbt32960"], "jinyun-charging")
    except (OSError, IngestError, TimeoutError):
        return None
