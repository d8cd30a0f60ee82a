"""Cooperative applications (协同应用): who should know what now, from one frame, said in the standard's messages.

    application   the contract: what an application is and what it returns             :mod:`.application`
    scene         what they all see: tracks, lanes, ways ahead, lights, the map         :mod:`.scene`
    relations     who is ahead, who is beside, whose ways meet                          :mod:`.relations`
    book          advice as episodes: opened, said again, closed                        :mod:`.book`
    catalogue     all of them, day one and day two, one module each                     :mod:`.catalogue`

:class:`Applications` asks all of them about a scene. What they are and how right they are: ``docs/applications.md``.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from jinyun.cloud.apps.application import Application, Parameters
from jinyun.cloud.apps.book import Book, Terms, Turned
from jinyun.cloud.apps.catalogue import CATALOGUE
from jinyun.cloud.apps.scene import Scene
from jinyun.shapes import ADVICE
from jinyun.zone import Profile

__all__ = ["CATALOGUE", "Application", "Applications", "Scene", "parameters"]

_TERMS = ("hold_s", "linger_s", "repeat_s")
_FADE = 0.02
"""Share of the newest frame in the running mean of what an application costs."""


def parameters(profile: Profile, id: str) -> dict[str, float]:
    """Return what the profile says for an application: ``app.fcw.warn_s`` is ``warn_s``; ``app.hold_s`` is for all."""
    found: dict[str, float] = {}
    own = f"app.{id.lower()}."
    for prefix in ("app.", own):
        for key in profile:
            name = key.removeprefix(prefix)
            if key.startswith(prefix) and "." not in name:
                found[name] = profile[key].value
    return found


class Applications:
    """The applications of a zone and the advice that holds; :meth:`step` once a frame."""

    def __init__(self, profile: Profile, only: Iterable[str] | None = None) -> None:
        """Begin with no advice; ``only`` names those that are asked (ids), None all. Raises ``KeyError`` for others."""
        known = {about.id: row for row, about in enumerate(CATALOGUE)}
        self.rows = sorted(known[id] for id in only) if only is not None else list(range(len(CATALOGUE)))
        self.parameters: list[Parameters] = [parameters(profile, about.id) for about in CATALOGUE]
        self.of_each = {about.id: p for about, p in zip(CATALOGUE, self.parameters, strict=True)}
        self.book = Book(Terms(*(np.array([p[term] for p in self.parameters]) for term in _TERMS)))
        self.cost_ms = np.zeros(len(CATALOGUE))
        self.failed: dict[str, str] = {}  # by id, why an application could not answer in the last frame

    def ask(self, scene: Scene) -> NDArray[np.void]:
        """Return what holds in a scene: ADVICE of all applications; one that fails costs the others nothing."""
        said: list[NDArray[np.void]] = []
        self.failed = {}
        for row in self.rows:
            began = time.perf_counter()
            try:
                advice = CATALOGUE[row].advise(scene, self.parameters[row])
            except Exception as error:  # our own fault: it is told, and the street goes on being warned of the rest
                self.failed[CATALOGUE[row].id] = f"{type(error).__name__}: {error}"
                continue
            if len(advice):
                advice["application"] = row
                said.append(advice)
            self.cost_ms[row] += _FADE * ((time.perf_counter() - began) * 1000 - self.cost_ms[row])
        rows, at = np.empty(sum(map(len, said)), ADVICE), 0
        for advice in said:  # to concatenate records costs more than all they hold
            rows[at : at + len(advice)] = advice
            at += len(advice)
        return rows

    def step(self, scene: Scene) -> Turned:
        """Ask all applications about a scene and return what that changed."""
        return self.book.turn(self.ask(scene), scene.t_us)
