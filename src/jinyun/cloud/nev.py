"""New-energy vehicles 新能源汽车: what their GB/T 32960 packets say that somebody should know."""

from __future__ import annotations

from jinyun.net.gbt32960 import Packet, plausible, quantities

REPORTS = (0x02, 0x03)
"""Realtime and re-sent reports."""


def vehicle_findings(packet: Packet) -> list[tuple[str, str, str]]:
    """Return (rule, field, reason) of the alarms a report carries and of numbers in it that contradict each other."""
    if packet.command not in REPORTS:
        return []
    found = [(doubt.rule, doubt.field, doubt.reason) for doubt in plausible.check(packet)]
    for item in packet.items:
        if item["item"] == "alarms":
            for alarm in quantities.alarms(item):
                level = item["level"] if alarm.level is None else alarm.level
                found.append(("vehicle.alarm", alarm.name, f"{alarm.zh} {alarm.name}, level {level}"))
    return found
