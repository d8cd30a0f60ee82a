"""``jinyun charging``: which chargers may speak to the zone's central system."""

from __future__ import annotations

import argparse
import json
import sys

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    charging = verbs.add_parser("charging", help="chargers of the zone: who may speak OCPP to it (docs/charging.md)")
    deeds = charging.add_subparsers(dest="deed", required=True, metavar="DEED")
    enroll = deeds.add_parser("enroll", help="enter a charger, or renew its password; prints it this once")
    enroll.add_argument("charger", metavar="ID", help="the charger's id, the last part of its address")
    enroll.add_argument("--site", required=True, help="the zone's charging place at which it stands")
    remove = deeds.add_parser("remove", help="let a charger speak no more")
    remove.add_argument("charger", metavar="ID")
    deeds.add_parser("list", help="the chargers that may speak")
    for deed in deeds.choices.values():
        deed.add_argument("--zone", help="the zone (default: science-city)")
        deed.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return charging


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun import zone as zones
    from jinyun.road.charging.registry import Registry, RegistryError
    from jinyun.road.charging.service import FOLDER
    from jinyun.state import state_dir

    zone = zones.load(zones.find(args.zone))
    try:
        registry = Registry(state_dir(zone.id) / FOLDER)
        if args.deed == "enroll":
            sites = [charger.id for charger in zone.chargers]
            if args.site not in sites:
                raise RegistryError(f"no charging place {args.site!r}; there are: {', '.join(sites) or 'none'}")
            password = registry.enroll(args.charger, args.site)
            told: object = {"id": args.charger, "site": args.site, "password": password}
            text = f"{args.charger}\n  password {password}\n  address  wss://HOST:PORT/ocpp/{args.charger}"
        elif args.deed == "remove":
            if not registry.remove(args.charger):
                raise RegistryError(f"no charger {args.charger!r}")
            told, text = {"id": args.charger, "removed": True}, f"{args.charger} removed"
        else:
            rows = [{"id": entry.id, "site": entry.site} for entry in registry.entries.values()]
            told, text = rows, "\n".join(f"{row['id']}  {row['site']}" for row in rows) or "no charger yet"
    except (RegistryError, OSError) as error:
        print(f"jinyun charging: {error}", file=sys.stderr)
        return 2
    print(json.dumps(told, ensure_ascii=False) if args.as_json else text)
    return 0
