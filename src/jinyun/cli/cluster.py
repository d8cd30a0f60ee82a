"""``jinyun cluster``: who fuses what."""

from __future__ import annotations

import argparse
import json
import sys

from jinyun.cli.kinds import Verbs


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    cluster = verbs.add_parser("cluster", help="the workers of a running zone and the partitions that each owns")
    deeds = cluster.add_subparsers(dest="deed", required=True, metavar="DEED")
    status = deeds.add_parser("status", help="who owns what; exit code 1 where a partition has no owner")
    status.add_argument("--zone", help="the zone (default: science-city)")
    status.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    size = deeds.add_parser("size", help="on paper: the machines that a number of vehicles takes (docs/deploy.md)")
    size.add_argument("--vehicles", type=int, required=True, help="on the road at once")
    size.add_argument("--hz", type=float, default=10.0, help="messages of each a second (default 10)")
    size.add_argument("--cores", type=int, default=8, help="of a machine (default 8)")
    size.add_argument("--json", action="store_true", dest="as_json", help="print JSON")
    return cluster


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    return _size(args) if args.deed == "size" else _status(args)


def _size(args: argparse.Namespace) -> int:
    from jinyun.cloud.engine import sizing

    try:
        its = sizing.size(args.vehicles, args.hz, args.cores)
    except ValueError as error:
        print(f"jinyun cluster: {error}", file=sys.stderr)
        return 2
    print(json.dumps(its.as_json(), ensure_ascii=False) if args.as_json else sizing.account(its))
    return 0


def _status(args: argparse.Namespace) -> int:
    from jinyun import zone as zones
    from jinyun.state import read_json, state_dir

    zone = zones.load(zones.find(args.zone))
    folder = state_dir(zone.id)
    account = read_json(folder / "cloud.json")
    if read_json(folder / "run.json") is None or account is None:
        print(f"jinyun cluster: {zone.id} does not run here", file=sys.stderr)
        return 2
    workers = account.get("workers", [])
    edges = (read_json(folder / "edges" / "edges.json") or {}).get("edges", [])
    silent = [its["source"] for its in account.get("episodes", []) if its["rule"] == "partition.silent" and its["open"]]
    if args.as_json:
        print(json.dumps({"zone": zone.id, "workers": workers, "silent": silent, "edges": edges}, ensure_ascii=False))
    elif not workers and not silent:
        print(f"{zone.id}: one process fuses (jinyun run --workers N shares it out)")
    else:
        for its in workers:
            print(f"{its['name']:24} {its['host']:24} {', '.join(map(str, its['parts'])) or '-'}")
        for name in silent:
            print(f"{name}: no word from an owner")
    for its in [] if args.as_json else edges:
        stands = f"line {its['line']}, {its['taken']} messages taken, {its['behind']} to come, {its['missed']} lost"
        print(f"edge {its['edge']:19} {stands}")
    return 1 if silent else 0
