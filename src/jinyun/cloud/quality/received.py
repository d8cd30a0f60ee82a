"""MAPs as received: which sender describes which junction, how often, whether the content changed, and what it lacks.

A junction's MAP may come in parts, some lanes in each (one radio frame holds little); parts are put together, and a part
that is no longer sent leaves. Content is compared octet by octet without the counter and the minute, so that a MAP that is
only repeated never counts as changed, and a repeated one costs one look-up.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from jinyun.cloud.quality.layout import Node, reference
from jinyun.net import csae
from jinyun.zone import Profile

WINDOW_S = 10
GONE_US = 10_000_000
"""A part of a MAP that has not come for so long is no longer part of it: ten periods."""
SETTLED_US = 3_000_000
"""A MAP is looked at when nothing of it has changed for three periods: its parts come one after another."""
FORGOTTEN_US = 600_000_000
MOST_CONTENTS, MOST_NODES = 128, 64
"""Contents and junctions of one sender that are kept."""
MOST_SENDERS = 5_000
YEAR_MIN = 527_040
_TIMED = 0x04
"""In the first octet: choice of four bits, extension bit, then whether there is a timeStamp."""

Told = tuple[int, Node, str, str, str]
"""Sender, junction, rule, severity, reason."""
Key = tuple[int, Node]
PartKey = tuple[tuple[Node, int], ...]
"""A part of a junction's MAP, by the lanes it describes: (upstream junction, laneID)."""


class MapHeard(NamedTuple):
    """A MAP frame as it came, in the dialect of :mod:`jinyun.net.csae`."""

    source: int
    receive_us: int
    frame: bytes


@dataclass(slots=True)
class _Part:
    """Some lanes of a junction that always come in one message."""

    content: bytes
    count: int
    minute: int  # -1 without
    first_us: int
    last_us: int
    links: list[Mapping[str, Any]]
    came: deque[int] = field(default_factory=lambda: deque(maxlen=64))  # receipts of the last seconds


@dataclass(slots=True)
class MapOf:
    """The MAP of one junction by one sender."""

    ref: tuple[int, int]  # longitude, latitude in 1e-7 degrees
    changed_us: int
    last_us: int
    parts: dict[PartKey, _Part] = field(default_factory=dict)
    stale: bool = True  # what was made of it is older than it

    def links(self) -> list[Mapping[str, Any]]:
        return [link for part in self.parts.values() for link in part.links]


class ReceivedMaps:
    """All MAPs that are being received."""

    def __init__(self, profile: Profile) -> None:
        self.maps: dict[Key, MapOf] = {}
        self.of_source: dict[int, set[Node]] = {}
        self.of_node: dict[Node, list[int]] = {}  # senders, the first to speak first
        self._known: dict[int, OrderedDict[bytes, list[tuple[Node, PartKey]]]] = {}
        self._least, self._most = (profile[f"signal.map_rate_{side}_hz"].value * WINDOW_S for side in ("least", "most"))

    def take(self, heard: Sequence[MapHeard]) -> list[Told]:
        """Take MAP frames in the order they came; return what is wrong with them. A frame that cannot be read is left out."""
        found: list[Told] = []
        for one in heard:
            content, count, minute = _content(one.frame)
            if one.source not in self._known and len(self._known) >= MOST_SENDERS:
                continue
            known = self._known.setdefault(one.source, OrderedDict())
            parts = known.get(content)
            if parts is None:
                parts = known[content] = self._read(one, content, count, minute, found)
                if len(known) > MOST_CONTENTS:
                    known.popitem(last=False)
            for node, key in parts:
                found += self._again(one, node, key, content, count, minute)
        return found

    def _again(self, one: MapHeard, node: Node, key: PartKey, content: bytes, count: int, minute: int) -> list[Told]:
        """Note that a part came (again)."""
        whole = self.maps.get((one.source, node))
        part = whole.parts.get(key) if whole else None
        if whole is None or part is None or part.content != content:  # it had left: read it anew when it comes next
            self._known[one.source].pop(content, None)
            return []
        whole.last_us = part.last_us = one.receive_us
        part.count, part.minute = count, minute
        part.came.append(one.receive_us)
        ahead = _minutes_between(minute, minute_of_year(one.receive_us)) if minute >= 0 else 0
        if ahead > 1:
            return [(one.source, node, "map.time", "warning", f"its timeStamp is {ahead} minutes after receipt")]
        return []

    def _read(
        self, one: MapHeard, content: bytes, count: int, minute: int, found: list[Told]
    ) -> list[tuple[Node, PartKey]]:
        """Take a content that is not known yet; return the parts of junctions it holds."""
        try:
            nodes = csae.decode(one.frame)[1]["nodes"]
        except (csae.CsaeError, KeyError, TypeError):
            return []
        parts = []
        own = self.of_source.setdefault(one.source, set())
        for value in nodes:
            node = reference(value["id"])
            if node not in own and len(own) >= MOST_NODES:
                continue
            own.add(node)
            links = value.get("inLinks", [])
            key = tuple((reference(link["upstreamNodeId"]), lane["laneID"]) for link in links for lane in link["lanes"])
            ref = value["refPos"]
            whole = self.maps.get((one.source, node))
            if whole is None:
                whole = self.maps[one.source, node] = MapOf((ref["long"], ref["lat"]), one.receive_us, one.receive_us)
                self.of_node.setdefault(node, []).append(one.source)
            if whole.parts.get(key) is None or whole.parts[key].content != content:
                whole.ref, whole.changed_us, whole.stale = (ref["long"], ref["lat"]), one.receive_us, True
            before = whole.parts.get(key)
            if before is not None and before.content != content:
                self._known[one.source].pop(before.content, None)
                if before.count == count:
                    reason = (
                        f"its content changed, its msgCnt stayed {count}: who goes by the counter keeps the old map"
                    )
                    found.append((one.source, node, "map.count", "fault", reason))
                if minute >= 0 and before.minute >= 0 and _minutes_between(minute, before.minute) < 0:
                    reason = (
                        f"a new content is stamped {-_minutes_between(minute, before.minute)} minutes before the old"
                    )
                    found.append((one.source, node, "map.time", "warning", reason))
            part = _Part(content, count, minute, one.receive_us, one.receive_us, links)
            if before is not None:
                part.first_us, part.came = before.first_us, before.came
            for other in [k for k in whole.parts if k != key and set(k) & set(key)]:
                del whole.parts[other]  # the same lanes came in another arrangement
            whole.parts[key] = part
            parts.append((node, key))
        return parts

    def second(self, now_us: int) -> list[Told]:
        """Return what the last ten seconds show, and let go of parts and junctions that are no longer sent."""
        found: list[Told] = []
        now_s = now_us // 1_000_000
        for (source, node), whole in list(self.maps.items()):
            for key in [k for k, part in whole.parts.items() if now_us - part.last_us > GONE_US]:
                if len(whole.parts) > 1 and now_us - whole.last_us <= GONE_US:
                    del whole.parts[key]
                    whole.changed_us, whole.stale = now_us, True
            if now_us - whole.last_us > FORGOTTEN_US:
                self._forget(source, node)
                continue
            if now_us - whole.last_us > GONE_US:
                continue
            rates = [
                sum(now_s - WINDOW_S <= came // 1_000_000 < now_s for came in part.came)
                for part in whole.parts.values()
                if part.first_us // 1_000_000 < now_s - WINDOW_S
            ]
            if rates and (min(rates) < self._least or max(rates) > self._most):
                n = min(rates) if min(rates) < self._least else max(rates)
                reason = f"MAP came {n} times in {WINDOW_S} s, {self._least:g} to {self._most:g} times asked"
                found.append((source, node, "map.rate", "warning", reason))
        return found

    def _forget(self, source: int, node: Node) -> None:
        del self.maps[source, node]
        self.of_node[node].remove(source)
        if not self.of_node[node]:
            del self.of_node[node]
        self.of_source[source].discard(node)
        if not self.of_source[source]:
            del self.of_source[source]
            self._known.pop(source, None)

    def key_of(self, source: int, node: Node) -> Key | None:
        """Return whose MAP of a junction holds for a sender: its own, else that of the first who sends one."""
        senders = self.of_node.get(node)
        return None if not senders else (source if source in senders else senders[0], node)

    def settled(self, now_us: int) -> list[tuple[Key, MapOf]]:
        """Return the junctions whose MAP has changed and then stayed the same for three periods."""
        return [
            (key, whole) for key, whole in self.maps.items() if whole.stale and now_us - whole.changed_us >= SETTLED_US
        ]


def lacking(links: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return what a junction's links lack for a car to find its lane, its limit and its light, in words."""
    missing: dict[str, int] = {}

    def want(there: object, what: str) -> None:
        if not there:
            missing[what] = missing.get(what, 0) + 1

    want(links, "links")
    for link in links:
        for lane in link["lanes"]:
            kind = lane.get("laneAttributes", {}).get("laneType", ("vehicle", None))[0]
            if kind not in ("vehicle", "bikeLane", "trackedVehicle"):
                continue
            want(lane.get("points") or link.get("points"), "points of a lane")
            want(lane.get("laneWidth") or link.get("linkWidth"), "a width")
            want(lane.get("maneuvers"), "maneuvers of a lane")
            want(kind != "vehicle" or lane.get("speedLimits") or link.get("speedLimits"), "a speed limit")
            want(lane.get("connectsTo") or not link.get("movements"), "where a lane leads (connectsTo)")
            want(all(c.get("connectingLane") for c in lane.get("connectsTo", ())), "the lane a connection leads to")
    return [f"{what} ({n})" for what, n in missing.items()]


def minute_of_year(t_us: int) -> int:
    """Return MinuteOfTheYear of an instant."""
    now = datetime.fromtimestamp(t_us / 1e6, UTC)
    return (now.timetuple().tm_yday - 1) * 1440 + now.hour * 60 + now.minute


def _minutes_between(a: int, b: int) -> int:
    """Return by how many minutes ``a`` is after ``b``, around the turn of the year the shorter way."""
    return (a - b + YEAR_MIN // 2) % YEAR_MIN - YEAR_MIN // 2


def _content(frame: bytes) -> tuple[bytes, int, int]:
    """Return (octets without counter and minute, msgCnt, timeStamp or -1) of a MAP frame.

    Before msgCnt (7 bits) stand six bits; timeStamp (20 bits), where there is one, follows.
    """
    timed = bool(frame[0] & _TIMED) if frame else False
    head = int.from_bytes(frame[:5].ljust(5, b"\0"), "big")
    count = head >> 27 & 0x7F
    minute = head >> 7 & 0xFFFFF if timed else -1
    masked = head & ~(0x7F << 27) & ~((0xFFFFF << 7) if timed else 0)
    return masked.to_bytes(5, "big") + frame[5:], count, minute
