"""The measurements behind every number in the README: ``jinyun bench NAME`` prints one JSON object.

Each measurement is a module here with ``measure() -> dict`` in the form ``{"bench", "machine", "figures", "peers"}``;
``figures`` is flat and holds numbers only. Ratios against a peer are taken in the same run, medians over several rounds.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import Any


def names() -> list[str]:
    """Return the measurements there are."""
    return sorted(module.name for module in iter_modules(__path__) if module.name not in ("machine",))


def measure(name: str) -> dict[str, Any]:
    """Run one measurement and return its figures."""
    result: dict[str, Any] = import_module(f"jinyun.bench.{name}").measure()
    return result
