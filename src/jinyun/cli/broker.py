"""``jinyun broker``: one node of a zone's clustered broker, for machines that run nothing else of the zone."""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys

from jinyun.cli.kinds import Verbs, port

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}", re.ASCII)
"""What a node can be called: it names a folder, and the other nodes know it by that."""


def add(verbs: Verbs) -> argparse.ArgumentParser:
    """Add the verb's grammar and return its parser."""
    node = verbs.add_parser(
        "broker", help="one node of a clustered broker, without the zone's other parts (docs/cluster.md)"
    )
    node.add_argument("--zone", help="the zone (default: science-city)")
    here = platform.node().split(".")[0]
    node.add_argument("--name", default=here, help="what this node is called (default: the machine's name)")
    node.add_argument("--cluster", required=True, metavar="HOST:PORT", help="listen for the other nodes there")
    node.add_argument("--peer", action="append", default=[], metavar="HOST:PORT", help="where another node listens")
    node.add_argument("--nats-port", type=port, default=4222, help="port for workers, on loopback (default 4222)")
    node.add_argument("--mqtt-port", type=port, default=1883, help="port for devices, on loopback (default 1883)")
    return node


def perform(args: argparse.Namespace) -> int:
    """Become the node; return only where that cannot be."""
    from jinyun import zone as zones
    from jinyun.net import broker
    from jinyun.run import LOOPBACK, RunError, neighbours
    from jinyun.run.place import choose_port, take_lock
    from jinyun.state import state_dir, write_private

    zone = zones.load(zones.find(args.zone))
    try:
        if not _NAME.fullmatch(args.name):
            raise RunError(f"--name {args.name!r}: letters, digits, - and _, at most 63, a letter or a digit first")
        peers = neighbours.peers(args.cluster, args.peer, zone.id)
        nats = choose_port(LOOPBACK, args.nats_port, "the broker", "--nats-port")
        mqtt = choose_port(LOOPBACK, args.mqtt_port, "MQTT", "--mqtt-port")
        store = state_dir(zone.id) / f"broker-{args.name}"
        store.mkdir(parents=True, exist_ok=True)
        lock = take_lock(store)
        server = broker.binary()
    except (RunError, FileNotFoundError) as error:
        print(f"jinyun broker: {error}", file=sys.stderr)
        return 2
    text = broker.configuration(f"jinyun-{zone.id}-{args.name}", LOOPBACK, nats, mqtt, store, peers=peers)
    config = store / "nats.conf"
    write_private(config, text.encode())
    os.set_inheritable(lock.fileno(), True)  # held as long as the node is at work
    print(
        f"broker {args.name} of {zone.id}: nats://{LOOPBACK}:{nats}, others at {args.cluster}; Ctrl-C ends it",
        file=sys.stderr,
    )
    os.execv(server, [server, "-c", str(config)])
