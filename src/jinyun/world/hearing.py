"""What simulated signal controllers hear (信号机接收): orders of the road, executed in the running simulation."""

from __future__ import annotations

from collections import Counter

from jinyun.net.mqtt_hearing import Listener
from jinyun.road.signals import order
from jinyun.road.signals.order import Order, OrderError
from jinyun.world.clock import Clock
from jinyun.world.roadside import Roadside
from jinyun.world.sending import Broker
from jinyun.world.street import Street


class Controllers:
    """The controllers' ear: :meth:`step` takes what has come since the last."""

    def __init__(self, zone: str, broker: Broker) -> None:
        topics = [order.topic(zone, "+")]
        self._listener = Listener(broker.host, broker.port, f"street-{zone}-signals", topics, broker.tls)
        self.counts: Counter[str] = Counter(taken=0, refused=0, late=0, wrong=0)

    def step(self, street: Street, units: Roadside, time_s: float, clock: Clock) -> None:
        """Execute the orders that came; each is for the step that was running when it was written."""
        now_us, orders = clock.utc_us(time_s), []
        for _, payload in self._listener.poll():
            try:
                one = order.read(payload)
            except OrderError:
                self.counts["wrong"] += 1
                continue
            gone_s = (now_us - one.t_us) / 1e6
            if abs(gone_s) > order.OLD_US / 1e6:
                self.counts["late"] += 1
                continue
            orders.append(Order(one.node, one.step, max(one.left_s - gone_s, 0.0), one.why, now_us))
        taken = units.change(street, time_s, orders) if orders else 0
        self.counts["taken"] += taken
        self.counts["refused"] += len(orders) - taken

    def close(self) -> None:
        """Close the connection."""
        self._listener.close()
