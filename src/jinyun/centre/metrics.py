"""The account of a running zone for Prometheus: ``GET /metrics``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

COUNTED = {
    "refused": "Messages that could not be read",
    "lost": "Messages missing by their counters",
    "late": "Sightings too old for the picture",
    "duplicate": "Messages received twice",
    "shed": "Messages and sightings left out under load",
    "flooded": "Messages beyond what one device may send",
    "unknown_extensions": "Extension additions skipped",
    "frames": "Frames published",
}
STATES = ("online", "late", "silent", "unknown")


class _Account(Collector):
    """One status, told as metrics when it is asked for."""

    def __init__(self, status: Mapping[str, Any]) -> None:
        self.status = status

    def collect(self) -> Iterator[Metric]:
        status = self.status
        for name, what in COUNTED.items():
            if name in status:
                yield CounterMetricFamily(f"jinyun_{name}", what, value=status[name])
        received = CounterMetricFamily("jinyun_received", "Messages received, by kind", labels=["message"])
        for kind, count in status.get("received", {}).items():
            received.add_metric([kind], count)
        yield received
        participants = GaugeMetricFamily("jinyun_participants", "Participants in the picture", labels=["kind"])
        for kind, count in status.get("by_kind", {}).items():
            participants.add_metric([kind], count)
        yield participants
        yield from self._latency()
        yield from self._devices()
        yield GaugeMetricFamily("jinyun_viewers", "Open pages", value=status.get("viewers", 0))
        fresh = 1 if status.get("cloud_fresh") else 0
        yield GaugeMetricFamily("jinyun_cloud_up", "Whether the cloud was heard within 3 s", value=fresh)
        restarts = CounterMetricFamily("jinyun_part_restarts", "Restarts of the zone's processes", labels=["part"])
        for part in status.get("parts", []):
            restarts.add_metric([part["name"]], part.get("restarts", 0))
        yield restarts

    def _latency(self) -> Iterator[Metric]:
        hops = GaugeMetricFamily(
            "jinyun_latency_seconds", "Time of messages on one hop over the last seconds", labels=["hop", "quantile"]
        )
        told = {**self.status.get("hops_ms", {}), "receive_to_published": self.status.get("latency_ms", {})}
        for hop, percentiles in told.items():
            for name, quantile in (("p50", "0.5"), ("p99", "0.99")):
                if percentiles.get(name) is not None:
                    hops.add_metric([hop, quantile], percentiles[name] / 1000)
        yield hops

    def _devices(self) -> Iterator[Metric]:
        states = GaugeMetricFamily("jinyun_devices", "Devices, by state", labels=["state"])
        delay = GaugeMetricFamily(
            "jinyun_device_age_seconds", "Age of a device's messages at receipt", labels=["device", "quantile"]
        )
        devices = self.status.get("devices", [])
        for state in STATES:
            states.add_metric([state], sum(device.get("state") == state for device in devices))
        for device in devices:
            for name, quantile in (("p50", "0.5"), ("p99", "0.99")):
                value = device.get("delay_ms", {}).get(name)
                if value is not None:
                    delay.add_metric([device["id"], quantile], value / 1000)
        yield states
        yield delay


def exposition(status: Mapping[str, Any]) -> bytes:
    """Return a status in Prometheus' text format."""
    registry = CollectorRegistry()
    registry.register(_Account(status))
    return generate_latest(registry)
