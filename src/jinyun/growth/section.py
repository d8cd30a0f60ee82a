"""The life of a section (路段): proposed, surveyed, equipped, verified, opened, suspended; with approvals and an audit trail.

Every step is a line of one journal, chained by SHA-256: what was changed, taken out or put in shows at its line. A step
needs who and why; some need more: *verified* a scorecard that passed for enough days, *opened* the approvals of the
operator and of the supervising authority, given after it was verified. Each step also renews the file by which the
geofence follows (:mod:`jinyun.hdmap.opening`).
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from jinyun.growth.network import Bools, Network
from jinyun.hdmap import opening
from jinyun.hdmap.precise import Map
from jinyun.state import write_json
from jinyun.zone.profile import Profile

JOURNAL = "sections.jsonl"
STATES = ("proposed", "surveyed", "equipped", "verified", "opened", "suspended", "withdrawn")
NEXT: dict[str, tuple[str, ...]] = {
    "": ("proposed",),
    "proposed": ("surveyed", "withdrawn"),
    "surveyed": ("equipped", "withdrawn"),
    "equipped": ("verified", "withdrawn"),
    "verified": ("opened", "equipped", "withdrawn"),
    "opened": ("suspended",),
    "suspended": ("opened", "equipped", "withdrawn"),
    "withdrawn": ("proposed",),
}
"""Which states may follow which; a suspended section opens again with new approvals, or is equipped anew."""
APPROVERS = ("operator", "regulator")
GENESIS = "0" * 64
MOST_TEXT = 400


class SectionError(ValueError):
    """The step is not allowed now; the text says what is missing."""


@dataclass
class Section:
    """What the journal says of one section: its state since when, the approvals given in it, its last evidence."""

    id: str
    state: str = ""
    since_us: int = 0
    approvals: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, Any] = field(default_factory=dict)
    reason: str = ""


def entries(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the journal's lines; raises :class:`SectionError` with the line where it is not as it was written."""
    path = folder / JOURNAL
    if not path.exists():
        return
    before = GENESIS
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            try:
                entry = json.loads(line)
                chain = entry.pop("chain")
            except (ValueError, KeyError, AttributeError):
                raise SectionError(f"{JOURNAL}: line {number} is broken") from None
            if _link(before, entry) != chain:
                raise SectionError(f"{JOURNAL}: not as written from line {number} on")
            before = chain
            yield {**entry, "chain": chain}


def sections(folder: Path, network: Network | None = None) -> dict[str, Section]:
    """Return all sections the journal knows; with a network, those open on its map begin as opened."""
    found: dict[str, Section] = {}
    if network is not None:
        for e in np.flatnonzero(network.open):
            found[network.segments[e]] = Section(
                network.segments[e], "opened", 0, {}, {"map": "open on the zone's map"}
            )
    for entry in entries(folder):
        section = found.setdefault(entry["section"], Section(entry["section"]))
        if entry["deed"] == "approve":
            section.approvals[entry["role"]] = entry["by"]
        else:
            section.state, section.since_us, section.reason = entry["deed"], entry["t_us"], entry["reason"]
            section.evidence, section.approvals = entry["evidence"], {}
    return found


def step(
    folder: Path, id: str, to: str, by: str, reason: str, profile: Profile, *, network: Network | None = None,
    evidence: dict[str, Any] | None = None, t_us: int | None = None,
) -> Section:  # fmt: skip
    """Bring a section into a state and return it; raises :class:`SectionError`."""
    with _alone(folder):
        now = sections(folder, network).get(id, Section(id))
        if network is not None and id not in network.segments:
            raise SectionError(f"no section {id!r} on the map or among the candidates")
        if to not in NEXT[now.state]:
            allowed = ", ".join(NEXT[now.state])
            raise SectionError(f"{id}: from {now.state or 'nothing'} comes {allowed}, not {to}")
        given = evidence or {}
        if to == "verified":
            days = profile["growth.verify_days"].value
            passed = given.get("scorecard_days")
            if not isinstance(passed, int | float) or isinstance(passed, bool) or not passed >= days:
                raise SectionError(
                    f"{id}: the scorecard passed {passed if passed is not None else 'no known'} days, {days:g} are needed"
                )
        if to == "opened":
            lacking = [role for role in APPROVERS if role not in now.approvals]
            if lacking:
                raise SectionError(f"{id}: the approval of {' and '.join(lacking)} is missing")
            if now.approvals["operator"] == now.approvals["regulator"]:
                raise SectionError(f"{id}: both approvals are of {now.approvals['operator']}")
            given = {**given, "approvals": dict(now.approvals)}
        _write(folder, {"t_us": t_us or _now_us(), "section": id, "deed": to, "by": _said("by", by), "role": "",
                        "reason": _said("reason", reason), "evidence": given})  # fmt: skip
        return sections(folder, network)[id]


def approve(
    folder: Path, id: str, role: str, by: str, reason: str, *, network: Network | None = None, t_us: int | None = None
) -> Section:
    """Write down that ``role`` agrees to the opening of a verified or suspended section; raises :class:`SectionError`."""
    with _alone(folder):
        now = sections(folder, network).get(id, Section(id))
        if now.state not in ("verified", "suspended"):
            raise SectionError(
                f"{id}: is {now.state or 'not proposed'}: only what is verified or suspended is approved"
            )
        if role not in APPROVERS:
            raise SectionError(f"{id}: {role!r} approves nothing; {' and '.join(APPROVERS)} do")
        _write(folder, {"t_us": t_us or _now_us(), "section": id, "deed": "approve", "by": _said("by", by), "role": role,
                        "reason": _said("reason", reason), "evidence": {}})  # fmt: skip
        return sections(folder, network)[id]


def lanes_open(map: Map, folder: Path) -> Bools:
    """Return which lanes are open for tests now: the map's own, but for sections whose state the journal says.

    For :func:`jinyun.hdmap.fence.covering` (``lanes=``): inside the fence is what this marks.
    """
    lanes: Bools = opening.lanes_open(map, {id: one.state == "opened" for id, one in sections(folder).items()})
    return lanes


def _said(what: str, text: str) -> str:
    if not text.strip():
        raise SectionError(f"{what}: missing")
    if len(text) > MOST_TEXT:
        raise SectionError(f"{what}: more than {MOST_TEXT} characters")
    return text.strip()


def _now_us() -> int:
    return time.time_ns() // 1000


def _link(before: str, entry: dict[str, Any]) -> str:
    content = json.dumps(entry, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(f"{before}\n{content}".encode()).hexdigest()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{JOURNAL}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _write(folder: Path, entry: dict[str, Any]) -> None:
    before = GENESIS
    for known in entries(folder):
        before = known["chain"]
    with (folder / JOURNAL).open("a", encoding="utf-8") as file:
        file.write(json.dumps({**entry, "chain": _link(before, entry)}, ensure_ascii=False, sort_keys=True) + "\n")
        file.flush()
    write_json(folder / opening.FILE, {id: one.state == "opened" for id, one in sections(folder).items()})
