"""The contract of an application (协同应用): what it reads, whom it advises, how; one function over a whole scene.

An application is a module of this folder with an ``ABOUT`` of this kind. Its function gets the :class:`~.scene.Scene` of one
frame and its own parameters from the zone's profile (``app.fcw.warn_s`` is ``parameters["warn_s"]``) and returns ADVICE rows:
who should know what now. It keeps nothing between frames: when advice opens and closes is :mod:`.book`'s work, so that
it is said once and not ten times a second. No loop over participants in Python: columns, and kernels where columns do not do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from jinyun.shapes import ADVICE

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene

Parameters = Mapping[str, float]


class Urgency(IntEnum):
    """How soon somebody must act."""

    INFORM = 1
    WARN = 2
    ACT = 3


class Application(NamedTuple):
    """What an application is, for the catalogue, the pages and whoever sends its advice."""

    id: str
    """As the field abbreviates it: ``FCW``."""
    zh: str
    en: str
    day: Literal[1, 2]
    """1: T/CSAE 53, 2: T/CSAE 157."""
    reads: tuple[str, ...]
    """What of the scene it needs, in the words of :class:`~.scene.Scene`."""
    receivers: Literal["vehicle", "person", "unit"]
    """Whom it advises: single vehicles, people on foot, or everybody whom a roadside unit reaches."""
    messages: tuple[str, ...]
    """The standard's messages that carry the advice, as they stand in topics (:mod:`.speaking`)."""
    says_zh: str
    says_en: str
    """The sentence for people; ``{value:.0f}``, ``{after_s:.0f}`` and ``{metres:.0f}`` may stand in it."""
    unit: str
    """Unit of ``value``, "" where it advises none."""
    advise: Callable[[Scene, Parameters], NDArray[np.void]]
    behaviour: str = ""
    """What a vehicle should do, as a bit of DriveBehavior (``slow-down``) or ``recommended-speed`` where ``value`` is one
    in m/s or, by ``unit``, in km/h; "" where the sentence says it all."""


def advice(
    receiver: ArrayLike, *, about: ArrayLike = 0, unit: ArrayLike = -1, place: ArrayLike = -1,
    urgency: ArrayLike = Urgency.WARN, x_m: ArrayLike = np.nan, y_m: ArrayLike = np.nan, after_s: ArrayLike = np.nan,
    probability: ArrayLike = 1.0, value: ArrayLike = np.nan,
) -> NDArray[np.void]:  # fmt: skip
    """Return ADVICE rows, one for each receiver (track ids); the application's number is filled in by who asked it."""
    receiver = np.asarray(receiver, np.uint32)
    rows = np.zeros(receiver.shape, ADVICE)
    columns: dict[str, Any] = {
        "receiver": receiver, "about": about, "unit": unit, "place": place, "urgency": urgency, "x_m": x_m, "y_m": y_m,
        "after_s": after_s, "probability": probability, "value": value,
    }  # fmt: skip
    for name, values in columns.items():
        rows[name] = values
    return rows


NOTHING = np.empty(0, ADVICE)
"""No advice."""
