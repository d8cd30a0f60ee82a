"""``python -m jinyun.world``: the simulated street of a zone as a process, started and watched by ``jinyun run``."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import ssl
import threading
import time
from collections import deque
from itertools import chain
from pathlib import Path
from types import FrameType

import numpy as np

from jinyun import hdmap, zone
from jinyun.net.csae import batch
from jinyun.parent import end_with_parent
from jinyun.state import write_json
from jinyun.world import cars
from jinyun.world.asking import Askers
from jinyun.world.clock import LEAD_S, Clock
from jinyun.world.hearing import Controllers
from jinyun.world.roadside import Roadside
from jinyun.world.sending import Broker, Sender
from jinyun.world.shuttle_service import SENDER as SHUTTLES
from jinyun.world.shuttle_service import Service
from jinyun.world.street import STEP_S, Street
from jinyun.world.truth import Truth

SECRET = "JINYUN_STREET_SECRET"
"""Environment variable with the passphrase of the key given with ``--tls``."""
MOST_SKIPPED = 4
TELL_STEPS = 10
FIRST_TOLD_STEP = 3


def main() -> None:
    """Run the street until the time is over, SIGTERM comes, or (``--with-parent``) standard input closes."""
    args = _arguments()
    if args.with_parent:
        end_with_parent()
    stop = threading.Event()

    def ask(number: int, frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, ask)
    host, _, port = args.mqtt.rpartition(":")
    here = zone.load(args.zone)
    if here.traffic is None:
        raise SystemExit("zone.toml: traffic: the zone has no simulated street")
    seed = here.traffic.seed if args.seed is None else args.seed
    share = here.traffic.connected if args.connected is None else args.connected
    map = hdmap.open(here)
    street = Street(here, map, seed, automated=True)
    units, fleet = Roadside(here, map, seed, controlled=True), cars.Cars(here, share, seed)
    askers = Askers(here, map)
    truth = Truth(args.state_dir / "truth") if args.truth else None
    for frame in ("bsmFrame", "rsmFrame", "spatFrame"):  # the codec gets ready before the clock runs
        batch.encode(frame, {})
    broker = Broker(host, int(port), _tls(args.tls))
    shuttles = Service(here, map, street, seed, args.state_dir, broker)
    sender = Sender(broker, here.id, [*units.senders, cars.SENDER, SHUTTLES])
    controllers = Controllers(here.id, broker)
    try:
        _drive(
            street,
            units,
            fleet,
            askers,
            controllers,
            shuttles,
            share,
            sender,
            truth,
            args.state_dir,
            args.seconds,
            stop,
        )
    finally:
        sender.close()
        controllers.close()
        shuttles.close()
        if truth is not None:
            truth.close()


def _drive(
    street: Street,
    units: Roadside,
    fleet: cars.Cars,
    askers: Askers,
    controllers: Controllers,
    shuttles: Service,
    share: float,
    sender: Sender,
    truth: Truth | None,
    state_dir: Path,
    seconds: float | None,
    stop: threading.Event,
) -> None:
    """Move the street on in step with the clock, a little ahead of it, until ``stop`` or the seconds are over."""
    account: dict[str, object] = {}
    took_ms: deque[float] = deque(maxlen=600)
    now = street.step()
    gc.collect()
    gc.freeze()  # what lives by now is not looked through again and again, while the street waits
    clock, began_s, steps, skipped = Clock(now.time_s), time.monotonic(), 0, 0
    while not stop.is_set() and (seconds is None or time.monotonic() - began_s < seconds):
        begin = time.perf_counter()
        clock.keep(now.time_s)
        controllers.step(street, units, now.time_s, clock)
        road = units.messages(street, now, clock)
        told = chain(road, fleet.messages(now, clock), askers.messages(street, now, clock))
        for message in told:
            sender.put(message)
        for message in shuttles.step(now, clock, road, units.lights(street)):
            sender.put(message)
        if truth is not None:
            truth.note(now, clock.utc_us(now.time_s), cars.connected(now, share), units.lights(street))
        previous, now = now, street.step()
        sender.breathe()
        took_ms.append((time.perf_counter() - begin) * 1000)
        # Too slow for ten pictures a second? Then fewer pictures, but true motion.
        for _ in range(MOST_SKIPPED):
            if clock.late_s(now.time_s) < STEP_S:
                break
            for message in shuttles.step(now, clock, [], units.lights(street)):
                sender.put(message)
            now, skipped = street.step(), skipped + 1
            sender.breathe()
        steps += 1
        if steps % TELL_STEPS == FIRST_TOLD_STEP:
            p50, p99 = np.percentile(took_ms, [50, 99]).tolist()
            account = {
                "vehicles": previous.vehicles, "persons": previous.persons,
                "connected": int(cars.connected(previous, share).sum()), "step_ms_p50": round(p50, 2),
                "step_ms_p99": round(p99, 2), "skipped_steps": skipped, "sim_time_s": round(previous.time_s, 1),
                "signal_orders": dict(controllers.counts), "simulated": True,
            }  # fmt: skip
            write_json(state_dir / "street.json", {"sent": dict(sender.sent), **account})
        sender.wait(clock.due_s(now.time_s) - LEAD_S, stop)
    sender.close()
    write_json(state_dir / "street.json", {"sent": dict(sender.sent), **account})


def _tls(files: list[Path] | None) -> ssl.SSLContext | None:
    if files is None:
        return None
    authority, certificate, key = files
    context = ssl.create_default_context(ssl.Purpose.SERVER_AUTH, cafile=str(authority))
    context.load_cert_chain(certificate, key, password=os.environ.get(SECRET))
    return context


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jinyun.world", description="The simulated street of a zone.")
    parser.add_argument("--zone", type=Path, required=True)
    parser.add_argument("--mqtt", required=True, metavar="HOST:PORT")
    parser.add_argument("--state-dir", type=Path, required=True)
    parser.add_argument("--seconds", type=float, help="end after so many seconds")
    parser.add_argument("--connected", type=float, help="share of vehicles that send BSM (default: the zone's)")
    parser.add_argument("--seed", type=int, help="another street of the same kind (default: the zone's)")
    parser.add_argument("--truth", action="store_true", help="write what really was into STATE-DIR/truth")
    parser.add_argument("--tls", nargs=3, type=Path, metavar=("CA", "CERT", "KEY"), help="speak TLS as this device")
    parser.add_argument("--with-parent", action="store_true", help="end when standard input closes")
    return parser.parse_args()


if __name__ == "__main__":
    main()
