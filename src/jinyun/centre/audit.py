"""The audit log (审计日志): who signed in, read personal data or gave a command; appended, chained, and verified.

Each entry's ``chain`` is the SHA-256 of the one before and its own content: what was changed, taken out or put in shows at
its number. What was cut off at the end shows against a head (number and chain) that somebody else kept: ``jinyun account
audit`` prints it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from jinyun.centre.registry import Audit, Registry
from jinyun.centre.registry.opening import now_us

GENESIS = "0" * 64
CONTENT = ("number", "t_us", "account", "role", "company", "via", "act", "route", "subject", "outcome", "address")
BATCH = 5000


@dataclass(frozen=True, slots=True)
class Deed:
    """What is written down: ``act`` is ``read``, ``command``, ``sign-in``, ``sign-out`` or ``refused``."""

    account: str
    role: str
    company: str | None
    via: str  # "session", "key ID", "command line", "nobody"
    act: str
    route: str
    subject: str
    outcome: int  # HTTP status; 0 where there is none
    address: str


def append(registry: Registry, deed: Deed) -> int:
    """Write one deed down and return its number; it is on the disk when this returns."""
    with registry.write() as session:
        return enter(session, deed)


def enter(session: Session, deed: Deed) -> int:
    """Write one deed down within a transaction that holds the database alone."""
    last = session.execute(select(Audit.number, Audit.chain).order_by(Audit.number.desc()).limit(1)).first()
    number, before = (last[0] + 1, last[1]) if last else (1, GENESIS)
    subject = deed.subject[:512].replace("\0", "\N{REPLACEMENT CHARACTER}")  # not every database keeps a NUL
    content: dict[str, Any] = {
        "number": number, "t_us": now_us(), "account": deed.account[:64], "role": deed.role, "company": deed.company,
        "via": deed.via[:32], "act": deed.act, "route": deed.route[:160], "subject": subject,
        "outcome": deed.outcome, "address": deed.address[:64],
    }  # fmt: skip
    session.add(Audit(**content, chain=link(before, content)))
    session.flush()
    return number


def link(before: str, content: dict[str, Any]) -> str:
    """Return the chain value of an entry whose predecessor's is ``before``."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256((before + text).encode()).hexdigest()


def row(entry: Audit) -> dict[str, Any]:
    """Return an entry as JSON."""
    return {name: getattr(entry, name) for name in (*CONTENT, "chain")}


def head(registry: Registry) -> dict[str, Any]:
    """Return number and chain of the last entry; number 0 where there is none."""
    with registry.read() as session:
        last = session.execute(select(Audit.number, Audit.chain).order_by(Audit.number.desc()).limit(1)).first()
    return {"number": last[0], "chain": last[1]} if last else {"number": 0, "chain": GENESIS}


def verify(registry: Registry, kept: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return ``{entries, ok, faults[], head}``: each fault names the number where the log is not what was written.

    ``kept`` is a head from before: the log must still hold that entry, unchanged.
    """
    faults: list[dict[str, Any]] = []
    before, expected, entries = GENESIS, 1, 0
    kept_chain: str | None = None
    with registry.read() as session:
        rows = session.execute(select(Audit).order_by(Audit.number).execution_options(yield_per=BATCH)).scalars()
        for entry in rows:
            entries += 1
            if entry.number != expected:
                faults.append({"number": expected, "what": f"missing up to {entry.number - 1}"})
            elif entry.chain != link(before, {name: getattr(entry, name) for name in CONTENT}):
                faults.append({"number": entry.number, "what": "changed, or the one before it"})
            if kept is not None and entry.number == kept["number"]:
                kept_chain = entry.chain
            before, expected = entry.chain, entry.number + 1
            if len(faults) >= 100:
                break
    if kept is not None and kept["number"] > 0 and kept_chain != kept["chain"] and len(faults) < 100:
        what = "cut off: the log ends before it" if kept_chain is None else "not the entry that was kept"
        faults.append({"number": kept["number"], "what": what})
    return {
        "entries": entries,
        "ok": not faults,
        "faults": faults,
        "head": {"number": expected - 1, "chain": before},
    }
