"""``python -m jinyun.supervision``: supervision as a process, started and watched by ``jinyun run``."""

import argparse
import asyncio
from pathlib import Path

from jinyun import zone
from jinyun.parent import end_with_parent
from jinyun.supervision.service import Besides, serve


def main(besides: Besides = lambda zone, map: []) -> None:
    """Run until SIGTERM; ``besides`` makes what is to hear everything beside supervision."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.supervision")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--nats-port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if args.with_parent:
        end_with_parent()
    asyncio.run(serve(zone.load(args.zone), args.host, args.nats_port, args.state_dir, besides))


if __name__ == "__main__":
    main()
