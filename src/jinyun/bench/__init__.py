"""The measurements behind every number in the README: ``jinyun bench NAME`` prints one JSON object.

Each measurement is a module here with ``measure() -> dict`` in the form ``{"bench", "machine", "figures", "peers"}``;
``figures`` is flat and holds numbers only. Ratios against a peer are taken in the same run, medians over several rounds.
A measurement that can be made shorter takes ``seconds``.
"""

from __future__ import annotations

from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from typing import Any


def names() -> list[str]:
    """Return the measurements there are."""
    return sorted(
        module.name
        for module in iter_modules(__path__)
        if module.name not in ("machine", "scoring", "evaluation", "brokered")
    )


def takes_seconds(name: str) -> bool:
    """Return whether a measurement can be told how long to take."""
    return "seconds" in signature(import_module(f"jinyun.bench.{name}").measure).parameters


def measure(name: str, **options: float) -> dict[str, Any]:
    """Run one measurement and return its figures; ``seconds`` where it takes them."""
    result: dict[str, Any] = import_module(f"jinyun.bench.{name}").measure(**options)
    return result
