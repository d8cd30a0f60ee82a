"""Whether speed advice is true (车速引导评测): GLOSA's arrival against the light as it then truly was.

Advice is right if the signal group of its stop line is truly green at the arrival it promises, wrong if it is not from
:data:`SLACK_S` before until as much after, else neither. Whether the driver follows does not matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from jinyun.bench.evaluation.lives import FRAME_S
from jinyun.bench.evaluation.matching import WARM_FRAMES, Tally, driven_km
from jinyun.bench.evaluation.watching import Watched
from jinyun.shapes import Light

SLACK_S = 1.0
GREEN = (Light.PERMISSIVE_GREEN, Light.PROTECTED_GREEN, Light.FLASHING_GREEN)


def promised_greens(watched: Watched, advice: NDArray[np.void], hears: NDArray[np.bool_]) -> Tally:
    """Return what came of GLOSA's ``advice`` (SAID rows) to the lives that hear; it has no events."""
    map, found = watched.map, Tally()
    found.km = driven_km(watched.lives, hears)
    group = {
        (int(j), int(p)): k for k, (j, p) in enumerate(zip(map.groups["junction"], map.groups["phase"], strict=True))
    }
    heard = set(watched.lives.number[hears].tolist())
    for row in advice:
        line = int(row["place"])
        at = float(row["open"]) + float(row["after_s"]) / FRAME_S
        slack = SLACK_S / FRAME_S
        if (
            int(row["receiver"]) not in heard
            or row["open"] < WARM_FRAMES
            or line < 0
            or not at + slack < len(watched.lights)
        ):
            continue
        its = group.get((int(map.stop_lines["junction"][line]), int(map.stop_lines["phase"][line])), -1)
        if its < 0:
            continue
        lights = watched.lights[int(at - slack) : int(at + slack) + 1, its]
        green = np.isin(lights, GREEN)
        if green[len(green) // 2]:
            found.right += 1
        elif green.any():
            found.neither += 1
        else:
            found.wrong += 1
            found.false.append((int(row["receiver"]), 0, int(row["open"])))
    return found
