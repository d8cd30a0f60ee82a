"""A part of a running zone: one process, its log, and how it is started again when it dies."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

BACKOFF_S = (0.1, 0.3, 1.0, 2.0, 5.0)
STEADY_S = 10.0
"""A part that ran this long starts its pauses anew."""
PR_SET_PDEATHSIG = 1


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
    secrets: dict[str, str] = field(default_factory=dict)  # environment of this part alone
    files: tuple[int, ...] = ()  # descriptors it inherits

    def start(self) -> None:
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.argv, stdin=subprocess.PIPE, stdout=out, stderr=subprocess.STDOUT,
                start_new_session=True, pass_fds=self.files,
                env={**os.environ, **self.secrets}, preexec_fn=_die_with_parent if sys.platform == "linux" else None,
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

    def signal(self, number: signal.Signals) -> None:
        if self.up and self.process is not None:
            self.process.send_signal(number)

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
