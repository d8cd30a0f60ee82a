"""A measured value: number, unit, and whether it is one."""

from __future__ import annotations

import math
from typing import Any, NamedTuple


class Measured(NamedTuple):
    """A measure of a run: the worst value, when and with whom it was, and whether it could be measured."""

    name: str
    value: float
    unit: str
    valid: bool
    at_s: float = math.nan
    about: str = ""

    def told(self) -> dict[str, Any]:
        """Return it for JSON: an unknown number is null."""
        return {
            "name": self.name, "value": _known(self.value), "unit": self.unit, "valid": self.valid,
            "at_s": _known(self.at_s), "about": self.about,
        }  # fmt: skip


def _known(value: float) -> float | None:
    return round(value, 6) if math.isfinite(value) else None
