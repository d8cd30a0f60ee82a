"""Warming: when the street begins to speak, nothing is left to compile."""

from __future__ import annotations

import sys
from typing import Any

from jinyun import hdmap
from jinyun.cloud.live import Cloud
from jinyun.cloud.warm import warm
from jinyun.net.block import Block
from jinyun.world import offline
from jinyun.zone import find, load


def compiled() -> dict[str, list[Any]]:
    """Return what is compiled so far of every kernel the cloud may call, but for the writing of messages."""
    return {
        f"{module.__name__}.{name}": list(value.signatures)
        for module in list(sys.modules.values())
        if module.__name__.startswith(("jinyun.cloud", "jinyun.net", "jinyun.hdmap"))
        for name, value in vars(module).items()
        if hasattr(value, "signatures") and "write" not in value.__module__ and "words" not in value.__module__
    }


def test_after_warming_a_street_finds_every_kernel_compiled() -> None:
    zone = load(find("science-city"))
    map = hdmap.open(zone)
    warm(zone, map)
    before = compiled()
    cloud = Cloud(zone, map=map)
    for moment in offline.moments(zone, map, {"": offline.Conditions()}, seconds=4.0):
        arrivals = sorted(moment.own + moment.road[""])
        cloud.advance(Block.of(arrivals) if arrivals else None, moment.t_us + 20_000)
        cloud.fused(moment.t_us)
        cloud.published(moment.t_us)
    account = cloud.account(moment.t_us)
    assert account["participants"] > 50
    assert sum(bool(kernel) for kernel in before.values()) > 50
    assert compiled() == before
