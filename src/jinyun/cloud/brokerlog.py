"""What the broker refused: its log, read as it grows, becomes Findings that name the device and what it tried."""

from __future__ import annotations

from pathlib import Path

from jinyun.net import broker
from jinyun.shapes import Finding

AT_ONCE = 256 * 1024
"""Bytes looked at each time; a flood of refusals beyond them is skipped, for its first lines tell enough."""
_REASONS = {
    "topic.foreign": "may not use {what}: refused by the broker",
    "payload.limit": "{what}: refused by the broker",
    "certificate.refused": "was not let in: {what}",
}


class BrokerLog:
    """Follows one log file from where it stands now."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._at = path.stat().st_size if path.exists() else 0

    def findings(self, now_us: int) -> list[Finding]:
        """Return what was refused since the last call."""
        try:
            size = self.path.stat().st_size
            if size < self._at:
                self._at = 0  # begun anew
            with self.path.open("rb") as file:
                file.seek(self._at)
                data = file.read(AT_ONCE)
        except OSError:
            return []
        end = data.rfind(b"\n") + 1
        self._at = size if len(data) == AT_ONCE else self._at + end
        found = []
        for line in data[:end].decode("utf-8", "replace").splitlines():
            complaint = broker.complaint(line)
            if complaint is not None:
                rule, who, what = complaint
                # An address has another port each time: the host is who it is.
                source = who.rsplit(":", 1)[0] if rule == "certificate.refused" else who
                found.append(Finding(rule, source, "broker", _REASONS[rule].format(what=what), now_us))
        return found
