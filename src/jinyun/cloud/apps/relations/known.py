"""What is not known, where a number is needed all the same (缺失值)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def known(values: ArrayLike, otherwise: float = 0.0) -> NDArray[np.float64]:
    """Return a copy of the values with ``otherwise`` where they are NaN."""
    found = np.array(values, np.float64)
    found[np.isnan(found)] = otherwise
    return found
