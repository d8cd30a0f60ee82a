"""``jinyun run``: starts and watches the parts of a zone — broker, cloud, centre, street — each a process of its own.

A part that dies is started again, and the page says so. Ctrl-C or SIGTERM ends all of them, the street first, so that
what it sent is still received and counted. Where the zone has an authority (``jinyun admin init``), the broker is guarded.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import signal
import socket
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.net import broker
from jinyun.net.authority import Authority, AuthorityError
from jinyun.net.broker import Centre
from jinyun.run import neighbours
from jinyun.run.guard import DoorKeeper, keeper
from jinyun.run.logs import Logs
from jinyun.run.parts import Part
from jinyun.run.place import RunError, checked_archive, choose_port, is_loopback, take_lock
from jinyun.state import authority_dir, read_json, state_dir, write_json, write_private

__all__ = ["Options", "RunError", "run"]

PAGE_PORT, MQTT_PORT, NATS_PORT = 8042, 1883, 4222
LOOPBACK = "127.0.0.1"
POLL_S = 0.05
TELL_S = 0.5
TEND_S = 5.0
"""Logs are looked after this often."""
STOP_S = 4.5
"""All parts are gone this long after a stop was asked for."""
START_S = 60.0
COMPILE_S = 600.0
"""The cloud compiles its kernels on the first start after its sources changed: a minute on two cores, longer on small ones."""
PATIENCE_S = 5.0
COMPILING = "  compiling the kernels: once after the sources change, some minutes"
PARTITIONS = 8
"""Into so many partitions the map is cut where workers fuse."""
END_ORDER = (
    ("street", 1.5), ("vehicles", 0.5), ("road", 0.5), ("charging", 0.5), ("supervision", 0.5), ("line", 1.0),
    ("cloud", 1.5), ("centre", 1.0),
    ("archive", 0.5), ("broker", 0.5),
)  # fmt: skip
"""Who ends when, and the seconds each may take: first who sends, last who carries."""


@dataclass(slots=True)
class Options:
    """What ``jinyun run`` was asked for; a port of 0 means any free one."""

    zone: str | None = None
    seconds: float | None = None
    headless: bool = False
    world: bool = True
    host: str = LOOPBACK
    port: int = PAGE_PORT
    mqtt_host: str = LOOPBACK
    mqtt_port: int = MQTT_PORT
    nats_port: int = NATS_PORT
    nev_port: int | None = None
    charging_port: int | None = None
    connected: float | None = None
    seed: int | None = None
    truth: bool = False
    record: Path | None = None
    archive: str | None = None
    ring: bool = True
    workers: int = 0
    as_json: bool = False
    public: bool | None = None
    cluster: str | None = None
    peer: list[str] = field(default_factory=list)
    edges: str | None = None
    centre: str | None = None
    edge: str | None = None


class _Stop:
    """Whether an end was asked for, by Ctrl-C or SIGTERM."""

    def __init__(self) -> None:
        self.asked = False
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}

    def _ask(self, number: int, frame: object) -> None:
        self.asked = True

    def restore(self) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


def run(options: Options) -> int:
    """Run a zone until it is told to end; return the exit code. Raises :class:`RunError` or ``ZoneError``."""
    out = sys.stderr if options.as_json else sys.stdout

    def say(text: str) -> None:
        with contextlib.suppress(OSError):
            print(text, file=out, flush=True)

    zone = zones.load(zones.find(options.zone))
    folder = state_dir(zone.id)
    lock = take_lock(folder)
    stop = _Stop()
    try:
        work = _Run(options, zone, folder, say, stop)
        return work.go()
    except AuthorityError as error:
        raise RunError(str(error)) from None
    finally:
        lock.close()
        stop.restore()


class _Run:
    """One zone at work."""

    def __init__(
        self, options: Options, zone: zones.Zone, folder: Path, say: Callable[[str], None], stop: _Stop
    ) -> None:
        self.options, self.zone, self.folder, self.say, self.stop = options, zone, folder, say, stop
        self.peers = neighbours.peers(options.cluster, options.peer, zone.id)
        self.line = neighbours.line(options.edges, options.centre, options.edge)
        checked_archive(options.archive, options.record is not None or options.ring)
        self.nats_port = choose_port(LOOPBACK, options.nats_port, "the broker", "--nats-port")
        self.mqtt_port = choose_port(options.mqtt_host, options.mqtt_port, "MQTT", "--mqtt-port")
        asked = options.nev_port
        self.nev_port = None if asked is None else choose_port(options.mqtt_host, asked, "GB/T 32960", "--nev-port")
        asked = options.charging_port
        self.charging_port = None if asked is None else choose_port(options.mqtt_host, asked, "OCPP", "--charging-port")
        port = 0 if options.headless else choose_port(options.host, options.port, "the page", "--port")
        shown = LOOPBACK if options.host in ("0.0.0.0", "::") else options.host
        self.port, self.page = port, f"http://{shown}:{port}/" if port else None
        self.server = broker.binary()
        self.began = time.monotonic()
        self.started: list[Part] = []
        authority = Authority(authority_dir(zone.id), zone.id)
        if not authority.exists and not is_loopback(options.mqtt_host):
            raise RunError(
                f"MQTT on {options.mqtt_host} would let anybody speak: an anonymous broker is for loopback only. "
                f"Make the zone's authority first: jinyun admin init --zone {zone.id}"
            )
        say(f"Jinyun 缙云 · {zone.name.zh} {zone.name.en}" + (" · simulated data 模拟数据" if self.simulated else ""))
        self.keeper: DoorKeeper | None = keeper(authority, folder, options.world, say) if authority.exists else None

    @property
    def simulated(self) -> bool:
        return self.options.world

    @property
    def workers(self) -> list[str]:
        return [f"worker-{number + 1}" for number in range(self.options.workers)]

    def go(self) -> int:
        hdmap.open(self.zone)
        if time.monotonic() - self.began > 2.0:
            self.say(f"  map compiled in {time.monotonic() - self.began:.1f} s")
        for stale in ("cloud.json", "street.json", "run.json"):
            (self.folder / stale).unlink(missing_ok=True)
        self.parts = self._parts()
        try:
            self._start()
            if not self.stop.asked:
                self._greet()
            self._watch()
        finally:
            self._end()
        if self.options.as_json:
            print(json.dumps(self.summary(), ensure_ascii=False))
        return 0

    def _parts(self) -> dict[str, Part]:
        options, folder = self.options, self.folder
        self.logs = Logs(folder / "log", self.zone.profile["record.logs_kept_d"].value)
        self.logs.tend()
        config = self._write_configuration()
        common = ["--zone", str(self.zone.folder), "--state-dir", str(folder), "--with-parent"]
        python = [sys.executable, "-m"]
        cloud = [*python, "jinyun.cloud", *common, "--nats-port", str(self.nats_port)]
        cloud += ["--record", str(options.record)] if options.record else [] if options.ring else ["--no-record"]
        cloud += [] if self.simulated else ["--real"]
        cloud += ["--partitions", str(PARTITIONS)] if options.workers else []
        street = [*python, "jinyun.world", *common, "--mqtt", f"{LOOPBACK}:{self.mqtt_port}"]
        street += ["--connected", str(options.connected)] if options.connected is not None else []
        street += ["--seed", str(options.seed)] if options.seed is not None else []
        street += ["--truth"] if options.truth else []
        centre = [*python, "jinyun.centre", *common, "--host", options.host, "--port", str(self.port)]
        public = is_loopback(options.host) if options.public is None else options.public
        centre += [] if public else ["--private"]
        centre += ["--nats-url", f"nats://{LOOPBACK}:{self.nats_port}"]
        vehicles = [*python, "jinyun.net.gbt32960.bridge", "--zone-id", self.zone.id, "--host", options.mqtt_host]
        vehicles += ["--port", str(self.nev_port), "--nats-port", str(self.nats_port)]
        vehicles += ["--state-dir", str(folder), "--with-parent"]
        road = [*python, "jinyun.road", *common, "--nats-port", str(self.nats_port)]
        watching = [*python, "jinyun.trial.onroad", *common, "--nats-port", str(self.nats_port)]
        commands = {
            "broker": [self.server, "-c", str(config)], "cloud": cloud, "road": road, "street": street, "centre": centre,
            "supervision": watching,
        }  # fmt: skip
        if self.nev_port is not None:
            commands["vehicles"] = vehicles
        for name in self.workers:
            worker = [
                *python,
                "jinyun.cloud.engine",
                "--zone",
                self.zone.id,
                "--parts",
                str(PARTITIONS),
                "--name",
                name,
            ]
            commands[name] = [*worker, "--nats-url", f"nats://{LOOPBACK}:{self.nats_port}", "--with-parent"]
        if self.line is not None:
            line = [*python, "jinyun.cloud.edge", "--zone-id", self.zone.id, "--with-parent"]
            line += ["--edge", self.line.edge] if isinstance(self.line, Centre) else ["--folder", str(folder / "edges")]
            commands["line"] = [*line, "--nats-url", f"nats://{LOOPBACK}:{self.nats_port}"]
        if self.charging_port is not None:
            charging = [*python, "jinyun.road.charging", *common, "--host", options.mqtt_host]
            commands["charging"] = [*charging, "--port", str(self.charging_port), "--nats-port", str(self.nats_port)]
        if options.archive is not None:
            archive = [*python, "jinyun.record.archiving", "--state-dir", str(folder), "--to", options.archive]
            commands["archive"] = [*archive, "--with-parent"]
        parts = {name: Part(name, argv, self.logs.of(name)) for name, argv in commands.items()}
        if self.keeper is not None:
            parts["broker"].files = (self.keeper.key_fd,)
            for name in ("cloud", "road", "centre", "vehicles", "charging", "supervision", "line"):
                if name in parts:
                    parts[name].secrets = {broker.TOKEN: self.keeper.token}
            certificate, key = map(str, self.keeper.street_files)
            parts["street"].argv += ["--tls", str(self.keeper.authority.certificate_file), certificate, key]
            parts["street"].secrets = {"JINYUN_STREET_SECRET": self.keeper.street_secret}
        return parts

    def _write_configuration(self) -> Path:
        store = self.folder / "broker"
        store.mkdir(exist_ok=True)
        config = store / "nats.conf"
        guard = self.keeper.guard if self.keeper else None
        name = f"jinyun-{self.zone.id}" + (f"-{platform.node()}" if self.peers or self.line else "")
        text = broker.configuration(
            name, LOOPBACK, self.nats_port, self.mqtt_port, store, self.options.mqtt_host, guard, self.peers, self.line
        )
        write_private(config, text.encode())
        return config

    # -- start, watch, end -------------------------------------------------------------------------------------------

    def _start(self) -> None:
        self._begin("broker")
        self._wait("broker", lambda: _answers(self.nats_port) and _answers(self.mqtt_port, self.options.mqtt_host))
        self._begin("cloud", *self.workers, *(["centre"] if self.page else []))
        account = self.folder / "cloud.json"
        self._wait("cloud", lambda: bool((read_json(account) or {}).get("frames")), COMPILE_S, COMPILING)
        beside = ["line"] if self.line is not None else []
        beside += ["charging"] if self.charging_port is not None else []
        beside += ["archive"] if self.options.archive is not None else []
        self._begin("road", "supervision", *beside)
        if self.nev_port is not None:
            port = self.nev_port
            self._begin("vehicles")
            self._wait("vehicles", lambda: _answers(port, self.options.mqtt_host))
        if self.options.world:  # only when somebody listens: what is sent before is lost, and would count as that
            self._begin("street")
        if self.page:
            self._wait("centre", lambda: _page_answers(f"{self.page}healthz"))

    def _begin(self, *names: str) -> None:
        for name in names:
            self.parts[name].start()
            self.started.append(self.parts[name])
        self._tell()

    def _wait(self, what: str, ready: Callable[[], bool], longest_s: float = START_S, slow: str = "") -> None:
        """Wait until ``ready``; say ``slow`` where that takes more than moments."""
        began = time.monotonic()
        while not ready() and not self.stop.asked:
            waited_s = time.monotonic() - began
            if slow and waited_s > PATIENCE_S:
                self.say(slow)
                slow = ""
            for part in self.started:
                part.watch(lambda _: None)
                if part.quick_deaths > 4:
                    raise RunError(f"{part.name} does not start{part.last_words()}")
            if waited_s > longest_s:
                raise RunError(f"{what} not ready within {longest_s:.0f} s; see {self.folder / 'log'}")
            time.sleep(POLL_S)

    def _greet(self) -> None:
        if self.page:
            self.say(f"  page    {self.page}   (ready after {time.monotonic() - self.began:.1f} s)")
            from jinyun.account import first_admin  # late: it brings the database, which no other part of a start needs

            if password := first_admin(self.folder):
                self.say(f"  sign in as admin with {password}   (shown this once; docs/accounts.md)")
        scheme = "mqtts" if self.keeper else "mqtt"
        self.say(f"  devices {scheme}://{self.options.mqtt_host}:{self.mqtt_port}   (docs/connect.md)")
        if self.nev_port is not None:
            self.say(f"  vehicles tcp://{self.options.mqtt_host}:{self.nev_port}   (GB/T 32960)")
        if self.charging_port is not None:
            self.say(f"  chargers wss://{self.options.mqtt_host}:{self.charging_port}/ocpp/ID   (docs/charging.md)")
        seconds = self.options.seconds
        self.say("  Ctrl-C ends it" if seconds is None else f"  ends by itself after {seconds:g} s")

    def _tell(self) -> None:
        write_json(
            self.folder / "run.json",
            {
                "pid": os.getpid(), "zone": self.zone.id, "folder": str(self.zone.folder), "page": self.page,
                "nats": f"nats://{LOOPBACK}:{self.nats_port}", "mqtt": f"{self.options.mqtt_host}:{self.mqtt_port}",
                "guarded": self.keeper is not None, "parts": [part.as_json() for part in self.started],
            },
        )  # fmt: skip

    def _watch(self) -> None:
        """Watch the parts until an end is asked for or the time is over."""
        seconds = self.options.seconds
        if self.options.world and seconds is not None:
            # The seconds count from the street's first message, so that a slow start does not shorten the run.
            self._wait("street", lambda: bool((read_json(self.folder / "street.json") or {}).get("sent")))
        end_at = time.monotonic() + seconds if seconds is not None else float("inf")
        told_at = tended_at = 0.0
        while not self.stop.asked and time.monotonic() < end_at:
            for part in self.started:
                part.watch(self.say)
            if self.keeper is not None and self.keeper.changed():
                self._write_configuration()
                self.parts["broker"].signal(signal.SIGHUP)
                self.say("  devices changed: the broker follows")
            if time.monotonic() - told_at > TELL_S:
                self._tell()
                told_at = time.monotonic()
            if time.monotonic() - tended_at > TEND_S:
                self.logs.tend()
                tended_at = time.monotonic()
            time.sleep(POLL_S)

    def _end(self) -> None:
        """End the parts in the order of the data, so that nothing sent is lost on the way."""
        deadline = time.monotonic() + STOP_S
        for name, share_s in END_ORDER:
            if name not in self.parts:
                continue
            self.parts[name].ask_to_end()
            if name == "cloud":
                self.parts["centre"].ask_to_end()
            self.parts[name].end(min(deadline, time.monotonic() + share_s))
            if name == "cloud":
                for worker in self.workers:
                    self.parts[worker].ask_to_end()
                for worker in self.workers:
                    self.parts[worker].end(min(deadline, time.monotonic() + 0.5))
        if self.keeper is not None:
            self.keeper.close()
        (self.folder / "run.json").unlink(missing_ok=True)

    def summary(self) -> dict[str, Any]:
        """Return the figures of a run: what the street says it sent beside what the cloud says it received."""
        cloud = read_json(self.folder / "cloud.json") or {}
        street = read_json(self.folder / "street.json") or {}
        kinds = ("bsm", "rsm", "spat", "map")
        received, sent = cloud.get("received", {}), street.get("sent", {})
        return {
            "zone": self.zone.id,
            "simulated": self.simulated,
            "seconds": self.options.seconds,
            "sent": {kind: sent.get(kind, 0) for kind in kinds},
            "received": {kind: received.get(kind, 0) for kind in kinds},
            **{key: cloud.get(key, 0) for key in ("refused", "lost", "late", "shed", "frames", "participants_max")},
            "latency_ms": cloud.get("latency_total_ms", {"p50": None, "p99": None}),
            "restarts": {part.name: part.restarts for part in self.started},
        }


def _answers(port: int, host: str = LOOPBACK) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def _page_answers(url: str) -> bool:
    with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(url, timeout=1.0) as answer:
        return bool(answer.status == 200)
    return False
