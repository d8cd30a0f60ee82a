"""``jinyun worker``: own partitions of a running zone's map, from this machine."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import sys
from typing import TYPE_CHECKING

from jinyun.cli.kinds import Verbs, workers

if TYPE_CHECKING:
    from jinyun.cloud.engine.tiles import Tiling


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    worker = verbs.add_parser(
        "worker", help="own partitions of a running zone's map, from any machine (docs/cluster.md)"
    )
    worker.add_argument("--zone", help="the zone (default: science-city)")
    worker.add_argument("--nats", metavar="URL", help="its broker (default: that of the zone running here)")
    worker.add_argument(
        "--name", default=f"{platform.node()}-{os.getpid()}", help="what it is called (default: host-pid)"
    )
    worker.add_argument(
        "--ray", metavar="ADDRESS", help="place workers on the machines of a Ray cluster instead (auto: the one here)"
    )
    worker.add_argument("--count", type=workers, default=1, help="with --ray: how many (default 1; 0 ends them all)")
    worker.add_argument("--parts", type=int, default=8, help="partitions of the map; the same for all (default 8)")
    return worker


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun import zone as zones
    from jinyun.cloud.engine.__main__ import work
    from jinyun.cloud.engine.tiles import Tiling
    from jinyun.state import read_json, state_dir

    zone = zones.load(zones.find(args.zone))
    url = args.nats or (read_json(state_dir(zone.id) / "run.json") or {}).get("nats")
    if url is None:
        print(f"jinyun worker: {zone.id} does not run here; name its broker: --nats nats://HOST:4222", file=sys.stderr)
        return 2
    try:
        tiling = Tiling(args.parts)
    except ValueError as error:
        print(f"jinyun worker: {error}", file=sys.stderr)
        return 2
    if args.ray is not None:
        return _place(zone.id, url, args.count, tiling, args.ray)
    print(f"worker {args.name} of {zone.id} at {url}; Ctrl-C ends it", file=sys.stderr)
    asyncio.run(work(zone.id, url, args.name, tiling))
    return 0


def _place(zone: str, url: str, count: int, tiling: Tiling, address: str) -> int:
    from jinyun.cloud.engine import placing

    try:
        ray = placing.connect(address, zone)
        if not count:
            print(f"ended: {', '.join(placing.withdraw(ray)) or 'there were none'}")
            return 0
        for name, pid in placing.place(ray, zone, url, count, tiling):
            print(f"{name} is at work (pid {pid} on its machine)")
    except placing.RayError as error:
        print(f"jinyun worker: {error}", file=sys.stderr)
        return 2
    return 0
