"""Who comes to what is posted (将经过者): vehicles whose way leads over some of the scene's signs, tolls or dangers soon."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from jinyun.cloud.apps.scene import Scene


class Comes(NamedTuple):
    """Columns: rows of tracks, rows of POSTED, after how many seconds and how likely."""

    row: NDArray[np.int32]
    posted: NDArray[np.void]
    after_s: NDArray[np.float64]
    probability: NDArray[np.float64]


def comes_to(scene: Scene, which: NDArray[np.bool_], parameters: Mapping[str, float]) -> Comes:
    """Return who comes to those rows of ``scene.posted`` within ``ahead_s``, as likely as ``probability`` and as fast as
    ``least_mps`` of the parameters say.
    """
    come = scene.coming
    speed = scene.tracks["speed_mps"][come.track].astype(np.float64)
    told = which[come.place] & (come.probability >= parameters["probability"]) & (speed >= parameters["least_mps"])
    with np.errstate(divide="ignore", invalid="ignore"):
        after = come.metres / speed
        told &= after <= parameters["ahead_s"]
    return Comes(come.track[told], scene.posted.rows[come.place[told]], after[told], come.probability[told])
