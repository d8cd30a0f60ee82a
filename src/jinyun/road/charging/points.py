"""One charger's side of the talk (充电桩会话): what each message of OCPP 1.6 and 2.0.1 does to the book."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from ocpp.routing import on  # type: ignore[import-untyped]
from ocpp.v16 import ChargePoint as Ocpp16  # type: ignore[import-untyped]
from ocpp.v16 import call as call16
from ocpp.v16 import call_result as result16
from ocpp.v16.enums import RegistrationStatus  # type: ignore[import-untyped]
from ocpp.v201 import ChargePoint as Ocpp201  # type: ignore[import-untyped]
from ocpp.v201 import call as call201
from ocpp.v201 import call_result as result201
from websockets.asyncio.server import ServerConnection

from jinyun.road.charging.sessions import MOST_CONNECTORS, Book, Session, apply, now_us, readings

HEARTBEAT_S = 60
PROFILE_ID, STACK_LEVEL = 1, 1
ANSWER_S = 10.0
MOST_OPEN = 64
Boot = Callable[[str, str], None]
FAULTS = ("Faulted",)


class Point(Protocol):
    """A connected charger of any version."""

    async def start(self) -> None: ...

    async def limit(self, periods: list[tuple[int, float]], start: datetime) -> bool: ...

    async def closing(self, code: int, reason: str) -> None: ...


def now_text() -> str:
    """Return the time of day as OCPP writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _Kept:
    """What both versions do alike."""

    book: Book
    id: str

    def _heard(self) -> None:
        self.book.chargers[self.id].heard_us = now_us()

    def _booted(self, vendor: str, model: str) -> None:
        charger = self.book.chargers[self.id]
        charger.vendor, charger.model, charger.booted_us = vendor[:50], model[:50], now_us()
        self._heard()

    def _status(self, connector: str, status: str, error: str) -> None:
        self._heard()
        connectors = self.book.chargers[self.id].connectors
        if connector in connectors or len(connectors) < MOST_CONNECTORS:
            connectors[connector] = status
        if status in FAULTS or error not in ("", "NoError"):
            self.book.alarm("charging.fault", self.id, f"connector {connector}: {status} {error}".strip(),
                            f"枪 {connector}：{status} {error}".strip(), "fault")  # fmt: skip

    def _sessions(self) -> list[Session]:
        return [session for (charger, _), session in self.book.open.items() if charger == self.id]


class Point16(_Kept, Ocpp16):  # type: ignore[misc]
    """A charger that speaks OCPP 1.6J."""

    def __init__(self, id: str, connection: ServerConnection, book: Book, boot: Boot) -> None:
        super().__init__(id, connection, response_timeout=ANSWER_S)
        self.book, self._boot = book, boot
        self._numbers = 0

    @on("BootNotification")
    async def on_boot(self, charge_point_vendor: str, charge_point_model: str, call_unique_id: str, **_: Any) -> Any:
        self._boot(self.id, call_unique_id)
        self._booted(charge_point_vendor, charge_point_model)
        return result16.BootNotification(now_text(), HEARTBEAT_S, RegistrationStatus.accepted)

    @on("Heartbeat")
    async def on_heartbeat(self) -> Any:
        self._heard()
        return result16.Heartbeat(now_text())

    @on("StatusNotification")
    async def on_status(self, connector_id: int, error_code: str, status: str, **_: Any) -> Any:
        self._status(str(connector_id), status, error_code)
        return result16.StatusNotification()

    @on("Authorize")
    async def on_authorize(self, id_tag: str) -> Any:
        self._heard()
        return result16.Authorize({"status": "Accepted"})

    @on("StartTransaction")
    async def on_start(self, connector_id: int, id_tag: str, meter_start: int, timestamp: str, **_: Any) -> Any:
        self._heard()
        if len(self._sessions()) >= MOST_OPEN:
            return result16.StartTransaction(0, {"status": "Blocked"})
        number = now_us() // 1000 % 1_000_000_000 + self._numbers
        self._numbers += 1
        self.book.begin(
            Session(str(number), self.id, connector_id, id_tag, now_us(), float(meter_start), float(meter_start))
        )
        return result16.StartTransaction(number, {"status": "Accepted"})

    @on("MeterValues")
    async def on_meter(
        self, connector_id: int, meter_value: list[dict[str, Any]], transaction_id: int | None = None
    ) -> Any:
        self._heard()
        session = self.book.open.get((self.id, str(transaction_id)))
        if session is not None:
            for one in meter_value:
                apply(session, readings(one.get("sampled_value", ())))
        return result16.MeterValues()

    @on("StopTransaction")
    async def on_stop(self, meter_stop: int, timestamp: str, transaction_id: int, **more: Any) -> Any:
        self._heard()
        reason = str(more.get("reason") or "Local")
        if self.book.end(self.id, str(transaction_id), now_us(), reason, float(meter_stop)) is None:
            self.book.alarm(
                "charging.session",
                self.id,
                f"session {transaction_id} ends that never began",
                f"会话 {transaction_id} 未开始即结束",
            )
        return result16.StopTransaction()

    @on("DataTransfer")
    async def on_data(self, vendor_id: str, **_: Any) -> Any:
        return result16.DataTransfer("UnknownVendorId")

    async def limit(self, periods: list[tuple[int, float]], start: datetime) -> bool:
        """Send a profile for all sessions of this charger; return whether it was taken."""
        profile = {
            "charging_profile_id": PROFILE_ID, "stack_level": STACK_LEVEL,
            "charging_profile_purpose": "TxDefaultProfile", "charging_profile_kind": "Absolute",
            "charging_schedule": {
                "charging_rate_unit": "W", "start_schedule": start.isoformat().replace("+00:00", "Z"),
                "charging_schedule_period": [{"start_period": at, "limit": watts} for at, watts in periods],
            },
        }  # fmt: skip
        return await _taken(self.call(call16.SetChargingProfile(0, profile)))

    async def closing(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)


class Point201(_Kept, Ocpp201):  # type: ignore[misc]
    """A charger that speaks OCPP 2.0.1."""

    def __init__(self, id: str, connection: ServerConnection, book: Book, boot: Boot) -> None:
        super().__init__(id, connection, response_timeout=ANSWER_S)
        self.book, self._boot = book, boot

    @on("BootNotification")
    async def on_boot(self, charging_station: dict[str, Any], reason: str, call_unique_id: str, **_: Any) -> Any:
        self._boot(self.id, call_unique_id)
        self._booted(str(charging_station.get("vendor_name", "")), str(charging_station.get("model", "")))
        return result201.BootNotification(now_text(), HEARTBEAT_S, "Accepted")

    @on("Heartbeat")
    async def on_heartbeat(self, **_: Any) -> Any:
        self._heard()
        return result201.Heartbeat(now_text())

    @on("StatusNotification")
    async def on_status(self, timestamp: str, connector_status: str, evse_id: int, connector_id: int, **_: Any) -> Any:
        self._status(f"{evse_id}.{connector_id}", connector_status, "")
        return result201.StatusNotification()

    @on("Authorize")
    async def on_authorize(self, id_token: dict[str, Any], **_: Any) -> Any:
        self._heard()
        return result201.Authorize({"status": "Accepted"})

    @on("TransactionEvent")
    async def on_transaction(
        self, event_type: str, timestamp: str, trigger_reason: str, seq_no: int, transaction_info: dict[str, Any],
        **more: Any,
    ) -> Any:  # fmt: skip
        self._heard()
        id = str(transaction_info["transaction_id"])
        values: dict[str, float] = {}
        for one in more.get("meter_value") or ():
            values |= readings(one.get("sampled_value", ()))
        session = self.book.open.get((self.id, id))
        if event_type == "Started" and session is None:
            if len(self._sessions()) >= MOST_OPEN:
                return result201.TransactionEvent(id_token_info={"status": "Blocked"})
            token = str((more.get("id_token") or {}).get("id_token", ""))
            evse = int((more.get("evse") or {}).get("id", 0))
            session = Session(id, self.id, evse, token, now_us())
            self.book.begin(session)
        if session is None:
            self.book.alarm(
                "charging.session", self.id, f"session {id} goes on that never began", f"会话 {id} 未开始即续传"
            )
            return result201.TransactionEvent()
        apply(session, values)
        if event_type == "Ended":
            self.book.end(self.id, id, now_us(), str(transaction_info.get("stopped_reason") or "Local"))
        return result201.TransactionEvent(id_token_info={"status": "Accepted"} if more.get("id_token") else None)

    @on("MeterValues")
    async def on_meter(self, evse_id: int, meter_value: list[dict[str, Any]], **_: Any) -> Any:
        self._heard()
        session = next((one for one in self._sessions() if one.connector == evse_id), None)
        if session is not None:
            for one in meter_value:
                apply(session, readings(one.get("sampled_value", ())))
        return result201.MeterValues()

    @on("SecurityEventNotification")
    async def on_security(self, type: str, timestamp: str, **_: Any) -> Any:
        self.book.alarm("charging.security", self.id, type[:50], f"安全事件 {type[:50]}")
        return result201.SecurityEventNotification()

    @on("NotifyEvent")
    async def on_event(self, event_data: list[dict[str, Any]], **_: Any) -> Any:
        for one in event_data[:10]:
            if one.get("trigger") == "Alerting":
                component = (one.get("component") or {}).get("name", "")
                said = f"{component}: {one.get('actual_value', '')}"[:120]
                self.book.alarm("charging.fault", self.id, said, f"部件告警 {said}", "fault")
        return result201.NotifyEvent()

    async def limit(self, periods: list[tuple[int, float]], start: datetime) -> bool:
        """Send a profile for all sessions of this charger; return whether it was taken."""
        schedule = {
            "id": 1, "charging_rate_unit": "W", "start_schedule": start.isoformat().replace("+00:00", "Z"),
            "charging_schedule_period": [{"start_period": at, "limit": watts} for at, watts in periods],
        }  # fmt: skip
        profile = {
            "id": PROFILE_ID, "stack_level": STACK_LEVEL, "charging_profile_purpose": "TxDefaultProfile",
            "charging_profile_kind": "Absolute", "charging_schedule": [schedule],
        }  # fmt: skip
        return await _taken(self.call(call201.SetChargingProfile(0, profile)))

    async def closing(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)


async def _taken(answer: Any) -> bool:
    """Return whether a charger accepted what it was asked; an error or no answer is a no."""
    try:
        result = await answer
    except TimeoutError:
        return False
    return result is not None and str(getattr(result, "status", "")) == "Accepted"
