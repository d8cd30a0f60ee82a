"""Others as the shuttle knows them (周边目标): one row each, whoever saw them."""

from __future__ import annotations

import numpy as np

BY_CAR, BY_ROAD = 1, 2
"""Bits of ``seen_by``."""

OBJECT = np.dtype(
    [
        ("id", np.int64),
        ("kind", np.uint8),  # jinyun.shapes.Kind
        ("classification", np.uint8),  # T/CSAE 53 BasicVehicleClass, 0 unknown
        ("seen_by", np.uint8),
        ("x_m", np.float64),  # the middle of the body
        ("y_m", np.float64),
        ("heading_rad", np.float64),
        ("speed_mps", np.float64),
        ("accel_mps2", np.float64),
        ("length_m", np.float64),
        ("width_m", np.float64),
        ("height_m", np.float64),
        ("standing_s", np.float64),  # for how long it has stood still
    ]
)

SEEN = np.dtype(
    [
        ("number", np.int64),  # the sender's own number for it
        ("kind", np.uint8),
        ("classification", np.uint8),
        ("x_m", np.float64),
        ("y_m", np.float64),
        ("heading_rad", np.float64),
        ("speed_mps", np.float64),
        ("length_m", np.float64),
        ("width_m", np.float64),
        ("height_m", np.float64),
    ]
)
"""One entry of a sensor's object list, of one instant."""
