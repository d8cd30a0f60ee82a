"""``python -m jinyun.centre``: the centre as a process, started and watched by ``jinyun run`` or by itself."""

import argparse
import os
from pathlib import Path

import uvicorn

from jinyun import zone
from jinyun.centre.app import create
from jinyun.net.authority import parts_token
from jinyun.net.broker import TOKEN
from jinyun.parent import end_with_parent


def grammar() -> argparse.ArgumentParser:
    """Return the process's command line."""
    parser = argparse.ArgumentParser(prog="python -m jinyun.centre")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--nats-url", required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--private", action="store_true", help="who did not sign in sees nothing")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    return parser


def main() -> None:
    args = grammar().parse_args()
    if args.with_parent:
        end_with_parent()
    here = zone.load(args.zone)
    if TOKEN not in os.environ and (token := parts_token(here.id)):  # beside a guarded zone, started by itself
        os.environ[TOKEN] = token
    app = create(here, args.state_dir, args.nats_url, public=not args.private)
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
