"""``python -m jinyun.cloud``: one zone's cloud as a process, started and watched by ``jinyun run``."""

import argparse
import asyncio
from pathlib import Path

from jinyun import zone
from jinyun.cloud.service import serve
from jinyun.parent import end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.cloud")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--nats-port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--record", type=Path)
    parser.add_argument("--no-record", dest="ring", action="store_false", help="without --record, record nothing")
    parser.add_argument("--partitions", type=int, default=0, help="leave the fusion to workers, in so many partitions")
    parser.add_argument("--real", action="store_true", help="no simulated street feeds this zone")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if args.with_parent:
        end_with_parent()
    where = args.host, args.nats_port, args.state_dir, args.record
    asyncio.run(
        serve(zone.load(args.zone), *where, simulated=not args.real, ring=args.ring, partitions=args.partitions)
    )


if __name__ == "__main__":
    main()
