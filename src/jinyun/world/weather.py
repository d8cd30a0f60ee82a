"""Weather as sensors feel it: how far they see, how much more they miss, scatter and invent.

The factors are our own, chosen so that fog takes the eyes of cameras and lidars and leaves radars theirs, and rain fills
the picture with things that are not there. A sensor goes on to state the accuracy it has on a clear day.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effect:
    """Factors on a sensor's range, its standard deviations, its share of misses and its rate of inventions."""

    range: float = 1.0
    scatter: float = 1.0
    miss: float = 1.0
    clutter: float = 1.0


WEATHERS: dict[str, dict[str, Effect]] = {
    "clear": {},
    "fog": {
        "video": Effect(range=0.45, scatter=1.4, miss=3, clutter=1),
        "integrated": Effect(range=0.6, scatter=1.3, miss=3, clutter=2),
        "lidar": Effect(range=0.5, scatter=1.2, miss=3, clutter=2),
    },
    "rain": {
        "video": Effect(range=0.8, scatter=1.4, miss=2, clutter=3),
        "integrated": Effect(range=0.85, scatter=1.4, miss=2, clutter=5),
        "lidar": Effect(range=0.8, scatter=1.3, miss=2, clutter=5),
        "microwaveRadar": Effect(range=1.0, scatter=1.3, miss=2, clutter=4),
    },
}
"""What each weather does to the sensors of each source (T/CSAE 53 SourceType)."""


def effect(weather: str, source: str) -> Effect:
    """Return what a weather does to sensors of a source; raises ``KeyError`` for a weather that is not known."""
    return WEATHERS[weather].get(source, Effect())
