"""What the road tells a signal controller (信号控制指令): how long its running step is to last, as JSON.

The form is our own: public sources give only the fields of a priority command of one vendor. It goes down to the roadside
unit that speaks for the junction, on ``jinyun/{zone}/rsu/{unit}/down/signal``; who executes it holds it against the plan.
"""

from __future__ import annotations

import json
import math
from typing import NamedTuple

from jinyun.net import topics
from jinyun.road.signals.control import Why

MESSAGE = "signal"
MOST_BYTES = 1024
OLD_US = 2_000_000
"""An order that was written longer ago is for a step that has gone on."""


class OrderError(ValueError):
    """What came is no order; the message names the field."""


class Order(NamedTuple):
    """The running ``step`` of the junction ``node`` is to last ``left_s`` more, counted from ``t_us``."""

    node: int
    step: int
    left_s: float
    why: Why
    t_us: int


def topic(zone: str, unit: str) -> str:
    """Return the MQTT topic on which the unit of a junction hears orders."""
    return topics.down_topic("plain", zone, "rsu", unit, MESSAGE)


def write(order: Order) -> bytes:
    """Return an order as it goes over the wire."""
    return json.dumps({**order._asdict(), "left_s": round(order.left_s, 2), "why": order.why.value}).encode()


def read(payload: bytes) -> Order:
    """Return the order in a message; raises :class:`OrderError`."""
    if len(payload) > MOST_BYTES:
        raise OrderError(f"{len(payload)} bytes are no order")
    try:
        value = json.loads(payload)
    except ValueError as error:
        raise OrderError(f"no JSON: {error}") from None
    if not isinstance(value, dict):
        raise OrderError("no JSON object")
    for name, most in (("node", 65_535), ("step", 255), ("t_us", 1 << 62)):
        if type(value.get(name)) is not int or not 0 <= value[name] <= most:
            raise OrderError(f"{name}: {value.get(name)!r} is no number from 0 to {most}")
    left = value.get("left_s")
    if isinstance(left, bool) or not isinstance(left, int | float) or not math.isfinite(left) or not 0 <= left <= 600:
        raise OrderError(f"left_s: {left!r} is no time from 0 to 600 s")
    if value.get("why") not in set(Why):
        raise OrderError(f"why: {value.get('why')!r} is none of {', '.join(Why)}")
    return Order(value["node"], value["step"], float(left), Why(value["why"]), value["t_us"])
