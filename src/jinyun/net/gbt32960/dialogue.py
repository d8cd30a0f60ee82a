"""What a platform answers to each packet of GB/T 32960.3: who may speak, what is taken, what is refused and why.

No socket here: frames in, answers out. An acknowledgement repeats the command and its time; flags are 1 taken, 2 error,
3 VIN held by another connection, 4 VIN unknown, and in edition 2025 6 structure, 7 decryption. A heartbeat is answered with
an empty data unit, a time sync with the present time in Beijing.
"""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from jinyun.net.gbt32960 import plausible
from jinyun.net.gbt32960.packet import (
    COMMAND,
    HEADER,
    STARTS,
    UNENCRYPTED,
    GbtError,
    Packet,
    beijing_time,
    decode,
    encode,
)
from jinyun.shapes import Finding

TAKEN, ERROR, DUPLICATE, UNKNOWN, STRUCTURE, DECRYPTION = 1, 2, 3, 4, 6, 7
"""Response flags."""
_LOGIN, _REALTIME, _REISSUE, _LOGOUT, _PLATFORM_LOGIN, _PLATFORM_LOGOUT, _HEARTBEAT, _TIME_SYNC = range(1, 9)
_ACTIVATION, _ACTIVATION_RESPONSE, _KEY_SYNC = 9, 10, 11
_IDENTITY = re.compile(r"[A-Za-z0-9_-]{1,17}\Z")
_REMEMBERED = 200_000
"""VINs whose newest report is remembered, to know it when it comes again."""


@dataclass(frozen=True, slots=True)
class Times:
    """What times are believed: data sent again may be so late, a clock so far ahead, a living connection so long silent."""

    late_us: int = 3 * 86_400 * 1_000_000
    future_us: int = 60 * 1_000_000
    living_us: int = 60 * 1_000_000


class Accepted(NamedTuple):
    """One packet that was taken.

    ``filed_us`` is where it belongs: its own time, or ``receive_us`` where it has none, where that lies ahead, and where a
    realtime report claims to be days old (its clock is wrong, whereas a reissue is late). Of a platform login the password,
    of a key sync everything is blanked, in ``frame`` and ``packet`` alike.
    """

    frame: bytes
    receive_us: int
    filed_us: int
    packet: Packet
    findings: tuple[Finding, ...]


@dataclass(eq=False, slots=True)
class Caller:
    """One connection: which platform it is (its user and its identification), which vehicles speak through it."""

    peer: str
    platform: str = ""
    identity: str = ""
    vins: set[str] = field(default_factory=set)
    failures: int = 0
    heard_us: int = 0
    ended: bool = False

    @property
    def known(self) -> bool:
        return bool(self.platform or self.vins)

    @property
    def name(self) -> str:
        """Who findings speak of."""
        who = self.platform or (next(iter(self.vins)) if len(self.vins) == 1 else self.peer)
        return f"nev/{who}"

    def speaks_for(self, vin: str) -> bool:
        return vin in self.vins or (bool(self.platform) and vin == self.identity)


class Refusal(Exception):
    """A packet is not taken: the flag of the answer, and what is told of it."""

    def __init__(self, flag: int, rule: str, place: str, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.flag, self.rule, self.place, self.reason = flag, rule, place, reason


class Dialogue:
    """Answers the packets of all connections; ``counters`` tells what became of them.

    ``accept`` gets every packet that is taken and says whether it is in safe hands: only then is it acknowledged, so that a
    vehicle sends again what was not. ``report`` gets findings about packets that are not taken. ``allowed`` says whether a
    VIN is known here, ``verify`` whether a platform's password is right (in a thread of its own: hashes take long),
    ``activate`` returns (result, info) for an activation of edition 2025.
    """

    def __init__(
        self,
        accept: Callable[[Accepted], bool],
        report: Callable[[Finding], None],
        *,
        allowed: Callable[[str], bool] = lambda _: True,
        verify: Callable[[str, bytes], bool] | None = None,
        activate: Callable[[Packet], tuple[int, int]] | None = None,
        times: Times = Times(),
        most_vins: int = 100_000,
    ) -> None:
        self.accept, self.report, self.allowed, self.verify, self.activate = accept, report, allowed, verify, activate
        self.times, self.most_vins = times, most_vins
        self.counters: Counter[str] = Counter()
        self.holders: dict[str, Caller] = {}
        self._newest: dict[str, int] = {}
        self._verifying = asyncio.Semaphore(2)

    def leave(self, caller: Caller) -> None:
        """Forget a connection: its vehicles may log in elsewhere."""
        for vin in caller.vins:
            self.holders.pop(vin, None)
        caller.vins.clear()
        caller.platform = caller.identity = ""

    async def answer(self, caller: Caller, frame: bytes, receive_us: int) -> bytes:
        """Return what is sent back for a frame whose checksum is right, empty for nothing."""
        self.counters["frames"] += 1
        caller.heard_us = receive_us
        try:
            packet = decode(frame)
        except GbtError as error:
            packet = _header(frame)
            flag = STRUCTURE if packet.edition == 2025 else ERROR
            return self._refuse(caller, packet, Refusal(flag, "packet.refused", error.field, str(error)), receive_us)
        if packet.response != COMMAND:
            self.counters["answers"] += 1
            return b""
        try:
            return await self._command(caller, packet, frame, receive_us)
        except Refusal as refusal:
            return self._refuse(caller, packet, refusal, receive_us)

    def _refuse(self, caller: Caller, packet: Packet, refusal: Refusal, receive_us: int) -> bytes:
        self.counters["refused"] += 1
        vin = identity(packet)
        source = f"nev/{vin}" if vin else caller.name
        self.report(Finding(refusal.rule, source, f"{packet.name}.{refusal.place}", refusal.reason, receive_us))
        return _answer(packet, refusal.flag, receive_us) if packet.response == COMMAND else b""

    async def _command(self, caller: Caller, packet: Packet, frame: bytes, receive_us: int) -> bytes:
        command, vin = packet.command, identity(packet)
        if command == _HEARTBEAT:
            if caller.speaks_for(vin):
                self._take(packet, frame, receive_us)
            return _answer(packet, TAKEN, receive_us)
        if command == _TIME_SYNC:
            return _answer(packet, TAKEN, receive_us)
        if not vin:
            raise Refusal(UNKNOWN, "vin.unreadable", "vin", f"{packet.vin!r} is no identification")
        if command in (_ACTIVATION, _KEY_SYNC) and not self.allowed(vin):
            raise Refusal(UNKNOWN, "vin.unknown", "vin", f"{vin} is not known here")
        if command == _KEY_SYNC:
            return self._taken(_without(packet, {}), b"", receive_us)
        if packet.encryption != UNENCRYPTED:
            flag = DECRYPTION if packet.edition == 2025 else ERROR
            raise Refusal(flag, "data.encrypted", "encryption", f"method {packet.encryption}, and no key is known here")
        if command in (_REALTIME, _REISSUE):
            return self._data(caller, packet, vin, frame, receive_us)
        if command == _LOGIN:
            self._hold(caller, vin)
            return self._taken(packet, frame, receive_us)
        if command == _LOGOUT:
            if vin not in caller.vins:
                raise Refusal(ERROR, "login.missing", "vin", f"{vin} is not logged in on this connection")
            self._release(caller, vin)
            return self._taken(packet, frame, receive_us)
        if command == _PLATFORM_LOGIN:
            await self._check_password(caller, packet)
            caller.identity = vin
            return self._taken(_without(packet, {**packet.data, "password": ""}), b"", receive_us)
        if command == _PLATFORM_LOGOUT:
            if not caller.platform or vin != caller.identity:
                raise Refusal(ERROR, "login.missing", "platform", f"{vin} is not logged in on this connection")
            self.leave(caller)
            return self._taken(packet, frame, receive_us)
        if command == _ACTIVATION and self.activate is not None:
            result, info = self.activate(packet)
            if not self._take(packet, frame, receive_us):
                return b""
            data = {"result": result, "info": info}
            return encode(Packet(packet.edition, _ACTIVATION_RESPONSE, COMMAND, packet.vin, data=data))
        raise Refusal(ERROR, "command.unknown", "command", f"0x{command:02X} is not taken here")

    # -- vehicles ---------------------------------------------------------------------------------------------------------

    def _hold(self, caller: Caller, vin: str) -> None:
        """Let ``vin`` speak through ``caller``, or raise :class:`Refusal`."""
        if not caller.platform and caller.vins - {vin}:
            reason = f"{vin} logs in where {next(iter(caller.vins))} is; only a platform speaks for several"
            raise Refusal(ERROR, "login.second", "vin", reason)
        if not self.allowed(vin):
            raise Refusal(UNKNOWN, "vin.unknown", "vin", f"{vin} is not known here")
        if vin not in caller.vins and len(caller.vins) >= self.most_vins:
            raise Refusal(ERROR, "vin.many", "vin", f"{len(caller.vins)} vehicles speak through one connection")
        holder = self.holders.get(vin)
        if holder is not None and holder is not caller:
            if not holder.ended and caller.heard_us - holder.heard_us <= self.times.living_us:
                reason = f"{vin} speaks from {holder.peer} and now from {caller.peer}"
                raise Refusal(DUPLICATE, "vin.duplicate", "vin", reason)
            holder.vins.discard(vin)
        self.holders[vin] = caller
        caller.vins.add(vin)

    def _release(self, caller: Caller, vin: str) -> None:
        caller.vins.discard(vin)
        self.holders.pop(vin, None)

    def _data(self, caller: Caller, packet: Packet, vin: str, frame: bytes, receive_us: int) -> bytes:
        findings: tuple[Finding, ...] = ()
        if vin not in caller.vins:
            if not caller.platform:
                raise Refusal(ERROR, "login.missing", "vin", f"{vin} sends data without having logged in")
            self._hold(caller, vin)
            reason = f"platform {caller.platform} sends data of {vin} before its login"
            findings = (Finding("login.missing", f"nev/{vin}", "vin", reason, receive_us, "info"),)
        mark = hash(frame)
        if self._newest.get(vin) == mark:  # our acknowledgement was lost: it has this already
            self.counters["repeated"] += 1
            return _answer(packet, TAKEN, receive_us)
        for doubt in plausible.check(packet):
            findings += (Finding(doubt.rule, f"nev/{vin}", doubt.field, doubt.reason, receive_us),)
        answer = self._taken(packet, frame, receive_us, findings)
        if answer:
            if len(self._newest) >= _REMEMBERED:
                self._newest.clear()
            self._newest[vin] = mark
        return answer

    # -- platforms --------------------------------------------------------------------------------------------------------

    async def _check_password(self, caller: Caller, packet: Packet) -> None:
        user, password = (packet.data[name].rstrip("\0 ") for name in ("user", "password"))
        if self.verify is None:
            raise Refusal(ERROR, "platform.unknown", "user", "no platform is known here")
        async with self._verifying:
            right = await asyncio.to_thread(self.verify, user, password.encode("latin-1"))
        if not right:
            caller.failures += 1
            raise Refusal(ERROR, "platform.password", "password", f"{user!r} with a password that is not its own")
        caller.platform, caller.failures = user, 0

    # -- handing on -------------------------------------------------------------------------------------------------------

    def _filed(self, packet: Packet, receive_us: int) -> tuple[int, tuple[Finding, ...]]:
        """Return where a packet belongs in time, and what is wrong with its stamp: one finding or none."""
        if packet.time is None:
            return receive_us, ()
        event_us = packet.event_us
        if event_us is None:
            filed_us, rule, reason = receive_us, "time.absent", f"{packet.time.hex()} is no date"
        elif (ahead_us := event_us - receive_us) > self.times.future_us:
            filed_us, rule, reason = receive_us, "time.future", f"stamped {ahead_us / 1e6:.0f} s ahead of receipt"
        elif -ahead_us > self.times.late_us:
            filed_us = event_us if packet.command == _REISSUE else receive_us
            rule, reason = "time.old", f"stamped {-ahead_us / 86_400e6:.1f} days before receipt"
        else:
            return event_us, ()
        return filed_us, (Finding(rule, f"nev/{identity(packet)}", f"{packet.name}.time", reason, receive_us),)

    def _take(self, packet: Packet, frame: bytes, receive_us: int, findings: tuple[Finding, ...] = ()) -> bool:
        filed_us, stamp = self._filed(packet, receive_us)
        if not self.accept(Accepted(frame or encode(packet), receive_us, filed_us, packet, findings + stamp)):
            self.counters["not_taken"] += 1
            return False
        self.counters["accepted"] += 1
        self.counters[packet.name] += 1
        return True

    def _taken(self, packet: Packet, frame: bytes, receive_us: int, findings: tuple[Finding, ...] = ()) -> bytes:
        """Hand a packet on; return its acknowledgement, nothing where nobody took it."""
        return _answer(packet, TAKEN, receive_us) if self._take(packet, frame, receive_us, findings) else b""


def identity(packet: Packet) -> str:
    """Return the VIN or the platform's id without its padding, "" where it could not stand in a subject or a file name."""
    found = packet.vin.rstrip("\0 ")
    return found if _IDENTITY.match(found) else ""


def _answer(packet: Packet, flag: int, receive_us: int) -> bytes:
    """Return the acknowledgement of a command: its own time, or the present where it has none; a heartbeat's is empty."""
    time = None if packet.command == _HEARTBEAT else packet.time or beijing_time(receive_us)
    return encode(Packet(packet.edition, packet.command, flag, packet.vin, time=time))


def _without(packet: Packet, data: dict[str, Any]) -> Packet:
    """Return ``packet`` with other ``data``: what is nobody's business is not handed on."""
    return Packet(packet.edition, packet.command, COMMAND, packet.vin, time=packet.time, data=data)


def _header(frame: bytes) -> Packet:
    """Return what can be answered of a frame whose data unit cannot be read."""
    time = frame[HEADER : HEADER + 6] if len(frame) > HEADER + 6 else None
    return Packet(STARTS[frame[:2]], frame[2], frame[3], frame[4:21].decode("latin-1"), frame[21], time)
