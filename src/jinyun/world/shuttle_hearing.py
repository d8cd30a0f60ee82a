"""What roadside units are told to announce (下行 RSI), on the simulated street: shuttles near a unit hear it from there.

A real unit puts on the air what is sent down to it; the simulated ones have no radio but this. Nothing is repeated: whoever
wants something to hold says it again.
"""

from __future__ import annotations

from jinyun.net import topics
from jinyun.net.mqtt_hearing import Listener
from jinyun.world.sending import Broker, Message

UNIT = 3
"""Where the unit's name stands in ``jinyun/{zone}/rsu/{unit}/down/rsi``."""


class Announcements:
    """The units' ear: :meth:`messages` takes what has come since the last time."""

    def __init__(self, zone: str, broker: Broker) -> None:
        topic = topics.down_topic("plain", zone, "rsu", "+", "rsi")
        self._listener = Listener(broker.host, broker.port, f"street-{zone}-announced", [topic], broker.tls)

    def messages(self, due_s: float) -> list[Message]:
        """Return the RSI that units put on the air at ``due_s``, each with its unit as the sender."""
        return [
            Message(due_s, topic.split("/")[UNIT], "rsi", topic, payload) for topic, payload in self._listener.poll()
        ]

    def close(self) -> None:
        """Close the connection."""
        self._listener.close()
