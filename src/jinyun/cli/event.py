"""``jinyun event``: events and their packs."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    event = verbs.add_parser("event", help="events and their evidence: list, pack, prove")
    deeds = event.add_subparsers(dest="deed", required=True, metavar="DEED")
    ls = deeds.add_parser("ls", help="what happened, the newest first")
    ls.add_argument("--kind", help="this kind only: contact, hard-braking, red-light, takeover, section-exit, ...")
    ls.add_argument("--count", type=int, default=20, help="so many at most (default 20)")
    pack = deeds.add_parser("pack", help="seal what was recorded around an event, or around any instant and place")
    pack.add_argument("event", nargs="?", metavar="ID", help="an event (jinyun event ls)")
    pack.add_argument(
        "--at", metavar="TIME", help="instead of an event: 2026-11-30T08:00:00Z, or 5m for five minutes ago"
    )
    pack.add_argument("--place", metavar="LON,LAT", help="where that was (default: the zone's origin)")
    pack.add_argument("--record", type=Path, metavar="DIR", help="the record (default: the zone's own)")
    pack.add_argument("--out", type=Path, metavar="DIR", help="folder to make the pack in (default: beside the others)")
    verify = deeds.add_parser(
        "verify", help="prove a pack (exit code 1 if a byte changed); verify.py in it does the same alone"
    )
    verify.add_argument("pack", type=Path, metavar="PACK", help="a pack's folder or its .zip")
    verify.add_argument("--key", metavar="HEX", help="the zone's public key (record.pub) as you know it from elsewhere")
    for deed in (ls, pack):
        deed.add_argument("--zone", help="the zone (default: science-city)")
    for deed in deeds.choices.values():
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return event


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.record.book import BookError
    from jinyun.record.command import CommandError
    from jinyun.supervision.evidence.pack import PackError

    try:
        return {"ls": _list, "pack": _pack, "verify": _verify}[args.deed](args)
    except (CommandError, PackError, BookError, OSError) as error:
        print(f"jinyun event: {error}", file=sys.stderr)
        return 2


def _list(args: argparse.Namespace) -> int:
    from jinyun import zone as zones
    from jinyun.record.command import text_of
    from jinyun.state import state_dir
    from jinyun.supervision.ledger import Ledger

    zone = zones.load(zones.find(args.zone))
    found = Ledger(state_dir(zone.id)).events(args.count, kind=args.kind)
    if args.as_json:
        print(json.dumps(found, ensure_ascii=False))
    for row in () if args.as_json else found:
        print(
            f"{row['id']}  {text_of(row['t_us'])}  {'packed' if row.get('pack') else '-':6}  {row['zh']} · {row['en']}"
        )
    return 0


def _pack(args: argparse.Namespace) -> int:
    from jinyun import hdmap
    from jinyun import zone as zones
    from jinyun.record import key
    from jinyun.record.command import CommandError, instant_us, place
    from jinyun.state import state_dir
    from jinyun.supervision.events import Event
    from jinyun.supervision.evidence.pack import FOLDER, make
    from jinyun.supervision.ledger import Ledger

    zone = zones.load(zones.find(args.zone))
    state = state_dir(zone.id)
    if args.event is not None:
        known = Ledger(state).event(args.event)
        if known is None:
            raise CommandError(f"no event {args.event}: jinyun event ls")
        words = known["zh"], known["en"], known["vehicle"]
        event = Event(known["kind"], known["t_us"], known["x_m"], known["y_m"], tuple(known["tracks"]), *words)
    elif args.at is not None:
        try:
            lon, lat = map(float, args.place.split(",")) if args.place else (zone.origin.lon, zone.origin.lat)
        except ValueError:
            raise CommandError(f"{args.place!r} is no place: LON,LAT") from None
        x_m, y_m = zone.project(lon, lat)
        event = Event("asked", instant_us(args.at), float(x_m), float(y_m), (), "人工取证", "asked for by hand")
    else:
        raise CommandError("say which event, or --at TIME")
    target = (args.out or state / FOLDER) / event.id
    manifest = make(zone, hdmap.open(zone), place(zone, args.record), event, target, key.own(state))
    if args.as_json:
        print(json.dumps({"pack": str(target), "coverage": manifest["coverage"], "files": len(manifest["files"])}))
    else:
        cover = manifest["coverage"]
        print(
            f"{target}: {len(manifest['files'])} files, from {cover['before_s']} s before to {cover['after_s']} s after"
        )
    return 0


def _verify(args: argparse.Namespace) -> int:
    from jinyun.supervision.evidence.verify import verify

    manifest, faults = verify(args.pack, args.key)
    if args.as_json:
        print(json.dumps({"id": manifest.get("id"), "ok": not faults, "faults": faults}, ensure_ascii=False))
    else:
        print("\n".join(faults) or f"{manifest['id']}: {len(manifest['files'])} files as they were sealed")
    return 1 if faults else 0
