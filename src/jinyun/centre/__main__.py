"""``python -m jinyun.centre``: the centre as a process, started and watched by ``jinyun run``."""

import argparse
from pathlib import Path

import uvicorn

from jinyun import zone
from jinyun.centre.app import create
from jinyun.parent import end_with_parent


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m jinyun.centre")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--nats-url", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args()
    if args.with_parent:
        end_with_parent()
    app = create(zone.load(args.zone), args.state_dir, args.nats_url)
    # Compressing every frame for every viewer costs a core and drops frames; the map is compressed once, above.
    uvicorn.run(
        app,
        host=args.host,
        port=args.port,
        log_level="warning",
        access_log=False,
        ws_per_message_deflate=False,
        ws_ping_interval=10,
        ws_ping_timeout=10,
        timeout_graceful_shutdown=2,
    )


if __name__ == "__main__":
    main()
