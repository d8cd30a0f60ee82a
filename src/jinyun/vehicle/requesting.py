"""Asking for cooperation (协同请求): a car's VIR, with what it means to do and what it asks for (T/CSAE 157-2020).

Small enough to be read as an example: each request keeps its number until it is cancelled or complete.
"""

from __future__ import annotations

from typing import Any

from jinyun.net import csae
from jinyun.zone import Projection

BEHAVIOURS = (
    "goStraightForward", "laneChangingToLeft", "laneChangingToRight", "rampIn", "rampOut",
    "intersectionStraightThrough", "intersectionTurnLeft", "intersectionTurnRight", "intersectionUTurn", "stop-and-go",
    "stop", "slow-down", "speed-up", "parking",
)  # fmt: skip
MESSAGE_ID = 13
MOST = 8


class Requester:
    """What one car means to do and asks for; :meth:`message` is sent as often as its BSM or less."""

    def __init__(self, name: str, project: Projection, dialect: str = "A") -> None:
        self.id, self._project, self._dialect = name.ljust(8).encode()[:8], project, dialect
        self._requests: dict[int, dict[str, Any]] = {}
        self._behaviours: tuple[str, ...] = ()
        self._number = self._count = -1

    def mean(self, *behaviours: str) -> None:
        """Say what is meant to be done, by the names of DriveBehavior; nothing to mean no more."""
        self._behaviours = behaviours

    def ask(self, kind: str, info: dict[str, Any], life_s: float, priority: int = 0) -> int:
        """Ask for something (an alternative of ReqInfo and its value) and return the request's number."""
        self._number = (self._number + 1) % 256
        self._requests[self._number] = {
            "reqID": self._number, "status": "request", "reqPriority": bytes([priority << 5]), "info": (kind, info),
            "lifeTime": max(round(life_s * 100), 1),
        }  # fmt: skip
        return self._number

    def end(self, number: int, status: str = "cancel") -> None:
        """Cancel a request, or say that it is ``complete``; told once, then forgotten."""
        self._requests[number]["status"] = status

    def message(self, now_us: int, x_m: float, y_m: float) -> bytes:
        """Return the VIR of now as a MessageFrame; raises :class:`~jinyun.net.csae.CsaeError` where a request is no such."""
        lon, lat = self._project.inverse([x_m], [y_m])
        said: dict[str, Any] = {}
        if self._behaviours:
            number = sum(1 << (15 - BEHAVIOURS.index(name)) for name in self._behaviours)
            said["currentBehavior"] = number.to_bytes(2, "big"), len(BEHAVIOURS)
        if self._requests:
            said["reqs"] = list(self._requests.values())[:MOST]
        self._count = (self._count + 1) % 128
        value = {
            "msgCnt": self._count, "id": self.id, "secMark": now_us // 1000 % 60_000,
            "refPos": {"lat": round(float(lat[0]) * 1e7), "long": round(float(lon[0]) * 1e7)}, "intAndReq": said,
        }  # fmt: skip
        frame = csae.encode(
            "msgFrameExt", {"messageId": MESSAGE_ID, "value": ("VehIntentionAndRequest", value)}, self._dialect
        )
        self._requests = {n: one for n, one in self._requests.items() if one["status"] == "request"}
        return frame
