"""The ledger of supervision (监管台账): papers as handed in, hours and kilometres by day, breaches and events, in SQLite.

A file of its own in the zone's state folder; one writer, many readers. Papers are kept whole as JSON under their kind and id,
the older ones too: nothing that was handed in is overwritten.
"""

from __future__ import annotations

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeVar

from pydantic import ValidationError

from jinyun.supervision import papers
from jinyun.supervision.demand import Demand
from jinyun.supervision.driving import Tally
from jinyun.supervision.papers import Paper

FILE = "supervision.db"
KINDS: Mapping[str, type[Paper]] = {
    "driver": papers.Driver, "vehicle": papers.Vehicle, "declaration": papers.Declaration, "change": papers.Change,
    "report": papers.Filed, "accident": papers.Accident, "offence": papers.Offence,
}  # fmt: skip
"""What can be handed in."""
_NAMES = {"driver": ("id",), "vehicle": ("vin",), "declaration": ("id",), "accident": ("id",)}
_TABLES = """
CREATE TABLE IF NOT EXISTS paper (kind TEXT, id TEXT, at_us INTEGER, body TEXT, PRIMARY KEY (kind, id, at_us));
CREATE TABLE IF NOT EXISTS driven (vehicle TEXT, day TEXT, mode TEXT, declaration TEXT, seconds REAL, metres REAL,
  PRIMARY KEY (vehicle, day, mode, declaration));
CREATE TABLE IF NOT EXISTS counted (vehicle TEXT, day TEXT, kind TEXT, declaration TEXT, count INTEGER,
  PRIMARY KEY (vehicle, day, kind, declaration));
CREATE TABLE IF NOT EXISTS measured (vehicle TEXT, day TEXT, name TEXT, how TEXT, value REAL, t_us INTEGER, about TEXT,
  PRIMARY KEY (vehicle, day, name));
CREATE TABLE IF NOT EXISTS breach (rule TEXT, subject TEXT, field TEXT, zh TEXT, en TEXT, opened_us INTEGER, last_us INTEGER,
  PRIMARY KEY (rule, subject, field, opened_us));
CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, kind TEXT, t_us INTEGER, vehicle TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS event_time ON event (t_us);
"""
AnyPaper = TypeVar("AnyPaper", bound=Paper)


class Measure(NamedTuple):
    """A measure of a vehicle's driving: the least, the most or the sum of its values, when it was last so, with whom."""

    name: str
    how: Literal["least", "most", "sum"]
    value: float
    t_us: int
    about: str = ""


def together(one: Measure, other: Measure) -> Measure:
    """Return two values of a measure as one."""
    if one.how == "sum":
        return other._replace(value=one.value + other.value, t_us=max(one.t_us, other.t_us))
    return min(one, other, key=lambda its: its.value if one.how == "least" else -its.value)


class LedgerError(ValueError):
    """What was handed in cannot be entered; every fault in one line."""


class Ledger:
    """The ledger in a folder."""

    def __init__(self, folder: Path) -> None:
        self._link = sqlite3.connect(folder / FILE, timeout=10.0, check_same_thread=False, isolation_level=None)
        self._one = threading.Lock()
        self._link.execute("PRAGMA journal_mode=WAL")
        self._link.executescript(_TABLES)

    def close(self) -> None:
        self._link.close()

    @contextmanager
    def _deed(self) -> Iterator[sqlite3.Connection]:
        with self._one:
            self._link.execute("BEGIN IMMEDIATE")
            try:
                yield self._link
            except BaseException:
                self._link.execute("ROLLBACK")
                raise
            self._link.execute("COMMIT")

    # -- papers --------------------------------------------------------------------------------------------------------

    def hand_in(self, kind: str, content: Any, now_us: int) -> Paper:
        """Enter a paper and return it; raises :class:`LedgerError` with every field that is wrong."""
        if kind not in KINDS:
            raise LedgerError(f"no paper {kind!r}: {', '.join(KINDS)}")
        try:
            paper = KINDS[kind].model_validate(content)
        except ValidationError as error:
            raise LedgerError(
                "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            ) from None
        body = paper.model_dump_json()
        names = _NAMES.get(kind)
        id = (
            "/".join(str(getattr(paper, name)) for name in names)
            if names
            else hashlib.sha256(body.encode()).hexdigest()[:16]
        )
        with self._deed() as link:
            link.execute("INSERT OR REPLACE INTO paper VALUES (?, ?, ?, ?)", (kind, id, now_us, body))
        return paper

    def papers(self, kind: type[AnyPaper], most: int = 10_000) -> list[AnyPaper]:
        """Return the newest state of each paper of a kind."""
        name = next(name for name, known in KINDS.items() if known is kind)
        query = "SELECT body, MAX(at_us) FROM paper WHERE kind = ? GROUP BY id ORDER BY id LIMIT ?"
        return [kind.model_validate_json(body) for body, _ in self._link.execute(query, (name, most))]

    # -- driving -------------------------------------------------------------------------------------------------------

    def drove(self, vehicle: str, day: str, declaration: str, tally: Tally) -> None:
        """Add what a vehicle drove on a day under a declaration ("" for none)."""
        with self._deed() as link:
            for mode, seconds in tally.seconds.items():
                link.execute(
                    "INSERT INTO driven VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                    " seconds = seconds + excluded.seconds, metres = metres + excluded.metres",
                    (vehicle, day, mode, declaration, seconds, tally.metres.get(mode, 0.0)),
                )
            for kind, count in tally.counts.items():
                link.execute(
                    "INSERT INTO counted VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count",
                    (vehicle, day, kind, declaration, count),
                )

    def driven(self, demand: Demand = Demand()) -> list[dict[str, Any]]:  # noqa: B008
        """Return hours and kilometres by vehicle, declaration and mode over some days."""
        where, values = demand.where()
        sums = "SELECT vehicle, declaration, mode, SUM(seconds), SUM(metres) FROM driven"
        query = f"{sums} {where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        return [
            {"vehicle": vehicle, "declaration": declaration, "mode": mode, "hours": seconds / 3600, "km": metres / 1000}
            for vehicle, declaration, mode, seconds, metres in self._link.execute(query, values)
        ]

    def counted(self, demand: Demand = Demand()) -> list[dict[str, Any]]:  # noqa: B008
        """Return takeovers, disengagements and what else was counted, by vehicle, declaration and kind."""
        where, values = demand.where()
        query = f"SELECT vehicle, declaration, kind, SUM(count) FROM counted {where} GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
        names = ("vehicle", "declaration", "kind", "count")
        return [dict(zip(names, row, strict=True)) for row in self._link.execute(query, values)]

    def measured(self, vehicle: str, day: str, measures: Sequence[Measure]) -> None:
        """Bring measures of a vehicle's day together with what is known of it."""
        with self._deed() as link:
            for one in measures:
                row = link.execute(
                    "SELECT value, t_us, about FROM measured WHERE vehicle = ? AND day = ? AND name = ?",
                    (vehicle, day, one.name),
                ).fetchone()
                whole = one if row is None else together(Measure(one.name, one.how, *row), one)
                link.execute("INSERT OR REPLACE INTO measured VALUES (?, ?, ?, ?, ?, ?, ?)", (vehicle, day, *whole))

    def measures(self, demand: Demand = Demand()) -> dict[str, dict[str, Measure]]:  # noqa: B008
        """Return by vehicle and name what was measured over some days; a declaration is not asked for."""
        where, values = replace(demand, declaration=None).where()
        found: dict[str, dict[str, Measure]] = {}
        query = f"SELECT vehicle, name, how, value, t_us, about FROM measured {where} ORDER BY vehicle, day"
        for vehicle, *row in self._link.execute(query, values):
            one, own = Measure(*row), found.setdefault(vehicle, {})
            own[one.name] = together(own[one.name], one) if one.name in own else one
        return found

    # -- breaches and events -------------------------------------------------------------------------------------------

    def breached(self, rule: str, subject: str, field: str, words: tuple[str, str], now_us: int, quiet_us: int) -> bool:
        """Note a breach; return whether it is a new one: none of the kind was seen for ``quiet_us``."""
        with self._deed() as link:
            row = link.execute(
                "SELECT MAX(opened_us) FROM breach WHERE rule = ? AND subject = ? AND field = ? AND last_us >= ?",
                (rule, subject, field, now_us - quiet_us),
            ).fetchone()
            if row[0] is not None:
                link.execute(
                    "UPDATE breach SET last_us = ?, zh = ?, en = ?"
                    " WHERE rule = ? AND subject = ? AND field = ? AND opened_us = ?",
                    (now_us, *words, rule, subject, field, row[0]),
                )
                return False
            link.execute(
                "INSERT OR REPLACE INTO breach VALUES (?, ?, ?, ?, ?, ?, ?)",
                (rule, subject, field, *words, now_us, now_us),
            )
            return True

    def breaches(self, most: int = 200, since_us: int = 0) -> list[dict[str, Any]]:
        """Return breaches that were seen in driving, the newest first."""
        query = "SELECT * FROM breach WHERE last_us >= ? ORDER BY last_us DESC LIMIT ?"
        names = ("rule", "subject", "field", "zh", "en", "opened_us", "last_us")
        return [dict(zip(names, row, strict=True)) for row in self._link.execute(query, (since_us, most))]

    def happened(self, id: str, kind: str, t_us: int, vehicle: str, body: dict[str, Any]) -> None:
        """Enter an event, or what is known of it now."""
        with self._deed() as link:
            text = json.dumps(body, ensure_ascii=False)
            link.execute("INSERT OR REPLACE INTO event VALUES (?, ?, ?, ?, ?)", (id, kind, t_us, vehicle, text))

    def events(self, most: int = 200, before_us: int = 2**62, kind: str | None = None) -> list[dict[str, Any]]:
        """Return events before an instant, the newest first."""
        query = "SELECT id, kind, t_us, vehicle, body FROM event WHERE t_us < ? AND (? IS NULL OR kind = ?)"
        query += " ORDER BY t_us DESC LIMIT ?"
        rows = self._link.execute(query, (before_us, kind, kind, most))
        return [
            {"id": id, "kind": kind, "t_us": t_us, "vehicle": vehicle, **json.loads(body)}
            for id, kind, t_us, vehicle, body in rows
        ]

    def entered(self, after: int, since_us: int, most: int = 200) -> tuple[int, list[dict[str, Any]]]:
        """Return (where to go on, at most ``most`` events that were entered or changed after ``after``).

        ``after`` is what was returned last, 0 for all; what happened before ``since_us`` is left out.
        """
        query = "SELECT rowid, id, kind, t_us, vehicle, body FROM event WHERE rowid > ? AND t_us >= ? ORDER BY rowid LIMIT ?"
        rows = self._link.execute(query, (after, since_us, most)).fetchall()
        end = rows[-1][0] if len(rows) == most else self._link.execute("SELECT MAX(rowid) FROM event").fetchone()[0]
        names = ("id", "kind", "t_us", "vehicle")
        found = [{**dict(zip(names, row[1:5], strict=True)), **json.loads(row[5])} for row in rows]
        return max(after, end or 0), found

    def event(self, id: str) -> dict[str, Any] | None:
        """Return one event, None where there is none of that id."""
        row = self._link.execute("SELECT id, kind, t_us, vehicle, body FROM event WHERE id = ?", (id,)).fetchone()
        return {"id": row[0], "kind": row[1], "t_us": row[2], "vehicle": row[3], **json.loads(row[4])} if row else None
