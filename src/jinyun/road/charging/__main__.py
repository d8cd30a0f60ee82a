"""``python -m jinyun.road.charging``: a zone's chargers as a process, started and watched by ``jinyun run --charging-port``."""

import argparse
import asyncio
from pathlib import Path

from jinyun import zone
from jinyun.parent import end_with_parent
from jinyun.road.charging.service import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.road.charging")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address for chargers")
    parser.add_argument("--port", type=int, required=True, help="port for chargers (OCPP over TLS)")
    parser.add_argument("--nats-host", default="127.0.0.1")
    parser.add_argument("--nats-port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if args.with_parent:
        end_with_parent()
    asyncio.run(serve(zone.load(args.zone), args.host, args.port, args.nats_host, args.nats_port, args.state_dir))


if __name__ == "__main__":
    main()
