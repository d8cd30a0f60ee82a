"""Platoons (车队): who leads, who follows, who joins and leaves, as their CLPMM tell it (T/CSAE 157-2020).

A leader tells its members, how many it takes and whether others may join. Who asks to join is taken in where the leader is open
and has room; it is joining until it follows. Who is silent is let go; a platoon whose leader is, or who says so, ends.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jinyun.cloud.cooperation.hearing import Heard

MOST, MOST_MEMBERS = 512, 32
JOINING, FOLLOWING, LEAVING = "joining", "following", "leaving"


@dataclass
class Member:
    """One of a platoon beside its leader."""

    state: str
    heard_us: int


@dataclass
class Platoon:
    """One platoon: its leader, and members in their order from the front."""

    leader: int
    capacity: int
    open: bool
    heard_us: int
    order: tuple[int, ...] = ()
    members: dict[int, Member] = field(default_factory=dict)
    ending: bool = False

    def line(self) -> list[int]:
        """Return who drives in it, the leader first; who is joining is not in it yet."""
        following = [one for one in self.order if one in self.members and self.members[one].state != JOINING]
        return [self.leader, *following]


@dataclass
class Platoons:
    """All platoons by their numbers, and counts of what happened."""

    by_pid: dict[bytes, Platoon] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)

    def hear(self, heard: Heard) -> None:
        """Take one CLPMM."""
        value, now = heard.value, heard.receive_us
        who, pid = int.from_bytes(value["id"], "big"), bytes(value["pid"])
        if value["role"] == "leader":
            self._led(pid, who, value.get("leadingExt"), value["status"], now)
            return
        platoon = self.by_pid.get(pid)
        if platoon is None or platoon.ending or who == platoon.leader:
            self.counts["unknown"] += 1
            return
        member, status = platoon.members.get(who), value["status"]
        if member is not None:
            member.heard_us = now
        if status == "askForJoining" and member is None:
            self._join(platoon, who, now)
        elif status in ("joining", "askForJoining") or member is None:
            return  # goes on joining, or is no member
        elif status == "following":
            if member.state == JOINING:
                self.counts["joined"] += 1
            if who not in platoon.order:
                platoon.order = (*platoon.order, who)
            member.state = FOLLOWING
        elif status in ("askForLeaving", "leaving"):
            member.state = LEAVING
        elif status == "navigating":  # drives freely again
            self._leave(platoon, who, "left")

    def _led(self, pid: bytes, who: int, told: object, status: str, now: int) -> None:
        platoon = self.by_pid.get(pid)
        if platoon is None:
            if len(self.by_pid) >= MOST or not isinstance(told, dict):
                self.counts["refused"] += 1
                return
            platoon = self.by_pid[pid] = Platoon(who, told["capacity"], told["openToJoin"], now)
            self.counts["formed"] += 1
            for row in told["memberList"]:
                other = int.from_bytes(row["vid"], "big")
                if other != who and len(platoon.members) < MOST_MEMBERS:
                    platoon.members[other] = Member(FOLLOWING, now)
                    platoon.order = (*platoon.order, other)
        if who != platoon.leader:
            self.counts["usurped"] += 1  # a platoon has one leader
            return
        platoon.heard_us = now
        if status == "beginToDissmiss":
            platoon.ending = True
            return
        if isinstance(told, dict):
            platoon.capacity, platoon.open = told["capacity"], told["openToJoin"]
            listed = [int.from_bytes(row["vid"], "big") for row in told["memberList"]]
            order = [one for one in listed if one in platoon.members]
            platoon.order = tuple(order + [one for one in platoon.order if one not in order])

    def _join(self, platoon: Platoon, who: int, now: int) -> None:
        elsewhere = any(who in other.members or who == other.leader for other in self.by_pid.values())
        full = len(platoon.members) + 1 >= min(platoon.capacity, MOST_MEMBERS)
        if elsewhere or full or not platoon.open:
            self.counts["turned_away"] += 1
            return
        platoon.members[who] = Member(JOINING, now)
        self.counts["joining"] += 1

    def _leave(self, platoon: Platoon, who: int, how: str) -> None:
        del platoon.members[who]
        platoon.order = tuple(one for one in platoon.order if one != who)
        self.counts[how] += 1

    def expire(self, now_us: int, silent_us: int) -> None:
        """Let go of silent members, and of platoons that have ended."""
        for pid, platoon in list(self.by_pid.items()):
            for who in [who for who, one in platoon.members.items() if now_us - one.heard_us > silent_us]:
                self._leave(platoon, who, "lost")
            if platoon.ending or now_us - platoon.heard_us > silent_us:
                self.counts["dissolved" if platoon.ending else "leaderless"] += 1
                del self.by_pid[pid]
