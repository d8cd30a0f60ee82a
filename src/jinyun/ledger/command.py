"""``jinyun ledger``: statements of all companies from a record, and how empty the zone runs."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.ledger import counting, journal, statement, tariff
from jinyun.ledger.emptiness import driven, emptiness
from jinyun.state import read_json, state_dir
from jinyun.zone import Zone

RECORD = "record"


class LedgerError(ValueError):
    """The command cannot be carried out; the text says why."""


def period(begin: str | None, end: str | None) -> tuple[int, int]:
    """Return a time given as dates or instants (UTC) in µs; to now where no end is given, from 1970 without a beginning."""
    return (_instant(begin) if begin else 0, _instant(end) if end else time.time_ns() // 1000)


def _instant(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise LedgerError(f"{text!r} is no date or instant (2026-11-30 or 2026-11-30T08:00:00Z)") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1e6)


def account(
    zone: Zone, raw: Path, usage: Path, begin_us: int, end_us: int, *, state: Path | None = None,
    priority: Mapping[str, Any] | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Return all statements and the emptiness of a time, counted from the record and the journal.

    ``state``: the folder in which the shuttles tell their trips; ``priority``: what the signals tell of requests
    (``granted``, ``used``) since they run. Without them the figures of these are None.
    """
    prices = tariff.read(zone.folder)
    counted = counting.count(raw, zone.id, begin_us, end_us)
    told = statement.statements(prices, counted, usage, begin_us, end_us)
    passengers, km, trips = (None, None, 0) if state is None else driven(state, begin_us)
    wishes = {name: value for name in ("granted", "used") if isinstance(value := (priority or {}).get(name), int)}
    return {
        "zone": zone.id, "simulated": prices.simulated, "begin_us": begin_us, "end_us": end_us,
        "messages": counted.total, "of_no_device": counted.strange,
        "of_no_service": sum(one.total for (kind, _), one in counted.devices.items() if not prices.service(kind)),
        "cut": counted.cut,
        "statements": list(told.values()),
        "emptiness": emptiness(
            prices, told, counted.total, hdmap.open(zone).open_road_km, passengers=passengers, vehicle_km=km, **wishes
        ) | {"trips": trips},
    }  # fmt: skip


def ledger(args: argparse.Namespace) -> int:
    """Carry the command out; raises :class:`LedgerError`, ``ZoneError`` and ``OSError``."""
    zone = zones.load(zones.find(args.zone))
    folder = state_dir(zone.id)
    raw = args.record or Path((read_json(folder / "recording.json") or {}).get("folder") or folder / RECORD)
    if not raw.exists():
        raise LedgerError(f"{raw}: no record is there; --record PATH names one")
    begin_us, end_us = period(args.begin, args.end)
    told = account(zone, raw, args.usage or folder / journal.FOLDER, begin_us, end_us, state=folder)
    chosen = [one for one in told["statements"] if args.company is None or one["company"] == args.company]
    if args.company is not None and not chosen:
        raise LedgerError(f"no company {args.company!r} in {tariff.FILE}")
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
        ends = (datetime.fromtimestamp(t_us / 1e6, UTC).strftime("%Y-%m-%d %H:%M") for t_us in (begin_us, end_us))
        span = " – ".join(ends) + " UTC"
        for one in chosen:
            name = one["company"] or "nobody"
            statement.xlsx(one, args.out / f"{name}.xlsx")
            (args.out / f"{name}.html").write_text(statement.html(one, span), encoding="utf-8")
    if args.as_json:
        print(json.dumps({**told, "statements": chosen}, ensure_ascii=False))
    else:
        for one in chosen:
            print(f"{one['zh']:<16}{one['en']:<32}{one['units']:>12,} units {one['amount_cny']:>12} CNY")
        strange = f"{told['of_no_device']:,} of no device, {told['of_no_service']:,} of no service"
        print(f"{told['messages']:,} messages in the record, {strange}")
    return 1 if told["cut"] else 0
