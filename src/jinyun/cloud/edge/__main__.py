"""``python -m jinyun.cloud.edge``: what an edge keeps, or what a centre takes, as a part that ``jinyun run`` starts."""

from __future__ import annotations

import argparse
import asyncio
from pathlib import Path

from jinyun.cloud.edge.collecting import Collector
from jinyun.cloud.edge.keeping import keep
from jinyun.parent import end_asked, end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.cloud.edge")
    parser.add_argument("--zone-id", required=True)
    parser.add_argument("--nats-url", required=True)
    parser.add_argument("--edge", help="keep what this edge's devices say")
    parser.add_argument("--folder", type=Path, help="take what edges keep, into records there")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if (args.edge is None) == (args.folder is None):
        parser.error("either --edge or --folder")
    if args.with_parent:
        end_with_parent()
    asyncio.run(_work(args))


async def _work(args: argparse.Namespace) -> None:
    stop = end_asked()
    if args.edge is not None:
        await keep(args.zone_id, args.edge, args.nats_url, stop)
    else:
        await Collector(args.zone_id, args.nats_url, args.folder).run(stop)


if __name__ == "__main__":
    main()
