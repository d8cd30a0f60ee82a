"""A zone at work for tests: ``jinyun run`` as a user starts it, on free ports, with its state to itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.conftest import wait_for

ANY_PORTS = ["--port", "0", "--mqtt-port", "0", "--nats-port", "0"]
START_S = 90.0
"""A cold map is compiled first; on a busy machine that takes a while."""


def command(*args: str) -> list[str]:
    return [sys.executable, "-m", "jinyun", *args]


def jinyun(*args: str, state: Path | None = None, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    env = {**os.environ, **({"JINYUN_STATE": str(state)} if state else {})}
    return subprocess.run(command(*args), capture_output=True, text=True, timeout=seconds, env=env)


class Running:
    """A started zone: where its page and broker are, and its parts' processes."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self.process, self.folder = process, folder

    @property
    def facts(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.folder / "run.json").read_text())
            return found
        except (OSError, ValueError):
            return {}

    @property
    def page(self) -> str:
        return str(self.facts["page"])

    @property
    def mqtt_port(self) -> int:
        return int(self.facts["mqtt"].rsplit(":", 1)[1])

    @property
    def nats_port(self) -> int:
        return int(self.facts["nats"].rsplit(":", 1)[1])

    def part(self, name: str) -> dict[str, Any]:
        return next((part for part in self.facts.get("parts", []) if part["name"] == name), {})

    def status(self) -> dict[str, Any]:
        with urllib.request.urlopen(self.page + "api/v1/status", timeout=5) as answer:
            found: dict[str, Any] = json.load(answer)
            return found

    def healthy(self) -> bool:
        try:
            with urllib.request.urlopen(self.page + "healthz", timeout=2) as answer:
                return bool(answer.status == 200)
        except (OSError, KeyError):
            return False

    def kill(self, name: str) -> None:
        """End a part as a crash would, and wait until the starter has seen it."""
        before = self.part(name)
        psutil.Process(before["pid"]).kill()
        wait_for(lambda: self.part(name).get("restarts", 0) > before["restarts"], 20, f"{name} restarted")

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(20)


@contextmanager
def running(*args: str, zone: str = "science-city", state: Path | None = None) -> Iterator[Running]:
    """Start ``jinyun run`` and give it once its parts are there; end it afterwards, whatever happened."""
    with tempfile.TemporaryDirectory(prefix="jinyun-") as fresh:
        state = state or Path(fresh)
        log = state / "output.log"
        state.mkdir(exist_ok=True)
        with log.open("w") as out:
            process = subprocess.Popen(
                command("run", *args, *ANY_PORTS),
                stdout=out,
                stderr=out,
                text=True,
                env={**os.environ, "JINYUN_STATE": str(state)},
            )
        found = Running(process, state / zone)

        def ready() -> bool:
            assert process.poll() is None, f"jinyun run ended: {log.read_text()}"
            return "Ctrl-C ends it" in log.read_text() or "ends by itself" in log.read_text()

        try:
            wait_for(ready, START_S, "zone started")
            yield found
        finally:
            if process.poll() is None:
                process.terminate()
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()
