"""Counsel (问询): how the picture asks the applications, at once or by an adviser in a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.advising import Advising, Answer
from jinyun.cloud.sources import Source
from jinyun.cloud.window import Decoded
from jinyun.shapes import Finding, Frame


class Counsel(Protocol):
    """What the picture says to the applications and gets from them."""

    def take(self, decoded: Decoded, end_us: int) -> list[Finding]:
        """Note what one window says; return what of it cannot be held."""

    def ask(self, frame: Frame, foretold_s: NDArray[np.float64] | None) -> list[Finding]:
        """Give a frame to the applications; ``foretold_s`` is when which road's light changes. Return what is wrong."""

    def answer(self) -> Answer | None:
        """Return what they made of a frame, None where nothing is there that was not returned before."""

    def forget(self, row: int) -> None:
        """Let go of a sender whose row another may get."""

    def account(self) -> list[dict[str, Any]]:
        """Return what each application has to show."""

    def told(self) -> dict[str, Any]:
        """Return how the asking goes: frames asked about and left out."""


class AtOnce:
    """Asks and waits: replay, tests and whatever has time."""

    def __init__(self, advising: Advising, source_at: Callable[[int], Source | None]) -> None:
        self.advising, self._source_at = advising, source_at
        self._answer: Answer | None = None
        self._asked = 0

    def take(self, decoded: Decoded, end_us: int) -> list[Finding]:
        findings = self.advising.take(decoded.sightings, decoded.reports, decoded.road)
        self.advising.hear(decoded.heard)
        return findings

    def ask(self, frame: Frame, foretold_s: NDArray[np.float64] | None) -> list[Finding]:
        self.advising.foretold_s = foretold_s
        self._answer = self.advising.answer(self.advising.asked(frame), self._source_at)
        self._asked += 1
        return []

    def answer(self) -> Answer | None:
        answer, self._answer = self._answer, None
        return answer

    def forget(self, row: int) -> None:
        self.advising.road_events.forget([row])

    def account(self) -> list[dict[str, Any]]:
        return self.advising.account()

    def told(self) -> dict[str, Any]:
        return {"state": "at-once", "asked": self._asked, "left_out": 0, "restarts": 0}
