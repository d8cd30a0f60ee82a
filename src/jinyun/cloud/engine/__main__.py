"""``python -m jinyun.cloud.engine``: a worker as a process; ``jinyun worker`` is the same for people."""

from __future__ import annotations

import argparse
import asyncio
import os
import platform

from jinyun.cloud.engine.tiles import Tiling
from jinyun.cloud.engine.worker import Worker
from jinyun.parent import end_asked, end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.cloud.engine")
    parser.add_argument("--zone", required=True, help="the zone's id")
    parser.add_argument("--nats-url", required=True)
    parser.add_argument("--name", default=f"{platform.node()}-{os.getpid()}")
    parser.add_argument("--parts", type=int, default=Tiling().parts)
    parser.add_argument("--tile-m", type=float, default=Tiling().tile_m)
    parser.add_argument("--rim-m", type=float, default=Tiling().rim_m)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if args.with_parent:
        end_with_parent()
    asyncio.run(work(args.zone, args.nats_url, args.name, Tiling(args.parts, args.tile_m, args.rim_m)))


async def work(zone: str, url: str, name: str, tiling: Tiling) -> None:
    """Own partitions until SIGINT or SIGTERM."""
    stop = end_asked()
    await Worker(zone, url, name, tiling).run(stop)


if __name__ == "__main__":
    main()
