"""Adviser (协同服务进程): the applications in a process of their own, so that the picture never waits for them.

The cloud hands it a frame with what came since the last one and takes up its answer whenever that is there; a frame that
falls due before then is left out, and counted. It runs at lower priority; when it dies or hangs it is started again and
the picture goes on. :mod:`jinyun.cloud.desk` is its end of it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.advising import MOST_HEARD, SPEAKS, Answer, speaking
from jinyun.cloud.cooperation.hearing import Heard
from jinyun.cloud.newest import KEPT_US
from jinyun.cloud.passage import Passage, PassageClosed
from jinyun.cloud.sources import Sources
from jinyun.cloud.window import Decoded, RsiHeard
from jinyun.rows import joined
from jinyun.shapes import REPORT, Finding, Frame

MOST_ROAD = 1_000
"""RSI kept while it works; of more the oldest go."""
HUNG_S = 30.0
"""Who has not answered for so long is ended, and started again."""
REST_S, LONGEST_REST_S = 1.0, 60.0
"""It is started again so long after it ended; twice as long each time it ends before its first answer."""
RECENT = 50
"""Frames by which its share is told."""
BEHIND_SHARE = 0.9
"""Below this share of the frames it is said that it is behind."""

State = Literal["starting", "ready", "busy", "away"]


@dataclass(frozen=True, slots=True)
class Question:
    """One frame and what came since the last one that was asked about."""

    frame: Frame
    senders: list[tuple[int, str, str]]  # row, kind and device of those that are new; no kind: that row is free
    reports: NDArray[np.void]  # REPORT
    speaks: NDArray[np.void]  # SPEAKS
    road: list[RsiHeard]
    heard: list[Heard]
    foretold_s: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Reply:
    """What the applications made of it; without lanes and paths, which stay where they are."""

    answer: Answer
    account: list[dict[str, Any]]


class Adviser:
    """The picture's end: a :class:`jinyun.cloud.counsel.Counsel` that never waits."""

    def __init__(
        self, folder: Path, sources: Sources, zone_id: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start the process for the zone in ``folder``; ``clock`` counts seconds."""
        self.folder, self.sources, self.zone_id, self._clock = folder, sources, zone_id, clock
        self.state: State = "away"
        self.asked = self.left_out = self.restarts = 0
        self.process: subprocess.Popen[bytes] | None = None
        self._passage: Passage | None = None
        self._answer: Answer | None = None
        self._account: list[dict[str, Any]] = []
        self._since_s = 0.0  # when it was started, asked, or ended
        self._rest_s = REST_S
        self._taken: deque[tuple[int, NDArray[np.void], NDArray[np.void]]] = deque()
        self._road: deque[RsiHeard] = deque(maxlen=MOST_ROAD)
        self._heard: list[Heard] = []
        self._recent: deque[bool] = deque(maxlen=RECENT)
        self._findings: list[Finding] = []
        self._start()

    def _start(self) -> None:
        self._passage, theirs = Passage.pair()
        argv = [sys.executable, "-m", "jinyun.cloud.desk", "--zone", str(self.folder)]
        try:
            self.process = subprocess.Popen(
                [*argv, "--passage", ",".join(map(str, theirs))], pass_fds=theirs, stdin=subprocess.PIPE
            )
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        self.sources.changed.update(source.row for source in self.sources)
        self.state, self._since_s = "starting", self._clock()

    def take(self, decoded: Decoded, end_us: int) -> list[Finding]:
        """Note what one window says; what the applications find wrong with it comes with an answer."""
        self._taken.append((end_us, decoded.reports, speaking(decoded.sightings)))
        while self._taken and end_us - self._taken[0][0] > KEPT_US:
            self._taken.popleft()
        self._road += decoded.road
        self._heard = (self._heard + decoded.heard)[:MOST_HEARD]
        return []

    def ask(self, frame: Frame, foretold_s: NDArray[np.float64] | None) -> list[Finding]:
        """Hand a frame over where it has nothing else to do; leave it out otherwise. Return what is wrong."""
        self._look()
        findings, self._findings = self._findings, []
        if self.state == "away" and self._clock() - self._since_s >= self._rest_s:
            self.restarts += 1
            self._start()
        if self.state in ("starting", "away"):
            return [replace(one, t_us=frame.t_us) for one in findings]
        self._recent.append(self.state == "ready")
        if self.state == "busy":
            self.left_out += 1
        else:
            self._hand(frame, foretold_s)
        if len(self._recent) == RECENT and self.share < BEHIND_SHARE:
            reason = f"the applications take too long: they see {100 * self.share:.0f} % of the frames"
            findings.append(Finding("advising.behind", self.zone_id, "load", reason, frame.t_us))
        return [replace(one, t_us=frame.t_us) for one in findings]

    def _hand(self, frame: Frame, foretold_s: NDArray[np.float64] | None) -> None:
        assert self._passage is not None
        senders = []
        for row in sorted(self.sources.changed):
            source = self.sources.at(row)
            senders.append((row, source.kind, source.device) if source is not None else (row, "", ""))
        reports = joined([reports for _, reports, _ in self._taken], REPORT)
        speaks = joined([speaks for *_, speaks in self._taken], SPEAKS)
        question = Question(frame, senders, reports, speaks, list(self._road), self._heard, foretold_s)
        try:
            self._passage.put(question)
        except PassageClosed:
            self._ended()
            return
        self.sources.changed.clear()
        self._taken.clear()
        self._road.clear()
        self._heard = []
        self.asked += 1
        self.state, self._since_s = "busy", self._clock()

    def _look(self, wait_s: float = 0.0) -> None:
        """Take up what it says, if it says something within ``wait_s``."""
        if self._passage is None:
            return
        try:
            said = self._passage.get(wait_s)
        except PassageClosed:
            self._ended()
            return
        if isinstance(said, Reply):
            self._answer, self._account, self._rest_s = said.answer, said.account, REST_S
        if said is not None:
            self.state = "ready"
        elif self.state == "busy" and self._clock() - self._since_s > HUNG_S:
            self._ended(f"no answer for {HUNG_S:.0f} s")

    def _ended(self, reason: str = "") -> None:
        """Let go of a process that has ended or hangs."""
        code = self._let_go()
        if self.state == "starting":
            self._rest_s = min(2 * self._rest_s, LONGEST_REST_S)
        reason = reason or f"ended with {code}"
        reason = f"the applications' process {reason}; it is started again, the picture goes on without advice"
        self._findings.append(Finding("advising.away", self.zone_id, "process", reason, 0, "fault"))
        self.state, self._since_s = "away", self._clock()

    def _let_go(self) -> int | None:
        """End the process if it still lives, close what leads to it, and return its exit code."""
        code = None
        if self.process is not None:
            self.process.kill()
            code = self.process.wait()
            if self.process.stdin is not None:
                self.process.stdin.close()
        if self._passage is not None:
            self._passage.close()
            self._passage = None
        return code

    def answer(self) -> Answer | None:
        """Return the answer that has come since the last call, None where none has; never waits."""
        if self._answer is None and self.state in ("starting", "busy"):
            self._look()
        answer, self._answer = self._answer, None
        return answer

    def wait(self, seconds: float) -> bool:
        """Wait until it is ready for a frame, at most ``seconds``; return whether it is."""
        if self.state in ("starting", "busy"):
            self._look(seconds)
        return self.state == "ready"

    def forget(self, row: int) -> None:
        """Let go of a sender: the next frame's list of senders says so."""
        self.sources.changed.add(row)

    @property
    def share(self) -> float:
        """Of the last frames so many were asked about; 1 before there were any."""
        return sum(self._recent) / len(self._recent) if self._recent else 1.0

    def account(self) -> list[dict[str, Any]]:
        """Return what each application had to show at the last answer."""
        return self._account

    def told(self) -> dict[str, Any]:
        """Return how it goes: its state, frames asked about and left out, the share of the last five seconds."""
        return {
            "state": self.state, "asked": self.asked, "left_out": self.left_out, "restarts": self.restarts,
            "share": round(self.share, 3),
        }  # fmt: skip

    def close(self) -> None:
        """End the process."""
        self._let_go()
        self.state = "away"
