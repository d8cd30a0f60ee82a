"""Link quality of every device: is it there, does it send as often as the profile asks, what is lost, how old is what comes.

Numbers come from the zone's profile (``link.*``). Clock offset and transport delay are kept apart: ages are measured by the
sender's corrected clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from jinyun.cloud import account
from jinyun.cloud.sources import KINDS, Source, Sources
from jinyun.net.topics import DEVICE_KINDS
from jinyun.shapes import Finding
from jinyun.zone import Zone

MINUTE_US = 60_000_000
RATE_TOLERANCE = 0.9
"""A rate is told below this share of what the profile asks; timers of devices jitter."""
SETTLED_US = 10_000_000
"""A sender's rates are judged after this long."""
LISTED = 2000
"""Devices in a status at most; beyond it only the zone's own RSUs are listed."""


class Links:
    """The links of one zone, as of the second."""

    def __init__(self, zone: Zone) -> None:
        self.zone = zone
        numbers = zone.profile
        self._quiet_us = {
            kind: tuple(self._after_us(kind, word) for word in ("late", "silent")) for kind in DEVICE_KINDS
        }
        self.least_hz = {
            kind: numbers[f"link.{kind}_rate_hz"].value for kind in KINDS if f"link.{kind}_rate_hz" in numbers
        }
        self.most_loss = numbers["link.loss_most"].value
        x_m, y_m = zone.project(np.array([rsu.lon for rsu in zone.rsus]), np.array([rsu.lat for rsu in zone.rsus]))
        self._place = {rsu.id: (float(x), float(y)) for rsu, x, y in zip(zone.rsus, x_m, y_m, strict=True)}
        self._first_us: dict[int, int] = {}
        self._minute_us = 0
        self._at_minute: dict[int, tuple[int, int]] = {}  # row -> lost, received when the minute began

    def _after_us(self, kind: str, word: str) -> int:
        """Return after how long without a message a device is ``late`` or ``silent``: its kind's number, or that of all."""
        numbers, own = self.zone.profile, f"link.{kind}_{word}_after_s"
        return int(numbers[own if own in numbers else f"link.{word}_after_s"].value * 1e6)

    def devices(self, sources: Sources, now_us: int, findings: list[Finding]) -> list[dict[str, Any]]:
        """Return the state of each RSU of the zone, of every other RSU or sensor that speaks, and of all cars as one.

        Appends what is wrong with a link to ``findings``. Call once a second.
        """
        if now_us - self._minute_us >= MINUTE_US:
            self._minute_us = now_us
            self._at_minute = {
                source.row: self._sums(sources, source.row) for source in sources if source.kind != "obu"
            }
            sources.roll_minute()
        cars = [source.row for source in sources if source.kind == "obu"]
        known = {(source.kind, source.device): source for source in sources if source.kind != "obu"}
        rows: list[dict[str, Any]] = []
        for rsu in self.zone.rsus:
            x_m, y_m = self._place[rsu.id]
            row = {"id": rsu.id, "kind": "rsu", "zh": rsu.name.zh, "en": rsu.name.en, "x_m": x_m, "y_m": y_m}
            rows.append({**row, **self._state(sources, known.pop(("rsu", rsu.id), None), now_us, findings)})
        for source in known.values():
            if len(rows) < LISTED:
                row = {"id": source.device, "kind": source.kind, "zh": source.device, "en": source.device}
                rows.append({**row, "x_m": None, "y_m": None, **self._state(sources, source, now_us, findings)})
        if cars:
            rows.append(self._cars(sources, np.array(cars), now_us))
        return rows

    @staticmethod
    def _sums(sources: Sources, row: int) -> tuple[int, int]:
        return int(sources.tallies[row, account.LOST]), int(sources.received[row].sum())

    def _cars(self, sources: Sources, rows: np.ndarray[Any, np.dtype[np.int64]], now_us: int) -> dict[str, Any]:
        last_us = sources.tallies[rows, account.LAST]
        speaking = int((now_us - last_us <= self._quiet_us["obu"][0]).sum())
        newest = int(last_us.max())
        ages = sources.ages[rows].sum(axis=0)
        return {
            "id": "obu",
            "kind": "obu-group",
            "zh": f"网联车辆 {speaking}",
            "en": f"connected cars {speaking}",
            "x_m": None,
            "y_m": None,
            "state": self._word("obu", newest, now_us),
            "rates": {"bsm": round(float(sources.rates[rows, KINDS.index("bsm")].sum()), 1)},
            "age_ms": (now_us - newest) // 1000,
            "clock_offset_ms": None,
            "lost": int(sources.tallies[rows, account.LOST].sum()),
            "delay_ms": {"p50": account.age_ms(ages, 0.5), "p99": account.age_ms(ages, 0.99)},
        }

    def _word(self, kind: str, last_us: int, now_us: int) -> str:
        quiet = now_us - last_us
        late, silent = self._quiet_us[kind]
        return "online" if quiet <= late else "late" if quiet <= silent else "silent"

    def _state(self, sources: Sources, source: Source | None, now_us: int, findings: list[Finding]) -> dict[str, Any]:
        if source is None:
            return {"state": "unknown", "rates": {}, "age_ms": None, "clock_offset_ms": None, "lost": 0}
        row = source.row
        last_us = int(sources.tallies[row, account.LAST])
        word = self._word(source.kind, last_us, now_us)
        rates = sources.rates_of(row)
        if word == "silent":
            reason = f"nothing received for {(now_us - last_us) / 1e6:.0f} s"
            findings.append(Finding("device.silent", source.name, "link", reason, now_us, "fault"))
        elif now_us - self._first_us.setdefault(row, now_us) > SETTLED_US:
            findings += self._slow(source, rates, now_us)
            findings += self._lossy(sources, source, now_us)
        gaps = {kind: int(us) // 1000 for kind, us in zip(KINDS, sources.gap_us[row], strict=True) if us}
        return {
            "state": word,
            "rates": rates,
            "age_ms": (now_us - last_us) // 1000,
            "clock_offset_ms": round(sources.offset_us(row) / 1000, 1),
            "lost": int(sources.tallies[row, account.LOST]),
            "duplicate": int(sources.tallies[row, account.DUPLICATE]),
            "out_of_order": int(sources.tallies[row, account.LATE]),
            "refused": int(sources.refused[row]),
            "longest_gap_ms": gaps,
            "delay_ms": {
                "p50": account.age_ms(sources.ages[row], 0.5),
                "p99": account.age_ms(sources.ages[row], 0.99),
            },
        }

    def _slow(self, source: Source, rates: Mapping[str, float], now_us: int) -> list[Finding]:
        return [
            Finding(
                "link.rate",
                source.name,
                kind,
                f"{rates[kind]:.1f} messages a second, the profile asks {least:g}",
                now_us,
            )
            for kind, least in self.least_hz.items()
            if kind in rates and rates[kind] < RATE_TOLERANCE * least
        ]

    def _lossy(self, sources: Sources, source: Source, now_us: int) -> list[Finding]:
        lost, received = self._sums(sources, source.row)
        before = self._at_minute.get(source.row, (0, 0))
        lost, received = lost - before[0], received - before[1]
        share = lost / max(1, lost + received)
        if lost < 3 or share <= self.most_loss:
            return []
        reason = (
            f"{100 * share:.1f} % of this minute's messages are lost, the profile allows {100 * self.most_loss:g} %"
        )
        return [Finding("link.loss", source.name, "msgCnt", reason, now_us)]
