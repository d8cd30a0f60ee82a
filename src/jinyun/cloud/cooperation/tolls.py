"""Paying while passing (不停车收费): one exchange for each vehicle and toll, that charges once however often it is told.

Offered (RST), answered (VSI), asked (setTollDataRq), paid (setTollDataRs), shown (setMMIRq). What is not answered is said again
a few times and then given up. Nothing here holds keys: a paid exchange is what the vehicle's unit states; settling it
is the business of whoever can check its authenticator.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

MOST = 4096


class Stage(StrEnum):
    """How far an exchange is."""

    OFFERED = "offered"
    ASKED = "asked"
    PAID = "paid"
    FAILED = "failed"


@dataclass
class Exchange:
    """One vehicle at one toll."""

    vehicle: int
    toll: int
    amount_fen: int
    number: int
    """transSN: it stays the same when the request is said again, so that nobody pays twice."""
    stage: Stage
    begun_us: int
    said_us: int = 0
    tries: int = 0


@dataclass
class Tolls:
    """All exchanges of the last minutes, counts, and what was paid."""

    by_key: dict[tuple[int, int], Exchange] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    paid_fen: int = 0
    last: int = 0

    def offer(self, vehicle: int, toll: int, amount_fen: int, now_us: int) -> Exchange | None:
        """Begin an exchange; None where there is one already, or too many."""
        if (vehicle, toll) in self.by_key or len(self.by_key) >= MOST:
            return None
        self.last += 1
        made = Exchange(vehicle, toll, amount_fen, self.last, Stage.OFFERED, now_us)
        self.by_key[vehicle, toll] = made
        self.counts["offered"] += 1
        return made

    def answered(self, vehicle: int) -> None:
        """Take a vehicle's answer to an offer: it is asked to pay next; asked already, it is asked again, for the same."""
        for one in self._of(vehicle):
            if one.stage is Stage.OFFERED:
                one.stage, one.tries = Stage.ASKED, 0
                one.said_us = 0
            elif one.stage is Stage.ASKED:
                one.said_us = 0
            elif one.stage is Stage.PAID:
                self.counts["repeated"] += 1

    def returned(self, vehicle: int, ret: str, paid: bool) -> Exchange | None:
        """Take what a vehicle returns; give the exchange that is paid by it, None where none is."""
        for one in self._of(vehicle):
            if one.stage is Stage.PAID:
                self.counts["repeated"] += 1
            elif one.stage is Stage.ASKED and ret == "noError" and paid:
                one.stage = Stage.PAID
                self.paid_fen += one.amount_fen
                self.counts["paid"] += 1
                return one
            elif one.stage is Stage.ASKED and ret != "processing":
                one.stage = Stage.FAILED
                self.counts["failed"] += 1
        return None

    def due(self, now_us: int, again_us: int, most_tries: int) -> list[Exchange]:
        """Return what is to be said now; what was said often enough without an answer has failed."""
        found = []
        for one in self.by_key.values():
            if one.stage in (Stage.OFFERED, Stage.ASKED) and now_us - one.said_us >= again_us:
                if one.tries >= most_tries:
                    one.stage = Stage.FAILED
                    self.counts["unanswered"] += 1
                    continue
                one.tries, one.said_us = one.tries + 1, now_us
                found.append(one)
        return found

    def forget(self, now_us: int, kept_us: int) -> None:
        """Let go of exchanges that began long ago."""
        self.by_key = {key: one for key, one in self.by_key.items() if now_us - one.begun_us <= kept_us}

    def _of(self, vehicle: int) -> list[Exchange]:
        return [one for one in self.by_key.values() if one.vehicle == vehicle]
