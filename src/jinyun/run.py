"""``jinyun run``: starts and watches the parts of a zone — broker, cloud, centre, street — each a process of its own.

A part that dies is started again, and the page says so. Ctrl-C or SIGTERM ends all of them, the street first, so that
what it sent is still received and counted.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from jinyun import hdmap
from jinyun import zone as zones
from jinyun.net import broker
from jinyun.state import read_json, state_dir, write_json

PAGE_PORT, MQTT_PORT, NATS_PORT = 8042, 1883, 4222
POLL_S = 0.05
STOP_S = 4.5
"""All parts are gone this long after a stop was asked for."""
BACKOFF_S = (0.1, 0.3, 1.0, 2.0, 5.0)
STEADY_S = 10.0
"""A part that ran this long starts its pauses anew."""
START_S = 60.0
PR_SET_PDEATHSIG = 1


class RunError(Exception):
    """The zone cannot be started; one clear line, exit code 2."""


def _die_with_parent() -> None:
    """In the child, on Linux: be ended when the starter is, even by kill -9."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Part:
    """One process of the zone and how it has fared."""

    name: str
    argv: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    since_us: int = 0
    started_at: float = 0.0
    again_at: float = 0.0
    quick_deaths: int = 0
    said: str = ""

    def start(self) -> None:
        with self.log.open("ab") as out:
            if out.tell() > 4 << 20:
                out.truncate(0)
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )  # fmt: skip
        self.started_at = time.monotonic()
        self.since_us = time.time_ns() // 1000

    @property
    def up(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def as_json(self) -> dict[str, Any]:
        pid = self.process.pid if self.process else None
        state = "up" if self.up else "down"
        return {"name": self.name, "state": state, "restarts": self.restarts, "since_us": self.since_us, "pid": pid}

    def watch(self, say: Callable[[str], None]) -> None:
        """Start the part again if it has died, after a pause that grows while it keeps dying."""
        if self.up:
            return
        now = time.monotonic()
        if not self.again_at:
            code = self.process.returncode if self.process else None
            self.quick_deaths = 0 if now - self.started_at > STEADY_S else self.quick_deaths + 1
            pause = BACKOFF_S[min(self.quick_deaths, len(BACKOFF_S) - 1)]
            self.again_at, self.since_us = now + pause, time.time_ns() // 1000
            say(f"{self.name} ended ({_how(code)}); starting it again{self.last_words()}")
        if now >= self.again_at:
            self.again_at = 0.0
            self.restarts += 1
            self.start()

    def last_words(self) -> str:
        """Return the last line of the part's log, once, where it keeps dying at its start."""
        if self.quick_deaths < 2:
            return ""
        with contextlib.suppress(OSError):
            lines = self.log.read_text(errors="replace").strip().splitlines()
            if lines and lines[-1] != self.said:
                self.said = lines[-1]
                return f" — its last words: {lines[-1][:200]} ({self.log})"
        return ""

    def ask_to_end(self) -> None:
        if self.up and self.process is not None:
            self.process.terminate()

    def end(self, deadline: float) -> None:
        """Wait for the part until ``deadline`` (monotonic), then kill it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.05, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()


def _how(code: int | None) -> str:
    if code is None:
        return "never started"
    return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


@dataclass(slots=True)
class Options:
    """What ``jinyun run`` was asked for; a port of 0 means any free one."""

    zone: str | None = None
    seconds: float | None = None
    headless: bool = False
    world: bool = True
    host: str = "127.0.0.1"
    port: int = PAGE_PORT
    mqtt_port: int = MQTT_PORT
    nats_port: int = NATS_PORT
    connected: float | None = None
    seed: int | None = None
    truth: bool = False
    record: Path | None = None
    as_json: bool = False
    extra_street: list[str] = field(default_factory=list)


def choose_port(host: str, port: int, what: str, cure: str) -> int:
    """Return ``port``, or a free one for 0; raises :class:`RunError` where somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise RunError(
                f"port {port} for {what} on {host} cannot be used ({error.strerror}): choose another with {cure}"
            ) from None
        return int(probe.getsockname()[1])


def take_lock(folder: Path) -> IO[str]:
    """Return the lock of a zone's state folder; raises :class:`RunError` where that zone runs already."""
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        running = read_json(folder / "run.json") or {}
        where = f" at {running['page']}" if running.get("page") else ""
        raise RunError(
            f"zone {folder.name} runs already (pid {running.get('pid', '?')}{where}); stop it first"
        ) from None
    return lock


def _wait(what: str, condition: Callable[[], bool], parts: list[Part], stopping: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_S
    while not condition():
        if stopping():
            return
        for part in parts:
            part.watch(lambda _: None)
            if part.quick_deaths > 4:
                raise RunError(f"{part.name} does not start{part.last_words()}")
        if time.monotonic() > deadline:
            raise RunError(f"{what} not ready within {START_S:.0f} s; see {parts[0].log.parent}")
        time.sleep(POLL_S)


def _answers(host: str, port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((host, port), timeout=0.5):
        return True
    return False


def _page_answers(url: str) -> bool:
    with contextlib.suppress(OSError, ValueError), urllib.request.urlopen(url + "healthz", timeout=1.0) as answer:
        return bool(answer.status == 200)
    return False


def run(options: Options) -> int:
    """Run a zone until it is told to end; return the exit code."""
    out = sys.stderr if options.as_json else sys.stdout

    def say(text: str) -> None:
        with contextlib.suppress(OSError):
            print(text, file=out, flush=True)

    zone = zones.load(zones.find(options.zone))
    folder = state_dir(zone.id)
    lock = take_lock(folder)
    stop = _Stop()
    try:
        return _run(options, zone, folder, say, stop)
    finally:
        lock.close()
        stop.restore()


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


def _run(options: Options, zone: zones.Zone, folder: Path, say: Callable[[str], None], stop: _Stop) -> int:
    host = options.host
    nats_port = choose_port("127.0.0.1", options.nats_port, "the broker", "--nats-port")
    mqtt_port = choose_port("127.0.0.1", options.mqtt_port, "MQTT", "--mqtt-port")
    port = 0 if options.headless else choose_port(host, options.port, "the page", "--port")
    server = broker.binary()
    began = time.monotonic()
    say(f"Jinyun 缙云 · {zone.name.zh} {zone.name.en}" + (" · simulated data 模拟数据" if zone.simulated else ""))
    hdmap.open(zone)
    if time.monotonic() - began > 2.0:
        say(f"  map compiled in {time.monotonic() - began:.1f} s")
    logs = folder / "log"
    logs.mkdir(exist_ok=True)
    for stale in ("cloud.json", "street.json", "run.json"):
        (folder / stale).unlink(missing_ok=True)
    parts = _parts(options, zone, folder, server, nats_port, mqtt_port, port, logs)
    page = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}/" if port else None
    facts = {
        "pid": os.getpid(), "zone": zone.id, "folder": str(zone.folder), "page": page,
        "nats": f"nats://127.0.0.1:{nats_port}", "mqtt": f"127.0.0.1:{mqtt_port}",
    }  # fmt: skip
    started: list[Part] = []

    def tell() -> None:
        write_json(folder / "run.json", {**facts, "parts": [part.as_json() for part in started]})

    def begin(name: str, ready: Callable[[], bool] | None) -> None:
        part = parts[name]
        part.start()
        started.append(part)
        tell()
        if ready:
            _wait(name, ready, started, lambda: stop.asked)

    try:
        begin("broker", lambda: _answers("127.0.0.1", nats_port) and _answers("127.0.0.1", mqtt_port))
        begin("cloud", lambda: bool((read_json(folder / "cloud.json") or {}).get("frames")))
        if options.world:
            begin("street", None)
        if page:
            begin("centre", lambda: _page_answers(page))
        if not stop.asked:
            if page:
                say(f"  page    {page}   (ready after {time.monotonic() - began:.1f} s)")
            say(f"  devices mqtt://127.0.0.1:{mqtt_port}   (docs/connect.md)")
            say("  Ctrl-C ends it" if options.seconds is None else f"  ends by itself after {options.seconds:g} s")
        _watch(options, started, folder, say, stop, tell)
    finally:
        _end(parts, folder)
    if options.as_json:
        print(json.dumps(summary(folder, started, options), ensure_ascii=False))
    return 0


def _parts(
    options: Options, zone: zones.Zone, folder: Path, server: str, nats_port: int, mqtt_port: int, port: int, logs: Path
) -> dict[str, Part]:
    store = folder / "broker"
    store.mkdir(exist_ok=True)
    config = store / "nats.conf"
    config.write_text(broker.configuration(f"jinyun-{zone.id}", "127.0.0.1", nats_port, mqtt_port, store))
    common = ["--zone", str(zone.folder), "--state-dir", str(folder), "--with-parent"]
    python = [sys.executable, "-m"]
    cloud = [*python, "jinyun.cloud", *common, "--nats-port", str(nats_port)]
    if options.record:
        cloud += ["--record", str(options.record)]
    street = [*python, "jinyun.world", *common, "--mqtt", f"127.0.0.1:{mqtt_port}", *options.extra_street]
    if options.connected is not None:
        street += ["--connected", str(options.connected)]
    if options.seed is not None:
        street += ["--seed", str(options.seed)]
    if options.truth:
        street += ["--truth"]
    centre = [*python, "jinyun.centre", *common, "--host", options.host, "--port", str(port)]
    centre += ["--nats-url", f"nats://127.0.0.1:{nats_port}"]
    commands = {"broker": [server, "-c", str(config)], "cloud": cloud, "street": street, "centre": centre}
    return {name: Part(name, argv, logs / f"{name}.log") for name, argv in commands.items()}


def _watch(
    options: Options, parts: list[Part], folder: Path, say: Callable[[str], None], stop: _Stop, tell: Callable[[], None]
) -> None:
    """Watch the parts until an end is asked for or the time is over."""
    street = next((part for part in parts if part.name == "street"), None)
    if street is not None and options.seconds is not None:
        # The seconds count from the street's first message, so that a slow start does not shorten the run.
        _wait("street", lambda: bool((read_json(folder / "street.json") or {}).get("sent")), parts, lambda: stop.asked)
    end_at = time.monotonic() + options.seconds if options.seconds is not None else float("inf")
    told_at = 0.0
    while not stop.asked and time.monotonic() < end_at:
        for part in parts:
            part.watch(say)
        if time.monotonic() - told_at > 0.5:
            tell()
            told_at = time.monotonic()
        time.sleep(POLL_S)


def _end(parts: dict[str, Part], folder: Path) -> None:
    """End the parts in the order of the data, so that nothing sent is lost on the way."""
    deadline = time.monotonic() + STOP_S
    for name, share_s in (("street", 1.5), ("cloud", 1.5), ("centre", 1.0), ("broker", 1.0)):
        part = parts[name]
        part.ask_to_end()
        if name in ("cloud", "centre"):
            parts["centre"].ask_to_end()
        part.end(min(deadline, time.monotonic() + share_s))
    (folder / "run.json").unlink(missing_ok=True)


def summary(folder: Path, parts: list[Part], options: Options) -> dict[str, Any]:
    """Return the figures of a run: what the street says it sent beside what the cloud says it received."""
    cloud = read_json(folder / "cloud.json") or {}
    street = read_json(folder / "street.json") or {}
    kinds = ("bsm", "rsm", "spat", "map")
    received, sent = cloud.get("received", {}), street.get("sent", {})
    return {
        "zone": folder.name,
        "simulated": cloud.get("simulated", True),
        "seconds": options.seconds,
        "sent": {kind: sent.get(kind, 0) for kind in kinds},
        "received": {kind: received.get(kind, 0) for kind in kinds},
        "refused": cloud.get("refused", 0),
        "lost": cloud.get("lost", 0),
        "late": cloud.get("late", 0),
        "shed": cloud.get("shed", 0),
        "frames": cloud.get("frames", 0),
        "participants_max": cloud.get("participants_max", 0),
        "latency_ms": cloud.get("latency_total_ms", {"p50": None, "p99": None}),
        "restarts": {part.name: part.restarts for part in parts},
    }
