"""``jinyun run``: start a zone."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from jinyun.cli.kinds import Verbs, port, positive, share, workers


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    run = verbs.add_parser("run", help="start a zone: broker, cloud, centre and (unless --no-world) a simulated street")
    run.add_argument("zone", nargs="?", help="folder or name of a zone (default: science-city)")
    run.add_argument("--seconds", type=positive, help="end by itself after so long")
    run.add_argument("--headless", action="store_true", help="without the page")
    run.add_argument(
        "--no-world", dest="world", action="store_false", help="no simulated street: wait for real devices"
    )
    run.add_argument("--host", default="127.0.0.1", help="address of the page (default 127.0.0.1)")
    run.add_argument("--port", type=port, default=8042, help="port of the page (default 8042, 0 = any)")
    run.add_argument(
        "--mqtt-host", default="127.0.0.1", help="address for devices; another than loopback needs an authority"
    )
    run.add_argument("--mqtt-port", type=port, default=1883, help="port for devices (default 1883, 0 = any)")
    run.add_argument("--nats-port", type=port, default=4222, help="port of the broker (default 4222, 0 = any)")
    run.add_argument(
        "--nev-port", type=port, help="also take vehicles and platforms by GB/T 32960 there (usual: 32960)"
    )
    run.add_argument("--charging-port", type=port, help="also take chargers by OCPP over TLS there (docs/charging.md)")
    run.add_argument("--connected", type=share, help="share of simulated cars that send BSM (default: the zone's)")
    run.add_argument(
        "--workers",
        type=workers,
        default=0,
        help="fuse in partitions of the map, in so many processes (docs/cluster.md)",
    )
    far = run.add_argument_group("more than one machine (docs/cluster.md)")
    far.add_argument(
        "--cluster", metavar="HOST:PORT", help="be a node of a clustered broker; listen for the others there"
    )
    far.add_argument("--peer", action="append", default=[], metavar="HOST:PORT", help="where another node listens")
    far.add_argument("--edges", metavar="HOST:PORT", help="be a centre; listen for edges there")
    far.add_argument("--centre", metavar="HOST:PORT", help="be an edge of the centre that listens there")
    far.add_argument("--edge", metavar="NAME", help="what this edge is called at its centre")
    run.add_argument("--seed", type=int, help="seed of the simulated street")
    run.add_argument("--truth", action="store_true", help="the street also writes its ground truth (for tests)")
    run.add_argument(
        "--record",
        type=Path,
        metavar="DIR",
        help="keep the whole record there (default: the last hours, docs/record.md)",
    )
    run.add_argument(
        "--archive",
        metavar="URI",
        help="copy the record there as it is sealed: file:///FOLDER or s3://BUCKET/PATH (docs/record.md)",
    )
    run.add_argument("--no-record", dest="ring", action="store_false", help="without --record, record nothing")
    run.add_argument(
        "--public",
        action=argparse.BooleanOptionalAction,
        help="whether who did not sign in sees the live map (default: where only this machine reaches the page)",
    )
    run.add_argument("--json", action="store_true", dest="as_json", help="end with one JSON object of figures")
    return run


def perform(args: argparse.Namespace) -> int:
    """Carry the command out; return its exit code."""
    from jinyun.run import Options, RunError, run

    values = {key: value for key, value in vars(args).items() if key != "verb"}
    try:
        return run(Options(**values))
    except (RunError, FileNotFoundError) as error:
        print(f"jinyun run: {error}", file=sys.stderr)
        return 2
