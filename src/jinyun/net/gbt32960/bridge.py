"""From vehicles to the broker: every packet that is taken becomes one message on NATS, as it came on the line.

``python -m jinyun.net.gbt32960.bridge`` is one such process. Subject: ``jinyun.{zone}.nev.{vin}.up.gbt32960``, payload: the
frame. While the broker is away nothing is acknowledged, so that vehicles keep what they have and send it again. How it
fares stands in ``nev.json`` in the state folder, renewed each second.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import ssl
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jinyun.net.gbt32960.credentials import Credentials
from jinyun.net.gbt32960.dialogue import Accepted, identity
from jinyun.net.gbt32960.server import Server, serve
from jinyun.net.ingest import BlockReader, IngestError, open_reader
from jinyun.parent import end_asked, end_with_parent
from jinyun.shapes import Finding
from jinyun.state import write_json

PORT = 32960
STATE = "nev.json"
RETRY_S = 0.2
TELL_S = 1.0
NEWEST = 50
"""Findings that stand in the state file; all are counted."""


def subject(zone: str, vin: str) -> str:
    """Return the NATS subject on which a vehicle's packets stand."""
    return f"jinyun.{zone}.nev.{vin}.up.gbt32960"


class Bridge:
    """Takes packets from the endpoint and hands them to the broker."""

    def __init__(self, zone: str) -> None:
        self.zone = zone
        self.reader: BlockReader | None = None
        self.published = 0
        self.rules: Counter[str] = Counter()
        self.newest: deque[Finding] = deque(maxlen=NEWEST)

    @property
    def connected(self) -> bool:
        return self.reader is not None and not self.reader.closed.is_set()

    def accept(self, accepted: Accepted) -> bool:
        """Publish a packet; False where there is no broker to take it."""
        if self.reader is None or not self.connected:
            return False
        self.reader.publish(subject(self.zone, identity(accepted.packet)), accepted.frame)
        self.published += 1
        for finding in accepted.findings:
            self.report(finding)
        return True

    def report(self, finding: Finding) -> None:
        self.rules[finding.rule] += 1
        self.newest.append(finding)

    def account(self, server: Server) -> dict[str, Any]:
        """Return how it fares, as it stands in the state file."""
        return {
            "t_us": time.time_ns() // 1000, "zone": self.zone, "port": server.port, "broker": self.connected,
            "published": self.published, **server.account(), "findings": dict(self.rules),
            "newest": [asdict(finding) for finding in self.newest],
        }  # fmt: skip


async def run(
    zone: str,
    host: str,
    port: int,
    nats_host: str,
    nats_port: int,
    state_dir: Path,
    stop: asyncio.Event,
    *,
    vins: frozenset[str] | None = None,
    credentials: Credentials | None = None,
    tls: ssl.SSLContext | None = None,
) -> None:
    """Serve vehicles and feed the broker until ``stop``; ``vins`` are those that may speak, None for all."""
    bridge = Bridge(zone)
    server = await serve(
        host, port, bridge.accept, report=bridge.report, allowed=lambda vin: vins is None or vin in vins,
        verify=credentials, tls=tls,
    )  # fmt: skip
    told_at = 0.0
    try:
        while not stop.is_set():
            if not bridge.connected:
                try:
                    bridge.reader = await open_reader(nats_host, nats_port, [], "jinyun-nev")
                except (OSError, IngestError) as error:
                    reason = f"no broker at {nats_host}:{nats_port} ({error or type(error).__name__}); trying again"
                    bridge.report(Finding("broker.away", "broker", "link", reason, time.time_ns() // 1000, "fault"))
            if time.monotonic() - told_at >= TELL_S:
                told_at = time.monotonic()
                write_json(state_dir / STATE, bridge.account(server))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), RETRY_S)
    finally:
        await server.close()
        write_json(state_dir / STATE, bridge.account(server))
        if bridge.reader is not None:
            bridge.reader.close()


async def _serve(args: argparse.Namespace) -> None:
    stop = end_asked()
    vins = frozenset(args.vins.read_text().split()) if args.vins else None
    credentials = Credentials.read(args.platforms) if args.platforms else None
    tls = None
    if args.certificate:
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(args.certificate, args.key)
    await run(
        args.zone_id, args.host, args.port, args.nats_host, args.nats_port, args.state_dir, stop, vins=vins,
        credentials=credentials, tls=tls,
    )  # fmt: skip


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        prog="python -m jinyun.net.gbt32960.bridge", description="GB/T 32960.3 endpoint: vehicles to the broker"
    )
    parser.add_argument("--zone-id", required=True)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help="0: any free one, told in nev.json")
    parser.add_argument("--nats-host", default="127.0.0.1")
    parser.add_argument("--nats-port", type=int, required=True)
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--vins", type=Path, help="file of the VINs that may speak, one a line; without it, all")
    parser.add_argument("--platforms", type=Path, help="JSON file of enterprise platforms: user name and bcrypt hash")
    parser.add_argument("--certificate", type=Path, help="PEM chain: speak TLS")
    parser.add_argument("--key", type=Path, help="its key, where that is a file of its own")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    args = parser.parse_args(argv)
    if args.with_parent:
        end_with_parent()
    asyncio.run(_serve(args))


if __name__ == "__main__":
    main()
