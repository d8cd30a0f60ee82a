"""Counting the record: how many messages of which device in which second, message by message.

Reads whatever :mod:`jinyun.cloud.recordings` does. Every message is counted once: for the company of its device, or for
nobody; a file that is cut is counted up to the cut, and said so.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from jinyun.cloud import recordings
from jinyun.net import topics


@dataclass
class Count:
    """Of one device: messages by kind of message, their bytes, and the seconds in which it spoke, of those it spanned."""

    messages: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    size: int = 0
    seconds: set[int] = field(default_factory=set)

    @property
    def total(self) -> int:
        """All messages."""
        return sum(self.messages.values())

    @property
    def spanned(self) -> int:
        """Seconds from the first to the last message."""
        return max(self.seconds) - min(self.seconds) + 1 if self.seconds else 0


@dataclass
class Counted:
    """Of a record: the count of each device (kind, id), all messages, those of no device, and the files that are cut."""

    devices: dict[tuple[str, str], Count] = field(default_factory=dict)
    total: int = 0
    strange: int = 0
    cut: list[str] = field(default_factory=list)


def count(path: Path, zone: str, begin_us: int = 0, end_us: int = 2**62) -> Counted:
    """Return what a record (its folder, a segment, or a raw log of old) holds of a time [µs of UTC, the end not included].

    Raises ``RecordingError`` where the path is no record.
    """
    found = Counted()
    recording = recordings.open_recording(path, zone)
    for arrival in recording.arrivals:
        if not begin_us <= arrival.receive_us < end_us:
            continue
        found.total += 1
        route = topics.route(arrival.subject)
        if route is None or not route.device:
            found.strange += 1
            continue
        one = found.devices.setdefault((route.kind, route.device), Count())
        one.messages[route.message] += 1
        one.size += len(arrival.payload)
        one.seconds.add(arrival.receive_us // 1_000_000)
    found.cut = [reason for _, _, reason in recording.notes]
    return found
